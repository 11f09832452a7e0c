/** Who answered: a change is an event, for HTTP by a header or the body, for TCP by what is expected, and Redis' role. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it, type TestContext } from 'node:test';

import type { HttpSpec } from '../../src/probe/spec.ts';
import { httpSpec, redisSpec, tcpSpec } from '../support/probing.ts';
import { RedisServer } from '../support/redis.ts';
import { endServices, TestService, watched } from '../support/test-service.ts';
import { withEngine } from './watch.ts';

/** An HTTP server that says who it is in a header and in its body. */
async function named(t: TestContext): Promise<{ url: string; name: string; status: number }> {
  const server = createServer((_, response) => {
    response.writeHead(found.status, { 'X-Served-By': found.name });
    response.end(`{"pid": "${found.name}"}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close().closeAllConnections();
  });
  const found = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    name: 'old',
    status: 200,
  };
  return found;
}

describe('who answered', { concurrency: true }, () => {
  after(endServices);

  const kinds: [string, Partial<HttpSpec>][] = [
    ['a header', { identity: { header: 'x-served-by' } }],
    ['the body', { identity: { body: /"pid": "(\w+)"/ } }],
    ['the body beside what is expected of it', { identity: { body: /"pid": "(\w+)"/ }, expectBody: 'pid' }],
  ];
  for (const [what, spec] of kinds) {
    for (const connection of ['new', 'kept'] as const) {
      it(`is reported of HTTP by ${what} over a ${connection} connection`, async (t) => {
        const server = await named(t);
        await withEngine([watched('web', httpSpec(server.url, spec), { connection })], async (recording) => {
          await recording.nth(3, 'sample');
          assert.equal(recording.of('identity').length, 0);
          server.name = 'new';
          const { service, was, is } = await recording.nth(1, 'identity');
          assert.deepEqual([service, was, is], ['web', 'old', 'new']);
          server.name = 'x'.repeat(300);
          assert.equal((await recording.nth(2, 'identity')).is, 'x'.repeat(100));
        });
      });
    }
  }

  it('is reported of a reply that is not accepted too: it is another process that says so', async (t) => {
    const server = await named(t);
    await withEngine([watched('web', httpSpec(server.url, { identity: { body: /"(\w+)"}/ } }))], async (recording) => {
      await recording.nth(2, 'sample');
      [server.name, server.status] = ['new', 503];
      assert.equal((await recording.nth(1, 'identity')).is, 'new');
    });
  });

  it('is reported of TCP by what is expected', async () => {
    let name = 'old';
    const backend = await TestService.start((socket) => socket.write(`ready ${name}\n`));
    const spec = tcpSpec(backend.port, { expect: 'ready', identity: /ready (\w+)\n/ });
    await withEngine([backend.watched('tcp', {}, spec)], async (recording) => {
      await recording.nth(3, 'sample');
      name = 'new';
      const { was, is } = await recording.nth(1, 'identity');
      assert.deepEqual([was, is], ['old', 'new']);
    });
  });

  for (const connection of ['new', 'kept'] as const) {
    for (const role of [null, 'master'] as const) {
      const name = `${role === null ? 'where no role is required' : 'also where one is required'} (${connection})`;
      it(`is a role too, of Redis: a demotion and a promotion, ${name}`, async (t) => {
        const server = await RedisServer.start();
        t.after(() => server.close());
        await withEngine([watched('cache', redisSpec(server.port, { role }), { connection })], async (recording) => {
          await recording.nth(3, 'sample');
          await server.say('replicaof', '127.0.0.1', '1');
          const first = await recording.nth(1, 'identity');
          assert.deepEqual([first.was, first.is, first.what], ['master', 'replica', 'role']);
          await server.say('replicaof', 'no', 'one');
          assert.equal((await recording.nth(2, 'identity')).is, 'master');
        });
      });
    }
  }
});
