/** Outages of known times, and what the monitor says of them. */
import { setTimeout as sleep } from 'node:timers/promises';

import { showDuration, showGap } from '../../src/core/format.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import type { Gap, Message, Transition } from '../../src/core/messages.ts';
import { showReasons } from '../../src/core/reasons.ts';
import { Child } from './child.ts';
import { OUTAGE_KINDS, type OutageKind, type Staged, type Truth, type TrueOutage } from './outage-kinds.ts';
import { watchedOf } from './services.ts';
import { type Bench, percentile, type Row } from './table.ts';

/** Times since the epoch are to the microsecond. */
const EPOCH_MS = 0.002;
const SERVICES = 36;
const OUTAGES = 28;
const QUICK_OUTAGES = 8;
/** Wrong gaps that are named. */
const SHOWN = 3;
/** What dies shows it at once to who holds a connection; what falls silent, or answers badly, does not. */
const DEATHS: readonly OutageKind[] = ['refused', 'closed'];
const QUIET_KINDS: readonly OutageKind[] = ['silent', 'status 503'];

interface Pass {
  readonly what: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Processes beside it that take all they can get. */
  readonly busyLoops: number;
}

const PASSES: readonly Pass[] = [
  { what: 'every 50 ms', intervalMs: 50, timeoutMs: 1000, busyLoops: 0 },
  { what: 'every 50 ms, three busy loops beside it', intervalMs: 50, timeoutMs: 1000, busyLoops: 3 },
  { what: 'every 100 ms', intervalMs: 100, timeoutMs: 1000, busyLoops: 0 },
];

interface Tally {
  outages: number;
  long: number;
  missed: number;
  unobserved: number;
  invented: number;
  /** Gaps that are none of the staged outages, while the process that plays them was late itself. */
  staged: number;
  outside: number;
  /** The gaps that were invented, and those whose bounds are wrong, in words. */
  readonly wrong: { readonly invented: string[]; readonly outside: string[] };
  readonly errors: number[];
  readonly widths: number[];
}

export const truth: Bench = {
  name: 'truth',
  about: `${String(SERVICES * OUTAGES)} outages of 20 ms to 1 s of six kinds, as watch sees them, also beside three busy loops`,
  async run(say, isQuick) {
    const rows: Row[] = [];
    const each = isQuick ? QUICK_OUTAGES : OUTAGES;
    for (const pass of PASSES) {
      say(`${pass.what}: ${String(SERVICES)} services, ${String(each)} outages each, about ${String(each)} s`);
      rows.push(...(await measure(pass, each)));
    }
    return rows;
  },
};

async function measure({ what, intervalMs, timeoutMs, busyLoops }: Pass, each: number): Promise<Row[]> {
  const stage = new Child('outages.js', [String(SERVICES), String(each)], [], true);
  const loads = Array.from({ length: busyLoops }, () => new Child('load.js', ['1']));
  const staged = await stage.next<Staged[]>();
  const manner = { connection: 'new', intervalMs, timeoutMs } as const;
  const monitor = new Monitor({
    vantage: 'bench',
    version: '0',
    workers: 1,
    watched: staged.map(({ name, target }) => ({
      ...watchedOf(name, target, manner),
      recheckMs: Math.max(10, intervalMs / 10),
      sentinel: true,
    })),
  });
  const gaps: Gap[] = [];
  const changes: Transition[] = [];
  const unknown = new Set(staged.map(({ name }) => name));
  // Before its first answer a service is neither up nor down: on a busy machine that takes its time.
  await new Promise<void>((resolve) => {
    monitor.subscribe({
      samples: false,
      take(messages: readonly Message[]) {
        for (const message of messages) {
          if (message.type === 'gap') gaps.push(message);
          else if (message.type === 'transition') {
            changes.push(message);
            if (unknown.delete(message.service) && unknown.size === 0) resolve();
          }
        }
      },
    });
  });
  const from = monitor.now();
  stage.tell({});
  const told = await stage.next<Truth>();
  await sleep(2 * timeoutMs);
  const to = monitor.now();
  await monitor.stop();
  await Promise.all([stage, ...loads].map((child) => child.end()));

  const unseen = unobservedIn(changes, to);
  const unobservedMs = unseen.reduce((sum, stretch) => sum + stretch.to - stretch.from, 0);
  const unobservedShare = unobservedMs / (SERVICES * (to - from));
  const tallies = OUTAGE_KINDS.map((kind) => {
    const names = staged.filter(({ outage }) => outage === kind).map(({ name }) => name);
    return { kind, tally: tallyOf(names, told, gaps, changes, to, intervalMs) };
  });
  return [
    ...rows(
      what,
      tallies.map(({ tally }) => tally),
      unobservedShare,
      told,
    ),
    ...(intervalMs === 100 ? edgeRows(what, tallies) : [widthRow(what, tallies)]),
    ...tallies.map(({ kind, tally }) => kindRow(`${what}: ${kind}`, tally)),
  ];
}

