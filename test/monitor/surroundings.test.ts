import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { runChild } from '../support/children.ts';
import { TestService, endServices } from '../support/test-service.ts';

function script(name: string): string {
  return fileURLToPath(new URL(`children/${name}.js`, import.meta.url));
}

/** A network of its own, in which the kernel has two ports to give. */
const NARROW = ['--net', '--map-root-user', 'sh', '-c'];
const PORTS = 'ip link set lo up && echo "40000 40001" > /proc/sys/net/ipv4/ip_local_port_range';
const noNetwork = spawnSync('unshare', [...NARROW, PORTS]).status !== 0;

describe('the problem of the monitor itself', { concurrency: true }, () => {
  after(endServices);

  it('is not the service being down: no descriptors left', async () => {
    const backend = await TestService.start();
    const limited = 'ulimit -n 64; exec "$0" "$@"';
    const found = await runChild('sh', ['-c', limited, process.execPath, script('exhausted'), String(backend.port)]);
    assert.deepEqual(found, {
      states: ['up', 'unobserved resources'],
      results: ['up', 'resources'],
    });
  });

  it(
    'is not the service being up: a connection of its own to itself',
    { skip: noNetwork && 'this machine gives no network namespace' },
    async () => {
      const found = await runChild('unshare', [
        ...NARROW,
        `${PORTS} && exec "$0" "$1" 40000`,
        process.execPath,
        script('other-user'),
      ]);
      assert.deepEqual(found, { results: ['refused'] });
    },
  );
});
