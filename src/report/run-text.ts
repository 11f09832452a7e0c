/** A run's report as text, for a tired operator: what was wrong first, then what to do, then a table, and the verdict in one sentence. Pure. */
import { count, countServices, list, showDuration, showLatency, showLostWrites, showSlow } from '../core/format.ts';
import { wordOf, type Reason } from '../core/model.ts';
import { REASON_MEANS } from '../core/reasons.ts';
import { fitted, table } from '../core/text-width.ts';
import { baselineOf, showBefore } from './baseline.ts';
import { fatesOf, showFate, showWho, type Fate } from './fates.ts';
import { slowestMs, slowWords } from './latency-report.ts';
import type { Report, RunFacts, ServiceReport } from './report.ts';
import {
  eachService,
  JITTER_MS,
  ownMarks,
  printableReport,
  showChanges,
  showCommand,
  showEnding,
  showHint,
  showLength,
  showUnobserved,
  showVantage,
  showWhen,
  sumOfGapsMs,
} from './report-phrases.ts';

/** Lines of each kind that are printed; all is in the files of `--report`. */
const MOST_FATES = 8;
const MOST_HAPPENINGS = 6;
const MOST_ROWS = 12;
/** So many hints have one line of evidence each: the strongest. */
const MANY_HINTS = 3;
/** Cells that a name takes at most. */
const NAME_CELLS = 36;
/** Services without any trouble that are named. */
const NAMED = 3;

interface Seen {
  readonly vantage: string;
  readonly service: ServiceReport;
}

export function runText(judged: Report, facts: RunFacts): string {
  const report = printableReport({ ...judged, run: facts });
  const { run } = report;
  const several = report.vantages.length > 1;
  const seen = eachService(report).map(({ vantage: { vantage }, service }): Seen => ({ vantage, service }));
  const fates = fatesOf(report);
  const happened = happenings(seen, several);
  // A public feed hides their texts.
  const marks = ownMarks(report).filter(({ text }) => text !== '');
  const parts = [
    [`${showCommand(run.command)} ${showEnding(run)}`],
    several ? [`seen from ${report.vantages.map(showVantage).join('; ')}`] : [],
    [
      ...fates.slice(0, MOST_FATES).flatMap((fate) => showFate(fate, several)),
      ...leftOut(fates.length - MOST_FATES, 'kind of gap'),
      ...happened.slice(0, MOST_HAPPENINGS),
      ...leftOut(happened.length - MOST_HAPPENINGS, 'kind of event'),
      ...marks.slice(0, MOST_HAPPENINGS).map(({ vantage, at, fromStartMs, text }) => {
        return `mark${several ? ` from ${vantage}` : ''} at ${showWhen(at, fromStartMs)}: ${text}`;
      }),
      ...leftOut(marks.length - MOST_HAPPENINGS, 'mark'),
    ],
    ...report.hints.map((hint) =>
      showHint(report.hints.length < MANY_HINTS ? hint : { ...hint, evidence: hint.evidence.slice(0, 1) }),
    ),
    serviceTable(report, seen, fates),
    fineLines(report, seen),
    legendOf(seen),
    report.verdict === null ? [] : [report.verdict.sentence],
  ];
  const shown = parts.filter(({ length }) => length > 0).map((lines) => lines.join('\n'));
  return `${shown.join('\n\n')}\n`;
}

function leftOut(more: number, what: string): string[] {
  return more > 0 ? [`… ${count(more, `more ${what}`)}: --report FILE.json has all`] : [];
}

/** What befell a service beside its gaps. Those of one kind are one line. */
interface Happening {
  readonly kind: string;
  readonly at: number;
  readonly fromStartMs: number | null;
  /** How long, how slow, or how many. */
  readonly ms: number;
  /** Of this service alone. */
  readonly text: string;
  /** Of several services. @param most the longest of `ms` @param from when the first began */
  readonly ofMany: (most: number, from: string) => string;
}

