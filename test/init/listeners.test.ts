/** What the kernel's tables and lsof say, as listeners. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';

import { findListeners, listeningSockets, lsofListeners } from '../../src/init/listeners.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     ';
const row = (local: string, state = '0A', inode = '1581'): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 000000006e3534ac 100 0 0 10 0`;

describe('the listeners of this machine', () => {
  for (const [local, address, port] of [
    ['0100007F:18EB', '127.0.0.1', 6379],
    ['00000000:0050', '0.0.0.0', 80],
    ['0501A8C0:FFFF', '192.168.1.5', 65_535],
    ['00000000000000000000000000000000:1F90', '::', 8080],
    ['00000000000000000000000001000000:1F90', '::1', 8080],
    ['0000000000000000FFFF00000100007F:1F90', '127.0.0.1', 8080],
    ['B80D0120000000000000000001000000:0016', '2001:db8::1', 22],
    ['000080FE00000000FF005450B9FE1234:0016', 'fe80::5054:ff:3412:feb9', 22],
  ] as const) {
    it(`are read from the kernel's table: ${address}`, () => {
      assert.deepEqual(listeningSockets(`${HEAD}\n${row(local)}\n`, 'LE'), [{ address, port, inode: '1581' }]);
    });
  }

  it('are read on a machine of the other byte order', () => {
    const [v4, v6] = listeningSockets(`${row('7F000001:18EB')}\n${row('00000000000000000000000000000001:0050')}`, 'BE');
    assert.deepEqual([v4?.address, v6?.address], ['127.0.0.1', '::1']);
  });

  it('are no connections, and nothing that is malformed', () => {
    const table = [
      HEAD,
      row('0100007F:18EB', '01'),
      row('0100007F:18EB', '06'),
      row('xyz:18EB'),
      row('01:18EB'),
      '',
      'x',
    ];
    assert.deepEqual(listeningSockets(table.join('\n'), 'LE'), []);
  });

  it('are read from what lsof prints where there is no such table', () => {
    const printed =
      'p812\ncredis-server\nf6\ntIPv4\nn*:6379\nf8\ntIPv6\nn*:6381\nf7\nn[::1]:6380\np99\ncControl\\x20Center\nf3\nn127.0.0.1:5000\nf4\nn[fe80::1]:7000\n';
    assert.deepEqual(
      lsofListeners(printed).map(({ address, port, owner }) => [address, port, owner?.program]),
      [
        ['0.0.0.0', 6379, 'redis-server'],
        ['::', 6381, 'redis-server'],
        ['::1', 6380, 'redis-server'],
        ['127.0.0.1', 5000, 'Control Center'],
        ['fe80::1', 7000, 'Control Center'],
      ],
    );
  });

  it('are found with the program that holds them', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const found = (await findListeners()).filter((each) => each.port === port && each.address === '127.0.0.1');
    assert.equal(found.length, 1);
    assert.equal(found[0]?.owner?.cwd, process.cwd());
    assert.deepEqual(found[0].owner.args[0], process.argv0);
  });
});
