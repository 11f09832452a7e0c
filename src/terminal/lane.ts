/** One service as one vantage sees it: what the dashboard knows of it beyond the board. Pure: fed by messages. */
import {
  gapFacts,
  type Gap,
  type GapFacts,
  type SampleMessage,
  type ServiceSnapshot,
  type SlowFacts,
  type Transition,
} from '../core/messages.ts';
import type { Reason, State } from '../core/model.ts';
import type { BoardService } from '../core/board.ts';
import { RecentLatency } from '../core/latency.ts';
import { Latency } from './sparkline.ts';
import type { ServiceHistory } from '../core/source.ts';
import { RunAhead, Strip, type Cells } from './strip-cells.ts';

/** Samples kept for each service: the newest. */
const SAMPLES = 40;
/** Gaps kept for each service: the newest. */
const GAPS = 100;
/** A sample is settled at the latest this long after its timeout. */
const SETTLED_MS = 2000;
/** An answer is far slower than usual that took this many times the median of the last minute, but not less than this. */
const SLOW = { times: 4, leastMs: 45 };

/** Sums since the dashboard first saw the service, or since the last reset. Durations in milliseconds. */
interface Counts {
  /** Those that ended, and the one that is open. */
  readonly gaps: number;
  readonly upMs: number;
  /** How long they were together. */
  readonly downMs: number;
  readonly unobservedMs: number;
}

/** What was counted before the last reset. */
interface Baseline {
  readonly board: BoardService;
  readonly counts: Counts;
}

/** One service from one vantage. */
export class Lane {
  readonly name: string;
  readonly latency: Latency;
  /** How long the good answers of the last minute took, all of them. */
  readonly recent = new RecentLatency();
  #strip: Strip;
  readonly #ahead: RunAhead;
  /** The board's view of it; replaced when a `hello` brings a new one. */
  board: BoardService;
  /** The reason of the present state in words; null where it has none. */
  message: string | null = null;
  /** The last gaps that ended, the newest last. */
  readonly gaps: GapFacts[] = [];
  /** The longest gap that ended since the last reset, also where it is not among the last ones any more. */
  worst: GapFacts | null = null;
  /** The last samples, the newest last, in the order in which they came. */
  readonly samples: SampleMessage[] = [];
  /** When the open outage began, and for how long it was down before its present stretch; null where none is open. */
  #outage: { readonly from: number; downMs: number } | null = null;
  #baseline: Baseline | null = null;

  /** @param snapshot what the `hello` says of it, by this machine's clock */
  constructor(board: BoardService, snapshot: ServiceSnapshot) {
    this.name = snapshot.service;
    this.board = board;
    this.latency = new Latency(snapshot.intervalMs);
    this.#ahead = new RunAhead(snapshot.timeoutMs + SETTLED_MS);
    this.#addGaps(snapshot.gaps);
    this.#strip = new Strip(snapshot.timeline[0]?.from ?? snapshot.since);
    for (const { state, from } of snapshot.timeline) this.#enter(state, from);
    this.#enter(snapshot.state, snapshot.since);
  }

