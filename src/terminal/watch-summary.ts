/** What a watch saw, as a table for its end. Pure. */
import { showDuration, showShare, table } from '../core/format.ts';
import type { Board } from '../core/board.ts';

const HEAD = ['service', 'state', 'uptime', 'gaps', 'longest', 'down', 'unobserved'];

/**
 * One row a service, and a line about the watch itself.
 * @param now milliseconds since the epoch
 */
export function summary(board: Board, now: number): string {
  const rows = Array.from(board.services.values(), (service) => {
    const totals = service.totalsAt(now);
    const seen = totals.upMs + totals.downMs;
    const openMs = service.state === 'down' ? now - service.since : 0;
    const gaps = totals.gaps + (openMs > 0 ? 1 : 0);
    return [
      service.name,
      service.state === 'down' ? 'STILL DOWN' : service.state.toUpperCase(),
      showShare(seen === 0 ? null : totals.upMs / seen),
      String(gaps),
      gaps === 0 ? '–' : showDuration(Math.max(totals.longestGapMs, openMs)),
      totals.downMs === 0 ? '–' : showDuration(totals.downMs),
      totals.unobservedMs === 0 ? '–' : showDuration(totals.unobservedMs),
    ];
  });
  return table([HEAD, ...rows], 2);
}
