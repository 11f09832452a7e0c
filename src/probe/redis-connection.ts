/** The Redis protocol over one open connection, spoken by ioredis, without anything that it would do by itself. */
import type { Socket } from 'node:net';

import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';

import { excerpt } from '../core/format.ts';
import type { Reason } from '../core/model.ts';
import type { Failure } from './failure.ts';
import { ReplyGuard } from './redis-reply-guard.ts';
import type { RedisSpec } from './spec.ts';

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

export class RedisConnection {
  readonly #spec: RedisSpec;
  readonly #socket: Socket;
  readonly #client: Redis;
  readonly #guard = new ReplyGuard();
  readonly #onBroken: (failure: Failure) => void;

  /**
   * @param onReady called once probes can be sent; never where the connection breaks before
   * @param onBroken called with what the peer said that is no reply; the connection is useless then
   */
  constructor(spec: RedisSpec, socket: Socket, onReady: () => void, onBroken: (failure: Failure) => void) {
    this.#spec = spec;
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

  /**
   * Sends a probe.
   * @param signIn whether to sign in before, where that is asked for, and to select the database
   * @param identity called with the `run_id` of the server, and with its role, where they come along with the answer; null does not ask
   * @param onAnswer called once, with what is wrong or null; never where the connection breaks before
   */
  probe(
    signIn: boolean,
    identity: ((id: string, what?: 'role') => void) | null,
    onAnswer: (failure: Failure | null) => void,
  ): void {
    const { password, db, role } = this.#spec;
    let open = true;
    const end = (failure: Failure | null): void => {
      if (!open) return;
      open = false;
      onAnswer(failure);
    };
    // One packet for several commands: so their replies come together too.
    const several = signIn || role !== null || identity !== null;
    if (several) this.#socket.cork();
    if (signIn && password !== null) {
      this.#ask('AUTH', this.#auth(password), end, (reply) => {
        if (reply !== 'OK') end(mismatch('AUTH', 'OK', reply));
      });
    }
    if (signIn && db !== 0) {
      this.#ask('SELECT', this.#client.select(db), end, (reply) => {
        if (reply !== 'OK') end(mismatch('SELECT', 'OK', reply));
      });
    }
    this.#ask('PING', this.#client.ping(), end, (reply) => {
      if (reply !== 'PONG') end(mismatch('PING', 'PONG', reply));
      else if (role === null) end(null);
    });
    if (role !== null) {
      this.#ask('ROLE', this.#client.role(), end, (reply) => {
        end(roleFailure(role, reply));
        const named = roleIn(reply);
        if (named !== null) identity?.(named, 'role');
      });
    }
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
    if (several) this.#socket.uncork();
  }

  #auth(password: string): Promise<unknown> {
    const { username } = this.#spec;
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
  MISCONF: 'readonly', // it can't save, so it takes no writes
};

/** Of servers older than Redis 6, which say ERR to a wrong password. */
const OLD_WRONG_PASSWORD = /^ERR invalid (password|username)/;
/** The server asks for no password, so one that is sent is as good as none. */
const NO_PASSWORD_NEEDED = /no password is set|without any password configured/;

/** Whether the error that answered AUTH can be ignored. */
export function isNeedless(text: string): boolean {
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
  const shown = typeof got === 'string' ? excerpt(got) : got === null ? 'nothing' : 'another kind of reply';
  return { reason: 'protocol', message: `${command} was answered by ${shown}, not by ${due}` };
}

/** The failure of a server that has another role than it must; null where it has this one. */
export function roleFailure(role: 'master' | 'replica', reply: unknown): Failure | null {
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
