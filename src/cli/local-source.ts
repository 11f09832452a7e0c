/** A monitor in this process, with its history, as the dashboard and the lines read it. */
import { ArchiveError, gapsByService } from '../core/archive.ts';
import type { Publisher } from '../bus/publisher.ts';
import type { ServiceHistory, Source } from '../core/source.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Reader } from '../core/source.ts';
import type { History } from '../history/history.ts';

/** Gaps of the past that are read for each service: the newest. */
const GAPS = 100;
/** Stretches of the past that are read, of all services together: the newest. */
const INTERVALS = 200_000;

export class LocalSource implements Source {
  readonly #monitor: Monitor;
  readonly #history: Pick<History, 'reader' | 'problem'> | null;
  readonly #bus: Pick<Publisher, 'problem'> | null;

  constructor(
    monitor: Monitor,
    history: Pick<History, 'reader' | 'problem'> | null,
    bus: Pick<Publisher, 'problem'> | null,
  ) {
    this.#monitor = monitor;
    this.#history = history;
    this.#bus = bus;
  }

  subscribe(reader: Reader): () => void {
    return this.#monitor.subscribe(reader);
  }

  mark(text: string): void {
    this.#monitor.mark(text);
  }

  now(): number {
    return this.#monitor.now();
  }

  get problem(): string | null {
    const bus = this.#bus?.problem ?? null;
    return this.#history?.problem ?? (bus === null ? null : `nothing is delivered to the bus, it waits: ${bus}`);
  }

  async past(from: number): Promise<readonly ServiceHistory[]> {
    if (this.#history === null) return [];
    const window = { from, to: this.now() };
    const services = [...this.#monitor.board.services.keys()];
    const { reader } = this.#history;
    const limitEach = Math.max(100, Math.floor(INTERVALS / Math.max(1, services.length)));
    const [intervals, { gaps }] = await Promise.all([
      reader.intervals({ services, window, limitEach }),
      reader.gaps({ services, window, limitEach: GAPS }),
    ]).catch((error: unknown): [ReadonlyMap<string, never[]>, { gaps: never[] }] => {
      // The dashboard shows what it sees from now on; what ails the history stands beside it.
      if (error instanceof ArchiveError) return [new Map(), { gaps: [] }];
      throw error;
    });
    const gapsOf = gapsByService(gaps);
    return services.map((service) => ({
      service,
      timeline: intervals.get(service) ?? [],
      gaps: gapsOf.get(service) ?? [],
    }));
  }
}
