/**
 * A simulated service that answers within some milliseconds, and ways to lose it: nothing listens, it is frozen, packets to it
 * are lost, or its replies are. What is lost the kernel sends again, so that some answers come far too late; what is frozen
 * answers what waited. While it is down it is also probed beside the grid, and where its death breaks a connection, at that moment.
 */
import fc from 'fast-check';

import type { DownReason, Sample } from '../../src/core/model.ts';

const KINDS = ['refused', 'frozen', 'packets lost', 'replies lost'] as const;

export interface RoughOutage {
  readonly kind: (typeof KINDS)[number];
  readonly from: number;
  readonly to: number;
}

export interface RoughWorld {
  readonly intervalMs: number;
  readonly outages: readonly RoughOutage[];
  /** In the order in which they were sent. */
  readonly samples: readonly Sample[];
}

const NO_PHASES = { dnsMs: null, connectMs: null, tlsMs: null, replyMs: null };
/** When the kernel sends a SYN again, and data (RFC 6298; Linux: TCP_RTO_MIN), after it was sent first. */
const SYN_AGAIN_MS = [1000, 3000];
const DATA_AGAIN_MS = [200, 600, 1400];
const SLOWEST_MS = 3;
const THERE_MS = 0.1;
/** Between two outages, so that each has answers to be measured by before it. */
const APART_MS = 2500;

interface Draws {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Whether it is also probed beside the grid. */
  readonly isSharp: boolean;
  readonly pieces: readonly { readonly kind: RoughOutage['kind']; readonly upMs: number; readonly downMs: number }[];
  readonly seed: number;
}

/** What a world is made from by `roughWorld`: a counterexample is short so. */
export const roughDraws: fc.Arbitrary<Draws> = fc.record({
  intervalMs: fc.integer({ min: 10, max: 200 }),
  timeoutMs: fc.integer({ min: 200, max: 1800 }),
  isSharp: fc.boolean(),
  pieces: fc.array(
    fc.record({
      kind: fc.constantFrom(...KINDS),
      upMs: fc.double({ min: APART_MS, max: 2 * APART_MS, noNaN: true }),
      downMs: fc.double({ min: 30, max: 3500, noNaN: true }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  seed: fc.integer({ min: 1, max: 2 ** 30 }),
});

export function roughWorld({ intervalMs, timeoutMs, isSharp, pieces, seed }: Draws): RoughWorld {
  const outages: RoughOutage[] = [];
  let time = 0;
  for (const { kind, upMs, downMs } of pieces) {
    const from = time + upMs;
    time = from + downMs;
    outages.push({ kind, from, to: time });
  }
  let state = seed;
  const latency = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return 0.2 + (state / 2_147_483_647) * (SLOWEST_MS - 0.2);
  };
  const ask = (sentAt: number): Sample => probe(sentAt, timeoutMs, latency(), outages);
  const samples = timesOf(outages, time + APART_MS, intervalMs, isSharp).map(({ sentAt, ...circumstances }) => ({
    ...ask(sentAt),
    ...circumstances,
  }));
  return { intervalMs, outages, samples };
}

type Time = Pick<Sample, 'sentAt' | 'offGrid' | 'prompted'>;

function timesOf(outages: readonly RoughOutage[], end: number, intervalMs: number, isSharp: boolean): Time[] {
  const times: Time[] = [];
  for (let sentAt = intervalMs; sentAt < end; sentAt += intervalMs) times.push({ sentAt });
  if (!isSharp) return times;
  const recheckMs = Math.max(10, intervalMs / 10);
  for (const { kind, from, to } of outages) {
    if (kind === 'refused') times.push({ sentAt: from + 0.1, offGrid: true, prompted: true });
    const doubtFrom = kind === 'refused' ? from : (Math.floor(from / intervalMs) + 2) * intervalMs;
    for (let sentAt = doubtFrom + recheckMs; sentAt < to + recheckMs; sentAt += recheckMs)
      times.push({ sentAt, offGrid: true });
  }
  return times.sort((a, b) => a.sentAt - b.sentAt);
}

function probe(sentAt: number, timeoutMs: number, latencyMs: number, outages: readonly RoughOutage[]): Sample {
  const deadline = sentAt + timeoutMs;
  const outageAt = (at: number): RoughOutage | undefined => outages.find(({ from, to }) => from <= at && at < to);
  // All take the same time to the service: they reach it in their order.
  const reached = sentAt + THERE_MS;
  const outage = outageAt(reached);
  const silence = (reason: DownReason): Sample => sample(sentAt, deadline, reason);
  const goodBefore = (at: number, reason: DownReason): Sample =>
    at < deadline ? sample(sentAt, at, null) : silence(reason);
  switch (outage?.kind) {
    case undefined:
      return sample(sentAt, sentAt + latencyMs, null);
    case 'refused':
      return sample(sentAt, sentAt + latencyMs, 'refused');
    case 'frozen':
      return goodBefore(outage.to + latencyMs, 'timeout-reply');
    case 'packets lost': {
      const again = SYN_AGAIN_MS.map((ms) => sentAt + ms).find((at) => outageAt(at) === undefined) ?? Infinity;
      // It was not there when it was asked for: see `Attempt`.
      return again < deadline ? sample(sentAt, again + latencyMs, 'timeout-connect') : silence('timeout-connect');
    }
    case 'replies lost': {
      const again = DATA_AGAIN_MS.map((ms) => sentAt + ms).find((at) => outageAt(at) === undefined) ?? Infinity;
      return goodBefore(again + latencyMs, 'timeout-reply');
    }
  }
}

function sample(sentAt: number, endedAt: number, reason: DownReason | null): Sample {
  return { sentAt, endedAt, result: reason === null ? 'up' : 'down', reason, message: null, phases: NO_PHASES };
}
