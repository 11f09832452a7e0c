/** The parts of the page's HTML that the server writes: title and logo, and the present state as a table. Pure. */
import { countServices, showUptime, STATE_WORDS } from '../core/format.ts';
import { seenStatus, WORST_FIRST } from '../core/model.ts';
import { printable } from '../core/printable.ts';
import type { FeedSource } from '../core/source.ts';
import { xmlText } from './atom.ts';
import { publicSnapshot, type View } from './public-view.ts';

/** Rows of the table: those that are not well come first. */
const ROWS = 1000;

/** Logo and title, which lead home where there is one. */
export function brand(site: {
  readonly title: string;
  /** The ending of the logo's path. */
  readonly logo: string | null;
  readonly home: string | null;
}): string {
  const { title, logo, home } = site;
  const picture = logo === null ? '' : `<img class="logo" src="assets/logo.${logo}" alt="" height="32" />`;
  const named = `${picture}<span>${xmlText(title)}</span>`;
  return home === null ? named : `<a href="${xmlText(home)}">${named}</a>`;
}

/** Every service as it is now, for browsers that run no script. */
export function presentTable(source: FeedSource, view: View): string {
  const now = source.now();
  const all = source.board
    .snapshot(now)
    .map((snapshot) => (view === 'public' ? publicSnapshot(snapshot) : snapshot))
    .map((shown) => ({ ...shown, status: seenStatus(shown) }));
  const rows = all
    .toSorted((a, b) => WORST_FIRST.indexOf(a.status) - WORST_FIRST.indexOf(b.status))
    .slice(0, ROWS)
    .map(({ service, status, since, reason, uptime, observed }) => {
      const why = reason === null ? '' : ` (${reason})`;
      const upMs = (uptime['90d'] ?? 0) * observed['90d'];
      const up = showUptime({ upMs, downMs: observed['90d'] - upMs }, 90 * 86_400_000);
      const cells = [`${STATE_WORDS[status]}${why}`, iso(since), up].map((text) => `<td>${xmlText(text)}</td>`);
      return `<tr><th scope="row">${xmlText(printable(service))}</th>${cells.join('')}</tr>`;
    });
  const counts = WORST_FIRST.flatMap((state) => {
    const n = all.filter(({ status }) => status === state).length;
    return n === 0 ? [] : [`${String(n)} ${STATE_WORDS[state].toLowerCase()}`];
  });
  const more = all.length > ROWS ? ` The ${String(ROWS)} that need attention first, of ${String(all.length)}.` : '';
  const heads = ['Service', 'State', 'Since', 'Up in 90 days'].map((head) => `<th scope="col">${head}</th>`).join('');
  const sentence =
    all.length === 0
      ? 'No service is watched'
      : `${countServices(all.map(({ service }) => service))}: ${counts.join(', ')}`;
  return `<h1>${sentence}</h1><table><caption>As of ${iso(now)}.${more}</caption><thead><tr>${heads}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** `2026-11-27 02:44:00 UTC`. */
function iso(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
