/**
 * Where sentinels say that a master is: to a probe they are what a name server is to others, and what they take is booked as
 * the look-up. https://redis.io/docs/latest/develop/reference/sentinel-clients/
 */
import type { Attempt } from './attempt.ts';
import type { ProberEvents } from './connector.ts';
import { Dialler, shownAddress } from './dialler.ts';
import { closedFailure, type Failure } from './failure.ts';
import { RedisConnection } from './redis-connection.ts';
import type { Endpoint, RedisSpec } from './spec.ts';

type Address = Pick<Endpoint, 'host' | 'port'>;

/** While a connection to the master is kept, a sentinel is asked this often whether it still is the master. */
const WATCH_MS = 1000;
/** The answer has to be there a little before the deadline of the probe, which could not say what was missing. */
const SPARE_MS = 1;

export class MasterLookup {
  readonly #base: Endpoint;
  readonly #name: string;
  readonly #events: Pick<ProberEvents, 'identity'>;
  readonly #sentinels: readonly { readonly dialler: Dialler; readonly shown: string }[];
  /** The sentinel that is asked first: the last one that answered. */
  #first = 0;
  #askedAt = -Infinity;
  #watching: Attempt | null = null;
  #master: { readonly shown: string; readonly dialler: Dialler } | null = null;

  /** @param base what goes for every address */
  constructor(
    base: Endpoint,
    { nodes, master }: NonNullable<RedisSpec['sentinels']>,
    events: Pick<ProberEvents, 'identity'>,
  ) {
    this.#base = base;
    this.#name = master;
    this.#events = events;
    this.#sentinels = nodes.map((node) => ({
      dialler: new Dialler({ ...base, ...node }),
      shown: shownAddress(node.host, node.port),
    }));
  }

  /** Finds the master for an attempt, which ends where no sentinel says. @param found called in the phase `connect` */
  find(attempt: Attempt, found: (master: Dialler) => void): void {
    attempt.begin('dns');
    const ask = (left: number): void => {
      const budgetMs = (attempt.timeoutMs - attempt.ageMs - SPARE_MS) / left;
      const part = this.#ask(attempt, budgetMs, (answer) => {
        attempt.release = null;
        if (attempt.ended) return;
        if (answer instanceof Dialler) {
          attempt.enter('connect');
          found(answer);
        } else if (left > 1) ask(left - 1);
        else attempt.fail(answer);
      });
      attempt.release = () => {
        part.abort();
      };
    };
    ask(this.#sentinels.length);
  }

  /**
   * Asks whether a master is still that, now and then.
   * @param attempt during which it may ask; it does not wait for the answer
   * @param onOther called where it is another one now
   */
  watch(attempt: Attempt, master: Dialler, onOther: () => void): void {
    if (attempt.sentAt - this.#askedAt < WATCH_MS) return;
    this.endWatch();
    this.#watching = this.#ask(attempt, attempt.timeoutMs, (answer) => {
      if (answer instanceof Dialler && answer !== master) onOther();
    });
  }

  /** The kept connection is closed: what was asked beside it is given up. */
  endWatch(): void {
    this.#watching?.abort();
    this.#watching = null;
  }

  #ask(attempt: Attempt, budgetMs: number, onAnswer: (answer: Dialler | Failure) => void): Attempt {
    this.#askedAt = attempt.sentAt;
    const asked = this.#first;
    const { dialler, shown } = this.#sentinels[asked] ?? { dialler: new Dialler(this.#base), shown: '' };
    let master: Address | null = null;
    const part = attempt.part(Math.max(1, Math.floor(budgetMs)), ({ reason, message }) => {
      if (master !== null) {
        onAnswer(this.#diallerTo(master, attempt.sentAt));
        return;
      }
      if (reason !== 'stopped' && this.#first === asked) this.#first = (asked + 1) % this.#sentinels.length;
      const words = message ?? '';
      const who = words.includes(shown) ? 'sentinel' : `sentinel ${shown}`;
      onAnswer({ reason: reason ?? 'error', message: `${who}: ${words}` });
    });
    dialler.dial(part, (socket) => {
      socket.once('close', () => {
        part.fail(closedFailure(part.address, socket.bytesRead));
      });
      const onReady = (): void => {
        connection.askMaster(this.#name, (answer) => {
          part.answered = true;
          if ('reason' in answer) part.fail(answer);
          else {
            master = answer;
            part.succeed();
          }
        });
        part.asked();
      };
      const connection = new RedisConnection(socket, onReady, (failure) => {
        part.fail(failure);
      });
    });
    return part;
  }

  #diallerTo(address: Address, askedAt: number): Dialler {
    const shown = shownAddress(address.host, address.port);
    this.#events.identity(shown, askedAt, 'master');
    if (this.#master?.shown !== shown) this.#master = { shown, dialler: new Dialler({ ...this.#base, ...address }) };
    return this.#master.dialler;
  }
}
