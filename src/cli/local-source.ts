/** A monitor in this process, with its history, as the dashboard and the lines read it. */
import type { Publisher } from '../bus/publisher.ts';
import type { ServiceHistory, Source } from '../core/source.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Reader } from '../core/source.ts';
import type { History } from '../history/history.ts';

/** Gaps of the past that are read for each service: the newest. */
const GAPS = 100;
/** Stretches of the past that are read for each service: the newest. */
const INTERVALS = 20_000;

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

  past(from: number): Promise<readonly ServiceHistory[]> {
    const history = this.#history;
    if (history === null) return Promise.resolve([]);
    const window = { from, to: this.now() };
    const services = [...this.#monitor.board.services.keys()].map((service) => ({
      service,
      timeline: history.reader.intervals(service, window, INTERVALS),
      gaps: history.reader.gaps(window, service, GAPS),
    }));
    return Promise.resolve(services);
  }
}
