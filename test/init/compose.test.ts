/** Compose files: what they publish, and how their variables are read. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { readCompose, shortMapping, type ComposeServices } from '../../src/init/compose.ts';
import { interpolated, parseEnvFile } from '../../src/init/compose-variables.ts';
import { knownByImage } from '../../src/init/known-services.ts';

const folder = mkdtempSync(join(tmpdir(), 'gapwatch-compose-'));
after(() => {
  rmSync(folder, { recursive: true });
});

/** Reads a file with this text. */
function read(text: string, env: Readonly<Record<string, string>> = {}, dotEnv = ''): Promise<ComposeServices> {
  writeFileSync(join(folder, 'compose.yml'), text);
  writeFileSync(join(folder, '.env'), dotEnv);
  return readCompose('compose.yml', folder, env);
}

/** What a service with these `ports:` publishes: `HOST:PORT:CONTAINER-PORT`. */
async function published(ports: string, env: Readonly<Record<string, string>> = {}, dotEnv = ''): Promise<string[]> {
  const found = await read(
    `services:\n  web:\n    image: nginx\n    ports:\n${ports.replaceAll(/^/gm, '      ')}\n`,
    env,
    dotEnv,
  );
  return found.ports.map(({ host, port, containerPort }) => `${host}:${String(port)}:${String(containerPort)}`);
}

describe('a variable of a Compose file', () => {
  const variables = { SET: 'v', EMPTY: '', PORT: '8080' };
  for (const [written, is] of [
    ['$SET', 'v'],
    ['${SET}', 'v'],
    ['a${SET}b', 'avb'],
    ['$SET-x', 'v-x'],
    ['${UNSET}', ''],
    ['$UNSET.', '.'],
    ['${UNSET:-d}', 'd'],
    ['${UNSET-d}', 'd'],
    ['${EMPTY:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${SET:-d}', 'v'],
    ['${SET:+o}', 'o'],
    ['${EMPTY:+o}', ''],
    ['${EMPTY+o}', 'o'],
    ['${UNSET+o}', ''],
    ['${SET:?message}', 'v'],
    ['${UNSET:?message}', ''],
    ['${UNSET:-${PORT}}:80', '8080:80'],
    ['${UNSET:-${OTHER:-9}}:80', '9:80'],
    ['$$SET', '$SET'],
    ['$${SET}', '${SET}'],
    ['$', '$'],
    ['${SET', '${SET'],
    ['${}', ''],
    ['$1', '$1'],
    ['${constructor}', ''],
    ['${UNSET:-a:b-c}', 'a:b-c'],
  ] as const) {
    it(`is replaced: ${written}`, () => {
      assert.equal(interpolated(written, variables), is);
    });
  }

  it('is read from .env, as Compose reads it', () => {
    const text =
      'A=1\nexport B = two words # comment\n# C=3\nD="x # y"\nE=\'$A\'\nF=a#b\nG=\nH="say \\"hi\\""\r\nbroken\n';
    assert.deepEqual(parseEnvFile(text), {
      A: '1',
      B: 'two words',
      D: 'x # y',
      E: '$A',
      F: 'a#b',
      G: '',
      H: 'say "hi"',
    });
  });
});

