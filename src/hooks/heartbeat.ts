/** Asks a URL now and then while this monitor is well, so that another program notices when it is not. */
import type { Logger } from 'pino';

import { deliver, DeliveryError } from './deliver.ts';

/** Holds secrets: it is never printed. */
export interface HeartbeatSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly intervalMs: number;
}

/** How long after the start the first one is sent, at most, in milliseconds: by then a thread that is stuck is known. */
const FIRST_MS = 2000;

export class Heartbeats {
  readonly #isWell: () => boolean;
  readonly #log: Logger;
  #settings: HeartbeatSettings | null = null;
  #timer: NodeJS.Timeout | null = null;
  #end = new AbortController();
  #hasFailed = false;
  #wasWell = true;

  constructor(isWell: () => boolean, log: Logger) {
    this.#isWell = isWell;
    this.#log = log;
  }

  /** These are the settings from now on; null for no heartbeat. */
  apply(settings: HeartbeatSettings | null): void {
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.close();
    this.#settings = settings;
    this.#hasFailed = false;
    this.#wasWell = true;
    if (settings !== null) this.#plan(Math.min(FIRST_MS, settings.intervalMs));
  }

  close(): void {
    this.#end.abort();
    this.#end = new AbortController();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #plan(ms: number): void {
    this.#timer = setTimeout(() => {
      const settings = this.#settings;
      if (settings === null) return;
      this.#plan(settings.intervalMs);
      const isWell = this.#isWell();
      if (isWell) void this.#send(settings, this.#end.signal);
      else if (this.#wasWell) this.#log.warn('no heartbeat is sent: this monitor is not well');
      this.#wasWell = isWell;
    }, ms);
  }

  async #send({ url, headers }: HeartbeatSettings, end: AbortSignal): Promise<void> {
    const { origin: to } = new URL(url);
    let why: string | null = null;
    try {
      await deliver({ kind: 'get', url, headers }, '', '', end);
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      why = error.message;
    }
    // By then other settings may be in force, of which this says nothing.
    if (end.aborted) return;
    if (why === null && this.#hasFailed) this.#log.info({ to }, 'the heartbeat arrives again');
    // Once: it stays away at its other end too.
    if (why !== null && !this.#hasFailed) this.#log.warn({ to, why }, 'the heartbeat does not arrive');
    this.#hasFailed = why !== null;
  }
}
