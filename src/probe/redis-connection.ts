/** The Redis protocol over one open connection, spoken by ioredis, without anything that it would do by itself. */
import { isIP, type Socket } from 'node:net';

import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';

import { excerpt } from '../core/format.ts';
import type { Identity } from '../core/messages.ts';
import type { Reason } from '../core/model.ts';
import type { Attempt } from './attempt.ts';
import type { Failure } from './failure.ts';
import { ReplyGuard } from './redis-reply-guard.ts';
import { KEPT_S, type RedisWrite } from './redis-write.ts';
import type { Endpoint, RedisSpec } from './spec.ts';

/** Hands over the open connection, which stands among the options. */
class GivenConnector extends AbstractConnector {
  readonly #socket: Socket;

  constructor(options: unknown) {
    super(0);
    this.#socket = (options as { socket: Socket }).socket;
  }

  override connect(): Promise<Socket> {
    this.stream = this.#socket;
    return Promise.resolve(this.#socket);
  }
}

/** No reconnection, no queue, no timer, and not a command but ours. */
const OPTIONS = {
  Connector: GivenConnector,
  lazyConnect: true,
  retryStrategy: null,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableReadyCheck: false,
  protocol: 2,
  disableClientInfo: true,
  connectTimeout: 0,
  disconnectTimeout: 0,
  noDelay: false, // as the connection was opened
} as const satisfies RedisOptions;

const RUN_ID = /^run_id:(\w{1,64})\r?$/m;

/** Of TTL: the key is there, and never expires. */
const NO_EXPIRY = -1;
const NOT_OWN = `does not expire, so it is another program's: "write" takes a key of gapwatch's own`;

/** What a probe asks beside PING. */
export interface RedisQuestions {
  /** How to sign in before, and which database to select; null where that was done. */
  readonly signIn: Pick<RedisSpec, 'username' | 'password' | 'db'> | null;
  readonly role: RedisSpec['role'];
  readonly write: RedisWrite | null;
  /** Called with the `run_id` of the server, and with its role, where they come along with the answer; null does not ask. */
  readonly identity: ((id: string, what?: Identity['what']) => void) | null;
}

export class RedisConnection {
  readonly #socket: Socket;
  readonly #client: Redis;
  readonly #guard = new ReplyGuard();
  readonly #onBroken: (failure: Failure) => void;

