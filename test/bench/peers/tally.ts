/** What a tool said, held against what was true. */
import type { Edge, OutageKind, TrueOutage } from '../outage-kinds.ts';
import type { Target } from '../services.ts';
import { percentile } from '../table.ts';
import type { Tool } from './tool.ts';
import type { Blind, Told, Witness } from './witness.ts';

/** What is wrong by this little is right: truth itself is known only to about that much. */
const SLACK_MS = 1;
/** Before an outage a gap may seem to begin by the interval of the last good look and, on a busy machine, by its lateness. */
const EARLY_INTERVALS = 2;
/** An edge that the stage needed longer for than this was played late. */
const EDGE_MS = 30;
/** A stage that was late so near to an edge may have answered for a service that was the other way already. */
const NEAR_EDGE_MS = 100;
/** A look fails by a stage that is late up to its timeout after it began, and is told so long after that at the most. */
const TIMEOUT_MS = 1000;

export interface Outcome {
  readonly service: string;
  readonly outage: TrueOutage;
  readonly how: OutageKind;
  readonly what: string;
  /** What the tool told of it; null where it was not seen. */
  readonly told: Told | null;
  /** It was not seen, and the tool itself says that it did not look then. */
  readonly isUnobserved: boolean;
}

export interface Tally {
  /** In the order of the services and their outages, without those that the stage played late: the same for all tools. */
  readonly outcomes: readonly Outcome[];
  /** Gaps that were none, or were told a second time. */
  readonly invented: readonly Told[];
  /** Outages that the stage played late, and gaps that were none while it was late. */
  readonly stageLate: { readonly outages: number; readonly gaps: number };
}

export interface PlayedService {
  readonly name: string;
  readonly kind: Target['kind'];
  readonly what: string;
  readonly outage: OutageKind;
  readonly outages: readonly TrueOutage[];
}

/** The mean of the longest and the shortest time that it can have lasted, by the readings around its edges. */
export function trueLength({ from, to }: TrueOutage): number {
  return (to.before + to.after - from.before - from.after) / 2;
}

/** When the stage was late, and when the tools were frozen. */
export interface Disturbances {
  readonly stalls: readonly Edge[];
  readonly freezes: readonly Edge[];
}

export function tallyOf(
  { gaps, blind }: Witness,
  services: readonly PlayedService[],
  { stalls, freezes }: Disturbances,
  { intervalMs, lateMs }: Tool,
): Tally {
  const outcomes: Outcome[] = [];
  const matched = new Set<Told>();
  let outagesLate = 0;
  for (const { name, what, outage: how, outages } of services) {
    for (const outage of outages) {
      const earliest = seenBefore(outage, freezes) - EARLY_INTERVALS * intervalMs - SLACK_MS;
      const told = gaps.find((gap) => {
        if (gap.service !== name || matched.has(gap)) return false;
        return gap.from >= earliest && gap.from <= outage.to.after + lateMs && gap.to >= outage.from.before;
      });
      if (told !== undefined) matched.add(told);
      if (isPlayedLate(outage, how, stalls)) {
        outagesLate += 1;
        continue;
      }
      const isUnobserved = told === undefined && blind.some((one) => one.service === name && isDuring(one, outage));
      outcomes.push({ service: name, outage, how, what, told: told ?? null, isUnobserved });
    }
  }
  const none = gaps.filter((gap) => !matched.has(gap) && services.some(({ name }) => name === gap.service));
  const invented = none.filter(({ from, to }) => {
    const began = Math.min(to, from + TIMEOUT_MS);
    return !stalls.some(({ before, after }) => from - TIMEOUT_MS <= after && began >= before);
  });
  return { outcomes, invented, stageLate: { outages: outagesLate, gaps: none.length - invented.length } };
}

/** Until when a tool could see the service up: of an outage that begins in a freeze and outlasts it, until the freeze. */
function seenBefore({ from, to }: TrueOutage, freezes: readonly Edge[]): number {
  const freeze = freezes.find(({ before, after }) => from.before > before && from.before < after && to.before > after);
  return freeze?.before ?? from.before;
}

function isPlayedLate({ from, to }: TrueOutage, how: OutageKind, stalls: readonly Edge[]): boolean {
  // What it should have closed it has held meanwhile, as a service does that is up.
  if (how === 'closed' && stalls.some(({ before, after }) => before <= to.after && after >= from.before)) return true;
  return [from, to].some(({ before, after }) => {
    if (after - before > EDGE_MS) return true;
    return stalls.some((stall) => stall.before <= after + NEAR_EDGE_MS && stall.after >= before - NEAR_EDGE_MS);
  });
}

function isDuring({ from, to }: Blind, outage: TrueOutage): boolean {
  return from <= outage.to.after && to >= outage.from.before;
}

/** How wrong the length was, for each outage that was seen. */
export function errorsOf(outcomes: readonly Outcome[]): number[] {
  return outcomes.flatMap(({ outage, told }) => {
    return told === null ? [] : [Math.abs(told.durationMs - trueLength(outage))];
  });
}

export function isSeen({ told }: Outcome): boolean {
  return told !== null;
}

export function isLong({ outage }: Outcome, leastMs: number): boolean {
  return outage.to.before - outage.from.after >= leastMs;
}

export function hasBounds({ told }: Outcome): boolean {
  return told !== null && told.bounds !== null;
}

/** Whether the bounds that were told exclude the true length. */
export function isWrong({ outage: { from, to }, told }: Outcome): boolean {
  if (!told?.bounds) return false;
  return told.bounds.minMs > to.after - from.before || told.bounds.maxMs < to.before - from.after;
}

export function quantiles(values: readonly number[]): { p50: number; p99: number } {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99) };
}
