/** What is known of a moment of a timeline, in words. */
import { showDuration, showLatency } from '../../core/format.ts';
import { showMoment, type Axis, type Span } from '../timeline-view.ts';
import type { ViewerData } from '../viewer-data.ts';
import { firstFrom, type Row } from './row-paint.ts';

/** How near to a probe the pointer is at it, as a share of the width. */
const NEAR = 0.008;

/** Where the words come from. */
export interface Seen {
  readonly data: ViewerData;
  readonly axis: Axis;
  readonly view: Span;
  readonly lengthMs: number;
}

/** The probe at a moment; one that failed, where one is near; -1 for none. */
export function probeNear(
  { at: times, durationMs, outcome, longestMs }: Row,
  at: number,
  { data, view }: Pick<Seen, 'data' | 'view'>,
): number {
  const near = NEAR * (view.to - view.from);
  let [best, least] = [-1, Infinity];
  for (let one = firstFrom(times, at - near - longestMs); (times[one] ?? Infinity) <= at + near; one += 1) {
    const sent = times[one] ?? 0;
    const isBad = data.outcomes[outcome[one] ?? 0]?.result !== 'up';
    const distance =
      sent > at ? sent - at : Math.min(at - sent, Math.max(at - sent - (durationMs[one] ?? 0), near / 2));
    const weighted = distance <= near && isBad ? distance / 1000 : distance;
    if (distance <= near && weighted < least) [best, least] = [one, weighted];
  }
  return best;
}

/** A line each: the moment, the probe, the state, and what else happened. @param probe at it; -1 for none */
export function momentWords(row: Row, at: number, probe: number, { data, axis, view, lengthMs }: Seen): string[] {
  const several = data.vantages.length > 1;
  const who = `${row.service}${several ? `, seen from ${data.vantages[row.vantage] ?? ''}` : ''}`;
  const moment = (time: number): string => showMoment(time, axis, view);
  // To a tenth of a millisecond, as far as it is known.
  const exactly = (time: number): string => showMoment(time, axis, { from: 0, to: 1 });
  const sent = row.at[probe];
  const ms = row.durationMs[probe] ?? 0;
  const outcome = data.outcomes[row.outcome[probe] ?? 0];
  const how =
    outcome?.result === 'up'
      ? `answered after ${showLatency(ms)}${outcome.text === '' ? '' : `: ${outcome.text}`}`
      : `${outcome?.result === 'down' ? 'failed' : 'observed nothing'} after ${showLatency(ms)}: ${outcome?.text ?? ''}`;
  const near = NEAR * (view.to - view.from);
  const moments = [...row.moments, ...row.slow].filter((one) => {
    const until = 'to' in one ? (one as { to: number }).to : one.at;
    return at >= one.at - near && at <= until + near;
  });
  return [
    `${who} at ${moment(at)}`,
    ...(sent === undefined ? [] : [`Probe sent at ${exactly(sent)}, ${how}`]),
    ...[stateAt(row, at, lengthMs, moment), ...moments.map((one) => `${exactly(one.at)} ${one.text}`)],
  ];
}

/** The state of a row at a moment; a gap with its bounds. */
function stateAt(row: Row, at: number, end: number, moment: (at: number) => string): string {
  const gap = row.gaps.find(({ from, to }) => from <= at && to >= at);
  if (gap !== undefined) return gap.text;
  const place = row.intervals.findLastIndex(([, from]) => from <= at);
  const [state = 'unknown', from = 0, reason = ''] = row.intervals[place] ?? [];
  const to = row.intervals[place + 1]?.[1] ?? end;
  const word = state === 'unobserved' ? 'not observed' : state;
  return `${word} from ${moment(from)} to ${moment(to)} (${showDuration(to - from)})${reason === '' ? '' : `: ${reason}`}`;
}
