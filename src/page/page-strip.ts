/**
 * What the strip of a service shows: the newest stretch of its timeline, to the pixel. What failed is never averaged
 * away: however short it was and however long the window, it is wide enough to be seen, and nothing is drawn over it.
 * Pure. Times are in milliseconds since the epoch, by the monitor's clock.
 */
import type { SlowFacts, TimelineInterval } from '../core/messages.ts';
import type { State } from '../core/model.ts';

/** The windows that a strip can show, in milliseconds, and their names. */
export const WINDOWS = [
  { name: '1 min', middle: '30 s', key: '1m', spanMs: 60_000 },
  { name: '10 min', middle: '5 min', key: '10m', spanMs: 600_000 },
  { name: '1 h', middle: '30 min', key: '1h', spanMs: 3_600_000 },
  { name: '24 h', middle: '12 h', key: '24h', spanMs: 86_400_000 },
] as const;

/** A failure is at least this wide. In CSS pixels. */
export const LEAST_DOWN = 3;
const LEAST_UNOBSERVED = 2;

/** Where pixels lie in time. */
interface Scale {
  /** The beginning of the first pixel. */
  readonly from: number;
  /** Milliseconds a pixel. */
  readonly stepMs: number;
  /** Pixels. */
  readonly width: number;
}

/** Until when what is known. */
export interface Known {
  readonly now: number;
  /** After this no message came from the monitor. */
  readonly knownUntil: number;
  /** Probes that were sent after this may not have ended. */
  readonly settled: number;
}

/** A stretch to be drawn; later ones lie over earlier ones. What no piece covers is not known. */
export interface Piece {
  readonly state: Exclude<State, 'unknown'>;
  /** Pixels from the left, a whole number. */
  readonly x: number;
  readonly width: number;
  /** Not settled yet: it may turn out that a probe failed here. */
  readonly provisional: boolean;
}

/** The scale of a window that ends now. Pixels lie on a grid of their own, so that nothing flickers as time goes on. */
export function scaleAt(now: number, spanMs: number, width: number): Scale {
  const stepMs = spanMs / width;
  return { from: (Math.ceil(now / stepMs) - width) * stepMs, stepMs, width };
}

/**
 * The pieces of a strip.
 * @param density pixels of the scale for each CSS pixel
 */
export function pieces(timeline: readonly TimelineInterval[], scale: Scale, known: Known, density: number): Piece[] {
  const up: Piece[] = [];
  const unobserved: Piece[] = [];
  const partial: Piece[] = [];
  const down: Piece[] = [];
  const end = Math.min(known.now, known.knownUntil);
  for (let index = timeline.length - 1; index >= 0; index--) {
    const interval = timeline[index];
    if (interval === undefined || interval.state === 'unknown') continue;
    const to = Math.min(interval.to ?? end, end);
    if (to < scale.from) break;
    const from = Math.max(interval.from, scale.from);
    if (from > to) continue;
    if (interval.state === 'down') down.push(pieceOf('down', from, to, scale, LEAST_DOWN * density));
    else if (interval.state === 'partial') partial.push(pieceOf('partial', from, to, scale, LEAST_DOWN * density));
    else if (interval.state === 'unobserved')
      unobserved.push(pieceOf('unobserved', from, to, scale, LEAST_UNOBSERVED * density));
    else {
      const settled = Math.min(to, Math.max(from, known.settled));
      if (settled > from) up.push(pieceOf('up', from, settled, scale, 1));
      if (settled < to) up.push({ ...pieceOf('up', settled, to, scale, 1), provisional: true });
    }
  }
  return [...up, ...unobserved, ...partial, ...down];
}

/** The interval at a place of the strip; one that failed, where there is one that near. Null where nothing is known. */
export function intervalAt(
  timeline: readonly TimelineInterval[],
  scale: Scale,
  known: Known,
  x: number,
  near: number,
): TimelineInterval | null {
  const at = scale.from + x * scale.stepMs;
  const end = Math.min(known.now, known.knownUntil);
  const reachMs = near * scale.stepMs;
  const touches = (interval: TimelineInterval, by: number): boolean =>
    interval.from <= at + by && Math.min(interval.to ?? end, end) >= at - by;
  return (
    timeline.findLast((interval) => interval.state === 'down' && touches(interval, reachMs)) ??
    timeline.findLast((interval) => interval.state !== 'unknown' && touches(interval, 0)) ??
    null
  );
}

function pieceOf(state: Piece['state'], from: number, to: number, scale: Scale, least: number): Piece {
  const begin = Math.floor((from - scale.from) / scale.stepMs);
  const width = Math.max(1, Math.ceil((to - scale.from) / scale.stepMs) - begin);
  if (width >= least) return { state, x: begin, width, provisional: false };
  const x = Math.floor(begin - (least - width) / 2);
  return { state, x: Math.max(0, Math.min(scale.width - least, x)), width: least, provisional: false };
}

/** Where answers were slow: at least as wide as a failure. */
export function slowPieces(slow: readonly SlowFacts[], scale: Scale, density: number): Pick<Piece, 'x' | 'width'>[] {
  const end = scale.from + scale.width * scale.stepMs;
  return slow
    .filter(({ from, to }) => to >= scale.from && from < end)
    .map(({ from, to }) => pieceOf('up', Math.max(from, scale.from), Math.min(to, end), scale, LEAST_DOWN * density));
}
