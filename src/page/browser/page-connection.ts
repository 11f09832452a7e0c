/** One websocket at a time to the feed, forever: a growing pause between attempts, and an end to one that is silent. */

/** The pause after the first attempt that fails, and the longest; each is cut by a random part, up to a half. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** A feed that sends nothing for this long is gone: its heartbeats come every 5 s. It is also the deadline for opening. */
const SILENCE_MS = 15_000;
const SILENT = `no message for ${String(SILENCE_MS / 1000)} s`;

interface ConnectionEvents {
  /** Called before each attempt; resolves with the URL of the feed. Rejects with an error for people. */
  prepare(): Promise<URL>;
  onMessage(text: string): void;
  /** @param pauseMs until the next attempt */
  onClose(problem: string, pauseMs: number): void;
}

/** Connects again until the page is left. */
export class FeedConnection {
  readonly #events: ConnectionEvents;
  #socket: WebSocket | null = null;
  #failures = 0;
  #retry: number | null = null;
  #silence: number | undefined;
  /** When the last message came, by the clock of this machine. */
  #heardAt = Date.now();
  #attempt = 0;

  constructor(events: ConnectionEvents) {
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

  /** Ends a connection that has been silent for too long: where the machine slept, timers stood still too. */
  checkSilence(): void {
    if (Date.now() - this.#heardAt > SILENCE_MS) this.drop(SILENT);
  }

  /** The connection works: after the next break the pause is short again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Ends this connection; another one is made. */
  drop(problem: string): void {
    const socket = this.#socket;
    if (socket === null) return;
    // Does not wait for the peer to answer the close.
    this.#socket = null;
    socket.close();
    this.#closed(problem);
  }

  async #connect(attempt: number): Promise<void> {
    let url: URL;
    try {
      url = await this.#events.prepare();
    } catch (error) {
      this.#closed(error instanceof Error ? error.message : '');
      return;
    }
    if (attempt !== this.#attempt) return;
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#restartSilence();
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#restartSilence();
      this.#events.onMessage(String(data));
    };
    socket.onclose = ({ reason }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#closed(reason);
    };
  }

  #closed(problem: string): void {
    clearTimeout(this.#silence);
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures) * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.#retry = window.setTimeout(() => {
      this.open();
    }, pause);
    this.#events.onClose(problem, pause);
  }

  #restartSilence(): void {
    clearTimeout(this.#silence);
    this.#heardAt = Date.now();
    this.#silence = window.setTimeout(() => {
      this.drop(SILENT);
    }, SILENCE_MS);
  }
}