  /**
   * A new `hello` of the same service: takes what happened while its source was not connected.
   * @param lastMessageAt when the last message came before
   */
  catchUp(board: BoardService, snapshot: ServiceSnapshot, lastMessageAt: number): void {
    this.board = board;
    const news = snapshot.timeline.filter(({ from }) => from > this.#strip.since);
    const first = snapshot.timeline[0]?.from ?? snapshot.since;
    if (news.length === snapshot.timeline.length && first > lastMessageAt) this.#enter('unobserved', lastMessageAt);
    for (const { state, from } of news) this.#enter(state, from);
    this.#enter(snapshot.state, snapshot.since);
    const last = this.gaps.at(-1)?.from ?? -Infinity;
    this.#addGaps(snapshot.gaps.filter(({ from }) => from > last));
  }

  /** Takes what the source kept: the strip is built again from it, and from what was received since. */
  restore({ timeline, gaps }: ServiceHistory): void {
    const first = timeline[0]?.from;
    if (first === undefined) return;
    const received = this.board.timeline;
    const known = received[0]?.from ?? this.board.since;
    this.#strip = new Strip(first);
    this.#outage = null;
    for (const { state, from } of timeline) if (from < known) this.#enter(state, from);
    for (const { state, from } of received) this.#enter(state, from);
    const oldest = this.gaps[0]?.from ?? Infinity;
    const later = this.gaps.splice(0);
    this.#addGaps([...gaps.filter(({ from }) => from < oldest), ...later]);
  }

  /** The settled state. */
  get state(): State {
    return this.#strip.state;
  }

  /** The newest state that is known, and whether it is settled. */
  live(now: number): { readonly state: State; readonly settled: boolean } {
    const state = this.#ahead.latest(now, this.state);
    return { state, settled: state === this.state };
  }

  transition(change: Transition): void {
    this.#enter(change.to, change.at);
    this.message = change.message;
  }

  gap(gap: Gap): void {
    this.#addGaps([gapFacts(gap)]);
  }

  sample(sample: SampleMessage): void {
    this.samples.push(sample);
    if (this.samples.length > SAMPLES) this.samples.shift();
    this.#ahead.add(sample.at, sample.result, this.state);
    if (sample.result === 'up') this.#answered(sample);
    if (sample.result !== 'unobserved') this.latency.add(sample.at, sample.result === 'up' ? this.#took(sample) : null);
  }

  /** A stretch of slow answers ended. */
  slow({ from, to }: SlowFacts): void {
    this.#strip.markSlow(from, to);
  }

  /** What was seen in cells of time. @param knownUntil after it nothing was observed */
  cells(cells: Cells, now: number, knownUntil: number): Uint8Array {
    return this.#strip.read(cells, { now, knownUntil }, this.#ahead);
  }

  /** When the watch of it began, in milliseconds since the epoch. */
  get begin(): number {
    return this.#strip.begin;
  }

  /** When the outage that is open began; null where none is. */
  get openFrom(): number | null {
    return this.#outage?.from ?? null;
  }

  /** The outage that was open at a moment; null where none was. */
  outageAt(time: number): { readonly from: number; readonly reasons: readonly Reason[] } | null {
    const from = this.openFrom;
    if (from !== null && from <= time) return { from, reasons: this.board.reason === null ? [] : [this.board.reason] };
    const gap = this.gaps.findLast((one) => one.from <= time && time < one.to);
    return gap === undefined ? null : { from: gap.from, reasons: gap.reasons.map(({ reason }) => reason) };
  }

  /** For how long it has been down in the outage that is open, in milliseconds; null where none is. */
  openMs(now: number): number | null {
    if (this.#outage === null) return null;
    return (
      this.#outage.downMs +
      (this.state === 'down' ? Math.max(0, now - Math.min(this.#strip.since, this.board.since)) : 0)
    );
  }

  counts(now: number): Counts {
    const { gaps } = this.board.totalsAt(now);
    const { upMs, downMs, unobservedMs } = this.board.figuresAt(now);
    const before = this.#baseline?.board === this.board ? this.#baseline.counts : null;
    const open = this.#outage === null ? 0 : 1;
    return {
      gaps: gaps - (before?.gaps ?? 0) + open,
      // What settles late may have been counted otherwise at the reset.
      upMs: Math.max(0, upMs - (before?.upMs ?? 0)),
      downMs: Math.max(0, downMs - (before?.downMs ?? 0)),
      unobservedMs: Math.max(0, unobservedMs - (before?.unobservedMs ?? 0)),
    };
  }

  /** Counts from now on. */
  reset(now: number): void {
    this.#baseline = {
      board: this.board,
      counts: { ...this.board.figuresAt(now), gaps: this.board.totalsAt(now).gaps },
    };
    this.gaps.length = 0;
    this.worst = null;
  }

  /** How long a good probe took, in milliseconds: without the time for which a connection over TCP was held open. */
  #took({ durationMs, answerMs, phases }: SampleMessage): number {
    if (answerMs !== undefined) return answerMs;
    // Older sources do not say it; the phases leave out the hold.
    if (this.board.info.kind !== 'tcp') return durationMs;
    return (phases.dnsMs ?? 0) + (phases.connectMs ?? 0) + (phases.tlsMs ?? 0) + (phases.replyMs ?? 0);
  }

  #answered(sample: SampleMessage): void {
    const { at, durationMs } = sample;
    const answerMs = this.#took(sample);
    const end = at + durationMs;
    this.recent.add(answerMs, end);
    if (answerMs <= SLOW.leastMs) return;
    const usualMs = this.recent.lastMinute(end)?.p50Ms ?? Infinity;
    if (answerMs > SLOW.times * usualMs) this.#strip.markSlow(at, end);
  }

  #enter(state: State, at: number): void {
    const { state: before, since } = this.#strip;
    this.#strip.enter(state, at);
    if (state !== before) {
      if (this.#outage !== null && before === 'down') this.#outage.downMs += Math.max(0, this.#strip.since - since);
      if (state === 'down') this.#outage ??= { from: this.#strip.since, downMs: 0 };
      else if (state === 'up') this.#outage = null;
    }
    this.#ahead.settle(at, state);
  }

  #addGaps(gaps: readonly GapFacts[]): void {
    this.gaps.push(...gaps);
    this.gaps.splice(0, this.gaps.length - GAPS);
    for (const gap of gaps) if (gap.durationMs > (this.worst?.durationMs ?? -1)) this.worst = gap;
  }
}