function happenings(seen: readonly Seen[], several: boolean): string[] {
  const groups = new Map<string, (Seen & Happening)[]>();
  for (const one of seen.flatMap((each) => happeningsOf(each.service).map((what) => ({ ...each, ...what })))) {
    groups.set(one.kind, [...(groups.get(one.kind) ?? []), one]);
  }
  return Array.from(groups.values(), (all) => {
    const first = all.reduce((so, one) => (one.at < so.at ? one : so));
    const most = all.reduce((ms, one) => Math.max(ms, one.ms), 0);
    const what = all.length === 1 ? first.text : first.ofMany(most, showWhen(first.at, first.fromStartMs));
    return `${showWho(all, several)}${what.startsWith(':') ? '' : ' '}${what}`;
  });
}

function happeningsOf(service: ServiceReport): Happening[] {
  const { unobserved, connectionsLost, identities, lostWrites, slow, unknownMs, partialMs, longestSilence } = service;
  const happened: Happening[] = [];
  const add = (
    kind: string,
    at: number,
    fromStartMs: number | null,
    rest: Omit<Happening, 'kind' | 'at' | 'fromStartMs'>,
  ) => happened.push({ kind, at, fromStartMs, ...rest });
  for (const [reason, all] of byReason(unobserved)) {
    const { from, fromStartMs } = all[0];
    const ms = all.reduce((sum, one) => sum + one.durationMs, 0);
    const why = reason === null ? '' : `: ${reason}`;
    const text = `not observed for ${showDuration(ms)} in ${count(all.length, 'stretch').replace(/h(?=s$)/, 'he')} from ${showWhen(from, fromStartMs)}${why}`;
    const ofMany = (most: number, when: string): string =>
      `not observed for up to ${showDuration(most)} each, from ${when}${why}`;
    add(`unobserved ${String(reason)}`, from, fromStartMs, {
      ms,
      text: all.length === 1 ? showUnobserved(all[0]) : text,
      ofMany,
    });
  }
  for (const [reason, all] of byReason(connectionsLost)) {
    const { at, fromStartMs } = all[0];
    const times = all.length === 1 ? 'at' : `${String(all.length)} times from`;
    const ofMany = (_: number, when: string): string => `lost their connections from ${when}: ${String(reason)}`;
    add(`lost ${String(reason)}`, at, fromStartMs, {
      ms: 0,
      text: `lost its connection ${times} ${showWhen(at, fromStartMs)}: ${String(reason)}`,
      ofMany,
    });
  }
  for (const what of [undefined, 'role', 'master'] as const) {
    const changes = identities.filter((one) => one.what === what);
    const [change] = showChanges(changes);
    const [first] = changes;
    const ofMany = (_: number, when: string): string =>
      `have another ${what ?? 'process'} each, the first since ${when}`;
    if (change !== undefined && first !== undefined)
      add(`another ${what ?? 'process'}`, first.at, first.fromStartMs, { ms: 0, text: `: ${change.text}`, ofMany });
  }
  const [gone] = lostWrites;
  if (gone !== undefined) {
    const ms = lostWrites.reduce((sum, one) => sum + one.count, 0);
    const ofMany = (most: number, when: string): string =>
      `lost up to ${count(most, 'acknowledged write')} each, found from ${when}`;
    const text = `: ${showLostWrites(ms)}, found at ${showWhen(gone.at, gone.fromStartMs)}`;
    add('lost writes', gone.at, gone.fromStartMs, { ms, text, ofMany });
  }
  const slowest = slow.reduce<(typeof slow)[number] | null>(
    (so, one) => (so === null || one.slowestMs > so.slowestMs ? one : so),
    null,
  );
  if (slowest !== null) {
    const ofMany = (most: number, when: string): string =>
      `answered slowly, the slowest after ${showLatency(most)}, from ${when}`;
    const text = `: ${showSlow(slowest)}, from ${showWhen(slowest.from, slowest.fromStartMs)}`;
    add('slow', slowest.from, slowest.fromStartMs, { ms: slowest.slowestMs, text, ofMany });
  }
  const isSeen = unobserved.length === 0 && unknownMs === 0;
  if (service.gaps.length === 0 && isSeen && longestSilence !== undefined && unansweredMs(service) !== null) {
    const { durationMs, from, fromStartMs } = longestSilence;
    const head = service.asks === false ? 'not broken' : 'up all the time';
    const ofMany = (most: number, when: string): string =>
      `${head}, but no answer for up to ${showDuration(most)}, from ${when}`;
    const text = `${head}, but no answer for ${showDuration(durationMs)} from ${showWhen(from, fromStartMs)}`;
    add('silent', from, fromStartMs, { ms: durationMs, text, ofMany });
  }
  const first = service.intervals[0]?.from ?? 0;
  if (unknownMs > 0) {
    const ofMany = (most: number): string => `not known for up to ${showDuration(most)} each: no answer yet`;
    add('unknown', first, null, {
      ms: unknownMs,
      text: `not known for ${showDuration(unknownMs)}: no answer yet`,
      ofMany,
    });
  }
  if (partialMs > 0) {
    const ofMany = (most: number): string => `up from some vantages only for up to ${showDuration(most)} each`;
    add('partial', first, null, {
      ms: partialMs,
      text: `up from some vantages only for ${showDuration(partialMs)}`,
      ofMany,
    });
  }
  return happened;
}

