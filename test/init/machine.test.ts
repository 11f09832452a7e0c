/** What a person would call a listener, and which listeners are left out. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { containerNames } from '../../src/init/containers.ts';
import type { Findings } from '../../src/init/draft.ts';
import type { Listener, Owner } from '../../src/init/listeners.ts';
import { machineServices } from '../../src/init/machine.ts';
import { entryOf } from '../../src/init/identity-entry.ts';
import { askPort } from '../../src/init/port-identity.ts';
import { endPrograms, Program } from '../cli/program.ts';
import { endServices, TestService } from '../support/test-service.ts';

let server: Server;
let port = 0;

before(async () => {
  server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ({ port } = server.address() as AddressInfo);
});
after(() => server.close());
after(endServices);
after(endPrograms);

function owner(
  program: string,
  args: readonly string[] = [],
  cwd: string | null = '/',
  parentArgs: readonly string[] = [],
): Owner {
  return { program, args, cwd, parentArgs };
}

/** What comes of one listener. */
function found(one: Owner | null, over: Partial<Listener> = {}): Promise<Findings> {
  return machineServices([{ address: '127.0.0.1', port, owner: one, ...over }]);
}

const NODE = '/usr/bin/node';

describe('the name of a service', () => {
  for (const [what, one, name] of [
    ['a program that is known', owner('nginx'), 'nginx'],
    ['a program that is known by another name', owner('redis-server'), 'redis'],
    ['a name that the kernel cut', owner('prometheus-node', ['prometheus-node-exporter']), 'node-exporter'],
    ['a program of its own', owner('billingd', ['/opt/billing/billingd', '--token=hunter2']), 'billingd'],
    ['a script in a folder', owner('node', [NODE, '/srv/shop/dist/server.js']), 'shop'],
    ['a script that has a name', owner('node', [NODE, '--enable-source-maps', '/srv/app/billing.mjs']), 'billing'],
    ['a script in the current folder', owner('node', [NODE, 'server.js'], '/srv/shop'), 'shop'],
    ['a script in a release', owner('node', [NODE, '/srv/shop/releases/20261123/index.js']), 'shop'],
    ['a script at home', owner('node', [NODE, '/home/me/index.js'], '/home/me'), null],
    ['a script of a tool', owner('node', [NODE, '/srv/x/node_modules/.bin/vite']), 'vite'],
    ['a text that is run', owner('node', [NODE, '-e', 'listen("hunter2")'], '/srv/shop'), null],
    ['a module of Python', owner('python3', ['python3', '-m', 'shop.api', '--token', 'hunter2']), 'shop'],
    ['a server of Python', owner('python3', ['python3', '-m', 'http.server', '80'], '/srv/pages'), 'pages'],
    ['an application of Python', owner('uvicorn', ['/usr/bin/python3', '/usr/bin/uvicorn', 'shop.main:app']), 'shop'],
    ['manage.py', owner('python', ['python', 'manage.py', 'runserver'], '/srv/shop'), 'shop'],
    ['a jar', owner('java', ['java', '-Dpassword=hunter2', '-jar', '/opt/billing-1.2.jar']), 'billing-1.2'],
    ['Java without a jar', owner('java', ['java', '-cp', 'x', 'org.example.Main'], '/srv/x'), null],
    ['a title instead of arguments', owner('php-fpm8.2', ['php-fpm: master process (/etc/x)']), 'php-fpm8.2'],
    ['socket activation', owner('systemd', ['/sbin/init']), null],
    ['an unknown owner', null, null],
    [
      'a container',
      owner('docker-proxy', ['/usr/bin/docker-proxy', '-host-port', '1', '-container-port', '9093']),
      'alertmanager',
    ],
    [
      'a container of which nothing is known',
      owner('docker-proxy', ['/usr/bin/docker-proxy', '-container-port', '1234']),
      null,
    ],
  ] as const) {
    it(`is that of ${what}`, async () => {
      const { drafts } = await found(one);
      assert.equal(drafts[0]?.name, name ?? `web-${String(port)}`);
      assert.doesNotMatch(JSON.stringify(drafts), /hunter2/);
    });
  }
});