  /**
   * @param onReady called once probes can be sent; never where the connection breaks before
   * @param onBroken called with what the peer said that is no reply; the connection is useless then
   */
  constructor(socket: Socket, onReady: () => void, onBroken: (failure: Failure) => void) {
    this.#socket = socket;
    this.#onBroken = onBroken;
    const options = { ...OPTIONS, socket };
    this.#client = new Redis(options);
    this.#client.on('error', (error: Error) => {
      // What breaks the socket, the socket reports itself.
      if (socket.errored === null) onBroken({ reason: 'protocol', message: error.message });
    });
    // Before the first byte is read: the decoder is there, and the connection does not flow yet.
    this.#client.once('connect', () => {
      this.#putGuard();
    });
    this.#client.once('ready', onReady);
    this.#client.connect().catch(ignore);
  }

  /** Whether every reply has come that is due. */
  get isIdle(): boolean {
    return this.#guard.isIdle;
  }

  /**
   * Sends a probe.
   * @param onAnswer called once, with what is wrong or null; never where the connection breaks before
   */
  probe(attempt: Attempt, questions: RedisQuestions, onAnswer: (failure: Failure | null) => void): void {
    const { signIn, role, write, identity } = questions;
    let due = 1 + (role === null ? 0 : 1) + (write === null ? 0 : 1);
    const end = (failure: Failure): void => {
      if (due <= 0) return;
      due = 0;
      onAnswer(failure);
    };
    const pass = (): void => {
      due -= 1;
      if (due === 0) onAnswer(null);
    };
    attempt.missing = null;
    // One packet for several commands: so their replies come together too. PING alone needs no queue.
    const isAlone = signIn === null && role === null && write === null && identity === null;
    if (!isAlone) this.#socket.cork();
    if (signIn !== null && signIn.password !== null) {
      this.#ask('AUTH', this.#auth(signIn.username, signIn.password), end, (reply) => {
        if (reply !== 'OK') end(mismatch('AUTH', 'OK', reply));
      });
    }
    if (signIn !== null && signIn.db !== 0) {
      this.#ask('SELECT', this.#client.select(signIn.db), end, (reply) => {
        if (reply !== 'OK') end(mismatch('SELECT', 'OK', reply));
      });
    }
    this.#ask('PING', this.#client.ping(), end, (reply) => {
      if (reply !== 'PONG') end(mismatch('PING', 'PONG', reply));
      else {
        if (write !== null) attempt.missing = 'PING was answered, the write was not';
        pass();
      }
    });
    if (role !== null) {
      this.#ask('ROLE', this.#client.role(), end, (reply) => {
        const failure = roleFailure(role, reply);
        if (failure === null) pass();
        else end(failure);
        const named = roleIn(reply);
        if (named !== null) identity?.(named, 'role');
      });
    }
    // What is not its own it leaves alone.
    if (write?.isOwn === true) this.#write(attempt, write, end, pass);
    else if (write !== null) this.#writeWhereOwn(attempt, write, end, pass);
    if (identity !== null) {
      this.#ask('INFO', this.#client.info('server'), ignore, (reply) => {
        const id = typeof reply === 'string' ? RUN_ID.exec(reply)?.[1] : undefined;
        if (id !== undefined) identity(id);
      });
      if (role === null) {
        this.#ask('ROLE', this.#client.role(), ignore, (reply) => {
          const named = roleIn(reply);
          if (named !== null) identity(named, 'role');
        });
      }
    }
    if (!isAlone) this.#socket.uncork();
  }

  /**
   * Asks a sentinel for the address of a master.
   * @param onAnswer called once, with the address or with what is wrong; never where the connection breaks before
   */
  askMaster(name: string, onAnswer: (answer: Pick<Endpoint, 'host' | 'port'> | Failure) => void): void {
    const asked = this.#client.call('SENTINEL', 'get-master-addr-by-name', name);
    this.#ask('SENTINEL', asked, onAnswer, (reply) => {
      onAnswer(masterIn(name, reply));
    });
  }

  #writeWhereOwn(attempt: Attempt, write: RedisWrite, end: (failure: Failure) => void, pass: () => void): void {
    this.#ask('TTL', this.#client.ttl(write.key), end, (reply) => {
      if (typeof reply !== 'number') end(mismatch('TTL', 'a number', reply));
      else if (reply === NO_EXPIRY) end({ reason: 'error', message: `the key ${excerpt(write.key)} ${NOT_OWN}` });
      else {
        write.isOwn = true;
        this.#socket.cork();
        this.#write(attempt, write, end, pass);
        this.#socket.uncork();
      }
    });
  }

  #write(attempt: Attempt, write: RedisWrite, end: (failure: Failure) => void, pass: () => void): void {
    const { key, field } = write;
    const sent = write.send(attempt);
    let number = Infinity;
    this.#ask('HINCRBY', this.#client.hincrby(key, field, 1), end, (reply) => {
      if (typeof reply !== 'number') end(mismatch('HINCRBY', 'a number', reply));
      else {
        number = reply;
        write.acknowledge(attempt, sent, number);
      }
    });
    this.#ask('EXPIRE', this.#client.expire(key, KEPT_S), end, ignore);
    this.#ask('HGET', this.#client.hget(key, field), end, (reply) => {
      // Other probes may have written since.
      if (typeof reply === 'string' && Number(reply) >= number) pass();
      else
        end({
          reason: 'error',
          message: `write ${String(number)} was acknowledged, and ${shownReply(reply)} read back`,
        });
    });
  }

  #auth(username: string | null, password: string): Promise<unknown> {
    return username === null ? this.#client.auth(password) : this.#client.auth(username, password);
  }

  /** Waits for the reply to a command that was sent. */
  #ask(
    command: string,
    sent: Promise<unknown>,
    onError: (failure: Failure) => void,
    onReply: (reply: unknown) => void,
  ) {
    this.#guard.expect();
    sent.then(onReply, (error: unknown) => {
      // Other errors than replies are about the connection, which the socket reports itself.
      if (!(error instanceof Error) || error.name !== 'ReplyError') return;
      if (command !== 'AUTH' || !isNeedless(error.message)) onError(errorResponse(command, error.message));
    });
  }

  /** Puts the guard between the socket and the library's decoder. */
  #putGuard(): void {
    const decoders = this.#socket.listeners('data') as ((chunk: Buffer) => void)[];
    this.#socket.removeAllListeners('data');
    this.#socket.on('data', (chunk: Buffer) => {
      const problem = this.#guard.check(chunk);
      if (problem !== null) this.#onBroken({ reason: 'protocol', message: problem });
      else for (const decode of decoders) decode(chunk);
    });
  }
}

