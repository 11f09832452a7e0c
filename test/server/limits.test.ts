/** How many connections are held. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { describe, it } from 'node:test';

import { defaultLimits, limitConnections } from '../../src/server/connection-limits.ts';

describe('the limits on connections', () => {
  it('leave half of the descriptors to the probes', () => {
    const { total } = defaultLimits();
    assert.ok(total > 0 && total <= 10_000);
  });

  it('refuse what is too much in all, and take more when others have gone', async () => {
    const warnings: object[] = [];
    const server = createServer((_, response) => response.end('ok'));
    limitConnections(server, { total: 3, perAddress: 1 }, { warn: (details: object) => warnings.push(details) });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const open = async (): Promise<Socket> => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    };
    // From this machine a proxy may stand for many: only the limit in all holds.
    const sockets = [await open(), await open(), await open()];
    for (const socket of sockets) {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1.1 200/);
    }
    const extra = await open();
    await once(extra, 'close');
    await once(await open(), 'close');
    assert.deepEqual(warnings, [{ total: 3 }]);
    sockets[0]!.destroy();
    for (let tries = 0; tries < 100; tries++) {
      const socket = await open();
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const [answer] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [Buffer | boolean];
      if (Buffer.isBuffer(answer)) {
        server.close();
        server.closeAllConnections();
        return;
      }
    }
    assert.fail('none was taken any more');
  });
});
