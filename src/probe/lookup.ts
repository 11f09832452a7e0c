/**
 * Name look-ups. One probe goes to one address: the first that the system's look-up (getaddrinfo) gives, without a cache. Probes
 * share a question that is under way, unless it hangs and there is room for another one: what a name server did not
 * answer once, the system asks again only seconds later.
 *
 * getaddrinfo blocks one of libuv's threads, and libuv gives look-ups at most half of them (UV_THREADPOOL_SIZE, 4): a
 * name whose server is silent would hold up all others unseen. So look-ups queue here, where a deadline can distinguish a name
 * that does not resolve from a look-up that this process never began; and names that were slow last time never take
 * the last place.
 */
import { lookup as systemLookup } from 'node:dns';
import { closeSync, openSync } from 'node:fs';
import { isIP } from 'node:net';
import { devNull } from 'node:os';

import type { Attempt } from './attempt.ts';
import { failureOf } from './failure.ts';
import { askRouteToNames } from './own-routes.ts';
import type { CodedError } from './tls-words.ts';

/** An address, or why there is none. */
type Answer = (error: CodedError | null, address: string) => void;

/** Node's `dns.lookup`, as far as it is used. */
export type SystemLookup = (host: string, options: { family: number }, answer: Answer) => void;

interface Question {
  readonly key: string;
  readonly host: string;
  readonly family: 0 | 4 | 6;
  readonly waiting: Set<Answer>;
  /** When the system was asked, by the monotonic clock; null before. */
  askedAt: number | null;
  /** Whether it counts as one that is slow. */
  slow: boolean;
}

/** A look-up that takes longer is slow. */
const SLOW_MS = 500;
/** Slow names that are remembered, the newest: a bound for names that peers redirect to. */
const SLOW_NAMES = 1000;

/** Asks the system, a few questions at once. */
export class LookupQueue {
  readonly #system: SystemLookup;
  readonly #atOnce: number;
  /** The newest of each name. */
  readonly #questions = new Map<string, Question>();
  readonly #slow = new Set<string>();
  #underWay = 0;
  #slowUnderWay = 0;

  /** @param atOnce questions to the system at the same time */
  constructor(system: SystemLookup, atOnce: number) {
    this.#system = system;
    this.#atOnce = atOnce;
  }

  /**
   * Looks up the one address that an attempt goes to, as the attempt's phase `dns`; on failure ends the attempt.
   * @param found called with the address, unless the attempt has ended before
   */
  lookUp(attempt: Attempt, host: string, family: 4 | 6 | null, found: (address: string) => void): void {
    attempt.begin('dns');
    const key = `${String(family)} ${host}`;
    const known = this.#questions.get(key);
    const hangs = known !== undefined && isHanging(known);
    if (hangs) this.#markSlow(known);
    const hasRoom = this.#underWay < this.#atOnce && this.#hasRoomForSlow;
    const question: Question =
      known === undefined || (hangs && hasRoom)
        ? { key, host, family: family ?? 0, waiting: new Set<Answer>(), askedAt: null, slow: false }
        : known;
    this.#questions.set(key, question);
    const answer: Answer = (error, address) => {
      attempt.release = null;
      if (error === null) found(address);
      else failAtName(attempt, noDescriptorLeft() ?? error, host);
    };
    question.waiting.add(answer);
    attempt.release = () => {
      question.waiting.delete(answer);
    };
    attempt.notBegun = () => question.askedAt === null;
    this.#askNext();
  }

  #askNext(): void {
    for (const question of this.#questions.values()) {
      if (this.#underWay >= this.#atOnce) return;
      if (question.askedAt !== null) continue;
      if (question.waiting.size === 0) {
        this.#questions.delete(question.key);
        continue;
      }
      const isSlow = this.#slow.has(question.key);
      if (isSlow && !this.#hasRoomForSlow) continue;
      this.#ask(question, isSlow);
    }
  }

  get #hasRoomForSlow(): boolean {
    return this.#slowUnderWay < Math.max(1, this.#atOnce - 1);
  }

  /** A question that is under way takes one of the places for slow ones from now on, and its name is remembered. */
  #markSlow(question: Question): void {
    this.#remember(question.key, true);
    if (question.slow) return;
    question.slow = true;
    this.#slowUnderWay += 1;
  }

  #ask(question: Question, isSlow: boolean): void {
    const askedAt = performance.now();
    question.askedAt = askedAt;
    this.#underWay += 1;
    if (isSlow) this.#markSlow(question);
    this.#system(question.host, { family: question.family }, (error, address) => {
      this.#underWay -= 1;
      if (question.slow) this.#slowUnderWay -= 1;
      if (this.#questions.get(question.key) === question) this.#questions.delete(question.key);
      this.#remember(question.key, performance.now() - askedAt > SLOW_MS);
      for (const answer of [...question.waiting]) answer(error, address);
      this.#askNext();
    });
  }

  #remember(key: string, slow: boolean): void {
    this.#slow.delete(key);
    if (!slow) return;
    this.#slow.add(key);
    for (const oldest of this.#slow) {
      if (this.#slow.size <= SLOW_NAMES) return;
      this.#slow.delete(oldest);
    }
  }
}

/** Whether a question was asked, and takes longer than one that is well. */
function isHanging({ askedAt }: Question): boolean {
  return askedAt !== null && performance.now() - askedAt > SLOW_MS;
}

/** The address of a host that needs no look-up: an address itself, or `localhost` (RFC 6761, 6.3); otherwise null. */
export function literalAddress(host: string, family: 4 | 6 | null): string | null {
  if (isIP(host) !== 0) return host;
  if (host === 'localhost' || host === 'localhost.') return family === 6 ? '::1' : '127.0.0.1';
  return null;
}

const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
const queue = new LookupQueue(systemLookup, Math.max(1, Math.floor((threads + 1) / 2)));

/** Looks up a name as `LookupQueue.lookUp` does, among all look-ups of this thread. */
export function lookUp(attempt: Attempt, host: string, family: 4 | 6 | null, found: (address: string) => void): void {
  queue.lookUp(attempt, host, family, found);
}

/** Ends an attempt whose name did not resolve. Where this machine has no way to a name server, nothing was observed. */
function failAtName(attempt: Attempt, error: CodedError, host: string): void {
  const failure = failureOf(error, 'dns', host);
  if (error.code !== 'EAI_AGAIN') {
    attempt.fail(failure);
    return;
  }
  askRouteToNames((hasRoute) => {
    const message = `this machine has no way to a name server (${host})`;
    attempt.fail(hasRoute ? failure : { reason: 'network', message });
  });
}

/**
 * The error of a process that has no descriptor left; null where it has. getaddrinfo needs one, and says "no such name"
 * without it.
 */
function noDescriptorLeft(): CodedError | null {
  try {
    closeSync(openSync(devNull, 'r'));
    return null;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
