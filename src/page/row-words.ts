/** The words in the row of a service. Pure. */
import { count, showDuration } from '../core/format.ts';
import type { GapFacts, TimelineInterval } from '../core/messages.ts';
import type { Reason, State } from '../core/model.ts';
import { REASON_WORDS, showWhen, STATE_WORDS } from './page-text.ts';

export interface RowWords {
  /** `Up`, or `Was up` where that is old. */
  readonly state: string;
  /** `for 3 h 12 min`. */
  readonly lasts: string;
  /** Why it is down, or when it last was. */
  readonly note: string;
}

interface Told {
  readonly status: State;
  readonly state: State;
  readonly since: number;
  readonly reason: Reason | null;
  readonly gaps: readonly GapFacts[];
}

/** @param old whether the connection is broken: then it was so */
export function rowWords({ status, state, since, reason, gaps }: Told, now: number, old: boolean): RowWords {
  const word = STATE_WORDS[status];
  const was = status === 'unknown' ? word : `Was ${word.toLowerCase()}`;
  // Where the status waits for more probes, the time of the state is not its time.
  const lasts = status !== state || status === 'unknown' ? '' : `for ${showDuration(Math.max(0, now - since))}`;
  return { state: old ? was : word, lasts: old ? '' : lasts, note: noteOf(status, state, since, reason, gaps, now) };
}

/** What the strip shows, for those who can't see it. */
export function stripWords(timeline: readonly TimelineInterval[], name: string, from: number, now: number): string {
  const lengthOf = (interval: TimelineInterval): number =>
    Math.min(interval.to ?? now, now) - Math.max(interval.from, from);
  const within = timeline.filter((interval) => (interval.to ?? now) >= from && interval.from <= now);
  const down = within.filter(({ state }) => state === 'down').map(lengthOf);
  const unobservedMs = within
    .filter(({ state }) => state === 'unobserved')
    .reduce((sum, one) => sum + lengthOf(one), 0);
  const seen = `Last ${name}: ${down.length === 0 ? 'no gap' : count(down.length, 'gap')}`;
  const lost = down.length === 0 ? '' : `, down for ${showDuration(down.reduce((sum, one) => sum + one, 0))} in all`;
  const blind = unobservedMs === 0 ? '' : `, not observed for ${showDuration(unobservedMs)}`;
  return `${seen}${lost}${blind}`;
}

function noteOf(
  status: State,
  state: State,
  since: number,
  reason: Reason | null,
  gaps: readonly GapFacts[],
  now: number,
): string {
  if (status !== state && state === 'down') return `failing since ${showWhen(since, now)}`;
  if (reason !== null) return REASON_WORDS[reason];
  const last = gaps.at(-1);
  if (last === undefined) return status === 'unknown' ? '' : 'no gap seen';
  return `last gap ${showDuration(last.durationMs)}, ${showWhen(last.from, now)}`;
}