interface Stretch {
  readonly service: string;
  readonly from: number;
  readonly to: number;
}

/** When services were said to be unobserved. */
function unobservedIn(changes: readonly Transition[], end: number): Stretch[] {
  const since = new Map<string, number>();
  const stretches: Stretch[] = [];
  for (const { service, from, to, at } of changes) {
    if (from === 'unobserved') stretches.push({ service, from: since.get(service) ?? at, to: at });
    if (to === 'unobserved') since.set(service, at);
    else since.delete(service);
  }
  for (const [service, from] of since) stretches.push({ service, from, to: end });
  return stretches;
}

function tallyOf(
  names: readonly string[],
  told: Truth,
  gaps: readonly Gap[],
  changes: readonly Transition[],
  to: number,
  intervalMs: number,
): Tally {
  const unseen = unobservedIn(changes, to);
  const tally: Tally = {
    outages: 0,
    long: 0,
    missed: 0,
    unobserved: 0,
    invented: 0,
    staged: 0,
    outside: 0,
    wrong: { invented: [], outside: [] },
    errors: [],
    widths: [],
  };
  for (const name of names) {
    const seen = claimsOf(name, gaps, changes);
    const held = new Map<Claim, TrueOutage[]>();
    for (const outage of told.outages[name] ?? []) {
      tally.outages += 1;
      const isLong = lengthOf(outage).least >= 2 * intervalMs;
      if (isLong) tally.long += 1;
      const claim = claimOn(outage, seen, held);
      if (claim !== undefined) held.set(claim, [...(held.get(claim) ?? []), outage]);
      else if (isLong) {
        const isUnseen = unseen.some((stretch) => stretch.service === name && overlaps(stretch, outage));
        if (isUnseen) tally.unobserved += 1;
        else tally.missed += 1;
      }
    }
    for (const claim of seen) {
      const { gap } = claim;
      const outages = held.get(claim);
      // A probe that waited for that process was sent up to its timeout before.
      const isStaged = told.stalls.some(({ before, after }) => gap.from <= after && gap.to >= before);
      if (outages === undefined) {
        tally[isStaged ? 'staged' : 'invented'] += 1;
        if (!isStaged)
          tally.wrong.invented.push(`${shownClaim(name, claim)}${nearest(claim, told.outages[name] ?? [])}`);
        continue;
      }
      // Time that was not observed may lie within a gap, and an end and a beginning in that.
      const lengths = outages.map(lengthOf);
      const least = lengths.reduce((total, length) => total + length.least, 0);
      const most = lengths.reduce((total, length) => total + length.most, 0);
      if (gap.minMs > most && isStaged) tally.staged += 1;
      else if (gap.minMs > most || (gap.maxMs ?? Infinity) < least) {
        tally.outside += 1;
        tally.wrong.outside.push(`${shownClaim(name, claim)}: true ${showDuration(least)}`);
      }
      tally.errors.push(Math.abs(gap.durationMs - (least + most) / 2));
      if (gap.maxMs !== null) tally.widths.push(gap.maxMs - gap.minMs);
    }
  }
  return tally;
}

/** What the monitor states of a gap: its best estimate, and between which moments it lies by all means. */
interface Claim {
  readonly gap: Gap;
  readonly from: number;
  readonly to: number;
}

function claimsOf(name: string, gaps: readonly Gap[], changes: readonly Transition[]): Claim[] {
  const own = changes.filter(({ service }) => service === name);
  return gaps
    .filter(({ service }) => service === name)
    .map((gap) => {
      const began = own.find(({ to, at }) => to === 'down' && at >= gap.from - EPOCH_MS);
      const ended = own.find(({ to, at }) => to === 'up' && at >= gap.to - EPOCH_MS);
      return { gap, from: began?.notBefore ?? gap.from, to: ended?.notAfter ?? gap.to };
    });
}

/** The gap that an outage is: one whose estimate overlaps it, or else one that may by its bounds, and is none of another outage. */
function claimOn(outage: TrueOutage, seen: readonly Claim[], held: ReadonlyMap<Claim, unknown>): Claim | undefined {
  return (
    seen.find(({ gap }) => overlaps(gap, outage)) ?? seen.find((claim) => overlaps(claim, outage) && !held.has(claim))
  );
}

function shownClaim(name: string, { gap }: Claim): string {
  return `${name} ${showGap(gap)}, ${showReasons(gap.reasons)}`;
}

/** Where a gap that is no outage lies between those around it. */
function nearest(claim: Claim, outages: readonly TrueOutage[]): string {
  const shared = outages.find((outage) => overlaps(claim, outage));
  if (shared !== undefined) return `, a second gap of one of ${showDuration(lengthOf(shared).least)}`;
  const before = outages.findLast(({ to }) => to.after < claim.from);
  const after = outages.find(({ from }) => from.before > claim.to);
  const told = (outage: TrueOutage | undefined, ms: number, where: string): string =>
    outage === undefined ? '' : `, ${showDuration(ms)} ${where} one of ${showDuration(lengthOf(outage).least)}`;
  return (
    told(before, claim.from - (before?.to.after ?? 0), 'after') +
    told(after, (after?.from.before ?? 0) - claim.to, 'before')
  );
}

