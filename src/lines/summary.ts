/** What a watch saw, as a table for its end. Pure. */
import { showDuration, showShare } from '../format.ts';
import type { Board } from '../timeline/board.ts';

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

/** Columns as wide as their widest cell, the first of them set left and the others right. */
export function table(rows: readonly (readonly string[])[], leftColumns: number): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => row[c]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, c) => (c < leftColumns ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
