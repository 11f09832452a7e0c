/**
 * A simulated service that answers within some milliseconds, and ways to lose it: nothing listens, it is frozen, packets to it
 * are lost, or its replies are. What is lost the kernel sends again, so that some answers come far too late; what is frozen
 * answers what waited. On a busy machine a packet may wait for its turn, and reach the service after one that was sent later. While
 * it is down it is also probed beside the grid, and where its death breaks a connection, at that moment.
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
  /** For how long a packet may have waited before it left. */
  readonly queuedMs: number;
  /** The outages in which a probe failed. */
  readonly found: ReadonlySet<RoughOutage | null>;
}

/** When the kernel sends a SYN again, and data (RFC 6298; Linux: TCP_RTO_MIN), after it was sent first. */
const SYN_AGAIN_MS = [1000, 3000];
const DATA_AGAIN_MS = [200, 600, 1400];
const SLOWEST_MS = 3;
const THERE_MS = 0.1;
/** How long a packet waits for its turn, where it does. */
const QUEUED_MS = 30;
/** Between two outages, so that each has answers to be measured by before it. */
const APART_MS = 2500;

interface Draws {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Whether it is also probed beside the grid. */
  readonly isSharp: boolean;
  /** How many of the packets wait for their turn. */
  readonly queued: number;
  readonly pieces: readonly { readonly kind: RoughOutage['kind']; readonly upMs: number; readonly downMs: number }[];
  readonly seed: number;
}

/** What a world is made from by `roughWorld`: a counterexample is short so. */
export const roughDraws: fc.Arbitrary<Draws> = fc.record({
  intervalMs: fc.integer({ min: 10, max: 200 }),
  timeoutMs: fc.integer({ min: 200, max: 1800 }),
  isSharp: fc.boolean(),
  queued: fc.constant(0),
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

/** The same on a busy machine that watches itself: nothing is lost there, and packets wait. */
export const busyDraws: fc.Arbitrary<Draws> = roughDraws.map((draws) => ({
  ...draws,
  queued: 0.1,
  pieces: draws.pieces.map((piece) => ({ ...piece, kind: 'refused' as const })),
}));

export function roughWorld({ intervalMs, timeoutMs, isSharp, queued, pieces, seed }: Draws): RoughWorld {
  const outages: RoughOutage[] = [];
  let time = 0;
  for (const { kind, upMs, downMs } of pieces) {
    const from = time + upMs;
    time = from + downMs;
    outages.push({ kind, from, to: time });
  }
  let state = seed;
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const ask = (sentAt: number): Probe => {
    const latencyMs = 0.2 + random() * (SLOWEST_MS - 0.2);
    const waitMs = random() < queued ? 1 + random() * (QUEUED_MS - 1) : 0;
    // Where packets wait, what comes back comes in the order in which it was sent.
    const backMs = queued === 0 ? latencyMs - THERE_MS : THERE_MS;
    return probe(sentAt, timeoutMs, latencyMs, waitMs, backMs, outages);
  };
  const probes = timesOf(outages, time + APART_MS, intervalMs, isSharp).map(({ sentAt, ...circumstances }) => {
    const { sample, outage } = ask(sentAt);
    return { sample: { ...sample, ...circumstances }, outage };
  });
  const failed = probes.filter(({ sample }) => sample.result === 'down').map(({ outage }) => outage);
  return {
    intervalMs,
    outages,
    samples: probes.map(({ sample }) => sample),
    queuedMs: queued === 0 ? 0 : QUEUED_MS,
    found: new Set(failed),
  };
}

interface Probe {
  readonly sample: Sample;
  /** The one that it reached the service in. */
  readonly outage: RoughOutage | null;
}

type Time = Pick<Sample, 'sentAt' | 'offGrid' | 'promptedAt'>;

function timesOf(outages: readonly RoughOutage[], end: number, intervalMs: number, isSharp: boolean): Time[] {
  const times: Time[] = [];
  for (let sentAt = intervalMs; sentAt < end; sentAt += intervalMs) times.push({ sentAt });
  if (!isSharp) return times;
  const recheckMs = Math.max(10, intervalMs / 10);
  for (const { kind, from, to } of outages) {
    if (kind === 'refused') times.push({ sentAt: from + 0.2, offGrid: true, promptedAt: from + 0.1 });
    const doubtFrom = kind === 'refused' ? from : (Math.floor(from / intervalMs) + 2) * intervalMs;
    for (let sentAt = doubtFrom + recheckMs; sentAt < to + recheckMs; sentAt += recheckMs)
      times.push({ sentAt, offGrid: true });
  }
  return times.sort((a, b) => a.sentAt - b.sentAt);
}

/**
 * @param waitMs for how long its packet waits before it leaves
 * @param backMs how long a refusal takes back
 */
function probe(
  sentAt: number,
  timeoutMs: number,
  latencyMs: number,
  waitMs: number,
  backMs: number,
  outages: readonly RoughOutage[],
): Probe {
  const deadline = sentAt + timeoutMs;
  const outageAt = (at: number): RoughOutage | undefined => outages.find(({ from, to }) => from <= at && at < to);
  // But for that wait all take the same time to the service, and back.
  const reached = sentAt + waitMs + THERE_MS;
  const outage = outageAt(reached) ?? null;
  const connected = reached + THERE_MS;
  const ended = (at: number, reason: DownReason | null, connectedAt = connected): Probe => {
    const phases = { dnsMs: null, connectMs: connectedAt - sentAt, tlsMs: null, replyMs: at - connectedAt };
    const result = reason === null ? 'up' : 'down';
    return { sample: { sentAt, endedAt: at, result, reason, message: null, phases }, outage };
  };
  const goodBefore = (at: number): Probe =>
    at < deadline ? ended(at, null) : ended(deadline, 'timeout-reply', Math.min(connected, deadline));
  if (outage === null) return ended(reached + latencyMs, null);
  switch (outage.kind) {
    case 'refused':
      return ended(reached + backMs, 'refused', reached + backMs);
    case 'frozen':
      return goodBefore(outage.to + latencyMs);
    case 'packets lost': {
      const again = SYN_AGAIN_MS.map((ms) => sentAt + ms).find((at) => outageAt(at) === undefined) ?? Infinity;
      if (again >= deadline) return ended(deadline, 'timeout-connect', deadline);
      // It was not there when it was asked for: see `Attempt`.
      return ended(again + latencyMs, 'timeout-connect', again + THERE_MS);
    }
    case 'replies lost': {
      const again = DATA_AGAIN_MS.map((ms) => sentAt + ms).find((at) => outageAt(at) === undefined) ?? Infinity;
      return goodBefore(again + latencyMs);
    }
  }
}
