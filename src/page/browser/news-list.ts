/** Gaps and events: lines that are rewritten in place, so that nothing moves when something happens. */
import { showExactly } from '../page-text.ts';
import type { Entry } from '../news.ts';
import { byId, make, setData, setHidden, setText } from './dom.ts';

/** Lines at first, for which room is kept; and after "Show more". */
const FIRST = 8;
const MORE = 60;

const SIGNS: Readonly<Record<Entry['kind'], string>> = {
  down: 'down',
  gap: 'down',
  unobserved: 'unobserved',
  lost: 'event',
  identity: 'event',
  slow: 'event',
  'lost-writes': 'down',
  mark: 'mark',
  note: 'event',
};

interface Slot {
  readonly kind: Entry['kind'];
  readonly line: HTMLLIElement;
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
      const { line, at, who, what, why } = this.#slot(place, entry.kind);
      setHidden(line, false);
      setText(at, showExactly(entry.at, now).slice(0, -2));
      const machine = new Date(entry.at).toISOString();
      if (at.dateTime !== machine) at.dateTime = machine;
      setText(who, entry.who);
      setText(what, entry.what);
      setText(why, entry.why);
    });
    for (const { line } of this.#slots.slice(shown.length)) setHidden(line, true);
  }

  /** The line at a place; a new one where it was of another kind, as its parts would move. */
  #slot(place: number, kind: Entry['kind']): Slot {
    const known = this.#slots[place];
    if (known?.kind === kind) return known;
    const sign = make('span', 'sign');
    sign.dataset['state'] = SIGNS[kind];
    const at = make('time');
    const who = make('span', 'who');
    const what = make('span', 'what');
    const why = make('span', 'why');
    const line = make('li', '', at, sign, who, what, why);
    line.dataset['kind'] = kind;
    if (known === undefined) this.#list.append(line);
    else known.line.replaceWith(line);
    const slot = { kind, line, at, who, what, why };
    this.#slots[place] = slot;
    return slot;
  }
}
