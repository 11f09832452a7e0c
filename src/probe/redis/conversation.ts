/** The Redis protocol over one open connection, spoken by ioredis, without anything that it would do by itself. */
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import type { Socket } from 'node:net';

import type { Attempt } from '../attempt.ts';
import { closedFailure, type Failure } from '../failure.ts';
import type { RedisSpec } from '../spec.ts';
import type { Identity } from './identity.ts';
import { isNeedless, mismatch, refusal, roleFailure } from './refusal.ts';
import { ReplyGuard } from './reply-guard.ts';

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

export class Conversation {
  readonly #spec: RedisSpec;
  readonly #socket: Socket;
  readonly #client: Redis;
  readonly #guard = new ReplyGuard();
  readonly #broken: (failure: Failure) => void;

  /**
   * @param ready called once probes can be sent; never where the connection breaks before
   * @param broken called with what the peer said that is no reply; the connection is useless then
   */
  constructor(spec: RedisSpec, socket: Socket, ready: () => void, broken: (failure: Failure) => void) {
    this.#spec = spec;
    this.#socket = socket;
    this.#broken = broken;
    const options = { ...OPTIONS, socket };
    this.#client = new Redis(options);
    this.#client.on('error', (error: Error) => {
      // What breaks the socket, the socket tells itself.
      if (socket.errored === null) broken({ reason: 'protocol', message: error.message });
    });
    // Before the first byte is read: the decoder is there, and the connection does not flow yet.
    this.#client.once('connect', () => {
      this.#putGuard();
    });
    this.#client.once('ready', ready);
    this.#client.connect().catch(ignore);
  }

  /**
   * Sends a probe.
   * @param signIn whether to sign in before, where that is asked for, and to select the database
   * @param identity told the `run_id` of the server where it comes along with the answer; null does not ask
   * @param answered called once, with what is wrong or null; never where the connection breaks before
   */
  probe(signIn: boolean, identity: ((id: string) => void) | null, answered: (failure: Failure | null) => void): void {
    const { password, db, role } = this.#spec;
    let open = true;
    const end = (failure: Failure | null): void => {
      if (!open) return;
      open = false;
      answered(failure);
    };
    // One packet for several commands: so their replies come together too.
    const several = signIn || role !== null;
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
      });
    }
    if (identity !== null) {
      this.#ask('INFO', this.#client.info('server'), ignore, (reply) => {
        const id = typeof reply === 'string' ? RUN_ID.exec(reply)?.[1] : undefined;
        if (id !== undefined) identity(id);
      });
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
    refused: (failure: Failure) => void,
    replied: (reply: unknown) => void,
  ) {
    this.#guard.expect();
    sent.then(replied, (error: unknown) => {
      // Other errors than replies are about the connection, which the socket tells itself.
      if (!(error instanceof Error) || error.name !== 'ReplyError') return;
      if (command !== 'AUTH' || !isNeedless(error.message)) refused(refusal(command, error.message));
    });
  }

  /** Puts the guard between the socket and the library's decoder. */
  #putGuard(): void {
    const decoders = this.#socket.listeners('data') as ((chunk: Buffer) => void)[];
    this.#socket.removeAllListeners('data');
    this.#socket.on('data', (chunk: Buffer) => {
      const problem = this.#guard.check(chunk);
      if (problem !== null) this.#broken({ reason: 'protocol', message: problem });
      else for (const decode of decoders) decode(chunk);
    });
  }
}

/**
 * Sends an attempt's probe over its connection that has just opened. Ends the attempt where the connection closes.
 * @param answered called once, with what is wrong or null; to end the attempt
 * @param broken called with what the peer says that is no reply, then or later; to end the attempt, and the connection
 * @returns the conversation, for more probes
 */
export function converse(
  spec: RedisSpec,
  attempt: Attempt,
  socket: Socket,
  identity: Identity,
  answered: (failure: Failure | null) => void,
  broken: (failure: Failure) => void,
): Conversation {
  socket.once('close', () => {
    attempt.fail(closedFailure(attempt.address, socket.bytesRead));
  });
  const ready = (): void => {
    conversation.probe(true, identity.askedBy(attempt), (failure) => {
      attempt.answered = true;
      answered(failure);
    });
  };
  const conversation = new Conversation(spec, socket, ready, broken);
  return conversation;
}

function ignore(): void {
  // What went wrong is told elsewhere, or does not matter.
}
