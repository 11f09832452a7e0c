/**
 * Clients that break off and resume at random, in a process of their own: `node feed-wanderers.js URL CLIENTS BREAKS`.
 * Sends what they saw: which events may be lost, only the monitor knows, as a hole between two numbers means nothing.
 */
import { WebSocket } from 'ws';

export interface Wandered {
  readonly breaks: number;
  readonly events: number;
  /** Of each client: the numbers between which it has seen all that was sent, and those that it has seen. */
  readonly walks: readonly { readonly after: number; readonly to: number; readonly seen: readonly number[] }[];
  readonly twice: number;
  readonly disordered: number;
  /** Resumes that began anew. */
  readonly refused: number;
}

const [url = '', clients, breaks] = process.argv.slice(2);
const sum = { breaks: 0, events: 0, twice: 0, disordered: 0, refused: 0 };
const walks: Wandered['walks'][number][] = [];

interface Seen {
  readonly type: string;
  readonly seq?: number;
  readonly resumed?: boolean;
  readonly monitor?: { readonly id: string };
}

async function wander(): Promise<void> {
  let monitor = '';
  let [after, last] = [-1, -1];
  const seen = new Set<number>();
  const take = (message: Seen, resumes: boolean): void => {
    if (message.type === 'hello') {
      monitor = message.monitor?.id ?? '';
      if (last < 0) after = last = message.seq ?? 0;
      if (resumes && message.resumed !== true) sum.refused += 1;
      return;
    }
    if (message.seq === undefined || message.type === 'heartbeat') return;
    sum.events += 1;
    if (seen.has(message.seq)) sum.twice += 1;
    else if (message.seq < last) sum.disordered += 1;
    seen.add(message.seq);
    last = Math.max(last, message.seq);
  };
  for (let n = 0; n < Number(breaks); n++) {
    const resumes = monitor !== '';
    const ws = new WebSocket(resumes ? `${url}?after=${String(last)}&monitor=${monitor}` : url);
    let left = resumes ? Math.floor(Math.random() * 10) : 1;
    await new Promise<void>((resolve) => {
      ws.on('error', () => undefined);
      ws.once('close', () => {
        resolve();
      });
      ws.on('message', (data: Buffer) => {
        take(JSON.parse(data.toString()) as Seen, resumes);
        left -= 1;
        if (left <= 0) ws.terminate();
      });
      // Some break off before the first message, some amid the handshake.
      if (left === 0)
        setTimeout(() => {
          ws.terminate();
        }, Math.random() * 5);
    });
    sum.breaks += 1;
  }
  walks.push({ after, to: last, seen: [...seen] });
}

process.on('disconnect', () => process.exit(0));
await Promise.all(Array.from({ length: Number(clients) }, () => wander()));
process.send?.({ ...sum, walks } satisfies Wandered);
