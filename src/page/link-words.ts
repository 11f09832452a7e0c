/** What the page says of its connection to the monitor. Pure. Times in milliseconds since the epoch. */
import { showDuration } from '../core/format.ts';
import { showWhen } from './page-text.ts';

export interface LinkState {
  /** `opening`: nothing was heard yet. */
  readonly is: 'opening' | 'live' | 'broken';
  /** When the monitor was last heard. */
  readonly heard: number;
  /** Why it is broken, for people; empty where that is not known. */
  readonly problem: string;
  /** When the next attempt is made. */
  readonly retryAt: number;
}

/** In the corner: `Live`, `Not connected for 12 s`. */
export function linkWord({ is, heard }: LinkState, now: number): string {
  if (is === 'live') return 'Live';
  return is === 'opening' ? 'Connecting' : `Not connected for ${whole(now - heard)}`;
}

/** The sentence over what is old. */
export function oldWords(link: LinkState, now: number): string {
  const shown = `Shown is what was known at ${showWhen(link.heard, now)}.`;
  return `The connection to the monitor broke${why(link)}. ${shown} ${next(link, now)}`;
}

/** The sentence where nothing was ever heard. */
export function unreachableWords(link: LinkState, now: number): string {
  return `There is no connection yet${why(link)}. ${next(link, now)}`;
}

function why({ problem }: LinkState): string {
  return problem === '' ? '' : ` (${problem})`;
}

function next({ retryAt }: LinkState, now: number): string {
  const waitMs = retryAt - now;
  return waitMs < 1000 ? 'Trying again now.' : `Next attempt in ${whole(waitMs)}.`;
}

/** `12 s`, without a fraction that would only flicker. */
function whole(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${String(s)} s`;
  return s < 3600 ? `${String(Math.floor(s / 60))} min` : showDuration(s * 1000);
}
