/**
 * The texts of the page: states, reasons, times of day, rows, tooltips, the connection, announcements. Pure. Times in
 * milliseconds since the epoch.
 */
import {
  COARSE_MS,
  showClock,
  showDuration,
  count,
  showGap,
  showLatency,
  showShare,
  showSlow,
  STATE_WORDS,
} from '../core/format.ts';
import type { Latency } from '../core/latency.ts';
import type { GapFacts, ServiceSnapshot, SlowFacts, TimelineInterval } from '../core/messages.ts';
import { wordOf, type Reason, type ServiceInfo, type State } from '../core/model.ts';
import { REASON_MEANS } from '../core/reasons.ts';
import { type Day, knownMs, uptimeWithoutPlanned } from '../core/uptime.ts';

/** The status of a service changed. */
export interface Change {
  readonly service: string;
  readonly to: State;
}

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

/** What a reason often means: `nothing is listening on the port: …`; empty where there is none. */
export function showReason(reason: Reason | null): string {
  return reason === null ? '' : REASON_MEANS[reason];
}

/** The most frequent reason of a gap; null where it has none. */
export function mainReason(gap: Pick<GapFacts, 'reasons'>): Reason | null {
  return gap.reasons[0]?.reason ?? null;
}

/** What the most frequent reason of a gap often means, and what its first probe found; empty where there is none. */
export function showCause({ reasons: [main] }: Pick<GapFacts, 'reasons'>): string {
  if (main === undefined) return '';
  return `${showReason(main.reason)}${main.message === undefined ? '' : ` (${main.message})`}`;
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

/** `Fri 27 Nov 2026, 04:05:06 Europe/Berlin (UTC+1)`. */
export function showAsOf(at: number): string {
  const zone = AS_OF.resolvedOptions().timeZone;
  const offset =
    OFFSET.formatToParts(at)
      .find(({ type }) => type === 'timeZoneName')
      ?.value.replace('GMT', 'UTC') ?? '';
  return `As of ${AS_OF.format(at)} ${/^UTC\+?0?$/.test(offset) && zone === 'UTC' ? zone : `${zone} (${offset})`}`;
}

const AS_OF = new Intl.DateTimeFormat('en-GB', {
  ...{ day: 'numeric', month: 'short', year: 'numeric' },
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
});
const OFFSET = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'shortOffset' });

/** `27 Nov`: a day of UTC in few words. */
export function showShortDay(at: number): string {
  return UTC_DAY.format(at).replace(/^\w+,? /, '');
}

function dayBefore(at: number, now: number): string {
  return new Date(at).toDateString() === new Date(now).toDateString() ? '' : `${DAY.format(at)} `;
}

/** The text in the row of a service. */
interface RowText {
  /** `Up`, or `Was up` where that is old. */
  readonly state: string;
  /** `for 3 h 12 min`. */
  readonly lasts: string;
  /** Why it is down, or when it last was. */
  readonly note: string;
}

type RowFacts = Pick<ServiceSnapshot, 'status' | 'state' | 'since' | 'steadySince' | 'reason' | 'gaps'> & {
  readonly info?: Pick<ServiceInfo, 'asks'> & Partial<Pick<ServiceInfo, 'intervalMs'>>;
};

/**
 * @param old whether the connection is broken: then it was so
 * @param knowsPast whether gaps of before are known: a service without one had none
 */
export function rowText(
  service: RowFacts,
  now: number,
  { old, knowsPast }: { readonly old: boolean; readonly knowsPast: boolean },
): RowText {
  const { status, state, since, steadySince = since, info = {} } = service;
  const word = wordOf(status, info) === 'not broken' ? 'Not broken' : STATE_WORDS[status];
  const was = status === 'unknown' ? word : `Was ${word.toLowerCase()}`;
  // Where the status waits for more probes, the time of the state is not its time.
  const lasts = status !== state || status === 'unknown' ? '' : `for ${showDuration(Math.max(0, now - steadySince))}`;
  return { state: old ? was : word, lasts: old ? '' : lasts, note: noteOf(service, now, knowsPast) };
}

