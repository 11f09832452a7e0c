/** One websocket at a time to the feed, for ever: a growing pause between attempts, and an end to one that is silent. */

/** The pause after the first attempt that fails, and the longest; each is cut by a random part, up to a half. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** A feed that says nothing for this long is gone: its heartbeats come every 5 s. */
const SILENCE_MS = 15_000;

export interface LinkEvents {
  /** What is to be done before an attempt; resolves with the feed's URL. Rejects with an error for people. */
  prepare(): Promise<URL>;
  message(text: string): void;
  /** @param pauseMs until the next attempt */
  broken(problem: string, pauseMs: number): void;
}

export class Link {
  readonly #events: LinkEvents;
  #socket: WebSocket | null = null;
  #failures = 0;
  #retry: number | null = null;
  #silence: number | undefined;
  #attempt = 0;

  constructor(events: LinkEvents) {
    this.#events = events;
    window.addEventListener('online', () => {
      this.retryNow();
    });
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.retryNow();
    });
  }

  /** Begins an attempt, unless one is under way or has succeeded. */
  open(): void {
    this.#retry = null;
    this.#attempt += 1;
    void this.#connect(this.#attempt);
  }

  /** Does not wait any longer. */
  retryNow(): void {
    if (this.#retry === null) return;
    clearTimeout(this.#retry);
    this.open();
  }

  /** The connection is of use: the next break is followed by a short pause again. */
  good(): void {
    this.#failures = 0;
  }

  /** Ends this connection; another one is made. */
  drop(problem: string): void {
    const socket = this.#socket;
    if (socket === null) return;
    // A close that nobody answers would take its time.
    this.#socket = null;
    socket.close();
    this.#broken(problem);
  }

  async #connect(attempt: number): Promise<void> {
    let url: URL;
    try {
      url = await this.#events.prepare();
    } catch (error) {
      this.#broken(error instanceof Error ? error.message : '');
      return;
    }
    if (attempt !== this.#attempt) return;
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#listen();
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#listen();
      this.#events.message(String(data));
    };
    socket.onclose = ({ reason }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#broken(reason);
    };
  }

  #broken(problem: string): void {
    clearTimeout(this.#silence);
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures) * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.#retry = window.setTimeout(() => {
      this.open();
    }, pause);
    this.#events.broken(problem, pause);
  }

  #listen(): void {
    clearTimeout(this.#silence);
    this.#silence = window.setTimeout(() => {
      this.drop(`nothing was heard for ${String(SILENCE_MS / 1000)} s`);
    }, SILENCE_MS);
  }
}
