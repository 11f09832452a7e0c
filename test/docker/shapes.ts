/** The shapes that a restart has from outside, as assertions on what a watch told. Order and kind only, never lengths. */
import assert from 'node:assert/strict';

import type { Reason } from '../../src/core/model.ts';
import type { Restart } from './daemon.ts';
import { INTERVAL_MS, type Watch } from './watch.ts';

/** What was seen just before or just after a moment may belong to it. */
const SLACK_MS = 2 * INTERVAL_MS;

/** The probes of all services start much closer to each other where the monitor runs. */
const STALL_MS = INTERVAL_MS;
/** A kept connection breaks so near to where its gap begins. */
const BREAK_MS = 300;

/** One gap, from before the daemon was gone until after it was started. */
export function isAwayUntilStarted(watch: Watch, service: string, times: Restart): void {
  const [first] = watch.gaps(service);
  assert.ok(first !== undefined, `${service}: no gap`);
  assert.ok(first.from >= times.asked - SLACK_MS, `${service}: down before the daemon was asked to stop`);
  assert.ok(first.from <= times.gone + SLACK_MS, `${service}: still up when the daemon was gone`);
  assert.ok(first.type === 'gap' && first.to >= times.started, `${service}: back before the daemon was started`);
}

/** Up while the daemon is away; if there are gaps, then while it starts. */
export function isUpWhileAway(watch: Watch, service: string, times: Restart): void {
  for (const gap of watch.gaps(service)) {
    assert.ok(gap.from >= times.started - SLACK_MS, `${service}: down ${text(gap.from, times)}`);
    assert.equal(gap.type, 'gap', `${service}: did not come back`);
  }
}

/** The kept connection lived through it all, and answered. */
export function isNeverInterrupted(watch: Watch, service: string): void {
  assert.deepEqual(watch.told('connection-lost', service), [], `${service}: lost`);
  assert.deepEqual(watch.gaps(service), [], `${service}: down`);
}

/**
 * The kept connection broke while the daemon stopped. A monitor that did not run for a while then does not tell: the peer may have lost
 * patience.
 */
export function isLostAtExit(watch: Watch, service: string, times: Restart): void {
  const [first] = watch.told('connection-lost', service);
  if (first === undefined) {
    const fell = watch.gaps(service)[0]?.from ?? times.gone;
    const pauseMs = watch.longestPause(fell - BREAK_MS, fell + BREAK_MS);
    assert.ok(pauseMs > STALL_MS, `${service}: not lost, and no probe was late by more than ${String(pauseMs)} ms`);
    return;
  }
  const inTime = first.at >= times.asked - SLACK_MS && first.at <= times.gone + SLACK_MS;
  assert.ok(inTime, `${service}: lost ${text(first.at, times)}`);
}

/** Redis is the same process as before, or another one. */
export function hasOtherRedis(watch: Watch, expected: boolean): void {
  for (const service of ['redis', 'redis (kept)']) {
    assert.equal(watch.told('identity', service).length, expected ? 1 : 0, `${service}: another process`);
  }
}

/** The empty container: down for this reason before the restart, and at the end. */
export function isDownAs(watch: Watch, reason: 'closed' | 'refused', times: Restart): void {
  const before = watch.told('transition', 'empty').findLast(({ at }) => at < times.asked);
  assert.deepEqual([before?.to, before?.reason], ['down', reason]);
  const last = watch.told('sample', 'empty').at(-1);
  assert.deepEqual([last?.result, last?.reason], ['down', reason]);
}

/** What was not observed was not for want of descriptors, ports or a route. A busy machine may well stall a monitor. */
export function isObserved(watch: Watch): void {
  const allowed: readonly (Reason | null)[] = ['stalled', 'suspended'];
  const others = watch.told('transition').filter(({ to, reason }) => to === 'unobserved' && !allowed.includes(reason));
  assert.deepEqual(others, []);
}

function text(at: number, { asked, gone, started }: Restart): string {
  const [a, b, c] = [at - asked, gone - asked, started - asked].map((ms) => (ms / 1000).toFixed(3));
  return `${String(a)} s after the daemon was asked to stop; it was gone after ${String(b)} s, started after ${String(c)} s`;
}
