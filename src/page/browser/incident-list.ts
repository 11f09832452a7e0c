/** Incidents, day by day: those of today have room of their own, so that nothing moves when one is added. */
import { count, showDuration, showGap } from '../../core/format.ts';
import { DAY_MS, knownMs } from '../../core/uptime.ts';
import { DAYS } from '../page-days.ts';
import type { PageState } from '../page-state.ts';
import { showCause, showDay, showExactly, showWhen } from '../page-text.ts';
import { currentNotes, midnightOf, type Note, ongoing, type Story, whatOf, whoOf, whyOf } from '../stories.ts';
import { addressOf, setAddress } from './address.ts';
import { byId, make, setData, setHidden, setText } from './dom.ts';

/** Days that are listed at first, whether something happened or not. */
const FIRST_DAYS = 7;
/** Stories of a day that are shown at first; today has room for as many. */
const FIRST_STORIES = 3;
/** Gaps that a story lists. */
const GAPS = 20;

interface Known {
  readonly state: PageState;
  readonly now: number;
  /** Fetches what is not there yet. */
  readonly load: (day: number) => Promise<void>;
}

export class IncidentList {
  readonly #root = byId('incident-days', HTMLElement);
  readonly #more = byId('incidents-more', HTMLButtonElement);
  readonly #days = new Map<number, DayBlock>();
  #isAll = false;
  #known: Known | null = null;

