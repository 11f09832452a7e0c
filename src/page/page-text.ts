/** The words of the page: states, reasons in a few words, times of day. Pure. Times in milliseconds since the epoch. */
import { showClock, showDuration } from '../core/format.ts';
import type { GapFacts } from '../core/messages.ts';
import type { Reason, State } from '../core/model.ts';
import { REASON_MEANS } from '../core/reasons.ts';

export const STATE_WORDS: Readonly<Record<State, string>> = {
  up: 'Up',
  down: 'Down',
  partial: 'Partly up',
  unobserved: 'Not observed',
  unknown: 'No answer yet',
};

/** Reasons in as few words as a row has room for. What each means is in `reasons.ts`. */
export const REASON_WORDS: Readonly<Record<Reason, string>> = {
  dns: 'name not resolved',
  refused: 'connection refused',
  reset: 'connection reset',
  unreachable: 'unreachable',
  closed: 'closed unanswered',
  'timeout-connect': 'connecting timed out',
  'timeout-reply': 'reply timed out',
  tls: 'TLS not accepted',
  status: 'status not accepted',
  body: 'body not as expected',
  protocol: 'not the protocol',
  auth: 'login refused',
  loading: 'loading its data',
  readonly: 'takes no writes',
  role: 'another role',
  error: 'answered with an error',
  stalled: 'monitor stalled',
  suspended: 'monitor asleep',
  stopped: 'monitor not running',
  resources: 'monitor out of resources',
  network: 'monitor without network',
};

/** What a reason often means: `nothing listens on that port: the process, …`; empty where there is none. */
export function showReason(reason: Reason | null): string {
  return reason === null ? '' : REASON_MEANS[reason];
}

/** The most frequent reason of a gap; null where it has none. */
export function mainReason(gap: Pick<GapFacts, 'reasons'>): Reason | null {
  return gap.reasons[0]?.reason ?? null;
}

/** An interval that was configured: `100 ms`, `1.5 s`, `5 min 00 s`. */
export function showEvery(ms: number): string {
  if (ms < 1000) return `${String(ms)} ms`;
  return ms < 60_000 ? `${String(ms / 1000)} s` : showDuration(ms);
}

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const UTC_DAY = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  timeZone: 'UTC',
});

/** `04:05:06` today, `22 Nov 04:05:06` on another day. */
export function showWhen(at: number, now: number): string {
  return dayBefore(at, now) + showClock(at).slice(0, 8);
}

/** `04:05:06.789` today, `22 Nov 04:05:06.789` on another day. */
export function showExactly(at: number, now: number): string {
  return dayBefore(at, now) + showClock(at);
}

/** `Mon 23 Nov (UTC)`. */
export function showDay(at: number): string {
  return `${UTC_DAY.format(at).replace(',', '')} (UTC)`;
}

function dayBefore(at: number, now: number): string {
  return new Date(at).toDateString() === new Date(now).toDateString() ? '' : `${DAY.format(at)} `;
}
