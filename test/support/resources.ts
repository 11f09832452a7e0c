/** What this process holds: to see whether something was left behind. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

/** Sockets, look-ups and timers, by their kind. */
const WATCHED = /^(TCP|TLS|Pipe|GetAddrInfo|Timeout)/;

/** The active resources of a probe's kinds. */
export function held(): string[] {
  return process.getActiveResourcesInfo().filter((name) => WATCHED.test(name));
}

/** Open descriptors (Linux). */
export function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Connections to a local port that the kernel still has, in whatever state (Linux, proc(5)). */
export function lingering(port: number): number {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  return lines.filter((line) => line.trim().split(/\s+/)[2]?.endsWith(remote)).length;
}

/**
 * Waits until no more is held than before.
 * @throws where that does not come about within some turns of the event loop
 */
export async function released(before: readonly string[]): Promise<void> {
  for (let turn = 0; turn < 500 && more(before).length > 0; turn++) await setImmediate();
  assert.deepEqual(more(before), [], 'left behind');
}

function more(before: readonly string[]): string[] {
  const rest = [...before];
  return held().filter((name) => {
    const at = rest.indexOf(name);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