  /** @param changed called when something is to be drawn */
  constructor(changed: () => void) {
    this.#more.addEventListener('click', () => {
      this.#isAll = !this.#isAll;
      setText(this.#more, this.#isAll ? 'Show fewer days' : 'Show earlier days');
      changed();
    });
  }

  draw(known: Known): void {
    this.#known = known;
    const { state, now } = known;
    const today = midnightOf(now);
    const days = Array.from({ length: DAYS }, (_, index) => today - index * DAY_MS).filter(
      (day, index) => index < FIRST_DAYS || (this.#isAll && state.keptOf(day).gaps + state.stories.count(day) > 0),
    );
    const blocks = days.map((day) => this.#days.get(day) ?? this.#add(day));
    if (blocks.length !== this.#root.childElementCount || blocks[0]?.element !== this.#root.firstElementChild)
      this.#root.replaceChildren(...blocks.map(({ element }) => element));
    blocks.forEach((block, index) => {
      block.draw(known, index === 0);
    });
    setHidden(this.#more, state.keptSince >= today - (FIRST_DAYS - 1) * DAY_MS);
  }

  /** Opens an incident, and fetches its day where that is not there yet. Returns whether it is there. */
  async show(key: string): Promise<boolean> {
    const known = this.#known;
    if (known === null) return false;
    // A number is the time at which it was given, in microseconds; it is given soon after the end.
    const given = midnightOf(Number(key) / 1000);
    for (const day of [given, given - DAY_MS]) {
      if (!(day <= known.now && day > known.now - DAYS * DAY_MS)) continue;
      await known.load(day);
      const story = known.state.stories.of(day, known.state.notes).find((story) => isOf(story, key));
      if (story === undefined) continue;
      if (!this.#days.has(day) || day < midnightOf(known.now) - (FIRST_DAYS - 1) * DAY_MS) this.#isAll = true;
      this.draw(known);
      this.#days.get(day)?.show(story.key, known);
      return true;
    }
    return false;
  }

  /** Opens all that is listed, for print. */
  openAll(): void {
    for (const block of this.#days.values()) block.openAll();
    if (this.#known !== null) this.draw(this.#known);
  }

  #add(day: number): DayBlock {
    const block = new DayBlock(day, () => {
      const known = this.#known;
      if (known === null) return;
      block.draw(known, day === midnightOf(known.now));
      void known.load(day);
    });
    this.#days.set(day, block);
    return block;
  }
}

function isOf({ key, gaps }: Story, wanted: string): boolean {
  return key === wanted || gaps.some(({ seq }) => String(seq) === wanted);
}

/** One day: its heading, and its stories once it is open. */
class DayBlock {
  readonly element = make('section', 'day');
  readonly #day: number;
  readonly #button = make('button');
  readonly #sum = make('span', 'sum');
  readonly #list = make('ol');
  readonly #all = make('button', 'all');
  readonly #rows = new Map<string, StoryRow>();
  readonly #changed: () => void;
  /** Null until it is known whether something happened. */
  #isOpen: boolean | null = null;
  #isWhole = false;

  constructor(day: number, changed: () => void) {
    this.#day = day;
    this.#changed = changed;
    this.#button.type = 'button';
    this.#all.type = 'button';
    this.#list.id = `day-${String(day)}`;
    this.#button.setAttribute('aria-controls', this.#list.id);
    this.#button.append(make('span', 'chevron'), make('span', '', showDay(day)));
    this.#button.addEventListener('click', () => {
      this.#isOpen = this.#isOpen !== true;
      changed();
    });
    this.#all.addEventListener('click', () => {
      this.#isWhole = !this.#isWhole;
      changed();
    });
    this.element.append(make('div', 'day-head', make('h3', '', this.#button), this.#sum, this.#all), this.#list);
  }

  draw({ state, now }: Known, isToday: boolean): void {
    const day = state.keptOf(this.#day);
    const isKept = knownMs(day) > 0;
    const stories = state.stories.of(this.#day, state.notes).filter(({ to }) => (to ?? 0) <= now);
    const open = isToday ? ongoing(state.open(now), state.notes) : [];
    const all = [...open, ...stories];
    const sum =
      all.length + day.gaps === 0 ? (isKept || isToday ? 'No incident' : 'Not known') : sumOf(day.gaps, open.length);
    const unobserved = day.unobservedMs >= 60_000 ? `, not observed for ${showDuration(day.unobservedMs)} in all` : '';
    setText(this.#sum, `${sum}${unobserved}`);
    setData(this.element, 'today', String(isToday));
    setHidden(this.#button, false);
    this.#button.disabled = all.length + day.gaps === 0;
    this.#isOpen ??= all.length > 0 || isToday ? true : null;
    const isOpen = this.#isOpen === true;
    this.#button.ariaExpanded = String(isOpen);
    setHidden(this.#list, !isOpen);
    const shown = this.#isWhole ? all : all.slice(0, FIRST_STORIES);
    setHidden(this.#all, all.length <= FIRST_STORIES || !isOpen);
    setText(this.#all, this.#isWhole ? 'Show fewer' : `Show all ${String(all.length)}`);
    if (!isOpen) return;
    const rows = shown.map((story) => this.#rows.get(story.key) ?? this.#add(story));
    if (rows.length !== this.#list.childElementCount || rows.some((row, at) => row.element !== this.#list.children[at]))
      this.#list.replaceChildren(...rows.map(({ element }) => element));
    rows.forEach((row, at) => {
      const story = shown[at];
      if (story !== undefined) row.draw(story, now);
    });
    const keys = new Set(all.map(({ key }) => key));
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#rows.delete(key);
  }

  show(key: string, known: Known): void {
    this.#isOpen = true;
    this.#isWhole = true;
    this.draw(known, this.#day === midnightOf(known.now));
    this.#rows.get(key)?.show();
  }

  openAll(): void {
    if (this.#button.disabled) return;
    this.#isOpen = true;
    this.#isWhole = true;
    this.#changed();
  }

  #add(story: Story): StoryRow {
    const row = new StoryRow(story);
    this.#rows.set(story.key, row);
    return row;
  }
}

function sumOf(gaps: number, open: number): string {
  return (
    [...(open > 0 ? [`${String(open)} ongoing`] : []), ...(gaps > 0 ? [count(gaps, 'gap')] : [])].join(', ') || 'Notes'
  );
}

/** A story: a line, and its gaps when it is opened. */
class StoryRow {
  readonly element = make('li', 'story');
  readonly #details = make('details');
  readonly #sign = make('span', 'sign');
  readonly #when = make('time');
  readonly #who = make('span', 'who');
  readonly #what = make('span', 'what');
  readonly #why = make('span', 'why');
  readonly #planned = make('span', 'planned', 'planned');
  readonly #more = make('div', 'more');
  #story: Story;
  #now = 0;
  #listed: Story | null = null;

  constructor(story: Story) {
    this.#story = story;
    this.#details.append(
      make(
        'summary',
        '',
        this.#when,
        this.#sign,
        this.#who,
        this.#what,
        make('span', 'why-cell', this.#planned, this.#why),
      ),
      this.#more,
    );
    this.#details.addEventListener('toggle', () => {
      this.#list();
    });
    this.element.append(this.#details);
  }

  draw(story: Story, now: number): void {
    this.#story = story;
    this.#now = now;
    const { newest, to, services, isPlanned } = story;
    setText(this.#when, `${showWhen(newest, now)}${to === null ? ' –' : ''}`);
    const machine = new Date(newest).toISOString();
    if (this.#when.dateTime !== machine) this.#when.dateTime = machine;
    setData(this.#sign, 'state', isPlanned ? 'maintenance' : 'down');
    setData(this.element, 'open', String(to === null));
    setText(this.#who, whoOf(services));
    setText(this.#what, whatOf(story));
    setText(this.#why, whyOf(story));
    setHidden(this.#planned, !isPlanned);
    if (this.#details.open && this.#listed !== story && to !== null) this.#list();
  }

  show(): void {
    this.#details.open = true;
    this.element.scrollIntoView({ block: 'center' });
    this.#details.querySelector('summary')?.focus({ preventScroll: true });
  }

  #list(): void {
    if (!this.#details.open) return;
    const { gaps, notes, key, services, from, to } = (this.#listed = this.#story);
    const now = this.#now;
    const end = to === null ? 'now' : showExactly(to, now);
    const parts: HTMLElement[] = [make('p', '', `${services.join(', ')} – from ${showExactly(from, now)} to ${end}`)];
    parts.push(...notes.map((note) => make('p', 'note-text', note.text)));
    if (gaps.length > 0) {
      const heads = ['Service', 'From', 'Length (bounds)', 'Failed', 'Cause'].map((head) => make('th', '', head));
      const rows = gaps.slice(0, GAPS).map((gap) => {
        const words = [
          gap.service,
          showExactly(gap.from, now),
          showGap(gap),
          count(gap.failed, 'probe'),
          showCause(gap),
        ];
        return make('tr', '', ...words.map((text) => make('td', '', text)));
      });
      parts.push(make('table', '', make('thead', '', make('tr', '', ...heads)), make('tbody', '', ...rows)));
      if (gaps.length > GAPS) parts.push(make('p', '', `The longest ${String(GAPS)} of ${count(gaps.length, 'gap')}.`));
      const link = make('a', '', 'Link to this incident');
      link.href = addressOf('incident', key);
      link.addEventListener('click', (event) => {
        event.preventDefault();
        setAddress('incident', key);
      });
      parts.push(make('p', '', link));
    }
    this.#more.replaceChildren(...parts);
  }
}

/** What people wrote about the present: maintenance, incidents, news. */
export class Notices {
  readonly #list = byId('notices', HTMLElement);
  #drawn = '';

  draw(notes: readonly Note[], now: number): void {
    const current = currentNotes(notes, now);
    const drawn = JSON.stringify(current.map((note) => [note, note.from <= now]));
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#list.replaceChildren(
      ...current.map((note) => {
        const { kind, from, to, services, text } = note;
        const sign = make('span', 'sign');
        sign.dataset['state'] = kind === 'maintenance' ? 'maintenance' : kind === 'incident' ? 'down' : 'event';
        const until = to === null ? '' : ` until ${showExactly(to, now).slice(0, -7)}`;
        const when =
          from <= now
            ? `since ${showExactly(from, now).slice(0, -7)}${until}`
            : `from ${showExactly(from, now).slice(0, -7)}${until}`;
        const heads = {
          maintenance: from <= now ? 'Maintenance' : 'Planned maintenance',
          incident: 'Incident',
          info: 'Note',
        };
        const about = services.length === 0 ? '' : `${whoOf(services)}: `;
        return make(
          'li',
          '',
          sign,
          make('p', '', make('strong', '', heads[kind]), ` ${about}${text} `, make('span', '', when)),
        );
      }),
    );
  }
}
