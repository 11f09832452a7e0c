/**
 * What the viewer of an HTML report draws: the timelines in few bytes, with the words for what is pointed at. Times are milliseconds
 * after the window's beginning. Pure.
 */
import { showDuration, showLostWrites, showSlow } from '../core/format.ts';
import type { State } from '../core/model.ts';
import { withMessage } from '../core/reasons.ts';
import type { ObservedVantage } from './observed.ts';
import { encodeProbes, type ProbeSeries } from './probe-encoding.ts';
import type { ProbeColumns } from './probe-record.ts';
import type { Report, ReportGap, ServiceReport } from './report.ts';
import { ownMarks, printableReport, showGapLine, showVantage } from './report-phrases.ts';

export interface ViewerData {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly lengthMs: number;
  /** When the command began and ended; null where there was none, or where it had not ended. */
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly vantages: readonly string[];
  readonly marks: readonly ViewerMoment[];
  /** How probes ended: what the places in their column say. */
  readonly outcomes: readonly { readonly result: State; readonly text: string }[];
  readonly rows: readonly ViewerRow[];
}

/** One service from one vantage. */
export interface ViewerRow extends ProbeSeries {
  /** A place in `vantages`. */
  readonly vantage: number;
  readonly service: string;
  readonly timeoutMs: number;
  /** Seamless; each lasts until the next one begins. */
  readonly intervals: readonly (readonly [state: State, from: number, reason: string])[];
  readonly gaps: readonly ViewerGap[];
  readonly slow: readonly (ViewerMoment & { readonly to: number })[];
  /** What happened to its connections and processes. */
  readonly moments: readonly ViewerMoment[];
}

interface ViewerMoment {
  readonly at: number;
  readonly text: string;
}

export interface ViewerGap {
  readonly from: number;
  readonly to: number;
  /** For at least and at most this long; null where that is not known. */
  readonly minMs: number;
  readonly maxMs: number | null;
  readonly text: string;
}

/** The data, the bytes of the probes, and the time before which not all probes are there. */
export interface ViewerFile {
  readonly data: ViewerData;
  readonly probes: Uint8Array;
  readonly droppedUntil: number | null;
}

/** @param observed what the report was made from, vantage by vantage; fewer where that is not kept */
export function viewerFile(found: Report, observed: readonly ObservedVantage[]): ViewerFile {
  const report = printableReport(found);
  const { from, to, run } = report;
  const after = (at: number): number => Math.round((at - from) * 100) / 100;
  const outcomes: { result: State; text: string }[] = [];
  const rows: ViewerRow[] = [];
  const columns: (ProbeColumns & Pick<ProbeSeries, 'intervalMs'>)[] = [];
  report.vantages.forEach(({ services }, vantage) => {
    const { probes = null, services: seen = [] } = observed[vantage] ?? {};
    services.forEach((service, place) => {
      const all = probes?.services.get(seen[place]?.name ?? '') ?? NO_PROBES;
      const inside = within(all, from, to, outcomes.length);
      columns.push({ ...inside, intervalMs: service.intervalMs });
      rows.push(rowOf(service, vantage, inside.at.length, after, to));
    });
    for (const { result, reason, message } of probes?.outcomes ?? []) {
      const text = reason === null ? '' : withMessage(reason, message);
      outcomes.push({ result, text: printableReport(text) });
    }
  });
  const dropped = observed.flatMap(({ probes }) => probes?.droppedUntil ?? []).filter((at) => at > from);
  return {
    data: {
      from,
      lengthMs: after(to),
      startMs: run === null || run.ending === 'not-started' ? null : after(run.startedAt),
      endMs: run === null || run.endedAt === null ? null : after(run.endedAt),
      vantages: report.vantages.map(showVantage),
      marks: ownMarks(report).map(({ at, text }) => ({ at: after(at), text })),
      outcomes,
      rows,
    },
    probes: encodeProbes(columns, from),
    droppedUntil: dropped.length === 0 ? null : Math.max(...dropped),
  };
}

const NO_PROBES: ProbeColumns = { at: new Float64Array(), durationMs: new Float32Array(), outcome: new Uint16Array() };

/** The probes that were on their way in the window. @param base what is added to the places of their outcomes */
function within({ at, durationMs, outcome }: ProbeColumns, from: number, to: number, base: number): ProbeColumns {
  const inside = Array.from(at.keys()).filter((place) => {
    const sent = at[place] ?? 0;
    return sent <= to && sent + (durationMs[place] ?? 0) >= from;
  });
  return {
    at: Float64Array.from(inside, (place) => at[place] ?? 0),
    durationMs: Float32Array.from(inside, (place) => durationMs[place] ?? 0),
    outcome: Uint16Array.from(inside, (place) => (outcome[place] ?? 0) + base),
  };
}

function rowOf(
  service: ServiceReport,
  vantage: number,
  probes: number,
  after: (at: number) => number,
  end: number,
): ViewerRow {
  const { intervalMs, timeoutMs, intervals, gaps, slow, connectionsLost, identities, lostWrites } = service;
  const lost = connectionsLost.map(({ at, reason, message }) => {
    return { at: after(at), text: `kept connection lost: ${withMessage(reason, message)}` };
  });
  const changes = identities.map(({ at, was, is, what = 'process' }) => {
    return { at: after(at), text: `another ${what} answers: ${was} → ${is}` };
  });
  const gone = lostWrites.map(({ at, count }) => ({ at: after(at), text: showLostWrites(count) }));
  return {
    vantage,
    service: service.service,
    intervalMs,
    timeoutMs,
    probes,
    intervals: intervals.map(({ state, from, reason }) => [state, after(from), reason ?? ''] as const),
    gaps: gaps.map((gap): ViewerGap => {
      const to = after(gapEnd(gap, end));
      return { from: after(gap.from), to, minMs: gap.minMs, maxMs: gap.maxMs, text: showGapLine(gap, service) };
    }),
    slow: slow.map((one) => ({ at: after(one.from), to: after(one.to), text: showSlow(one) })),
    moments: [...lost, ...changes, ...gone].sort((a, b) => a.at - b.at),
  };
}

/** Until when a gap is drawn. */
export function gapEnd(gap: ReportGap, end: number): number {
  return gap.to ?? (gap.end === 'open' ? end : gap.from + gap.durationMs);
}

/** `every probe is here: 96,000`; or why not. */
export function aboutProbes({ data, droppedUntil }: ViewerFile): string {
  const all = data.rows.reduce((sum, { probes }) => sum + probes, 0);
  if (all === 0) return 'Single probes are not in here: a history keeps states and gaps.';
  const exact = 'Drawn: times to 0.1 ms, durations to within 3 % below 100 ms and to the millisecond above.';
  if (droppedUntil === null)
    return `Every single probe of the window is in here: ${all.toLocaleString('en')}. ${exact}`;
  const since = showDuration(droppedUntil - data.from);
  return `The newest ${all.toLocaleString('en')} probes are in here. Older probes were dropped: of the first ${since} not all are there. ${exact}`;
}
