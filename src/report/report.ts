/**
 * What `gapwatch run` and `gapwatch report` found: this is what `--report FILE.json` writes, as it is declared here, and what
 * every other form is made from. Times are milliseconds since the Unix epoch with a fraction, by the clock of the machine
 * that wrote the report; durations are milliseconds, and so are `fromStartMs` and its like: offsets from the start of
 * run's command, negative before it. Fields are added in later versions; none changes its meaning within a `format`.
 */
import type { GapFacts, Identified, Identity, ReasonCount, SlowFacts } from '../core/messages.ts';
import type { Reason, State, ServiceInfo } from '../core/model.ts';
import type { StageName } from './answer-record.ts';

/** The version of this form. */
export const FORMAT = 1;

/** The whole report. */
export interface Report {
  readonly format: typeof FORMAT;
  /** The program that wrote it. */
  readonly program: { readonly name: 'gapwatch'; readonly version: string };
  /** The window that it covers. Of a run: from `--before` before the command's start to the end of the watch. */
  readonly from: number;
  readonly to: number;
  /** What was run; null in a report from the history. */
  readonly run: RunFacts | null;
  /** Null in a report from the history. */
  readonly verdict: Verdict | null;
  readonly vantages: readonly VantageReport[];
  /** Oldest first; every gap is in exactly one. */
  readonly incidents: readonly IncidentReport[];
  /** Oldest first. */
  readonly marks: readonly ReportMark[];
  /** What the pattern of the gaps usually means. Hints, not facts. */
  readonly hints: readonly Hint[];
}

/**
 * How run's command ended. `given-up`: it did not end within `--give-up`, so it was ended. `not-started`: not every service was up
 * before it, or it could not be started; then `startedAt` is when that was known.
 */
export type CommandEnding = 'exited' | 'signal' | 'given-up' | 'not-started';

/** What was run, and how it ended. */
export interface RunFacts {
  /** The command and its arguments. */
  readonly command: readonly string[];
  readonly startedAt: number;
  /** Null where it had not ended when the watch was interrupted. */
  readonly endedAt: number | null;
  readonly durationMs: number | null;
  /** Null where it had not ended. */
  readonly ending: CommandEnding | null;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The signal that ended the watch before its time; null where it ran to its end. */
  readonly interrupted: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | null;
  readonly budget: Budget;
  /** The earlier run that `--baseline` names; left out where none was named. */
  readonly baseline?: Baseline;
}

/** An earlier run, whose services have their longest gap and slowest answer as budgets. */
export interface Baseline {
  /** As it was named. */
  readonly file: string;
  /** When it began. */
  readonly from: number;
  readonly services: readonly BaselineService[];
}

/** What an earlier run saw of a service. */
export interface BaselineService {
  readonly vantage: string;
  readonly service: string;
  /** The longest gap; null for none. */
  readonly longest: Pick<ReportGap, 'durationMs' | 'minMs' | 'maxMs'> | null;
  /** The longest that it may have been without an answer; null where that has no bound. */
  readonly mostMs: number | null;
  /** Its gaps together. */
  readonly totalMs: number;
  /** The slowest good answer since its command was started; null where that is not known. */
  readonly slowestMs: number | null;
}

/** What is allowed. */
export interface Budget {
  /** Of one gap: 0 where none was named. A service of a `baseline` has that of the earlier run, and this too where it was named. */
  readonly maxGapMs: number;
  /** Whether `--max-gap` was named; left out where it was not. */
  readonly namesMaxGap?: boolean;
  /** Of a service's gaps together; null: any. */
  readonly maxTotalMs: number | null;
  /** Of the slowest good answer since the command was started; null: any. */
  readonly maxLatencyMs: number | null;
}

/**
 * `pass`: watched without a hole, and no gap over the budget. `fail`: one was, or a service did not come back.
 * `not-proven`: nothing over the budget was seen, but unobserved time could hide it, an upper bound is over it, or the
 * watch was ended early.
 */
export type VerdictResult = 'pass' | 'fail' | 'not-proven';

/** The verdict on a run. */
export interface Verdict {
  readonly result: VerdictResult;
  /** What speaks against it; empty for `pass`. */
  readonly faults: readonly Fault[];
  /** All in one sentence. */
  readonly sentence: string;
}

/**
 * `gap`: one was longer than `--max-gap`. `total`: all together were longer than `--max-total`. `not-back`: down at the
 * end. `lost-writes`: writes that Redis had acknowledged are gone. `latency`: a good answer took longer than `--max-latency`.
 * `partial`: a hub says that it was up from some vantages only, for longer than `--max-gap`. `unobserved`: for longer than the
 * budget allows a gap to be. `bounds`: the figure is within the budget, and its upper bound is not. `not-up`: it was not up for
 * long enough before the command, which was not started.
 */
