/** `gapwatch attach`: the dashboard, or lines or json, over the feeds of one or more running monitors. */
import type { ClockOffset } from '../client/clock-offset.ts';
import { FeedClient } from '../client/feed-client.ts';
import { fetchHistory } from '../client/fetch-history.ts';
import { countServices, list, showDuration } from '../core/format.ts';
import type { ServiceHistory, Source, Reader } from '../core/source.ts';
import { exitCodeOf, untilEnded } from './ending.ts';
import { type AttachArguments, feedUrls, parseDuration, type ShowArguments } from './options.ts';
import { show, willShow } from './show.ts';
import { say } from './say.ts';

/** So many services that are down are named when a feed is connected. */
const NAMED = 5;

/** A remote monitor, as the dashboard and the lines read it. */
class RemoteSource implements Source {
  readonly client: FeedClient;
  problem: string | null = null;

  constructor(client: FeedClient) {
    this.client = client;
    client.subscribe({
      samples: false,
      take: () => undefined,
      connected: () => {
        this.problem = client.note;
      },
      disconnected: ({ problem }) => {
        this.problem = problem;
      },
    });
  }

  get address(): string {
    return this.client.url.url.host;
  }

  subscribe(reader: Reader): () => void {
    return this.client.subscribe(reader);
  }

  mark(text: string): void {
    void this.client.mark(text).then((problem) => {
      this.problem = problem === null ? null : `not marked: ${problem}`;
    });
  }

  now(): number {
    return this.client.now() + (this.client.offset?.offsetMs ?? 0);
  }

  past(from: number): Promise<readonly ServiceHistory[]> {
    return fetchHistory(this.client.url, from);
  }

  get offsetMs(): number {
    return -(this.client.offset?.offsetMs ?? 0);
  }

  get connected(): boolean {
    return this.client.connected;
  }
}

/** Shows what running monitors see until it is ended. Returns the exit code. */
export async function attach(args: ShowArguments & AttachArguments & { url: readonly string[] }): Promise<number> {
  const forMs = args.for === undefined ? null : parseDuration(args.for, '--for');
  const urls = feedUrls(args.url, args.token);
  const samples = args.samples || willShow(args.format) === 'dashboard';
  const sources = urls.map((url) => new RemoteSource(new FeedClient(url, samples)));
  const showing = await show(args, sources);
  if (showing.format !== 'dashboard') for (const { client } of sources) logConnections(client);
  const ending = await untilEnded({ forMs, hangup: true, others: [showing.ended] });
  showing.close();
  for (const { client } of sources) client.close();
  return exitCodeOf(ending);
}

/** `its clock is 3.2 ms ahead of this one (± 0.4)`. */
function showOffset({ offsetMs, uncertaintyMs }: ClockOffset): string {
  const where = offsetMs < 0 ? 'behind' : 'ahead of';
  return `its clock is ${Math.abs(offsetMs).toFixed(1)} ms ${where} this one (± ${uncertaintyMs.toFixed(1)})`;
}

/** Reports on stderr when a feed is lost, and when it is connected again. */
function logConnections(client: FeedClient): void {
  let lost = false;
  client.subscribe({
    samples: false,
    take: () => undefined,
    connected({ at, since, resumed }) {
      lost = false;
      const offset = client.offset === null ? '' : `; ${showOffset(client.offset)}`;
      const missed = resumed ? 'nothing was missed' : 'what happened meanwhile is not known';
      const back = since === null ? '' : ` again after ${showDuration(at - since)}: ${missed}`;
      const services = [...client.board.services.values()];
      const down = services.filter(({ state }) => state === 'down').map(({ name }) => name);
      const more = down.length > NAMED ? [`${String(down.length - NAMED)} more`] : [];
      const isDown = down.length === 0 ? '' : `, down now: ${list([...down.slice(0, NAMED), ...more])}`;
      say(
        `${client.url.shown}: connected${back}${offset}; ${countServices(services.map(({ name }) => name))}${isDown}`,
      );
      if (client.note !== null && since === null) say(`Note: ${client.note}.`);
    },
    disconnected({ problem }) {
      const what = client.identity === null ? 'connecting' : 'not connected';
      if (!lost) say(`${client.url.shown}: ${what}: ${problem}. Retrying.`);
      lost = true;
    },
  });
}