/** How long an outage was at least and at most, by the readings around its edges. */
function lengthOf({ from, to }: TrueOutage): { least: number; most: number } {
  return { least: to.before - from.after, most: to.after - from.before };
}

/** A probe may be sent one interval before the outage and run into it. */
function overlaps({ from, to }: { readonly from: number; readonly to: number }, outage: TrueOutage): boolean {
  return from <= outage.to.after && to >= outage.from.before;
}

function rows(what: string, tallies: readonly Tally[], unobservedShare: number, told: Truth): Row[] {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  const [outages, long, missed] = [sum((t) => t.outages), sum((t) => t.long), sum((t) => t.missed)];
  const [invented, outside, unobserved] = [sum((t) => t.invented), sum((t) => t.outside), sum((t) => t.unobserved)];
  const staged = sum((t) => t.staged);
  const wrong = (which: keyof Tally['wrong']): string => {
    const words = tallies.flatMap((tally) => tally.wrong[which]).slice(0, SHOWN);
    return words.length === 0 ? '' : ` (${words.join('; ')})`;
  };
  const edges = Object.values(told.outages)
    .flat()
    .flatMap(({ from, to }) => [from, to])
    .map(({ before, after }) => after - before);
  const edgeMs = percentile(edges, 0.99);
  return [
    {
      what: `${what}: outages of two intervals and more`,
      found: `${String(long - missed - unobserved)} of ${String(long)} seen, ${String(missed)} missed, ${String(unobserved)} in unobserved time`,
      reach: 'all seen',
      reached: missed + unobserved === 0,
      figures: { outages, long, missed, unobserved },
    },
    {
      what: `${what}: outages invented`,
      found: `${String(invented)}${wrong('invented')}; ${String(staged)} more while the process that plays them was late itself, ${String(told.stalls.length)} times`,
      reach: 'none',
      reached: invented === 0,
      figures: { invented, staged, stalls: told.stalls.length },
    },
    {
      what: `${what}: true length inside the bounds`,
      found: `in all but ${String(outside)} of ${String(outages)}${wrong('outside')}; what played them knows its edges to ${edgeMs.toFixed(1)} ms (p99)`,
      reach: 'all',
      reached: outside === 0,
      figures: { outside, edgeMs },
    },
    {
      what: `${what}: time said to be unobserved`,
      found: `${(unobservedShare * 100).toFixed(2)} %`,
      reach: '2 %',
      reached: unobservedShare <= 0.02,
      figures: { unobservedShare },
    },
  ];
}

type Tallies = readonly { readonly kind: OutageKind; readonly tally: Tally }[];

function edgeRows(what: string, tallies: Tallies): Row[] {
  const row = (kinds: readonly OutageKind[], words: string, p50Reach: number, p99Reach: number): Row => {
    const errors = tallies.filter(({ kind }) => kinds.includes(kind)).flatMap(({ tally }) => tally.errors);
    const [p50Ms, p99Ms] = [percentile(errors, 0.5), percentile(errors, 0.99)];
    return {
      what: `${what}: error of durationMs, ${words}`,
      found: `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
      reach: `${String(p50Reach)} and ${String(p99Reach)} ms`,
      reached: p50Ms <= p50Reach && p99Ms <= p99Reach,
      figures: { p50Ms, p99Ms },
    };
  };
  return [row(DEATHS, 'process deaths (refused, closed)', 8, 25), row(QUIET_KINDS, 'silent and 503', 25, 60)];
}

function widthRow(what: string, tallies: Tallies): Row {
  const widths = tallies.filter(({ kind }) => kind === 'silent').flatMap(({ tally }) => tally.widths);
  const widthMs = percentile(widths, 0.5);
  return {
    what: `${what}: width of the bounds of a silent gap`,
    found: `${widthMs.toFixed(0)} ms at p50`,
    reach: '160 ms',
    reached: widthMs <= 160,
    figures: { widthMs },
  };
}

function kindRow(what: string, tally: Tally): Row {
  const p50 = percentile(tally.errors, 0.5);
  const p99 = percentile(tally.errors, 0.99);
  const width = percentile(tally.widths, 0.5);
  return {
    what: `  ${what}: ${String(tally.outages)} outages`,
    found: `error p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; bounds ${width.toFixed(0)} ms wide at p50`,
    reach: '',
    reached: null,
    figures: {
      p50Ms: p50,
      p99Ms: p99,
      widthMs: width,
      outside: tally.outside,
      invented: tally.invented,
      staged: tally.staged,
      missed: tally.missed,
    },
  };
}
