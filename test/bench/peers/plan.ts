/** The outages that all tools are to see: which services have them, how long they are, in an order that never changes. */
import type { OutageKind } from '../outage-kinds.ts';
import { loopback, type Target } from '../services.ts';
import type { Staging } from '../staged-service.ts';

const OUTAGES_EACH = 10;
const QUICK_OUTAGES_EACH = 2;
const SHORTEST_MS = 50;
const LONGEST_MS = 5000;
/** Longer than the slowest tool's interval, so that it never takes two outages for one. */
const UP_MS = { least: 6000, more: 3000 };
const SEED = 8;

const GREETING = '220 ready\r\n';
const TCP: Part = { kind: 'tcp', outage: 'refused' };
const PARTS: readonly Part[] = [
  TCP,
  { kind: 'http', outage: 'refused' },
  { kind: 'redis', outage: 'refused' },
  TCP,
  ...Array.from({ length: 2 }, (): Part => ({ kind: 'tcp', outage: 'closed' })),
  ...Array.from({ length: 2 }, (): Part => ({ kind: 'tcp', outage: 'closed', greeting: GREETING })),
  ...Array.from({ length: 4 }, (): Part => ({ kind: 'http', outage: 'status 503' })),
  ...Array.from({ length: 4 }, (): Part => ({ kind: 'http', outage: 'silent' })),
  ...Array.from({ length: 4 }, (): Part => ({ kind: 'redis', outage: 'loading' })),
];

interface Part {
  readonly kind: Target['kind'];
  readonly outage: OutageKind;
  readonly greeting?: string;
}

export interface Planned extends Staging {
  readonly name: string;
  /** What happens to it, for people. */
  readonly what: string;
  /** Its outages: each so long after the beginning, and so long. */
  readonly turns: readonly { readonly atMs: number; readonly downMs: number }[];
}

/** Twenty services of ten outages each. The lengths are evenly spread over the logarithm, for each service on its own. */
export function plan(isQuick: boolean): Planned[] {
  const each = isQuick ? QUICK_OUTAGES_EACH : OUTAGES_EACH;
  const random = randomFrom(SEED);
  return PARTS.map(({ kind, outage, greeting = '' }, index): Planned => {
    const shares = Array.from({ length: each }, (_, turn) => (turn + random()) / each);
    const order = shares.map((share) => ({ share, key: random() })).sort((a, b) => a.key - b.key);
    let untilMs = 0;
    return {
      name: `s${String(index)}`,
      what:
        outage === 'closed' ? `closed, ${greeting === '' ? 'a port that is silent' : 'a port that greets'}` : outage,
      kind,
      outage,
      greeting,
      // Not 127.0.0.1, from which the tools connect: there one of them could take the port of a service that is down.
      host: loopback(300 + index),
      turns: order.map(({ share }) => {
        const atMs = untilMs + UP_MS.least + random() * UP_MS.more;
        const downMs = SHORTEST_MS * (LONGEST_MS / SHORTEST_MS) ** share;
        untilMs = atMs + downMs;
        return { atMs, downMs };
      }),
    };
  });
}

/** When the last of the outages is over, in milliseconds after the beginning. */
export function lengthOf(planned: readonly Planned[]): number {
  return Math.max(...planned.flatMap(({ turns }) => turns.map(({ atMs, downMs }) => atMs + downMs)));
}

/** Numbers from 0 to 1 that look random and are the same for the same seed (a linear congruence of Numerical Recipes). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
