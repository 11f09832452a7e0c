/**
 * The header and the footer of the page: the overall sentence, also in title, icon and for screen readers; the
 * connection; which monitor this is.
 */
import type { Summary, Tone } from '../page-summary.ts';
import { printable } from '../../core/printable.ts';
import { byId, make, setData, setText, setTitle } from './dom.ts';
import { countServices } from '../../core/format.ts';
import { type ConnectionState, connectionLabel, showAsOf, showEvery, showWhen } from '../page-text.ts';
import type { PageState } from '../page-state.ts';

/** What the owner calls the page; the server has set it. */
const SITE = document.title;
/** Lines below the sentence: room is kept for all of them. */
const LINES = 3;

interface Slot {
  readonly line: HTMLElement;
  readonly link: HTMLAnchorElement;
  readonly text: HTMLElement;
}

/** The overall sentence, in the page, in its title and in its icon. */
export class Hero {
  readonly #sentence = byId('sentence', HTMLElement);
  readonly #sign = byId('sign', HTMLElement);
  readonly #icon = byId('icon', HTMLLinkElement);
  readonly #slots: readonly Slot[];
  #icons = '';

  /** @param reveal brings a service into sight */
  constructor(reveal: (service: string) => void) {
    this.#slots = Array.from({ length: LINES }, () => {
      const link = make('a');
      const text = make('span');
      link.href = '#services';
      link.hidden = true;
      link.addEventListener('click', (event) => {
        event.preventDefault();
        reveal(link.dataset['service'] ?? '');
      });
      return { line: make('p', '', link, text), link, text };
    });
    byId('lines', HTMLElement).append(...this.#slots.map(({ line }) => line));
  }

  draw({ tone, sentence, lines }: Summary, old: boolean): void {
    setText(this.#sentence, sentence);
    setData(this.#sign, 'state', tone);
    const title = `${old ? 'Not connected – ' : ''}${sentence} – ${SITE}`;
    setTitle(document, title);
    const icon = old ? 'unknown' : tone;
    if (icon !== this.#icons) this.#icon.href = ICONS[icon];
    this.#icons = icon;
    this.#slots.forEach(({ line, link, text }, place) => {
      const shown = lines[place];
      const whole = shown === undefined ? '' : `${shown.service ?? ''} ${shown.text}`.trim();
      if (line.title === printable(whole)) return;
      setTitle(line, whole);
      setData(link, 'service', shown?.service ?? '');
      // Both are set: a text that stays would be moved by the one before it.
      link.textContent = printable(shown?.service ?? '');
      link.hidden = link.textContent === '';
      text.textContent = printable(` ${shown?.text ?? ''}`);
    });
  }
}

const SHAPES: Readonly<Record<Tone, string>> = {
  up: '<circle cx="8" cy="8" r="6.5" fill="#1d8a6e"/>',
  down: '<path d="M.5 2h15L8 15z" fill="#d9431e"/>',
  partial: '<path d="M8 1.5a6.5 6.5 0 0 0 0 13z" fill="#1d8a6e"/><path d="M8 1.5a6.5 6.5 0 0 1 0 13z" fill="#d9431e"/>',
  unobserved:
    '<path d="M1.5 1.5h13v13h-13zM2 9l7-7M2 14L14 2M7 14l7-7" fill="none" stroke="#8d7ca3" stroke-width="2"/>',
  maintenance: '<path d="M1.5 1.5h13v13h-13z" fill="none" stroke="#2563c9" stroke-width="3"/>',
  unknown: '<circle cx="8" cy="8" r="5.5" fill="none" stroke="#8a8f96" stroke-width="2.4"/>',
};

/** As addresses for a link. */
const ICONS: Readonly<Record<Tone, string>> = {
  up: icon(SHAPES.up),
  down: icon(SHAPES.down),
  partial: icon(SHAPES.partial),
  unobserved: icon(SHAPES.unobserved),
  maintenance: icon(SHAPES.maintenance),
  unknown: icon(SHAPES.unknown),
};

function icon(shape: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${shape}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** The connection, the vantage and the time; and the footer. */
export class Top {
  readonly #word = byId('connection-label', HTMLElement);
  readonly #clock = byId('clock', HTMLElement);
  readonly #retry = byId('retry', HTMLButtonElement);
  readonly #vantage = byId('vantage', HTMLElement);
  readonly #about = byId('about', HTMLElement);

  /** @param retry called when the reader asks for a retry at once */
  constructor(retry: () => void) {
    this.#retry.addEventListener('click', retry);
  }

  draw(connection: ConnectionState, state: PageState, now: number): void {
    const { body } = document;
    setData(body, 'connection', connection.status);
    setText(this.#word, connectionLabel(connection, now));
    setText(
      this.#clock,
      state.monitor === null ? '' : showAsOf(connection.status === 'live' ? now : connection.lastMessageAt),
    );
    const { monitor, services } = state;
    if (monitor === null) return;
    const from = monitor.vantage === '' ? '' : `seen from ${monitor.vantage}`;
    setText(this.#vantage, SITE === 'gapwatch' ? from : '');
    const every = services.map(({ info }) => info.intervalMs);
    const least = Math.min(...every);
    const most = Math.max(...every);
    const rate = least === most ? showEvery(least) : `${showEvery(least)} to ${showEvery(most)}`;
    const probed =
      services.length === 0 ? '' : `, ${countServices(services.map(({ name }) => name))} probed every ${rate}`;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const since = `Watched${from.slice('seen'.length)} since ${showWhen(monitor.startedAt, now)}${probed}.`;
    setText(this.#about, `${since} All times ${zone}. gapwatch ${monitor.version}`);
  }
}

const REST_MS = 800;

/** Announces to screen readers what changed, once nothing has changed for a moment. */
export class Announcer<Change> {
  readonly #element = byId('announcer', HTMLElement);
  readonly #words: (changes: readonly Change[]) => string;
  #changes: Change[] = [];
  #timer: number | null = null;

  /** @param words what is said of changes */
  constructor(words: (changes: readonly Change[]) => string) {
    this.#words = words;
  }

  add(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#changes.push(...changes);
    this.#timer ??= window.setTimeout(() => {
      const all = this.#changes;
      this.#changes = [];
      this.#timer = null;
      this.say(this.#words(all));
    }, REST_MS);
  }

  say(words: string): void {
    setText(this.#element, words);
  }
}
