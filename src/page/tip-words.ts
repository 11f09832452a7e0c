/** What a place of a strip or of the days is said to show. Pure. Times in milliseconds since the epoch. */
import { count, showDuration, showGap } from '../core/format.ts';
import type { GapFacts, TimelineInterval } from '../core/messages.ts';
import type { Day } from '../core/uptime.ts';
import { mainReason, REASON_WORDS, showDay, showExactly, STATE_WORDS } from './page-text.ts';

/** @param gaps of the service, among which the one may be that the interval is of */
export function intervalWords(
  interval: TimelineInterval | null,
  gaps: readonly GapFacts[],
  known: { readonly now: number; readonly heard: number },
): string {
  if (interval === null) return 'Not known';
  const { state, from, to } = interval;
  const { now, heard } = known;
  const end = to === null ? 'now' : showExactly(to, now);
  const when = `${showExactly(from, now)} – ${end}`;
  const gap = state === 'down' ? gaps.find((one) => one.from <= from && one.to >= (to ?? now)) : undefined;
  if (gap === undefined) return `${STATE_WORDS[state]} for ${showDuration((to ?? heard) - from)}\n${when}`;
  const reason = mainReason(gap);
  return `Down for ${showGap(gap)}\n${when}${reason === null ? '' : `\n${REASON_WORDS[reason]}`}`;
}

export function dayWords({ from, upMs, downMs, unobservedMs, gaps }: Day): string {
  const day = showDay(from);
  if (upMs + downMs + unobservedMs === 0) return `${day}\nNot known`;
  // A gap counts on the day on which it ends.
  const ended = gaps === 0 ? '' : `${count(gaps, 'gap')}, `;
  const down = downMs === 0 ? 'No gap' : `${ended}down for ${showDuration(downMs)}`;
  const blind = unobservedMs === 0 ? '' : `\nNot observed for ${showDuration(unobservedMs)}`;
  return `${day}\n${down}${blind}`;
}

/** The days, for those who can't see them. */
export function daysWords(days: readonly Day[]): string {
  const known = days.filter(({ upMs, downMs, unobservedMs }) => upMs + downMs + unobservedMs > 0);
  const down = known.filter(({ downMs }) => downMs > 0);
  return `Last ${String(days.length)} days: ${count(known.length, 'day')} known, ${String(down.length)} of them with a gap`;
}
