/** Gaps and events: a fixed number of lines that are written anew, so that nothing moves when something happens. */
import { showExactly } from '../words.ts';
import type { Entry } from '../news.ts';
import { byId, make, setData, setHidden, setText } from './dom.ts';

/** Lines at first, for which room is kept; and when more is asked for. */
const FIRST = 8;
const MORE = 60;

const SIGNS: Readonly<Record<Entry['kind'], string>> = {
  down: 'down',
  gap: 'down',
  unobserved: 'unobserved',
  lost: 'event',
  identity: 'event',
  mark: 'mark',
  note: 'event',
};

interface Slot {
  readonly line: HTMLLIElement;
  readonly sign: HTMLElement;
  readonly at: HTMLTimeElement;
  readonly who: HTMLElement;
  readonly what: HTMLElement;
  readonly why: HTMLElement;
}

export class NewsList {
  readonly #list = byId('news-list', HTMLElement);
  readonly #more = byId('news-more', HTMLButtonElement);
  readonly #slots: Slot[] = [];
  #limit = FIRST;

  /** @param changed called when something is to be drawn */
  constructor(changed: () => void) {
    this.#more.addEventListener('click', () => {
      this.#limit = this.#limit === FIRST ? MORE : FIRST;
      setText(this.#more, this.#limit === FIRST ? 'Show more' : 'Show less');
      changed();
    });
  }

  /** How many entries there is room for, and one by which it knows that there are more. */
  get wanted(): number {
    return this.#limit + 1;
  }

  draw(entries: readonly Entry[], now: number): void {
    setHidden(this.#more, entries.length <= FIRST);
    const shown = entries.slice(0, this.#limit);
    setData(this.#list, 'empty', String(shown.length === 0));
    shown.forEach((entry, place) => {
      const { line, sign, at, who, what, why } = this.#slot(place);
      setHidden(line, false);
      setData(line, 'kind', entry.kind);
      setData(sign, 'state', SIGNS[entry.kind]);
      setText(at, showExactly(entry.at, now).slice(0, -2));
      const machine = new Date(entry.at).toISOString();
      if (at.dateTime !== machine) at.dateTime = machine;
      setText(who, entry.who);
      setText(what, entry.what);
      setText(why, entry.why);
    });
    for (const { line } of this.#slots.slice(shown.length)) setHidden(line, true);
  }

  #slot(place: number): Slot {
    const known = this.#slots[place];
    if (known !== undefined) return known;
    const sign = make('span', 'sign');
    const at = make('time');
    const who = make('span', 'who');
    const what = make('span', 'what');
    const why = make('span', 'why');
    const slot = { line: make('li', '', at, sign, who, what, why), sign, at, who, what, why };
    this.#list.append(slot.line);
    this.#slots.push(slot);
    return slot;
  }
}
