/** Things observed, for the tests of reports. Times in milliseconds; 0 is the start of the command where there is one. */
import { buildReport } from '../../src/report/build-report.ts';
import type { Window } from '../../src/core/archive.ts';
import type { ObservedInterval, ObservedService, ObservedVantage } from '../../src/report/observed.ts';
import type { Budget, Report, RunFacts } from '../../src/report/report.ts';
import { type DownReason, type Reason, type State, infoOf, type ServiceInfo } from '../../src/core/model.ts';
import { gap, service } from '../support/builders.ts';

export const START = 1_795_000_000_000;

/** A stretch of being down, from and to relative to the start; `to` null: it never came back. */
export interface Fall {
  readonly from: number;
  readonly to: number | null;
  readonly reason?: DownReason;
  /** How far the bounds are from the length; 100 where left out. */
  readonly errorMs?: number;
  readonly silenceMs?: number;
  /** Counts of several reasons, the most frequent first, in place of `reason`. */
  readonly reasons?: Partial<Record<DownReason, number>>;
}

export interface Story {
  readonly info?: Partial<ServiceInfo>;
  readonly falls?: readonly Fall[];
  readonly unobserved?: readonly { readonly from: number; readonly to: number; readonly reason?: Reason }[];
  readonly lostAt?: readonly number[];
  /** Why they were lost; `reset` where left out. */
  readonly lostBy?: DownReason;
  /** No answer for so long, though all were answered in the end. */
  readonly silent?: { readonly from: number; readonly to: number };
  /** From when to when its answers said which process it is. */
  readonly identified?: { readonly from: number; readonly to: number };
}

/** A service that was up from long before, but for its story. */
export function observed(
  name: string,
  { info = {}, falls = [], unobserved = [], lostAt = [], lostBy = 'reset', silent, identified }: Story = {},
): ObservedService {
  const changes: { at: number; state: State; reason: Reason | null }[] = [
    { at: -3_600_000, state: 'up', reason: null },
  ];
  for (const { from, to, reason = 'refused' } of falls) {
    changes.push({ at: from, state: 'down', reason });
    if (to !== null) changes.push({ at: to, state: 'up', reason: null });
  }
  for (const { from, to, reason = 'stalled' } of unobserved) {
    changes.push({ at: from, state: 'unobserved', reason }, { at: to, state: 'up', reason: null });
  }
  changes.sort((a, b) => a.at - b.at);
  const intervals = changes.map(({ at, state, reason }, index): ObservedInterval => {
    const next = changes[index + 1];
    return { state, from: START + at, to: next === undefined ? null : START + next.at, reason };
  });
  const gaps = falls.flatMap(({ from, to, reason = 'refused', errorMs = 100, silenceMs, reasons }) => {
    if (to === null) return [];
    const failed = Math.ceil((to - from) / 100);
    const bounds = { minMs: Math.max(0, to - from - errorMs), maxMs: to - from + errorMs };
    return [
      gap(name, START + from, START + to, {
        ...bounds,
        ...(silenceMs !== undefined && { silenceMs }),
        failed,
        reasons:
          reasons === undefined
            ? [{ reason, count: failed }]
            : Object.entries(reasons).map(([name, n]) => ({ reason: name as DownReason, count: n })),
      }),
    ];
  });
  const lost = lostAt.map((at) => ({
    type: 'connection-lost' as const,
    seq: 1,
    service: name,
    at: START + at,
    reason: lostBy,
    message: null,
  }));
  return {
    name,
    info: infoOf(service(name, { target: 'tcp://10.0.0.5:80', ...info })),
    intervals,
    gaps,
    openGap: null,
    ...(silent !== undefined && { silence: { from: START + silent.from, durationMs: silent.to - silent.from } }),
    lost,
    identities: [],
    ...(identified !== undefined && { identified: { from: START + identified.from, to: START + identified.to } }),
    slow: [],
    lostWrites: [],
  };
}

export function vantage(name: string, ...services: readonly ObservedService[]): ObservedVantage {
  return { vantage: name, monitor: `id of ${name}`, clock: null, services, marks: [] };
}

/** The report of a run that took 3 s, watched until 8 s after its start. */
export function runReport(
  vantages: readonly ObservedVantage[],
  run: Partial<RunFacts> = {},
  untilMs = 8000,
): Report & { run: RunFacts } {
  const facts: RunFacts = {
    command: ['systemctl', 'restart', 'docker'],
    startedAt: START,
    endedAt: START + 3000,
    durationMs: 3000,
    ending: 'exited',
    exitCode: 0,
    signal: null,
    interrupted: null,
    budget: budget(),
    ...run,
  };
  return { ...buildReport(vantages, { from: START - 2000, to: START + untilMs }, START), run: facts };
}

export function budget(maxGapMs = 0, maxTotalMs: number | null = null): Budget {
  return { maxGapMs, maxTotalMs, maxLatencyMs: null };
}

/** A window relative to the start. */
export function within(from: number, to: number): Window {
  return { from: START + from, to: START + to };
}
