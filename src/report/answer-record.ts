/**
 * How long the good answers of a service took in each stage of a run, and the longest times without one. Bounded memory, however
 * long the run is. Pure: times come with the samples.
 */
import { LatencyHistogram, type Latency } from '../core/latency.ts';
import type { SampleMessage } from '../core/messages.ts';

/** The stages of a run: before the command was started, while it ran, and after its end. */
export const STAGES = ['before', 'during', 'after'] as const;
export type StageName = (typeof STAGES)[number];

/** Times without a good answer that are kept of each stage: the longest. Some may turn out not to have been observed. */
const SILENCES = 16;

/** From one good answer to the next. */
export interface Silence {
  readonly from: number;
  readonly to: number;
}

/** What is known of the good answers of one stage. */
export interface StageAnswers {
  readonly latency: Latency | null;
  readonly count: number;
  /** When the slowest good answer was asked for; null where there was none. */
  readonly slowestAt: number | null;
  /** The longest ones, the longest first. */
  readonly silences: readonly Silence[];
}

/** What is known of the good answers of a service. */
export interface ObservedAnswers {
  readonly stages: Readonly<Record<StageName, StageAnswers>>;
  /** When the last good answer came; null where none did. */
  readonly lastAnswerAt: number | null;
}

interface StageRecord {
  readonly histogram: LatencyHistogram;
  slowestMs: number;
  slowestAt: number | null;
  silences: Silence[];
}

export class AnswerRecord {
  readonly #stages = STAGES.map((): StageRecord => {
    return { histogram: new LatencyHistogram(), slowestMs: -1, slowestAt: null, silences: [] };
  });
  #lastAnswerAt: number | null = null;
  /** Since when there was no answer; null before the first one, and after a time in which answers were not heard of. */
  #silentFrom: number | null = null;

  /**
   * Takes what a probe found. An answer, or a time without one, belongs to the stage that its middle is in: what the command
   * brought about may have begun with a question from before its start.
   * @param edges when the stages after the first one began, as far as they have
   */
  take({ at, durationMs, answerMs, result }: SampleMessage, edges: readonly number[]): void {
    if (result !== 'up') return;
    const endedAt = at + durationMs;
    const tookMs = answerMs ?? durationMs;
    const stage = this.#stageAt(at + durationMs / 2, edges);
    stage.histogram.add(tookMs);
    if (tookMs > stage.slowestMs) [stage.slowestMs, stage.slowestAt] = [tookMs, at];
    const last = this.#silentFrom;
    this.#silentFrom = Math.max(last ?? endedAt, endedAt);
    this.#lastAnswerAt = Math.max(this.#lastAnswerAt ?? endedAt, endedAt);
    if (last !== null && endedAt > last)
      keepLongest(this.#stageAt((last + endedAt) / 2, edges).silences, last, endedAt);
  }

  /** What was answered from here on is not heard of, until the next sample. */
  interrupted(): void {
    this.#silentFrom = null;
  }

  /** @param ms what is taken off all times */
  observed(ms: number): ObservedAnswers | null {
    if (this.#lastAnswerAt === null) return null;
    const stages = this.#stages.map(({ histogram, slowestAt, silences }): StageAnswers => ({
      latency: histogram.latency,
      count: histogram.count,
      slowestAt: slowestAt === null ? null : slowestAt - ms,
      silences: silences.map(({ from, to }) => ({ from: from - ms, to: to - ms })),
    }));
    const [before, during, after] = stages as [StageAnswers, StageAnswers, StageAnswers];
    return { stages: { before, during, after }, lastAnswerAt: this.#lastAnswerAt - ms };
  }

  #stageAt(at: number, edges: readonly number[]): StageRecord {
    const place = edges.filter((edge) => edge <= at).length;
    return this.#stages[place] ?? (this.#stages.at(-1) as StageRecord);
  }
}

function keepLongest(silences: Silence[], from: number, to: number): void {
  const shortest = silences[SILENCES - 1];
  if (shortest !== undefined && shortest.to - shortest.from >= to - from) return;
  const place = silences.findIndex((one) => one.to - one.from < to - from);
  silences.splice(place < 0 ? silences.length : place, 0, { from, to });
  silences.length = Math.min(silences.length, SILENCES);
}