/** `p50 0.9 ms, p99 2.4 ms, slowest 3.1 ms, in the minute before 04:05:06`. */
export function answersText(latency: Latency | null | undefined, at: number, now: number): string {
  if (latency === undefined) return 'how long they took is not known here';
  const minute = `in the minute before ${showWhen(at, now)}`;
  if (latency === null) return `no good one ${minute}`;
  const { p50Ms, p99Ms, maxMs } = latency;
  return `p50 ${showLatency(p50Ms)}, p99 ${showLatency(p99Ms)}, slowest ${showLatency(maxMs)}, ${minute}`;
}

/** `5 s of being down; without it up 100 % in 1 h, 99.9 % in 24 h, 99.98 % in 90 d`; null where nothing was planned. */
export function plannedText(figures: Pick<ServiceSnapshot, 'uptime' | 'observed' | 'planned'>): string | null {
  const { planned } = figures;
  if (planned === undefined || planned['90d'] === 0) return null;
  const uptime = uptimeWithoutPlanned(figures);
  const shares = (['1h', '24h', '90d'] as const).map(
    (key) => `${showShare(uptime[key])} in ${key.replace(/\d+/, '$& ')}`,
  );
  return `${showDuration(planned['90d'])} of being down; without it up ${shares.join(', ')}`;
}

/** What the strip shows, for screen readers. */
export function stripText(
  timeline: readonly TimelineInterval[],
  name: string,
  from: number,
  now: number,
  slow: readonly SlowFacts[] = [],
): string {
  const lengthOf = (interval: TimelineInterval): number =>
    Math.min(interval.to ?? now, now) - Math.max(interval.from, from);
  const within = timeline.filter((interval) => (interval.to ?? now) >= from && interval.from <= now);
  const down = within.filter(({ state }) => state === 'down').map(lengthOf);
  const unobservedMs = within
    .filter(({ state }) => state === 'unobserved')
    .reduce((sum, one) => sum + lengthOf(one), 0);
  const seen = `Last ${name}: ${down.length === 0 ? 'no gap' : count(down.length, 'gap')}`;
  const lost = down.length === 0 ? '' : `, down for ${showDuration(down.reduce((sum, one) => sum + one, 0))} in all`;
  const unobserved = unobservedMs === 0 ? '' : `, not observed for ${showDuration(unobservedMs)}`;
  const slowly = slow.filter((one) => one.to >= from && one.from <= now).length;
  return `${seen}${lost}${unobserved}${slowly === 0 ? '' : `, slow ${count(slowly, 'time')}`}`;
}

function noteOf({ status, state, since, reason, gaps, info }: RowFacts, now: number, knowsPast: boolean): string {
  if (status !== state && state === 'down') return `failing since ${showWhen(since, now)}`;
  if (reason !== null) return REASON_WORDS[reason];
  const last = gaps.at(-1);
  const { intervalMs = 0 } = info ?? {};
  const grain = intervalMs >= COARSE_MS ? ` by probes ${showEvery(intervalMs)} apart` : '';
  if (last === undefined) return status === 'unknown' || !knowsPast ? '' : `no gap seen${grain}`;
  return `last gap ${showDuration(last.durationMs)}, ${showWhen(last.from, now)}`;
}

/** `\n3 slow answers within …` where some were at a moment. @param nearMs how near is meant */
export function slowText(slow: readonly SlowFacts[], at: number, nearMs: number): string {
  const one = slow.findLast(({ from, to }) => at >= from - nearMs && at <= to + nearMs);
  return one === undefined ? '' : `\n${showSlow(one)}`;
}

