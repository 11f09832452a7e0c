/**
 * Name look-ups. One probe goes to one address: the first that the system's look-up (getaddrinfo) gives, asked anew by
 * every probe, without a cache. Probes that ask for the same name at the same moment share one question.
 *
 * getaddrinfo blocks one of libuv's threads, and libuv gives look-ups at most half of them (UV_THREADPOOL_SIZE, 4): a
 * name whose server is silent would hold up all others unseen. So look-ups queue here, where a deadline can tell a name
 * that does not resolve from a look-up that this process never began.
 */
import { lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';

import type { Attempt } from './attempt.ts';
import { failureOf } from './failure.ts';

/** An address, or why there is none. */
type Answer = (error: NodeJS.ErrnoException | null, address: string) => void;

interface Question {
  readonly host: string;
  readonly family: 0 | 4 | 6;
  readonly waiting: Set<Answer>;
  asked: boolean;
}

const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
const AT_ONCE = Math.max(1, Math.floor((threads + 1) / 2));

const questions = new Map<string, Question>();
let underWay = 0;

/** The address of a host that needs no look-up: an address itself, or `localhost` (RFC 6761, 6.3); otherwise null. */
export function literalAddress(host: string, family: 4 | 6 | null): string | null {
  if (isIP(host) !== 0) return host;
  if (host.startsWith('[') && host.endsWith(']')) return host.slice(1, -1);
  if (host === 'localhost' || host === 'localhost.') return family === 6 ? '::1' : '127.0.0.1';
  return null;
}

/**
 * Looks up the one address that an attempt goes to, as the attempt's phase `dns`; on failure ends the attempt.
 * @param found called with the address, unless the attempt has ended before
 */
export function resolve(attempt: Attempt, host: string, family: 4 | 6 | null, found: (address: string) => void): void {
  const literal = literalAddress(host, family);
  if (literal !== null) {
    found(literal);
    return;
  }
  attempt.begin('dns');
  const key = `${String(family)} ${host}`;
  const question = questions.get(key) ?? { host, family: family ?? 0, waiting: new Set<Answer>(), asked: false };
  questions.set(key, question);
  const answer: Answer = (error, address) => {
    attempt.release = null;
    if (error !== null) attempt.fail(failureOf(error, 'dns', host));
    else found(address);
  };
  question.waiting.add(answer);
  attempt.release = () => {
    question.waiting.delete(answer);
  };
  attempt.notBegun = () => !question.asked;
  askNext();
}

function askNext(): void {
  for (const [key, question] of questions) {
    if (underWay >= AT_ONCE) return;
    if (question.asked) continue;
    if (question.waiting.size === 0) {
      questions.delete(key);
      continue;
    }
    question.asked = true;
    underWay += 1;
    systemLookup(question.host, { family: question.family }, (error, address) => {
      underWay -= 1;
      questions.delete(key);
      for (const answer of [...question.waiting]) answer(error, address);
      askNext();
    });
  }
}