export type FaultKind =
  'gap' | 'total' | 'not-back' | 'lost-writes' | 'latency' | 'partial' | 'unobserved' | 'bounds' | 'not-up';

/** One thing that speaks against a run. */
export interface Fault {
  readonly kind: FaultKind;
  readonly vantage: string;
  readonly service: string;
  /** For people; without the service's name. */
  readonly text: string;
}

/** What one monitor saw. */
export interface VantageReport {
  /** Unique in a report. */
  readonly vantage: string;
  /** The monitor's id. */
  readonly monitor: string;
  /** How its times were aligned; null for the monitor of the machine that wrote the report. */
  readonly clock: {
    /** Its clock less ours: was taken off its times. */
    readonly offsetMs: number;
    /** The true offset is within this of it. */
    readonly uncertaintyMs: number;
    /** By how much it was set during the watch: its times can't be placed. Left out where it was not. */
    readonly steppedMs?: number;
  } | null;
  readonly services: readonly ServiceReport[];
}

/** One service, as one monitor saw it. */
export interface ServiceReport extends ServiceInfo {
  readonly service: string;
  /** Seamless over the window, cut at its edges, oldest first. */
  readonly intervals: readonly ReportInterval[];
  /** Those that overlap the window, oldest first: whole, also where they reach beyond it. */
  readonly gaps: readonly ReportGap[];
  /**
   * Within the window; the five sum up to its length. What was down is as long as its gaps are said to have lasted (`insideMs`): the
   * intervals have it later by half of an interval of the probes on average, as they begin with the one that failed.
   */
  readonly upMs: number;
  readonly downMs: number;
  readonly unobservedMs: number;
  readonly unknownMs: number;
  /** Up from some vantages and down from others: only the feed of a hub says so. */
  readonly partialMs: number;
  /** Up / (up + down), from 0 to 1; null where neither was seen. */
  readonly uptime: number | null;
  /** How much of its down time was planned, and the uptime without that; left out where none was. */
  readonly planned?: { readonly downMs: number; readonly uptimeWithout: number | null };
  /** The longest `durationMs` of its gaps; 0 where there is none. */
  readonly longestGapMs: number;
  /**
   * The longest time between two good answers with no failed probe in it, in a run of those that ended after the command's start;
   * left out where the answers were not seen one by one.
   */
  readonly longestSilence?: { readonly from: number; readonly durationMs: number; readonly fromStartMs: number | null };
  /** Its time of the state `unobserved`; oldest first. */
  readonly unobserved: readonly UnobservedStretch[];
  readonly connectionsLost: readonly LostConnection[];
  readonly identities: readonly IdentityChange[];
  /**
   * When the first and the newest probe of the last watch were sent whose answers said which process it was: each change between
   * them is in `identities`. Left out where none did, and in a report from the history.
   */
  readonly identified?: Identified;
  /** Stretches of answers that were slow by `--slow`, oldest first. */
  readonly slow: readonly SlowStretch[];
  /** When it was found that acknowledged writes are gone, oldest first. */
  readonly lostWrites: readonly WritesGone[];
  /** How long its good answers took in each stage of a run; null where that is not known, as in a report from the history. */
  readonly latency: Readonly<Record<StageName, StageLatency | null>> | null;
  /** Its state at the window's end. */
  readonly state: State;
  /** Why it is in that state; null when up. */
  readonly reason: Reason | null;
  /** False where it was down when last seen, in the window or before it. */
  readonly cameBack: boolean;
}

/** A stretch of time in one state. */
export interface ReportInterval {
  readonly state: State;
  readonly from: number;
  readonly to: number;
  /** Why it began; null when up, and where it is not known any more. */
  readonly reason: Reason | null;
}

/**
 * How a gap ended. `seen`: the service answered again. `open`: it was still down when the watch ended. `unseen`: the
 * monitor stopped probing while it was down, and when it probed again the gap was over.
 */
export type GapEnd = 'seen' | 'open' | 'unseen';