/** @param gaps of the service, among which the one may be that the interval is of */
export function intervalText(
  interval: TimelineInterval | null,
  gaps: readonly GapFacts[],
  known: { readonly now: number; readonly knownUntil: number },
): string {
  if (interval === null) return 'Not known';
  const { state, from, to } = interval;
  const { now, knownUntil } = known;
  const end = to === null ? 'now' : showExactly(to, now);
  const when = `${showExactly(from, now)} – ${end}`;
  const gap = state === 'down' ? gaps.find((one) => one.from <= from && one.to >= (to ?? now)) : undefined;
  if (gap === undefined) return `${STATE_WORDS[state]} for ${showDuration((to ?? knownUntil) - from)}\n${when}`;
  const reason = mainReason(gap);
  return `Down for ${showGap(gap)}\n${when}${reason === null ? '' : `\n${REASON_WORDS[reason]}`}`;
}

/** The tooltip of a day. */
export function dayText(day: Day): string {
  const { from, downMs, unobservedMs, partialMs = 0, gaps } = day;
  const title = showDay(from);
  if (knownMs(day) === 0) return `${title}\nNot known`;
  // A gap counts on the day on which it ends.
  const ended = gaps === 0 ? '' : `${count(gaps, 'gap')}, `;
  const down = downMs === 0 ? 'No gap' : `${ended}down for ${showDuration(downMs)}`;
  const partly = partialMs === 0 ? '' : `\nPartly up for ${showDuration(partialMs)}`;
  const unobserved = unobservedMs === 0 ? '' : `\nNot observed for ${showDuration(unobservedMs)}`;
  return `${title}\n${down}${partly}${unobserved}`;
}

/** What the days show, for screen readers. */
export function daysText(days: readonly Day[]): string {
  const known = days.filter((day) => knownMs(day) > 0);
  const down = known.filter(({ downMs }) => downMs > 0);
  return `Last ${String(days.length)} days: ${count(known.length, 'day')} known, ${String(down.length)} of them with a gap`;
}

/** The connection of the page to its monitor. */
export interface ConnectionState {
  /** `opening`: no message has come yet. */
  readonly status: 'opening' | 'live' | 'broken';
  /** When the last message came. */
  readonly lastMessageAt: number;
  /** Why it is broken, for people; empty where that is not known. */
  readonly problem: string;
  /** When the next attempt is made. */
  readonly retryAt: number;
}

/** In the corner: `Live`, `Not connected for 12 s`. */
export function connectionLabel({ status, lastMessageAt }: ConnectionState, now: number): string {
  if (status === 'live') return 'Live';
  return status === 'opening' ? 'Connecting' : `Not connected for ${whole(now - lastMessageAt)}`;
}

/** The sentence above a state that is stale. */
export function staleText(connection: ConnectionState, now: number): string {
  const shown = `Showing the state of ${showWhen(connection.lastMessageAt, now)}.`;
  return `The connection to the monitor broke${why(connection)}. ${shown} ${next(connection, now)}`;
}

/** The sentence where there was never a connection. */
export function unreachableText(connection: ConnectionState, now: number): string {
  return `Not connected yet${why(connection)}. ${next(connection, now)}`;
}

function why({ problem }: ConnectionState): string {
  return problem === '' ? '' : ` (${problem})`;
}

function next({ retryAt }: ConnectionState, now: number): string {
  const waitMs = retryAt - now;
  return waitMs < 1000 ? 'Retrying now.' : `Next attempt in ${whole(waitMs)}.`;
}

/** `12 s`, without a fraction that would only flicker. */
function whole(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${String(s)} s`;
  return s < 3600 ? `${String(Math.floor(s / 60))} min` : showDuration(s * 1000);
}

/** Changes that are announced one by one. */
const LISTED = 3;

/**
 * The changes of a moment in a sentence; a service that changed more than once is announced with its last state.
 * @param sentence how all services are now, with its full stop
 */
export function announcement(changes: readonly Change[], sentence: string): string {
  const last = new Map(changes.map(({ service, to }) => [service, to]));
  if (last.size > LISTED) return `${String(last.size)} services changed. ${sentence}`;
  const each = [...last].map(([service, to]) => `${service}: ${STATE_WORDS[to].toLowerCase()}.`);
  return [...each, sentence].join(' ');
}