function byReason<T extends { readonly reason: Reason | null }>(all: readonly T[]): [Reason | null, [T, ...T[]]][] {
  const groups = new Map<Reason | null, [T, ...T[]]>();
  for (const one of all) {
    const known = groups.get(one.reason);
    if (known === undefined) groups.set(one.reason, [one]);
    else known.push(one);
  }
  return [...groups];
}

/** For how long there was no answer, where that is more than the gaps say and the distance of probes explains; otherwise null. */
function unansweredMs({ gaps, longestSilence, longestGapMs, intervalMs }: ServiceReport): number | null {
  const ms = gaps.reduce((most, { silenceMs }) => Math.max(most, silenceMs ?? 0), longestSilence?.durationMs ?? 0);
  return ms - longestGapMs > 3 * intervalMs + JITTER_MS ? ms : null;
}

/** Whether there is nothing to say of a service but how fast it was. */
function isFine(report: Report, { vantage, service }: Seen): boolean {
  const before = baselineOf(report, vantage, service.service);
  const isQuiet = service.gaps.length === 0 && happeningsOf(service).length === 0 && slowWords(service) === null;
  return isQuiet && service.state === 'up' && (before?.longest ?? null) === null;
}

/** Services without any trouble, one line for each vantage. */
function fineLines(report: Report, seen: readonly Seen[]): string[] {
  return report.vantages.flatMap(({ vantage }) => {
    const fine = seen.filter((one) => one.vantage === vantage && isFine(report, one));
    const where = report.vantages.length > 1 ? ` from ${vantage}` : '';
    return [true, false].flatMap((asks) => {
      const some = fine.filter(({ service }) => (service.asks ?? true) === asks);
      if (some.length === 0) return [];
      const names = some.map(({ service }) => service.service);
      const many = asks ? countServices(names) : count(names.length, 'kept connection');
      const who = names.length <= NAMED ? list(names) : many;
      const was = names.length === 1 ? 'was' : 'were';
      if (!asks)
        return [
          `${who} ${was} not broken${where}: nothing is sent on a held connection, which proves nothing of the service`,
        ];
      const slowest = some.reduce((ms, { service }) => Math.max(ms, slowestMs(service) ?? 0), 0);
      return [`${who} ${was} up all the time${where}${slowest > 0 ? `, slowest answer ${showLatency(slowest)}` : ''}`];
    });
  });
}

/** The services with some trouble, the worst first; many as rows of those that share it. */
function serviceTable(report: Report, seen: readonly Seen[], fates: readonly Fate[]): string[] {
  const troubled = seen
    .filter((one) => !isFine(report, one))
    .sort(
      (a, b) =>
        Number(a.service.cameBack) - Number(b.service.cameBack) || b.service.longestGapMs - a.service.longestGapMs,
    );
  if (troubled.length === 0) return [];
  const shared = new Map<ServiceReport, Set<number>>();
  for (const [place, fate] of fates.entries())
    for (const { service } of fate) shared.set(service, (shared.get(service) ?? new Set()).add(place));
  const groups = new Map<unknown, [Seen, ...Seen[]]>();
  for (const one of troubled) {
    const { vantage, service } = one;
    const key =
      troubled.length <= MOST_ROWS
        ? one
        : [vantage, service.state, service.cameBack, ...(shared.get(service) ?? [])].join();
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [one]);
    else known.push(one);
  }
  const rows = [...groups.values()];
  const columns = COLUMNS.filter(({ isTelling }) => isTelling(report, troubled));
  const shown = rows.slice(0, MOST_ROWS).map((row) => columns.map(({ cell }) => cell(row, report)));
  const left = columns.filter(({ isLeft = false }) => isLeft).length;
  const lines = table([columns.map(({ head }) => head), ...shown], left)
    .trimEnd()
    .split('\n');
  return [...lines, ...leftOut(rows.length - MOST_ROWS, 'row')];
}

