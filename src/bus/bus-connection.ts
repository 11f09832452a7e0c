/**
 * A connection to the Redis of a bus: it is made again forever, queues nothing, and has a deadline for every command. It
 * separates what is worth another try from faults of this program.
 */
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';

/**
 * The keys in Redis. All are in one slot of a cluster by the same hash tag, so that one script may use all of them. The scripts
 * take them in this order.
 */
export interface Keys {
  /** The stream: what all monitors published, in the order in which it came. */
  readonly stream: string;
  /**
   * Hash: `id` of the feed, `began`, `n` the number of the newest event, `total` how many events there ever were, `top` the
   * newest entry, `trimmed` when the stream was last trimmed; `note:ID` what a note says that was made at a hub, after its number.
   */
  readonly meta: string;
  /** Hash by vantage: its monitor, the run of that, its last sign of life, and whether it is offline, as JSON. */
  readonly vantages: string;
  /** Hash by vantage: all that is known of its services, as of an entry of the stream, as JSON. */
  readonly snapshots: string;
  /** Hash by monitor: the `seq` of its last event in the stream, and when that was. */
  readonly seqs: string;
}

/** @param stream the name of the stream; where it has no hash tag of its own, it is the tag of the other keys */
export function keysOf(stream: string): Keys {
  const tag = /\{[^}]+\}/.test(stream) ? stream : `{${stream}}`;
  const key = (name: string): string => `${tag}:${name}`;
  return { stream, meta: key('meta'), vantages: key('vantages'), snapshots: key('snapshots'), seqs: key('seqs') };
}

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

/** A Redis that has not answered after this time counts as silent. */
const COMMAND_MS = 5000;
const CONNECT_MS = 5000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Redirections of one command in a cluster: its masters change one at a time. */
const REDIRECTIONS = 4;

/** The client's own words for "there is no connection": they say nothing of why. */
const NO_CONNECTION = /^(Connection is closed\.|Stream isn't writeable|Cluster isn't ready|None of startup nodes)/;

/** An error in a script of ours, as Redis 7 (`ERR user_script:3: ...`) and 6.2 (`ERR Error running script ...: @user_script:3: ...`) word it. */
const SCRIPT_FAULT = /^ERR (?:Error compiling script|.*\buser_script: ?\d+: (?!-?[A-Z]+ )|Wrong number of args)/;

/** An entry of a stream as Redis gives it: its id, and names and values in turn. */
export type RawEntry = readonly [id: string, fields: readonly string[]];

/** A script that runs inside Redis. */
export interface Script {
  readonly name: string;
  readonly source: string;
  /** By which Redis knows it once it has run. */
  readonly sha: string;
}

/** What a connection or Redis says: another try may do better. Its message is for people, and holds no secret. */
export class BusError extends Error {
  override readonly name = 'BusError';
}

/**
 * Passes over what is worth another try. Everything else is a fault of this program: it is logged as such, and thrown where
 * nothing catches it, so that it ends the program.
 * @returns the problem in words; null where the program ends
 */
export function problemOf(error: unknown, log: Pick<Logger, 'fatal'>): string | null {
  if (error instanceof BusError) return error.message;
  log.fatal({ err: error }, 'a fault of gapwatch itself, in its work with the bus');
  setImmediate(() => {
    throw error;
  });
  return null;
}