describe('a container', () => {
  it('is called as Docker or Compose calls it, where this user may know', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'gapwatch-containers-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    const networks = (IPAddress: string): object => ({ NetworkSettings: { Networks: { shop: { IPAddress } } } });
    const write = (id: string, about: object | string): void => {
      mkdirSync(join(folder, id));
      writeFileSync(join(folder, id, 'config.v2.json'), typeof about === 'string' ? about : JSON.stringify(about));
    };
    const labels = { Labels: { 'com.docker.compose.service': 'cache' } };
    write('a', { Name: '/shop-cache-1', State: { Running: true }, Config: labels, ...networks('172.18.0.2') });
    write('b', { Name: '/billing', State: { Running: true }, Config: {}, ...networks('172.18.0.3') });
    write('c', { Name: '/old', State: { Running: false }, Config: {}, ...networks('172.18.0.4') });
    write('0', 'broken');
    const containers = containerNames(folder);
    for (const [address, name] of [
      ['172.18.0.2', 'cache'],
      ['172.18.0.3', 'billing'],
      ['172.18.0.4', `web-${String(port)}`],
    ] as const) {
      const proxy = ['/usr/bin/docker-proxy', '-container-ip', address, '-container-port', '1234'];
      const { drafts } = await machineServices(
        [{ address: '0.0.0.0', port, owner: owner('docker-proxy', proxy) }],
        containers,
      );
      assert.equal(drafts[0]?.name, name);
    }
    const { drafts } = await machineServices([{ address: '0.0.0.0', port, owner: owner('shopd') }], containers);
    assert.equal(drafts[0]?.name, 'shopd');
    assert.deepEqual(containerNames(join(folder, 'nowhere')), new Map());
  });
});

describe('a listener', () => {
  const [, own = ''] = process.argv;
  for (const [what, one, over, reason] of [
    ['the resolver', owner('systemd-resolve'), {}, /resolver/],
    ['the resolver, by its address', null, { address: '127.0.0.53', port: 53 }, /resolver/],
    ["Docker's resolver", null, { address: '127.0.0.11' }, /resolver/],
    ['containerd', owner('containerd'), {}, /internal/],
    ['a link-local address', null, { address: 'fe80::1' }, /link-local/],
    ['an editor', owner('node', [NODE, '/home/me/.vscode-server/bin/x/server-main.js']), {}, /tool for developers/],
    ['a language server', owner('rust-analyzer'), {}, /tool for developers/],
    ['a debugger', owner('gdbserver'), {}, /ends when a connection does/],
    ["Node's debugger", owner('node', [NODE, '--inspect', 'x.js']), { port: 9229 }, /debugger/],
    ["Node's debugger, by its port", null, { port: 9229 }, /debugger/],
    ['a display', owner('sshd'), { port: 6010 }, /display/],
    ['this program', owner('node', [NODE, own]), {}, /gapwatch itself/],
    ['an installed one', owner('node', [NODE, '/usr/local/bin/gapwatch', 'serve']), {}, /gapwatch itself/],
    ['one in a folder', owner('node', [NODE, '/opt/gapwatch/dist/src/main.js', 'serve']), {}, /gapwatch itself/],
    ['one in a file', owner('node', [NODE, '/opt/gapwatch.mjs']), {}, /gapwatch itself/],
    [
      'a service of its demo',
      owner('redis-server', ['redis-server'], '/', [NODE, '/usr/bin/gapwatch', 'demo']),
      {},
      /gapwatch itself/,
    ],
  ] as const) {
    it(`is left out, and named: ${what}`, async () => {
      const { drafts, leftOut } = await found(one, over);
      assert.deepEqual(drafts, []);
      assert.match(leftOut[0]?.why ?? '', reason);
    });
  }

  it('that refuses is left out, and named', async () => {
    const service = await TestService.start();
    service.down();
    const { drafts, leftOut } = await found(null, { port: service.port });
    assert.deepEqual([drafts, leftOut[0]?.why], [[], 'it did not accept a connection']);
  });

  it('on several addresses is one service', async () => {
    const one = owner('shopd');
    const { drafts } = await machineServices(
      ['::1', '0.0.0.0', '::', '127.0.0.1'].map((address) => ({ address, port, owner: one })),
    );
    assert.deepEqual(
      drafts.map(({ entry }) => entry['url']),
      [`http://127.0.0.1:${String(port)}/`],
    );
  });

  it('of another program on the same port is another service', async () => {
    const { drafts } = await machineServices([
      { address: '127.0.0.1', port, owner: owner('shopd') },
      { address: '0.0.0.0', port, owner: owner('billingd') },
    ]);
    assert.deepEqual(
      drafts.map(({ name }) => name),
      ['shopd', 'billingd'],
    );
  });

  it('that would print what it is sent, or end after one connection, is not asked', async () => {
    const service = await TestService.start();
    for (const program of ['p910nd', 'nc', 'ncat']) {
      const { drafts } = await found(owner(program), { port: service.port });
      assert.match(drafts[0]?.why ?? '', /not asked/);
    }
    assert.equal(service.accepted, 0);
  });
});

