/**
 * What a report is made from: all that is known of the services of some vantages, wherever it comes from. Times are
 * milliseconds since the epoch by this machine's clock.
 */
import { byService, type ArchiveReader, type Window } from '../core/archive.ts';
import {
  gapFacts,
  type ConnectionLost,
  type GapFacts,
  type Identified,
  type Identity,
  type LostWrites,
  type Mark,
  type OpenGap,
  type SlowFacts,
} from '../core/messages.ts';
import type { Reason, State, ServiceInfo } from '../core/model.ts';
import type { ObservedAnswers } from './answer-record.ts';
import type { ObservedProbes } from './probe-record.ts';
import type { VantageReport } from './report.ts';

/** A stretch of time in one state. */
export interface ObservedInterval {
  readonly state: State;
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
  readonly reason: Reason | null;
}

/** What is known of a gap that was still open when the watch ended. */
export type ObservedOpenGap = Omit<OpenGap, 'type' | 'service' | 'final'>;

/** All that is known of one service. */
export interface ObservedService {
  readonly name: string;
  readonly info: ServiceInfo;
  /** In the order of time. Where they have holes, or do not reach, the service was not observed. */
  readonly intervals: readonly ObservedInterval[];
  /** Those that ended, in the order of time. */
  readonly gaps: readonly GapFacts[];
  readonly openGap: ObservedOpenGap | null;
  /** When the first failed probe of a gap had failed: of those whose beginning the reporter received. */
  readonly falls?: readonly { readonly from: number; readonly failedAt: number }[];
  /** The longest time between two good answers while it was up, in a run of those that ended after the command's start; left out where the answers were not seen one by one. */
  readonly silence?: { readonly from: number; readonly durationMs: number };
  readonly lost: readonly ConnectionLost[];
  readonly identities: readonly Identity[];
  /** Left out where no answer said which process it was, or samples were not seen. */
  readonly identified?: Identified | undefined;
  readonly slow: readonly SlowFacts[];
  readonly lostWrites: readonly LostWrites[];
  /** What its samples said; left out or null where they were not recorded. */
  readonly answers?: ObservedAnswers | null;
}

/** All that one monitor knows. */
export interface ObservedVantage {
  readonly vantage: string;
  /** The monitor's id. */
  readonly monitor: string;
  readonly clock: VantageReport['clock'];
  readonly services: readonly ObservedService[];
  readonly marks: readonly Pick<Mark, 'at' | 'text'>[];
  /** Every single probe; left out or null where they were not kept, as in a history. */
  readonly probes?: ObservedProbes | null;
}

/**
 * What a history knows of a window.
 * @param services the names of the services to include
 * @throws ArchiveError
 */
export async function observedFrom(
  reader: ArchiveReader,
  window: Window,
  services: ReadonlySet<string>,
): Promise<ObservedVantage> {
  const names = [...services];
  const [overview, annotations, intervals, { gaps }, openGaps] = await Promise.all([
    reader.overview(),
    reader.annotations(window),
    reader.intervals({ services: names, window }),
    reader.gaps({ services: names, window }),
    reader.openGaps(names),
  ]);
  const { id, vantage } = overview.monitor;
  const until = overview.reach?.to ?? window.to;
  const gapsOf = byService(gaps);
  const annotated = byService(annotations.filter((one) => 'service' in one));
  return {
    vantage,
    monitor: id,
    clock: null,
    services: overview.services
      .filter(({ name }) => services.has(name))
      .map(({ name, info }): ObservedService => {
        const own = annotated.get(name) ?? [];
        return {
          name,
          info,
          // What lasted at the newest sign of life is known until then.
          intervals: (intervals.get(name) ?? []).map((one) => ({ ...one, to: one.to ?? until })),
          gaps: (gapsOf.get(name) ?? []).map(gapFacts).sort((a, b) => a.from - b.from),
          openGap: openGaps.find(({ service }) => service === name) ?? null,
          lost: own.filter((one) => one.type === 'connection-lost'),
          identities: own.filter((one) => one.type === 'identity'),
          lostWrites: own.filter((one) => one.type === 'lost-writes'),
          slow: own.filter((one) => one.type === 'slow'),
        };
      }),
    marks: annotations.filter((one) => one.type === 'mark'),
  };
}
