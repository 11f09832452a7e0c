/** Hooks, heartbeat and maintenance of a configuration. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ConfigFolder } from './config-folder.ts';

const folder = new ConfigFolder();
const services = [
  { name: 'web', type: 'tcp', host: 'h', port: 1 },
  { name: 'api', type: 'tcp', host: 'h', port: 2, connection: 'both' },
];

async function problems(more: object, env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { problems: found, message } = await folder.refusal({ json: { services, ...more }, env });
  assert.doesNotMatch(message, /hidden/);
  return found.map(({ place, message: words }) => `${place ?? ''}: ${words}`);
}

const problem = async (hook: object, env: Readonly<Record<string, string>> = {}): Promise<string> =>
  (await problems({ hooks: [{ on: ['gap'], url: 'http://h/', ...hook }] }, env)).join('\n');

describe('hooks', () => {
  it('are read with their secrets', async () => {
    const env = { AUTH: 'Bearer hidden', SECRET: 'hidden', URL: 'https://me:pw@h/hidden#x' };
    const hooks = [
      {
        on: ['down', 'up'],
        services: ['web', 'api (kept)'],
        minMs: 1000,
        url: { env: 'URL' },
        secret: { env: 'SECRET' },
      },
      { on: ['gap'], url: 'http://h/', headers: { 'X-Auth': { env: 'AUTH' } } },
      { on: ['gap'], command: ['logger', '-t', 'gapwatch'] },
    ];
    const heartbeat = { url: { env: 'URL' } };
    const config = await folder.load({ json: { services, hooks, heartbeat }, env });
    const authorization = `Basic ${Buffer.from('me:pw').toString('base64')}`;
    const url = 'https://h/hidden';
    assert.deepEqual(config.hooks, [
      {
        place: 'hooks[0]',
        on: ['down', 'up'],
        services: ['web', 'api (kept)'],
        minMs: 1000,
        to: { kind: 'post', url, headers: { Authorization: authorization }, secret: 'hidden' },
      },
      {
        place: 'hooks[1]',
        on: ['gap'],
        services: null,
        minMs: 0,
        to: { kind: 'post', url: 'http://h/', headers: { 'X-Auth': 'Bearer hidden' }, secret: null },
      },
      {
        place: 'hooks[2]',
        on: ['gap'],
        services: null,
        minMs: 0,
        to: { kind: 'command', argv: ['logger', '-t', 'gapwatch'], cwd: folder.path },
      },
    ]);
    assert.deepEqual(config.heartbeat, { url, headers: { Authorization: authorization }, intervalMs: 60_000 });
    const none = await folder.load({ json: { services } });
    assert.deepEqual([none.hooks, none.heartbeat], [[], null]);
  });

  it('that are wrong are reported with their place, what stands there and what may', async () => {
    assert.match(await problem({ on: ['gapp'] }), /^hooks\[0\]\.on\[0\]: "gapp" is not .*did you mean "gap"\?/);
    assert.match(await problem({ on: [] }), /^hooks\[0\]\.on: .*at least one/);
    assert.match(await problem({ on: 'gap' }), /^hooks\[0\]\.on: "gap" is not a list; a list such as/);
    assert.match(await problem({ url: undefined }), /^hooks\[0\]: it goes nowhere; "url" or "command"$/);
    assert.match(await problem({ command: ['x'] }), /^hooks\[0\]\.command: conflicts with "url"/);
    assert.match(await problem({ url: undefined, command: [] }), /^hooks\[0\]\.command: .*a list such as/);
    assert.match(
      await problem({ url: undefined, command: 'logger' }),
      /^hooks\[0\]\.command: "logger" is not a command/,
    );
    assert.match(
      await problem({ url: undefined, command: ['x'], secret: 'hidden' }),
      /^hooks\[0\]\.secret: only a "url"/,
    );
    assert.match(await problem({ minMs: '1s' }), /^hooks\[0\]\.minMs: "1s" is not a number of milliseconds/);
    assert.match(await problem({ minMs: -1 }), /^hooks\[0\]\.minMs: -1 is not/);
    assert.match(
      await problem({ services: ['wbe'] }),
      /^hooks\[0\]\.services\[0\]: no service is called "wbe", did you mean "web"\?$/,
    );
    assert.match(
      await problem({ services: ['other'] }),
      /no service is called "other"; there are "web", "api" and "api \(kept\)"$/,
    );
    assert.match(
      await problem({ headers: { 'Content-Length': '1' } }),
      /^hooks\[0\]\.headers\.Content-Length: gapwatch sends this/,
    );
    assert.match(await problem({ headers: { 'Idempotency-Key': '1' } }), /gapwatch sends this header itself/);
    assert.match(await problem({ headers: { A: 'hidden\n' } }), /^hooks\[0\]\.headers\.A: its value holds a character/);
    assert.match(
      await problem({ secret: { env: 'NONE' } }),
      /^hooks\[0\]\.secret: the environment variable NONE is not set/,
    );
    assert.match(await problem({ secret: '' }), /^hooks\[0\]\.secret: it is empty/);
    assert.match(await problem({ urll: 1 }), /^hooks\[0\]\.urll: unknown field, did you mean "url"\?/);
    const twice = { on: ['gap'], url: 'http://h/hidden' };
    assert.match(
      (await problems({ hooks: [twice, { ...twice, minMs: 5 }] })).join(),
      /^hooks\[1\]: it goes where hooks\[0\] goes/,
    );
    for (const url of ['ftp://h/hidden', 'h/hidden', 'unix:/hidden:/', 'http://[fe80::1%eth0]/hidden', 'http://']) {
      assert.match(await problem({ url }), /^hooks\[0\]\.url: .*; http:\/\/HOST… or https:\/\/HOST…$/);
      assert.match(await problem({ url: { env: 'URL' } }, { URL: url }), /^hooks\[0\]\.url: /);
      assert.match((await problems({ heartbeat: { url } })).join(), /^heartbeat\.url: /);
    }
    assert.match(
      (await problems({ heartbeat: { url: 'http://h', interval: '10ms' } })).join(),
      /^heartbeat\.interval: .*too short/,
    );
    assert.match((await problems({ heartbeat: {} })).join(), /^heartbeat\.url: missing/);
  });
});

describe('maintenance', () => {
  const from = '2026-12-01T02:00:00Z';
  const to = '2026-12-01T04:00+01:00';

  it('is read as the note that it is published as, whose id is what it says', async () => {
    const load = async (maintenance: object) =>
      (await folder.load({ json: { services, maintenance: [maintenance] } })).maintenance;
    const [note] = await load({ from, to, services: ['api'], text: 'Docker upgrade' });
    const { id, ...rest } = note!;
    assert.match(id, /^configured-[0-9a-f]{16}$/);
    assert.deepEqual(rest, {
      kind: 'maintenance',
      from: Date.UTC(2026, 11, 1, 2),
      to: Date.UTC(2026, 11, 1, 3),
      services: ['api', 'api (kept)'],
      text: 'Docker upgrade',
    });
    const [all] = await load({ from, to });
    assert.deepEqual([all!.services, all!.text], [[], 'Maintenance']);
    assert.notEqual(all!.id, id);
    assert.equal((await load({ from, to }))[0]!.id, all!.id);
  });

  it('that is wrong is reported with its place', async () => {
    const one = async (maintenance: object): Promise<string> =>
      (await problems({ maintenance: [maintenance] })).join('\n');
    assert.match(await one({ to }), /^maintenance\[0\]\.from: missing; one with its zone/);
    assert.match(
      await one({ from: '2026-12-01T02:00:00', to }),
      /^maintenance\[0\]\.from: "2026-12-01T02:00:00" is not a time/,
    );
    assert.match(await one({ from: '2026-13-01T02:00:00Z', to }), /^maintenance\[0\]\.from: /);
    assert.match(await one({ from: 5, to }), /^maintenance\[0\]\.from: 5 is not a time/);
    assert.match(await one({ from: to, to: from }), /^maintenance\[0\]\.to: it is not after "from"$/);
    assert.match(
      await one({ from, to, services: ['wbe'] }),
      /^maintenance\[0\]\.services\[0\]: no service is called "wbe", did you mean "web"/,
    );
    assert.match(await one({ from, to, services: [] }), /^maintenance\[0\]\.services: .*at least one name/);
    assert.match(await one({ from, to, text: 'a\nb' }), /^maintenance\[0\]\.text: .*one line/);
    assert.match((await problems({ maintenance: {} })).join(), /^maintenance: an object is not a list/);
  });
});