describe('a port that is asked', () => {
  it('is known for the page of a gapwatch, whoever runs it', async () => {
    const program = new Program(['serve', '1', '--data', 'off', '--listen', '127.0.0.1:0', '--log-format', 'text']);
    await program.said(/Status page: http:\/\/127\.0\.0\.1:\d+/);
    const own = Number(/127\.0\.0\.1:(\d+)\//.exec(program.stderr)?.[1]);
    const { leftOut } = await found(null, { port: own });
    assert.deepEqual(
      leftOut.map(({ why }) => why),
      ['gapwatch itself'],
    );
  });

  for (const [what, send, kind, protocol] of [
    ['says nothing that is text', Buffer.alloc(100_000, 0xff), 'tcp', null],
    ['says controls', '\u001b[2J', 'tcp', null],
    ['says what SSH says, late', 'SSH-2.0-x\r\n', 'tcp', 'ssh'],
    ['is an FTP server', '220 ready\r\n', 'tcp', 'ftp'],
    ['is an IMAP server', '* OK ready\r\n', 'tcp', 'imap'],
    ['is a POP3 server', '+OK ready\r\n', 'tcp', 'pop3'],
    ['is a NATS server', 'INFO {"x":1}\r\n', 'tcp', 'nats'],
    ['is a VNC server', 'RFB 003.008\n', 'tcp', 'vnc'],
    ['is a Redis with too many clients', '-ERR max number of clients reached\r\n', 'redis', null],
    ['is a MySQL that refuses this host', Buffer.from('45000000ff6a04', 'hex'), 'tcp', 'mysql'],
    ['is memcached', 'ERROR\r\n', 'tcp', 'memcached'],
  ] as const) {
    it(`is recognised: ${what}`, async () => {
      const service = await TestService.start((socket) => socket.resume().write(send));
      const identity = await askPort('127.0.0.1', service.port, { usually: null });
      assert.deepEqual([identity?.kind, identity?.protocol], [kind, protocol]);
      assert.doesNotMatch(identity?.evidence ?? '', /[^ -~]/);
      assert.doesNotMatch(identity?.evidence ?? '', /MYSQL|MEMCACHED|HTTP2/);
      if (identity === null) return;
      const { notes } = entryOf('127.0.0.1', service.port, identity, 'x');
      assert.equal(notes.join().includes('max_connect_errors'), protocol === 'mysql');
    });
  }

  for (const [what, answer, kind] of [
    ['a Redis', '+PONG\r\n', 'redis'],
    ['a Redis that loads', '-LOADING Redis is loading\r\n', 'redis'],
    ['a Redis that wants a password', '-NOAUTH Authentication required.\r\n', 'redis'],
    ['a Redis of old that wants one', '-ERR operation not permitted\r\n', 'redis'],
    ['an HTTP server', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'http'],
    ['memcached', 'ERROR\r\n', 'tcp'],
  ] as const) {
    it(`is recognised by what it answers: ${what}`, async () => {
      const service = await TestService.start((socket) => socket.on('data', () => socket.write(answer)));
      assert.equal((await askPort('127.0.0.1', service.port, { usually: null }))?.kind, kind);
    });
  }

  it('is recognised where this machine was away as it connected, and as it answered', async () => {
    const away = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    const service = await TestService.start((socket) => {
      away();
      socket.on('data', () => {
        away();
        socket.write('+PONG\r\n');
      });
    });
    assert.equal((await askPort('127.0.0.1', service.port, { usually: null }))?.kind, 'redis');
  });

  it('is sent nothing that could change anything', async () => {
    const received: string[] = [];
    const service = await TestService.start((socket) =>
      socket.on('data', (data) => received.push(data.toString('latin1'))),
    );
    await askPort('127.0.0.1', service.port, { usually: null });
    await askPort('127.0.0.1', service.port, { usually: 'redis' });
    await askPort('127.0.0.1', service.port, { usually: 'postgres' });
    for (const bytes of received)
      assert.match(bytes, /^(?:PING\r\n\r\n|GET \/ HTTP\/1\.1\r\n|\x16\x03|\0\0\0\x08\x04\xd2\x16\x2f$)/);
    assert.ok(received.length >= 4 && received.length <= 6, received.join('|'));
  });
});
