/** Viewers of hubs: one that keeps the marks it gets, one that moves. */
import { FeedClient } from '../../src/client/feed-client.ts';
import { parseFeedUrl } from '../../src/client/feed-url.ts';
import { isEvent } from '../../src/core/messages.ts';
import { Listener } from '../server/listener.ts';
import { waitFor } from '../support/wait-for.ts';

export class Viewer {
  readonly texts: string[] = [];
  readonly client: FeedClient;

  constructor(url: string) {
    const parsed = parseFeedUrl(url);
    if (parsed === null) throw new Error('no feed');
    this.client = new FeedClient(parsed, false);
    this.client.subscribe({
      samples: false,
      take: (messages) => {
        for (const message of messages) if (isEvent(message) && message.type === 'mark') this.texts.push(message.text);
      },
    });
  }

  /** Waits until it has received many more marks from here on. */
  async flowing(): Promise<void> {
    const enough = this.texts.length + 100;
    await waitFor(
      () => this.texts.length >= enough,
      () => `${String(this.texts.length)} of ${String(enough)} marks`,
    );
  }
}

/** A viewer who goes on at the next hub with the same `after` when one is lost. */
export class Wanderer {
  readonly seqs: number[] = [];
  readonly #hubs: readonly string[];
  #at: number;
  #monitor: string | null = null;
  #listener: Listener | null = null;
  #closed = false;
  /** Fresh starts instead of resumes, after the first. */
  fresh = 0;

  /** @param hubs the addresses of their feeds @param at with which it begins */
  constructor(hubs: readonly string[], at: number) {
    this.#hubs = hubs;
    this.#at = at;
    void this.#run();
  }

  get greeted(): boolean {
    return this.#monitor !== null;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.breakOff();
  }

  /** Loses its connection. */
  async breakOff(): Promise<void> {
    await this.#listener?.close();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed()) {
      const resume = this.#monitor === null ? '' : `?after=${String(this.#last)}&monitor=${this.#monitor}`;
      const listener = new Listener(`${this.#hubs[this.#at % this.#hubs.length] ?? ''}${resume}`);
      this.#listener = listener;
      listener.ws.on('message', () => {
        for (const { type, seq, monitor, resumed } of listener.received.splice(0)) {
          if (type === 'hello') {
            if (this.#monitor !== null && resumed !== true) this.fresh += 1;
            if (this.#monitor === null) this.#first = seq as number;
            this.#monitor = (monitor as { id: string }).id;
          } else if (type !== 'heartbeat' && typeof seq === 'number') this.seqs.push(seq);
        }
      });
      await listener.closed;
      this.#at += 1;
      if (!this.#isClosed()) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  #first = 0;

  get #last(): number {
    return this.seqs.at(-1) ?? this.#first;
  }

  /** How many numbers came twice or not in order. */
  get faults(): number {
    return this.seqs.filter((seq, index) => index > 0 && seq <= (this.seqs[index - 1] ?? 0)).length;
  }
}
