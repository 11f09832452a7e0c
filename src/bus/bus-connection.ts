/** A connection to the Redis of a bus: it comes back for ever, queues nothing, and has a deadline for every command. */
import { createHash } from 'node:crypto';

import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';

import { type Keys, keyList, keysOf } from './keys.ts';

/** One Redis. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Where the stream is: one Redis, a cluster, or a master that sentinels know. It holds a secret: it is never printed. */
export interface BusAddress {
  readonly kind: 'single' | 'cluster' | 'sentinel';
  /** At least one: the Redis, some of the cluster's nodes, or some sentinels. */
  readonly nodes: readonly RedisNode[];
  readonly username: string | null;
  readonly password: string | null;
  readonly db: number;
  readonly encrypted: boolean;
  /** The name under which the sentinels know the master; empty otherwise. */
  readonly master: string;
  /** The same as people may see it. */
  readonly shown: string;
}

/** A Redis that has not answered after this time is taken for silent. */
const COMMAND_MS = 5000;
const CONNECT_MS = 5000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Redirections of one command in a cluster: its masters change one at a time. */
const REDIRECTIONS = 4;

/** The client's own words for "there is no connection": they say nothing of why. */
const NO_CONNECTION = /^(Connection is closed\.|Stream isn't writeable|Cluster isn't ready|None of startup nodes)/;

/** An entry of a stream: its id, and names and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

export class BusLink {
  readonly keys: Keys;
  readonly where: BusAddress;
  readonly #client: Redis | Cluster;
  #cause: string | null = null;
  #closed = false;

  /** Begins to connect. */
  constructor(where: BusAddress, stream: string) {
    this.where = where;
    this.keys = keysOf(stream);
    this.#client = connect(where);
    this.#client.on('error', (error: Error) => {
      this.#cause = words(error);
    });
    this.#client.on('ready', () => {
      this.#cause = null;
    });
  }

  /** Runs a script. @throws Error in words that hold no secret */
  async run(script: string, args: readonly (string | number)[]): Promise<unknown> {
    const list = keyList(this.keys);
    return this.#do(async () => {
      try {
        return await this.#client.evalsha(shaOf(script), list.length, ...list, ...args);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return this.#client.eval(script, list.length, ...list, ...args);
      }
    });
  }

  /** Whether the connection can be used. */
  get isReady(): boolean {
    return this.#client.status === 'ready';
  }

  /** Waits until the connection can be used. @param forMs at most this long */
  async ready(forMs: number): Promise<void> {
    const client = this.#client;
    if (this.isReady || this.#closed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        client.off('ready', done);
        client.off('end', done);
        resolve();
      };
      const timer = setTimeout(done, forMs);
      client.on('ready', done);
      client.on('end', done);
    });
  }

  /** A field of a hash; null where there is none. */
  get(key: keyof Keys, field: string): Promise<string | null> {
    return this.#do(() => this.#client.hget(this.keys[key], field));
  }

  /** Entries of the stream from the oldest on. @param from an id, or `(` and an id for those behind it */
  range(from: string, count: number): Promise<readonly StreamEntry[]> {
    return this.#do(() => this.#client.xrange(this.keys.stream, from, '+', 'COUNT', count));
  }

  /** Entries of the stream from the newest back. */
  rangeBack(from: string, count: number): Promise<readonly StreamEntry[]> {
    return this.#do(() => this.#client.xrevrange(this.keys.stream, from, '-', 'COUNT', count));
  }

  /**
   * Waits for entries behind an id. Whatever else is asked on this connection waits too.
   * @returns the entries; none where none came
   */
  async follow(after: string, count: number, waitMs: number): Promise<readonly StreamEntry[]> {
    const { stream } = this.keys;
    const reply = await this.#do(
      () => this.#client.xread('COUNT', count, 'BLOCK', waitMs, 'STREAMS', stream, after),
      waitMs,
    );
    return reply?.[0]?.[1] ?? [];
  }

  /** Ends it. */
  close(): void {
    this.#closed = true;
    this.#client.disconnect();
  }

  async #do<T>(command: () => Promise<T>, waitMs = 0): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#cause = `it has not answered for ${String((COMMAND_MS + waitMs) / 1000)} s`;
        reject(new Error(this.#cause));
        // Its late answer would hold up all that is asked after it.
        this.#reconnect();
      }, COMMAND_MS + waitMs);
    });
    try {
      return await Promise.race([command(), late]);
    } catch (error) {
      const said = words(error);
      throw new Error(NO_CONNECTION.test(said) ? (this.#cause ?? 'no connection') : said);
    } finally {
      clearTimeout(timer);
    }
  }

  #reconnect(): void {
    if (this.#closed) return;
    if (this.#client instanceof Redis) this.#client.disconnect(true);
    else for (const node of this.#client.nodes('all')) node.disconnect();
  }
}

const SHAS = new Map<string, string>();

function shaOf(script: string): string {
  const sha = SHAS.get(script) ?? createHash('sha1').update(script).digest('hex');
  SHAS.set(script, sha);
  return sha;
}

/** An error in words for people; what it carries beside, the command's arguments, may be secret. */
function words(error: unknown): string {
  const text =
    error instanceof Error
      ? error.message || ((error as NodeJS.ErrnoException).code ?? 'no connection')
      : String(error);
  return text
    .replace(/ script: [0-9a-f]{40}, on @.*$/, '')
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, 300);
}

function connect(where: BusAddress): Redis | Cluster {
  const { nodes, username, password, db, encrypted, kind, master } = where;
  const pause = (attempt: number): number =>
    Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
  const own = {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(encrypted ? { tls: {} } : {}),
    connectTimeout: CONNECT_MS,
    disconnectTimeout: 0,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    protocol: 2,
    disableClientInfo: true,
    noDelay: true,
    // A master that has become a replica: another one is found by connecting again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions;
  if (kind === 'cluster') {
    const options = {
      redisOptions: own,
      enableOfflineQueue: false,
      maxRedirections: REDIRECTIONS,
      clusterRetryStrategy: pause,
      slotsRefreshTimeout: CONNECT_MS,
    } satisfies ClusterOptions;
    return new Cluster(
      nodes.map(({ host, port }) => ({ host, port })),
      options,
    );
  }
  const options = { ...own, db, enableOfflineQueue: false, retryStrategy: pause } satisfies RedisOptions;
  if (kind === 'single') return new Redis({ ...options, ...nodes[0] });
  return new Redis({
    ...options,
    sentinels: nodes.map(({ host, port }) => ({ host, port })),
    name: master,
    sentinelRetryStrategy: pause,
    ...(encrypted ? { enableTLSForSentinelMode: true } : {}),
  });
}