describe('ports of a Compose service', () => {
  for (const [what, ports, is] of [
    ['short', '- "8080:80"', ['127.0.0.1:8080:80']],
    ['short, not quoted', '- 8080:80', ['127.0.0.1:8080:80']],
    ['what YAML 1.1 took for a number of base 60', '- 22:22', ['127.0.0.1:22:22']],
    ['on one address', '- "127.0.0.1:8080:80"', ['127.0.0.1:8080:80']],
    ['on another address', '- "192.168.1.5:8080:80"', ['192.168.1.5:8080:80']],
    ['on all addresses', '- "0.0.0.0:8080:80"', ['127.0.0.1:8080:80']],
    ['on an IPv6 address', '- "[::1]:6000:6000"', ['::1:6000:6000']],
    ['on an IPv6 address without brackets', '- "::1:6000:6000"', ['::1:6000:6000']],
    ['on all IPv6 addresses', '- "[::]:6000:6000"', ['::1:6000:6000']],
    ['a range', '- "3000-3002:80-82"', ['127.0.0.1:3000:80', '127.0.0.1:3001:81', '127.0.0.1:3002:82']],
    ['a range on one address', '- "127.0.0.1:5000-5001:5000-5001"', ['127.0.0.1:5000:5000', '127.0.0.1:5001:5001']],
    ['with its protocol', '- "8080:80/tcp"', ['127.0.0.1:8080:80']],
    ['UDP', '- "53:53/udp"', []],
    ['both protocols', '- "53:53/udp"\n- "53:53/tcp"', ['127.0.0.1:53:53']],
    ['the same twice', '- "80:80"\n- "80:80"', ['127.0.0.1:80:80']],
    ['a container port only', '- "3000"', []],
    ['a container port only, a number', '- 3000', []],
    ['a range of container ports only', '- "3000-3005"', []],
    ['an address without a port', '- "127.0.0.1::80"', []],
    ['one port out of a range', '- "8000-9000:80"', []],
    ['long', '- target: 80\n  published: "8080"', ['127.0.0.1:8080:80']],
    [
      'long, with all fields',
      '- name: web\n  target: 80\n  published: 8080\n  host_ip: 127.0.0.1\n  protocol: tcp\n  app_protocol: http\n  mode: host',
      ['127.0.0.1:8080:80'],
    ],
    ['long, on IPv6', '- target: 80\n  published: 8080\n  host_ip: "::1"', ['::1:8080:80']],
    ['long, UDP', '- target: 53\n  published: 53\n  protocol: udp', []],
    ['long, without a published port', '- target: 80', []],
    ['long, a free port', '- target: 80\n  published: "0"', []],
    ['long, a range', '- target: 80\n  published: "8080-8090"', []],
    ['a variable with a default', '- "${WEB_PORT:-8080}:80"', ['127.0.0.1:8080:80']],
    ['a variable with a default without colon', '- "${WEB_PORT-8080}:80"', ['127.0.0.1:8080:80']],
    ['a variable of the environment', '- "${FROM_ENV}:80"', ['127.0.0.1:1111:80']],
    ['a variable without braces', '- "$FROM_ENV:80"', ['127.0.0.1:1111:80']],
    ['a variable of .env', '- "${FROM_FILE}:80"', ['127.0.0.1:2222:80']],
    ['the environment goes before .env', '- "${FROM_BOTH}:80"', ['127.0.0.1:3333:80']],
    ['a variable that is not set', '- "${NOWHERE}:80"', []],
    [
      'a variable in a long form',
      '- target: 80\n  published: ${FROM_ENV}\n  host_ip: ${ADDRESS:-127.0.0.1}',
      ['127.0.0.1:1111:80'],
    ],
    ['no ports at all', '- "web:80"\n- "80:web"\n- "70000:80"\n- "0:80"\n- "5-1:80-84"\n- ""\n- {}\n- null', []],
  ] as const) {
    it(`are read: ${what}`, async () => {
      const env = { FROM_ENV: '1111', FROM_BOTH: '3333' };
      assert.deepEqual(await published(ports, env, 'FROM_FILE=2222\nFROM_BOTH=4444\n'), is);
    });
  }

  it('that are left out are named, each with the reason', async () => {
    const { ports, leftOut } = await read(
      `
services:
  dns: { image: coredns, ports: ["53:53/udp"] }
  any: { image: nginx, ports: ["3000"] }
  set: { image: nginx, ports: ["\${PORT}", "127.0.0.1:\${X-}:80"] }
  unset: { image: nginx, ports: ["\${NEED:?set it}:80", { target: 80, published: "$NEED" }] }
  db: { image: postgres, expose: ["5432"] }
  job: { image: busybox }
  net: { image: nginx, network_mode: host }
  tool: { image: adminer, profiles: [debug], ports: ["8081:8080"] }
`,
      { PORT: '80' },
    );
    assert.deepEqual(ports, []);
    assert.deepEqual(
      leftOut.map(({ what, why }) => `${what}: ${why.split(' ').slice(0, 3).join(' ')}`),
      [
        "dns: 53:53/udp: UDP can't be",
        'any: 3000: Docker takes another',
        'set: ${PORT}: Docker takes another',
        'set: 127.0.0.1:${X-}:80: Docker takes another',
        'unset: ${NEED:?set it}:80: NEED is not',
        'unset: :80: NEED is not',
        'db: its ports are',
        'job: it publishes no',
        'net: it uses the',
        'tool: only started with',
      ],
    );
  });

  it('come through anchors, merges and extends, and with an active profile', async () => {
    writeFileSync(join(folder, 'base.yml'), 'services:\n  far:\n    image: redis:7\n    ports: ["6381:6379"]\n');
    const { ports } = await read(
      `
x-base: &base
  image: redis:7
  ports: ["6379:6379"]
services:
  cache: *base
  merged: { <<: *base, ports: ["6380:6379"] }
  near: { extends: { service: merged }, ports: ["6390:6379"] }
  far: { extends: { file: base.yml, service: far } }
  tool: { image: adminer, profiles: [debug], ports: ["8081:8080"] }
`,
      { COMPOSE_PROFILES: 'debug' },
    );
    assert.deepEqual(
      ports.map(({ service, port }) => `${service} ${String(port)}`),
      ['cache 6379', 'merged 6380', 'near 6380', 'near 6390', 'far 6381', 'tool 8081'],
    );
  });

  it('of a service that extends itself come to an end', async () => {
    const { ports } = await read(
      'services:\n  a: { extends: { service: b } }\n  b: { extends: { service: a }, ports: ["1:1"] }\n',
    );
    assert.ok(ports.length > 0);
  });
});

