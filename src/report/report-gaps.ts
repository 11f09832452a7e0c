/** The gaps of a service that overlap a window: those that ended, the open one, and those whose end nobody saw. Pure. */
import type { ObservedInterval, ObservedService, Window } from './observed.ts';
import type { ReportGap, ReportInterval } from './report.ts';

type WholeGap = Omit<ReportGap, 'fromStartMs' | 'toStartMs' | 'insideMs'>;

/**
 * The gaps of a service, oldest first.
 * @param inside its intervals, cut to the window
 */
export function gapsOf(
  service: ObservedService,
  inside: readonly ReportInterval[],
  window: Window,
): Omit<ReportGap, 'fromStartMs' | 'toStartMs'>[] {
  const told = toldGaps(service).sort((a, b) => a.from - b.from);
  const gaps = [...told, ...unseenGaps(service, told, window)]
    .filter((gap) => overlaps(gap, window))
    .sort((a, b) => a.from - b.from);
  // Gaps and stretches are both in the order of time: one walk along the two, however many there are.
  const downs = inside.filter(({ state }) => state === 'down');
  let first = 0;
  return gaps.map((gap) => {
    while ((downs[first]?.to ?? Infinity) <= gap.from) first += 1;
    return { ...gap, insideMs: insideMs(gap, downs, first) };
  });
}

function toldGaps({ gaps, openGap }: ObservedService): WholeGap[] {
  const ended = gaps.map((gap): WholeGap => ({ ...gap, end: 'seen' }));
  if (openGap === null) return ended;
  return [...ended, { ...openGap, to: null, end: 'open', maxMs: null }];
}

/** The stretches of being down that no gap tells of, as gaps. */
function unseenGaps(service: ObservedService, told: readonly WholeGap[], window: Window): WholeGap[] {
  const lastSeen = service.intervals.findLastIndex(({ state }) => state !== 'unobserved');
  let next = 0;
  return service.intervals.flatMap((down, index) => {
    if (down.state !== 'down') return [];
    for (let gap = told[next]; gap !== undefined && endOf(gap) <= down.from; gap = told[next]) next += 1;
    const gap = told[next];
    return gap !== undefined && overlaps(gap, down) ? [] : [unseenGap(service, down, index < lastSeen, window)];
  });
}

/**
 * A stretch of being down that no gap tells of: the monitor was lost in it, or still sees it. Its first failed probe had
 * ended one deadline after its begin, and the last one was sent one interval before its end at the latest.
 */
function unseenGap({ info }: ObservedService, down: ObservedInterval, isOver: boolean, window: Window): WholeGap {
  const durationMs = (down.to ?? window.to) - down.from;
  return {
    from: down.from,
    to: null,
    end: isOver ? 'unseen' : 'open',
    durationMs,
    minMs: Math.max(0, durationMs - info.timeoutMs - info.intervalMs),
    maxMs: null,
    failed: null,
    reasons: down.reason === null ? [] : [{ reason: down.reason, count: null }],
  };
}

/** @param first the first stretch that ends after the gap begins */
function insideMs(gap: WholeGap, downs: readonly ReportInterval[], first: number): number {
  const until = endOf(gap);
  let ms = 0;
  for (let place = first, down = downs[place]; down !== undefined && down.from < until; down = downs[++place]) {
    ms += Math.min(down.to, until) - Math.max(down.from, gap.from);
  }
  return Math.round(ms * 1000) / 1000;
}

/** When it was last seen down. */
function endOf(gap: WholeGap): number {
  if (gap.to !== null) return gap.to;
  return gap.end === 'open' ? Infinity : gap.from + gap.durationMs;
}

function overlaps(gap: WholeGap, other: { readonly from: number; readonly to: number | null }): boolean {
  return gap.from < (other.to ?? Infinity) && endOf(gap) > other.from;
}