export class BusConnection {
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
      this.#cause = wordsOf(error);
    });
    this.#client.on('ready', () => {
      this.#cause = null;
    });
    // The connections of a cluster are made by the client itself.
    if (this.#client instanceof Redis) limitHandshake(this.#client);
  }

  /** Runs a script. @throws BusError where Redis can't be reached or refuses; Error where the script is wrong */
  async run({ name, source, sha }: Script, args: readonly (string | number)[]): Promise<unknown> {
    const { stream, meta, vantages, snapshots, seqs } = this.keys;
    const keys = [stream, meta, vantages, snapshots, seqs];
    return this.#do(name, async () => {
      try {
        return await this.#client.evalsha(sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return this.#client.eval(source, keys.length, ...keys, ...args);
      }
    });
  }

  /** Whether the connection can be used. */
  get isReady(): boolean {
    return this.#client.status === 'ready';
  }

  /** Waits until the connection can be used; never rejects. @param forMs at most this long, in milliseconds */
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

  /** What is stored of a vantage's services; null where there is nothing. @throws BusError */
  snapshot(vantage: string): Promise<string | null> {
    return this.#do('hget', () => this.#client.hget(this.keys.snapshots, vantage));
  }

  /** What is stored of the notes that were made at hubs, in no order. @throws BusError */
  async notes(): Promise<readonly string[]> {
    const meta = await this.#do('hgetall', () => this.#client.hgetall(this.keys.meta));
    return Object.entries(meta).flatMap(([field, stored]) => (field.startsWith('note:') ? [stored] : []));
  }

  /** Entries of the stream from the newest back. @param from an id, or `(` and an id for those before it @throws BusError */
  rangeBack(from: string, count: number): Promise<readonly RawEntry[]> {
    return this.#do('xrevrange', () => this.#client.xrevrange(this.keys.stream, from, '-', 'COUNT', count));
  }

  /**
   * Waits for entries after an id. All other commands on this connection wait too.
   * @returns the entries; none where none came
   * @throws BusError
   */
  async follow(after: string, count: number, waitMs: number): Promise<readonly RawEntry[]> {
    const { stream } = this.keys;
    const reply = await this.#do(
      'xread',
      () => this.#client.xread('COUNT', count, 'BLOCK', waitMs, 'STREAMS', stream, after),
      waitMs,
    );
    return reply?.[0]?.[1] ?? [];
  }

  /** Closes the connection. */
  close(): void {
    this.#closed = true;
    this.#client.disconnect();
  }

  async #do<T>(name: string, command: () => Promise<T>, waitMs = 0): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let secondCheck: NodeJS.Immediate | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const giveUp = (): void => {
        this.#cause = `it has not answered for ${String((COMMAND_MS + waitMs) / 1000)} s`;
        reject(new Error(this.#cause));
        // Its late answer would hold up all later commands.
        this.#reconnect();
      };
      timer = setTimeout(() => {
        // After a time in which this process was stopped its timers run before its sockets are read.
        secondCheck = setImmediate(giveUp);
      }, COMMAND_MS + waitMs);
    });
    try {
      return await Promise.race([command(), late]);
    } catch (error) {
      // The client's own faults, such as an argument of the wrong type; its words on connections are plain errors.
      if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
      if (SCRIPT_FAULT.test(error.message)) throw new Error(`${name}: ${error.message}`, { cause: error });
      const words = wordsOf(error);
      throw new BusError(NO_CONNECTION.test(words) ? (this.#cause ?? 'no connection') : words);
    } finally {
      clearTimeout(timer);
      clearImmediate(secondCheck);
    }
  }

  #reconnect(): void {
    if (this.#closed) return;
    if (this.#client instanceof Redis) this.#client.disconnect(true);
    else for (const node of this.#client.nodes('all')) node.disconnect();
  }
}

/** What the client itself asks once it is connected has no other deadline: where that is not answered, it connects again. */
function limitHandshake(client: Redis): void {
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (): void => {
    if (client.status === 'connect') client.disconnect(true);
  };
  client.on('connect', () => {
    timer = setTimeout(() => {
      // A second check, as for commands.
      setImmediate(giveUp);
    }, COMMAND_MS);
  });
  for (const event of ['ready', 'close', 'end'])
    client.on(event, () => {
      clearTimeout(timer);
    });
}

/** An error in words for people; what it carries beside, the command's arguments, may be secret. */
function wordsOf(error: Error): string {
  return (error.message || ((error as NodeJS.ErrnoException).code ?? 'no connection'))
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
    sentinelCommandTimeout: COMMAND_MS,
    ...(encrypted ? { enableTLSForSentinelMode: true } : {}),
  });
}
