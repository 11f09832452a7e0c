/** Who looks at the monitor of a soak: a dashboard that stays, a client whose connection breaks, visitors of the page. */
import { setTimeout as sleep } from 'node:timers/promises';

import { FeedClient } from '../../src/client/feed-client.ts';
import { parseFeedUrl } from '../../src/client/feed-url.ts';
import { isEvent } from '../../src/core/messages.ts';
import { Wanderer } from '../bus/viewer.ts';
import { Listener } from '../server/listener.ts';

/** How long a visitor looks at the page. */
const VISIT_MS = 10_000;
/** What the page asks for, beside the feed. */
const ASKED = ['', 'api/v1/status', 'api/v1/gaps', 'api/v1/days'];

export class Audience {
  readonly #url: string;
  readonly #feed: string;
  readonly #dashboard: FeedClient;
  readonly #seqs: number[] = [];
  readonly #wanderer: Wanderer;
  #lateMs = 0;
  visits = 0;
  resumes = 0;

  /** @param url of the monitor */
  constructor(url: string) {
    this.#url = url;
    this.#feed = new URL('feed', url.replace(/^http/, 'ws')).href;
    const parsed = parseFeedUrl(url);
    if (parsed === null) throw new Error(`no feed: ${url}`);
    this.#dashboard = new FeedClient(parsed, false);
    this.#dashboard.subscribe({
      samples: false,
      take: (messages) => {
        for (const message of messages) {
          if (isEvent(message)) this.#seqs.push(message.seq);
          else if (message.type === 'heartbeat') this.#lateMs = Math.max(this.#lateMs, message.lateMs);
        }
      },
    });
    this.#wanderer = new Wanderer([this.#feed], 0);
  }

  /** How late probes were since the last question, as the heartbeats say: 99th percentile, in milliseconds. */
  probesLateMs(): number {
    const late = this.#lateMs;
    this.#lateMs = 0;
    return late;
  }

  async visit(): Promise<void> {
    this.visits += 1;
    for (const path of ASKED) await (await fetch(new URL(path, this.#url))).arrayBuffer();
    const page = await Listener.open(this.#feed);
    await sleep(VISIT_MS);
    await page.close();
  }

  async breakOff(): Promise<void> {
    this.resumes += 1;
    await this.#wanderer.breakOff();
  }

  /** Ends all. Returns the numbers of the events that each of the two clients got. */
  async leave(): Promise<readonly (readonly number[])[]> {
    this.#dashboard.close();
    await this.#wanderer.close();
    return [this.#seqs, this.#wanderer.seqs];
  }
}
