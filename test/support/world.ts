/**
 * A simulated world: a service that is up and down at known times, and probes that reach it on ways of random length,
 * are answered out of order, time out, and are now and then not sent or not looked at, because the monitor stalls.
 *
 * Its one law is that of the derivation in `timeline.ts`: probes reach the service in the order in which they are sent.
 */
import fc from 'fast-check';

import type { DownReason, Sample } from '../../src/core/model.ts';

export interface Outage {
  readonly from: number;
  readonly to: number;
}

export interface World {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** In order of time, apart from each other. */
  readonly outages: readonly Outage[];
  /** In the order in which they were sent. */
  readonly samples: readonly Sample[];
  /** When each of them reached the service; null where it was not observed. */
  readonly reached: readonly (number | null)[];
  /** The samples in the order in which they ended, as indices. */
  readonly endings: readonly number[];
}

const NO_PHASES = { dnsMs: null, connectMs: null, tlsMs: null, replyMs: null };

interface Draws {
  readonly intervalMs: number;
  readonly timeoutFactor: number;
  readonly pieces: readonly { readonly up: number; readonly down: number }[];
  /** For each probe: shares of the way there and back, what a failure looks like, and a roll for stalls. */
  readonly rolls: readonly (readonly [number, number, number, number])[];
}

/** Worlds of some hundred probes. */
export const worlds: fc.Arbitrary<World> = fc
  .record({
    intervalMs: fc.integer({ min: 10, max: 200 }),
    timeoutFactor: fc.double({ min: 0.5, max: 12, noNaN: true }),
    pieces: fc.array(
      fc.record({
        up: fc.double({ min: 0.1, max: 20, noNaN: true }),
        down: fc.double({ min: 0.05, max: 20, noNaN: true }),
      }),
      { minLength: 0, maxLength: 8, size: 'max' },
    ),
    rolls: fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
      { minLength: 1, maxLength: 200, size: 'max' },
    ),
  })
  .map(simulate);

function simulate({ intervalMs, timeoutFactor, pieces, rolls }: Draws): World {
  const timeoutMs = intervalMs * timeoutFactor;
  const outages: Outage[] = [];
  let time = 0;
  for (const { up, down } of pieces) {
    const from = time + up * intervalMs;
    time = from + down * intervalMs;
    outages.push({ from, to: time });
  }
  const isDown = (at: number): boolean => outages.some(({ from, to }) => from <= at && at < to);

  const samples: Sample[] = [];
  const reachedAt: (number | null)[] = [];
  let lastReached = 0;
  let sentAt = 0;
  for (const [there, back, failure, stall] of rolls) {
    if (stall < 0.02) {
      // Nobody looks for some intervals.
      const to = sentAt + intervalMs * (1 + 10 * there);
      samples.push(sample(sentAt, to, 'unobserved', 'stalled'));
      reachedAt.push(null);
      sentAt = to;
      continue;
    }
    // Up to the whole timeout under way, but never past the one that was sent before.
    const reached = Math.max(lastReached, sentAt + there * Math.min(timeoutMs, intervalMs * 2) * 0.45);
    lastReached = reached;
    const deadline = sentAt + timeoutMs;
    const answered = Math.min(reached + back * timeoutMs * 0.45, deadline);
    let seen = true;
    if (stall < 0.05) {
      samples.push(sample(sentAt, answered, 'unobserved', 'resources'));
      seen = false;
    } else if (answered <= reached) {
      samples.push(sample(sentAt, deadline, 'unobserved', 'stalled'));
      seen = false;
    } else if (!isDown(reached)) samples.push(sample(sentAt, answered, 'up', null));
    else if (failure < 0.5) samples.push(sample(sentAt, answered, 'down', 'refused'));
    else samples.push(sample(sentAt, deadline, 'down', 'timeout-connect'));
    reachedAt.push(seen ? reached : null);
    sentAt += intervalMs;
  }
  const endings = samples
    .map((_, index) => index)
    .sort((a, b) => (samples[a]?.endedAt ?? 0) - (samples[b]?.endedAt ?? 0) || a - b);
  return { intervalMs, timeoutMs, outages, samples, reached: reachedAt, endings };
}

function sample(
  sentAt: number,
  endedAt: number,
  result: Sample['result'],
  reason: DownReason | 'stalled' | 'resources' | null,
): Sample {
  return { sentAt, endedAt, result, reason, message: null, phases: NO_PHASES };
}