describe('a Compose file', () => {
  for (const [what, text, message] of [
    ['that is not there', null, /no such file/],
    ['that is no YAML', 'services: [', /compose\.yml:1:\d+: this is not YAML/],
    ['of several documents', 'services: {}\n---\nservices: {}', /another document begins here/],
    ['that is a list', '- a', /holds no object/],
    ['that is empty', '', /holds no object/],
    ['without services', 'version: "3"', /no Compose file/],
    ['of another monitor', 'endpoints: []', /--from/],
    [
      'that grows without bound',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[i]!}`).join(',')}]`)
        .join('\n')}\nservices: {}`,
      /can't be used/,
    ],
    ['that is not text', '\xff\xfe\x00', /not UTF-8/],
  ] as const) {
    it(`is refused in words: ${what}`, async () => {
      if (text !== null)
        writeFileSync(join(folder, 'compose.yml'), text, what.includes('not text') ? 'latin1' : 'utf8');
      else rmSync(join(folder, 'compose.yml'), { force: true });
      await assert.rejects(readCompose('compose.yml', folder, {}), message);
    });
  }

  it('that is wrong shows no secret of it', async () => {
    await assert.rejects(
      read('services:\n  a:\n    environment:\n      PASSWORD: hunter2\n     bad: x'),
      (error: Error) => !error.message.includes('hunter2'),
    );
  });
});

describe('an image', () => {
  for (const [image, name] of [
    ['redis', 'redis'],
    ['redis:7-alpine', 'redis'],
    ['docker.io/bitnami/redis:7.2', 'redis'],
    ['registry.example.org:5000/team/redis:7@sha256:abc', 'redis'],
    ['valkey/valkey:8', 'valkey'],
    ['postgres:16', 'postgres'],
    ['nginx', 'nginx'],
    ['ghcr.io/shop/billing:1', null],
  ] as const) {
    it(`is known or not: ${image}`, () => {
      assert.equal(knownByImage(image)?.name ?? null, name);
    });
  }
});

describe('a short mapping', () => {
  it('is read whole or not at all', () => {
    assert.deepEqual(shortMapping('127.0.0.1:3000-3005:80-85/TCP'), {
      host: '127.0.0.1',
      published: [3000, 3005],
      target: [80, 85],
      protocol: 'tcp',
    });
    for (const text of ['', ':', '80:', 'a:b:80', '80/', '80/tcp/x', '1-2-3:80'])
      assert.equal(shortMapping(text), null, text);
  });
});
