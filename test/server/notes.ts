/** For tests of the client of a feed: a reader that keeps what it is told, and a wire that can be cut. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

import { FeedClient } from '../../src/client/feed-client.ts';
import type { Connected, Disconnected } from '../../src/core/source.ts';
import { parseFeedUrl } from '../../src/client/feed-url.ts';
import { isEvent, type Message } from '../../src/core/messages.ts';

/** A reader that keeps all it is told. */
export class Notes {
  readonly samples = false;
  readonly messages: Message[] = [];
  readonly links: (Connected | Disconnected)[] = [];
  #waiting: (() => void)[] = [];

  take(messages: readonly Message[]): void {
    this.messages.push(...messages);
    this.#wake();
  }

  connected(link: Connected): void {
    this.links.push(link);
    this.#wake();
  }

  disconnected(link: Disconnected): void {
    this.links.push(link);
    this.#wake();
  }

  get seqs(): number[] {
    return this.messages.filter(isEvent).map(({ seq }) => seq);
  }

  async until(so: () => boolean): Promise<void> {
    while (!so()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  untilMark(text: string): Promise<void> {
    return this.until(() => this.messages.some((message) => message.type === 'mark' && message.text === text));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Passes bytes on, until it is told to break. */
export async function wire(port: number): Promise<{ url: string; cut: () => void; end: () => Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}/feed`,
    cut,
    end: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

/** A client whose reader keeps notes. */
export const clientOf = (url: string, notes: Notes, samples = false): FeedClient => {
  const client = new FeedClient(parseFeedUrl(url)!, samples);
  client.subscribe(notes);
  return client;
};
