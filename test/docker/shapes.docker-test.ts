import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Restart, restart } from './daemon.ts';
import { type DockerSettings, LOOPBACK, PORTS, startDocker } from './docker.ts';
import { inNetwork, type Machine } from './machine.ts';
import { requireDocker } from './needs.ts';
import * as shape from './shapes.ts';
import { tableOf, type Truth, truthOf } from './truths.ts';
import { allOf, Watch } from './watch.ts';

/** Before a restart and after it, for what comes late. */
const CALM_MS = 1000;
const NEW = ['web', 'redis'];
const KEPT = ['web (kept)', 'redis (kept)'];

interface Seen {
  readonly loopback: Watch;
  readonly second: Watch;
  readonly times: Restart;
  /** Where a plain connect to the empty container's port succeeds: what `nc -z` calls up. */
  readonly opens: { readonly loopback: boolean; readonly second: boolean };
}

const truths: Truth[] = [];

/** Restarts a daemon under the eyes of two monitors. */
async function observe(settings: DockerSettings): Promise<Seen> {
  const { host, second: other, daemon, close } = await startDocker(settings);
  const loopback = new Watch(host, allOf(LOOPBACK));
  const second = new Watch(other, allOf(host.address));
  const watches = [loopback, second];
  try {
    const calm = async (): Promise<void> => {
      await sleep(CALM_MS);
      await Promise.all(watches.map((watch) => watch.settled()));
      await sleep(CALM_MS);
    };
    await calm();
    const opens = { loopback: isOpen(host, LOOPBACK), second: isOpen(other, host.address) };
    const times = await restart(daemon);
    await calm();
    await Promise.all(watches.map((watch) => watch.end()));
    truths.push(truthOf(settings, 'loopback', loopback, times));
    truths.push(truthOf(settings, 'second machine', second, times));
    return { loopback, second, times, opens };
  } finally {
    await Promise.all(watches.map((watch) => watch.end()));
    await close();
  }
}

function isOpen(machine: Machine, address: string): boolean {
  const connect = `exec 3<>/dev/tcp/${address}/${String(PORTS.empty)}`;
  const [command = '', ...args] = inNetwork(machine, ['bash', '-c', connect]);
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

describe('a restart of the Docker daemon', () => {
  after(() => {
    if (truths.length === 0) return;
    console.log(`One restart, four truths\n\n${tableOf(truths)}\n`);
    const file = process.env['GAPWATCH_TRUTHS'];
    if (file !== undefined) writeFileSync(file, `${JSON.stringify(truths, null, 2)}\n`);
  });

  it('with live-restore and the userland proxy', async (t) => {
    if (!requireDocker(t)) return;
    const { loopback, second, times, opens } = await observe({ liveRestore: true, userlandProxy: true });
    await t.test('is an outage on loopback, from the exit until after the start', () => {
      for (const service of [...NEW, ...KEPT]) shape.isAwayUntilStarted(loopback, service, times);
    });
    await t.test('breaks kept connections on loopback at the exit', () => {
      for (const service of KEPT) shape.isLostAtExit(loopback, service, times);
    });
    await t.test('is not seen by another machine until the daemon starts', () => {
      for (const service of NEW) shape.isUpWhileAway(second, service, times);
    });
    await t.test('leaves the kept connections of another machine alone', () => {
      for (const service of KEPT) shape.isNeverInterrupted(second, service);
    });
    await t.test('leaves an empty container down: accepted and closed on loopback, refused from outside', () => {
      assert.deepEqual(opens, { loopback: true, second: false });
      shape.isDownAs(loopback, 'closed', times);
      shape.isDownAs(second, 'refused', times);
    });
    await t.test('leaves Redis the process that it was', () => {
      for (const watch of [loopback, second]) shape.hasOtherRedis(watch, false);
    });
    await t.test('is observed', () => {
      for (const watch of [loopback, second]) shape.isObserved(watch);
    });
  });

  it('with live-restore, without the userland proxy', async (t) => {
    if (!requireDocker(t)) return;
    const { loopback, second, times, opens } = await observe({ liveRestore: true, userlandProxy: false });
    await t.test('is on loopback what it is for another machine', () => {
      for (const watch of [loopback, second]) {
        for (const service of NEW) shape.isUpWhileAway(watch, service, times);
        for (const service of KEPT) shape.isNeverInterrupted(watch, service);
      }
    });
    await t.test('leaves an empty container down: refused everywhere', () => {
      assert.deepEqual(opens, { loopback: false, second: false });
      for (const watch of [loopback, second]) shape.isDownAs(watch, 'refused', times);
    });
    await t.test('leaves Redis the process that it was', () => {
      for (const watch of [loopback, second]) shape.hasOtherRedis(watch, false);
    });
    await t.test('is observed', () => {
      for (const watch of [loopback, second]) shape.isObserved(watch);
    });
  });

  for (const userlandProxy of [true, false]) {
    it(`without live-restore, ${userlandProxy ? 'with' : 'without'} the userland proxy`, async (t) => {
      if (!requireDocker(t)) return;
      const { loopback, second, times, opens } = await observe({ liveRestore: false, userlandProxy });
      await t.test('takes everything away until after the start', () => {
        for (const watch of [loopback, second]) {
          for (const service of [...NEW, ...KEPT]) shape.isAwayUntilStarted(watch, service, times);
        }
      });
      await t.test('breaks every kept connection', () => {
        for (const watch of [loopback, second]) {
          for (const service of KEPT) shape.isLostAtExit(watch, service, times);
        }
      });
      await t.test('takes Redis at once, and the container that ignores SIGTERM later', () => {
        for (const watch of [loopback, second]) {
          const [redis, web] = ['redis', 'web'].map((service) => watch.gaps(service)[0]?.from ?? NaN);
          assert.ok(redis! < web!, `Redis went at ${String(redis)}, the web server at ${String(web)}`);
        }
      });
      await t.test('brings another Redis', () => {
        for (const watch of [loopback, second]) shape.hasOtherRedis(watch, true);
      });
      await t.test('leaves an empty container down', () => {
        assert.deepEqual(opens, { loopback: userlandProxy, second: false });
        shape.isDownAs(loopback, userlandProxy ? 'closed' : 'refused', times);
        shape.isDownAs(second, 'refused', times);
      });
      await t.test('is observed', () => {
        for (const watch of [loopback, second]) shape.isObserved(watch);
      });
    });
  }
});
