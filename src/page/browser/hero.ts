/** The overall sentence and what it is about, at the top, in the title and in the icon. */
import type { Summary } from '../page-summary.ts';
import { ICONS } from './icons.ts';
import { byId, make, setData, setText } from './dom.ts';

/** Lines below the sentence: room is kept for all of them. */
const LINES = 3;

interface Slot {
  readonly line: HTMLElement;
  readonly link: HTMLAnchorElement;
  readonly text: HTMLElement;
}

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
        reveal(link.textContent);
      });
      return { line: make('p', '', link, text), link, text };
    });
    byId('lines', HTMLElement).append(...this.#slots.map(({ line }) => line));
  }

  draw({ tone, sentence, lines }: Summary, old: boolean): void {
    setText(this.#sentence, sentence);
    setData(this.#sign, 'state', tone);
    const title = `${old ? 'Not connected – ' : ''}${sentence} – gapwatch`;
    if (document.title !== title) document.title = title;
    const icon = old ? 'unknown' : tone;
    if (icon !== this.#icons) this.#icon.href = ICONS[icon];
    this.#icons = icon;
    this.#slots.forEach(({ line, link, text }, place) => {
      const told = lines[place];
      const whole = told === undefined ? '' : `${told.service ?? ''} ${told.text}`.trim();
      if (line.title === whole) return;
      line.title = whole;
      // Both anew: a text that stays would be moved by the one before it.
      link.textContent = told?.service ?? '';
      link.hidden = link.textContent === '';
      text.textContent = ` ${told?.text ?? ''}`;
    });
  }
}
