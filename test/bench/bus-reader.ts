/** A viewer of the bus benchmark: how late each event is, and whether each comes once and in order. */
import { Listener } from '../server/listener.ts';

interface Received {
  readonly type: string;
  readonly seq: number;
  readonly at: number;
  readonly monitor: string;
  /** The number of the event at its monitor. */
  readonly message: string;
}

export class BusReader {
  readonly latencies: number[] = [];
  readonly #url: string;
  readonly #last = new Map<string, number>();
  #listener: Listener | null = null;
  #position: { monitor: string; seq: number } | null = null;
  #closed = false;
  count = 0;
  faults = 0;
  /** Services of which a hub said that they are not observed any more. */
  silences = 0;
  /** Resumes, after it was closed because it was too slow. */
  resumes = 0;
  /** Fresh starts instead of resumes, after the first. */
  fresh = 0;

  private constructor(url: string) {
    this.#url = url;
  }

  static async open(url: string): Promise<BusReader> {
    const reader = new BusReader(url);
    await reader.#connect();
    return reader;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#listener?.close();
  }

  async #connect(): Promise<void> {
    const at = this.#position;
    const listener = new Listener(
      at === null ? this.#url : `${this.#url}?after=${String(at.seq)}&monitor=${at.monitor}`,
    );
    this.#listener = listener;
    listener.ws.on('message', () => {
      this.#take(listener);
    });
    void listener.closed.then(() => {
      if (this.#closed) return;
      this.resumes += 1;
      setTimeout(() => void this.#connect(), 20);
    });
    while (at === null && this.#position === null) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #take(listener: Listener): void {
    const now = Date.now();
    for (const heard of listener.received.splice(0)) {
      const { type, seq, at, monitor, message } = heard as unknown as Received;
      if (type === 'hello') {
        const { monitor: hub, resumed } = heard as unknown as { monitor: { id: string }; resumed: boolean };
        if (this.#position !== null && !resumed) this.fresh += 1;
        this.#position ??= { monitor: hub.id, seq };
        continue;
      }
      if (type !== 'transition') continue;
      if (this.#position !== null) this.#position.seq = seq;
      if (!/^\d+$/.test(message)) {
        this.silences += 1;
        continue;
      }
      this.count += 1;
      this.latencies.push(now - at);
      const number = Number(message);
      if (number !== (this.#last.get(monitor) ?? 0) + 1) this.faults += 1;
      this.#last.set(monitor, number);
    }
  }
}
