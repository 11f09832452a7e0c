/** The monitor's own problem is never the service's: no descriptor, no local port, no route, no time to look. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';

import { childScript, endChild, runChild, startChild } from '../support/children.ts';
import { DIALECTS, good } from '../support/dialects.ts';
import { HOST, Probing, tcpSpec, verdict } from '../support/probing.ts';
import { descriptors, held, lingering, released } from '../support/resources.ts';
import { serve, silent } from '../support/servers.ts';

/** A shell as root of a network of its own, where that is allowed. */
const OWN_NETWORK = ['unshare', '--map-root-user', '--net', 'sh', '-ec'] as const;

function ownNetwork(): string | false {
  const [command, ...args] = OWN_NETWORK;
  const { status } = spawnSync(command, [
    ...args,
    'ip link set lo up && test -w /proc/sys/net/ipv4/ip_local_port_range',
  ]);
  return status === 0 ? false : 'needs user namespaces and iproute2';
}

describe('a monitor in trouble', () => {
  it('has no descriptor left: nothing was observed, and it recovers', async () => {
    const servers = await Promise.all(DIALECTS.map((dialect) => serve(good(dialect))));
    const ports = servers.map(({ port }) => String(port));
    const limited = `ulimit -n 64; exec "$@"`;
    const found = await runChild('sh', ['-c', limited, 'sh', process.execPath, childScript('exhausted'), ...ports]);
    assert.deepEqual(found, {
      exhausted: Array<string>(8).fill('resources'),
      after: ['up', 'up', 'up', 'up', 'up', 'up', 'dns', 'dns'],
    });
    await Promise.all(servers.map((server) => server.close()));
  });

  it('has no local port left, or no route', { skip: ownNetwork() }, async () => {
    const [command, ...args] = OWN_NETWORK;
    const setup = 'ip link set lo up; echo 40000 40003 > /proc/sys/net/ipv4/ip_local_port_range; exec "$@"';
    const found = await runChild(command, [...args, setup, 'sh', process.execPath, childScript('no-ports')]);
    assert.deepEqual(found, { ports: ['up', 'up', 'up', 'resources', 'resources'], network: 'network' });
  });

  it('was too busy to look: a silence that it did not listen to proves nothing', async (t) => {
    const server = await serve(silent);
    t.after(() => server.close());
    const probing = await Probing.of(tcpSpec(server.port, { expect: 'anything' }));
    let stalled = 0;
    const busy = { ...HOST, stalledMs: () => (stalled += 30) };
    assert.equal(verdict(await probing.probe(100, busy)), 'stalled');
    assert.equal(verdict(await probing.probe(100)), 'timeout-reply');
  });

  for (const dialect of DIALECTS) {
    it(`finds an answer that came while it was busy (${dialect.kind})`, async (t) => {
      let port = 0;
      const server = await startChild(process.execPath, [childScript('good-server'), dialect.kind], (line) => {
        port = Number(line);
        return true;
      });
      t.after(() => endChild(server));
      const probing = await Probing.of(dialect.spec(port), 'kept');
      t.after(() => {
        probing.close();
      });
      assert.equal(verdict(await probing.probe()), 'up');
      const found = probing.probe(100);
      // The answer is here when the deadline has passed, but timers run before sockets are read.
      setImmediate(() => {
        const until = performance.now() + 300;
        while (performance.now() < until);
      });
      assert.equal(verdict(await found), 'up');
    });
  }

  for (const dialect of DIALECTS) {
    it(`holds nothing after thousands of probes of a silent server (${dialect.kind})`, async () => {
      const [before, opened] = [held(), descriptors()];
      const server = await serve(silent);
      const { port } = server;
      const probing = await Probing.of(dialect.spec(port));
      let unconnected = 0;
      for (let round = 0; round < 10; round++) {
        const samples = await Promise.all(Array.from({ length: 200 }, () => probing.probe(40)));
        assert.ok(samples.every(({ result }) => result === 'down'));
        unconnected += samples.filter(({ reason }) => reason === 'timeout-connect').length;
      }
      await server.idle();
      await server.close();
      await released(before);
      assert.ok(descriptors() <= opened);
      // A deadline may pass between the kernel's handshake and our notice of it: only such a one is closed politely.
      assert.ok(lingering(port) <= unconnected, 'local ports are held');
    });
  }
});