function ignore(): void {
  // What went wrong is reported elsewhere, or does not matter.
}

/** By the first word of the reply. */
const BY_WORD: Partial<Record<string, Reason>> = {
  NOAUTH: 'auth',
  WRONGPASS: 'auth',
  NOPERM: 'auth',
  DENIED: 'auth', // protected mode: without a password only from loopback
  LOADING: 'loading',
  READONLY: 'readonly',
  // It takes no writes because it can't save, has no memory left, or too few replicas.
  MISCONF: 'readonly',
  OOM: 'readonly',
  NOREPLICAS: 'readonly',
};

/** Of servers older than Redis 6, which say ERR to a wrong password. */
const OLD_WRONG_PASSWORD = /^ERR invalid (password|username)/;
/** The server asks for no password, so one that is sent is as good as none. */
const NO_PASSWORD_NEEDED = /no password is set|without any password configured/;

/** Whether the error that answered AUTH can be ignored. */
function isNeedless(text: string): boolean {
  return NO_PASSWORD_NEEDED.test(text);
}

/**
 * The failure that an error reply means.
 * @param command that was answered. Of a refused AUTH only the first word is shown: the rest may repeat the password
 */
export function errorResponse(command: string, text: string): Failure {
  const word = /^[A-Z]{1,32}\b/.exec(text)?.[0] ?? '';
  const reason = OLD_WRONG_PASSWORD.test(text) ? 'auth' : (BY_WORD[word] ?? 'error');
  if (command === 'AUTH') return { reason, message: `AUTH was refused: ${word === '' ? 'an error' : word}` };
  return { reason, message: `${command} was answered: ${excerpt(text).slice(1, -1)}` };
}

/** The failure that another reply than the one that is due means. */
export function mismatch(command: string, due: string, got: unknown): Failure {
  return { reason: 'protocol', message: `${command} was answered by ${shownReply(got)}, not by ${due}` };
}

function shownReply(got: unknown): string {
  return typeof got === 'string' ? excerpt(got) : got === null ? 'nothing' : 'another kind of reply';
}

/** The address in a sentinel's answer. Others wrote it: it is one that can be dialled, or a failure. */
function masterIn(name: string, reply: unknown): Pick<Endpoint, 'host' | 'port'> | Failure {
  if (reply === null) return { reason: 'error', message: `it knows no master ${excerpt(name)}` };
  const [host, digits] = Array.isArray(reply) ? (reply as unknown[]) : [];
  const port = typeof digits === 'string' && /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  const isHost = typeof host === 'string' && (isIP(host) !== 0 || /^[\w.-]{1,253}$/.test(host));
  return isHost && port >= 1 && port <= 65_535 ? { host, port } : mismatch('SENTINEL', 'an address', reply);
}

/** The failure of a server that has another role than it must; null where it has this one. */
function roleFailure(role: 'master' | 'replica', reply: unknown): Failure | null {
  const named = roleIn(reply);
  if (named === role) return null;
  if (named === null) return mismatch('ROLE', 'a role', Array.isArray(reply) ? reply[0] : reply);
  return { reason: 'role', message: `its role is ${excerpt(named)}, not "${role}"` };
}

/** The role in a reply to ROLE; null where there is none. */
function roleIn(reply: unknown): string | null {
  const got: unknown = Array.isArray(reply) ? reply[0] : reply;
  return got === 'slave' ? 'replica' : typeof got === 'string' ? got : null;
}