/** One gap, with its bounds. */
export interface ReportGap {
  /** When the first failed probe was sent. */
  readonly from: number;
  /** When the first good one was; null where its end was not seen. */
  readonly to: number | null;
  readonly end: GapEnd;
  /** The usual single figure: as long as it was seen down. */
  readonly durationMs: number;
  /** The service was down for at least this long, where one that is silent for longer than usual is down. */
  readonly minMs: number;
  /** The same without that inference; left out where it is not known. */
  readonly provenMinMs?: GapFacts['provenMinMs'];
  /** The service was down for at most this long; null where its beginning or its end was not seen. */
  readonly maxMs: GapFacts['maxMs'];
  /** From the last good answer before it to the first one after it; null or left out where that is not known. */
  readonly silenceMs?: GapFacts['silenceMs'];
  /** How much of `durationMs` is within the window. */
  readonly insideMs: number;
  /** True where it began inside a maintenance; otherwise left out. */
  readonly planned?: GapFacts['planned'];
  /** Failed probes; null where they were not counted. */
  readonly failed: number | null;
  /** Most frequent first; a count is null where they were not counted. */
  readonly reasons: readonly (Omit<ReasonCount, 'count'> & { readonly count: ReasonCount['count'] | null })[];
  /** Null in a report from the history. */
  readonly fromStartMs: number | null;
  readonly toStartMs: number | null;
  /** When the first failed probe had failed; left out where that is not known. A probe may be sent before the command and fail after. */
  readonly failedStartMs?: number | null;
}

/** Time in which the service was not observed. */
export interface UnobservedStretch {
  readonly from: number;
  readonly to: number;
  readonly durationMs: number;
  readonly reason: Reason | null;
  readonly fromStartMs: number | null;
}

/** A kept connection broke. */
export interface LostConnection {
  readonly at: number;
  readonly reason: Reason;
  readonly message: string | null;
  readonly fromStartMs: number | null;
}

/** The same service is another process now, has another role, or is at another address. */
export interface IdentityChange {
  /** When it was noticed. */
  readonly at: number;
  /** When the newest probe was sent that still found what was before; left out where that is not known. */
  readonly notBefore?: number;
  readonly was: string;
  readonly is: string;
  /** `role`: it is the role that changed; `master`: the address that sentinels give; left out where it is the process. */
  readonly what?: Identity['what'];
  readonly fromStartMs: number | null;
}

/** Good answers in a row that took longer than `--slow`. */
export interface SlowStretch extends SlowFacts {
  readonly fromStartMs: number | null;
}

/** Writes of the probes that Redis had acknowledged are gone. */
export interface WritesGone {
  readonly at: number;
  readonly count: number;
  readonly fromStartMs: number | null;
}

/** From one good answer to the next. */
export interface ReportSilence {
  readonly from: number;
  /** The end of the watch where there was none. */
  readonly to: number;
  readonly durationMs: number;
  readonly fromStartMs: number | null;
}

/**
 * The good answers of one stage of a run: before its command, during it, and after it. Each belongs to the stage that its middle is in. A
 * hold, and time that the monitor itself lost, is no time of an answer. All are null where there was none.
 */
export interface StageLatency {
  /** How many. */
  readonly answers: number;
  /** The median, to within 4 %. */
  readonly p50Ms: number | null;
  /** 99 of 100 took no longer, to within 4 %. */
  readonly p99Ms: number | null;
  /** The slowest. */
  readonly maxMs: number | null;
  /** When that was asked for. */
  readonly slowestAt: number | null;
  readonly slowestFromStartMs: number | null;
  /** The longest time without a good answer that was observed throughout; null for none. */
  readonly silence: ReportSilence | null;
}

/** Gaps of one vantage that began within a second of the first of them, as one. */
export interface IncidentReport {
  readonly vantage: string;
  /** The first failed probe of all. */
  readonly from: number;
  /** The last end of all; null where one did not end. */
  readonly to: number | null;
  /** The longest `durationMs` of its gaps. */
  readonly longestGapMs: number;
  readonly fromStartMs: number | null;
  /** In the order in which the services fell. `gap`: its place in `gaps` of that service. */
  readonly services: readonly { readonly service: string; readonly gap: number }[];
}

/** A mark, or the start or the end of the command. */
export interface ReportMark {
  readonly vantage: string;
  readonly at: number;
  readonly text: string;
  readonly fromStartMs: number | null;
}

/** Which shape the evidence fits: docs/hints.md explains each. */
export type HintKind =
  | 'lost-writes'
  | 'failover'
  | 'process-replaced'
  | 'process-frozen'
  | 'log-pipe-blocked'
  | 'slowed-down'
  | 'cut-off'
  | 'kept-connections-only'
  | 'loopback-only'
  | 'ipv6-proxy'
  | 'proxy-without-service'
  | 'name-server'
  | 'packets-lost'
  | 'rules-rebuilt'
  | 'new-connections-only'
  | 'own-path'
  | 'outside-only'
  | 'all-at-once'
  | 'monitor-stalled';

/** A hint with its evidence. */
export interface Hint {
  readonly kind: HintKind;
  /** What it usually means. */
  readonly text: string;
  /** What was seen that fits, one fact each. */
  readonly evidence: readonly string[];
  /** What to check, or to try. */
  readonly look: string;
  /** What it is about: services, with their vantage where there are several. */
  readonly services: readonly string[];
}