interface Column {
  readonly head: string;
  readonly isLeft?: boolean;
  readonly isTelling: (report: Report, rows: readonly Seen[]) => boolean;
  /** Of a row of several services: of the first one, which is the worst. */
  readonly cell: (row: readonly [Seen, ...Seen[]], report: Report) => string;
}

const NONE = '–';
const always = (): boolean => true;

const COLUMNS: readonly Column[] = [
  {
    head: 'service',
    isLeft: true,
    isTelling: always,
    cell: (row) => {
      const [{ service: first }] = row;
      return fitted(
        row.length === 1
          ? first.service
          : `${countServices(row.map(({ service }) => service.service))}: ${first.service}, …`,
        NAME_CELLS,
      );
    },
  },
  {
    head: 'from',
    isLeft: true,
    isTelling: (report) => report.vantages.length > 1,
    cell: ([{ vantage }]) => fitted(vantage, NAME_CELLS),
  },
  { head: 'state', isLeft: true, isTelling: always, cell: ([{ service }]) => wordOf(service.state, service) },
  {
    head: 'gaps',
    isTelling: always,
    cell: (row) => {
      const most = Math.max(...row.map(({ service }) => service.gaps.length));
      return most === 0 ? NONE : `${String(most)}${row.length > 1 ? ' each' : ''}`;
    },
  },
  {
    head: 'longest',
    isTelling: always,
    cell: ([{ service }]) => {
      const longest = service.gaps.find(({ durationMs }) => durationMs === service.longestGapMs);
      return longest === undefined ? NONE : showLength(longest);
    },
  },
  {
    head: 'before',
    isTelling: ({ run }) => run?.baseline !== undefined,
    cell: ([{ vantage, service }], report) => {
      const before = baselineOf(report, vantage, service.service);
      return before === null ? 'not there' : showBefore(before);
    },
  },
  {
    head: 'down',
    isTelling: (_, rows) => rows.some(({ service }) => service.gaps.length > 1),
    cell: (row) => showMost(row, sumOfGapsMs),
  },
  {
    head: 'no answer',
    isTelling: (_, rows) => rows.some(({ service }) => unansweredMs(service) !== null),
    cell: (row) => showMost(row, (service) => unansweredMs(service) ?? 0),
  },
  {
    head: 'not observed',
    isTelling: (_, rows) => rows.some(({ service }) => service.unobservedMs + service.unknownMs > 0),
    cell: (row) => showMost(row, ({ unobservedMs, unknownMs }) => unobservedMs + unknownMs),
  },
  {
    head: 'usual, slowest answer',
    isTelling: ({ run }, rows) =>
      rows.some(({ service }) => slowWords(service) !== null) || run?.baseline !== undefined,
    cell: ([{ vantage, service }], report) => {
      const slowest = slowestMs(service);
      const usual = service.latency?.before?.p50Ms ?? null;
      const before = baselineOf(report, vantage, service.service)?.slowestMs ?? null;
      if (slowest === null) return NONE;
      const was = before === null ? '' : ` (before ${showLatency(before)})`;
      return `${usual === null ? '' : `${showLatency(usual)}, `}${showLatency(slowest)}${was}`;
    },
  },
];

function showMost(row: readonly Seen[], of: (service: ServiceReport) => number): string {
  const most = Math.max(...row.map(({ service }) => of(service)));
  return most === 0 ? NONE : showDuration(most);
}

/** What each reason in the report means, once. */
function legendOf(seen: readonly Seen[]): string[] {
  const reasons = seen.flatMap(({ service: { gaps, unobserved } }) => [
    ...gaps.flatMap((gap) => gap.reasons.map(({ reason }) => reason)),
    ...unobserved.flatMap(({ reason }) => reason ?? []),
  ]);
  return Array.from(new Set(reasons), (reason) => `${reason}: ${REASON_MEANS[reason]}`);
}
