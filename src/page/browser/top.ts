/** The top and the foot of the page: how the connection is, who watches, since when. */
import { count, showClock } from '../../core/format.ts';
import { type LinkState, linkWord } from '../link-words.ts';
import type { PageState } from '../page-state.ts';
import { showEvery, showWhen } from '../page-text.ts';
import { byId, setText } from './dom.ts';

export class Top {
  readonly #word = byId('link-word', HTMLElement);
  readonly #clock = byId('clock', HTMLElement);
  readonly #retry = byId('retry', HTMLButtonElement);
  readonly #vantage = byId('vantage', HTMLElement);
  readonly #about = byId('about', HTMLElement);

  /** @param retry called when the reader does not want to wait */
  constructor(retry: () => void) {
    this.#retry.addEventListener('click', retry);
  }

  draw(link: LinkState, picture: PageState, now: number): void {
    const { body } = document;
    if (body.dataset['link'] !== link.is) body.dataset['link'] = link.is;
    setText(this.#word, linkWord(link, now));
    setText(this.#clock, link.is === 'live' ? showClock(now).slice(0, 8) : '');
    const { monitor, services } = picture;
    if (monitor === null) return;
    const from = monitor.vantage === '' ? '' : `seen from ${monitor.vantage}`;
    setText(this.#vantage, from);
    const every = services.map(({ info }) => info.intervalMs);
    const least = Math.min(...every);
    const most = Math.max(...every);
    const rate = least === most ? showEvery(least) : `${showEvery(least)} to ${showEvery(most)}`;
    const probed = services.length === 0 ? '' : `, ${count(services.length, 'service')} probed every ${rate}`;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const since = `Watched${from.slice('seen'.length)} since ${showWhen(monitor.startedAt, now)}${probed}.`;
    setText(this.#about, `${since} Times are those of ${zone}. gapwatch ${monitor.version}`);
  }
}
