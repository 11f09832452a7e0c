/** All services, in their groups. */
import { count, STATE_WORDS } from '../../core/format.ts';
import { type State, WORST_FIRST } from '../../core/model.ts';
import type { PageState } from '../page-state.ts';
import { byId, make, setData, setHidden, setText } from './dom.ts';
import type { Frame } from './paint.ts';
import { ServiceRow } from './service-row.ts';

/** With more services than this there is a search field. */
const FEW = 12;
/** With more than this, a service takes one line. */
const MANY = 40;
/** Where there are many, a group of at least this many shows only those that are not up. */
const FOLDED = 4;
/** Services move to their places, and groups fold, while the reader does nothing for so long: they would move under a finger. */
const IDLE_MS = 30_000;

interface Group {
  readonly name: string | null;
  readonly section: HTMLElement;
  readonly count: HTMLElement;
  readonly sign: HTMLElement;
  readonly button: HTMLButtonElement;
  readonly list: HTMLElement;
  /** Whether services that are up are hidden. */
  isFolded: boolean;
  readonly rows: readonly ServiceRow[];
}

export class ServiceList {
  readonly #root = byId('services', HTMLElement);
  readonly #filter = byId('filter', HTMLElement);
  readonly #search = byId('search', HTMLInputElement);
  readonly #problemsOnly = byId('problems-only', HTMLInputElement);
  readonly #none = byId('none', HTMLElement);
  readonly #tip = new Tip();
  readonly #rows = new Map<Element, ServiceRow>();
  readonly #changed: () => void;
  readonly #sight = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const row = this.#rows.get(target);
        if (row !== undefined) row.visible = isIntersecting;
      }
      this.#changed();
    },
    { rootMargin: '200px' },
  );
  #groups: readonly Group[] = [];
  #of: PageState['services'] = [];
  #frame: Frame | null = null;

  #sortedAt = 0;
  #usedAt = performance.now();
  /** Groups that the reader opened or closed. */
  readonly #chosen = new Map<string, boolean>();
  readonly #named: (service: string | null) => void;

  /**
   * @param changed called when something is to be drawn
   * @param named called with the service that the reader opened, or null where it was closed
   */
  constructor(changed: () => void, named: (service: string | null) => void) {
    this.#changed = changed;
    this.#named = named;
    for (const type of ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart'])
      window.addEventListener(
        type,
        () => {
          this.#usedAt = performance.now();
        },
        { passive: true },
      );
    this.#root.addEventListener('keydown', (event) => {
      const step = {
        ArrowLeft: -1,
        ArrowRight: 1,
        ArrowDown: -1,
        ArrowUp: 1,
        PageDown: -7,
        PageUp: 7,
        Home: -99,
        End: 99,
      }[event.key];
      if (step !== undefined && this.#step(event.target, step)) event.preventDefault();
      if (event.key === 'Escape') this.#tip.hide();
    });
    this.#root.addEventListener('focusin', ({ target }) => {
      if (!this.#step(target, 0)) this.#tip.hide();
    });
    this.#root.addEventListener('focusout', () => {
      this.#tip.hide();
    });
    this.#search.addEventListener('input', () => {
      this.#applyFilter(true);
    });
    this.#problemsOnly.addEventListener('change', () => {
      this.#applyFilter(true);
    });
    for (const type of ['pointermove', 'pointerdown'] as const)
      this.#root.addEventListener(type, (event) => {
        this.#point(event);
      });
    for (const type of ['pointerleave', 'pointercancel'] as const)
      this.#root.addEventListener(type, () => {
        this.#tip.hide();
      });
    window.addEventListener('scroll', () => {
      this.#tip.hide();
    });
  }

  draw(state: PageState, frame: Frame): void {
    this.#frame = frame;
    const { services } = state;
    if (services.length !== this.#of.length || services.some((service, index) => service !== this.#of[index])) {
      this.#of = services;
      this.#build();
    }
    for (const row of this.#rows.values())
      row.draw(frame, state.extras(row.service.name), state.isMaintained(row.service.name, frame.now));
    for (const { count, sign, rows } of this.#groups) {
      setText(count, countOf(rows));
      setData(sign, 'state', worstOf(rows));
    }
    const now = performance.now();
    if (now - this.#usedAt > IDLE_MS && now - this.#sortedAt > IDLE_MS) {
      this.#arrange();
      this.#applyFilter(true);
    }
    if (this.#problemsOnly.checked) this.#applyFilter(false);
  }

  /** Brings a service into sight. */
  reveal(name: string): void {
    const row = [...this.#rows.values()].find(({ service }) => service.name === name);
    if (row === undefined) return;
    const group = this.#groups.find(({ rows }) => rows.includes(row));
    if (group !== undefined && row.element.hidden) this.#fold(group, false);
    setHidden(row.element, false);
    row.element.scrollIntoView({ block: 'center' });
    row.element.focus({ preventScroll: true });
  }

  /** Opens a service, and closes the others; null closes all. */
  openOnly(name: string | null): void {
    for (const row of this.#rows.values()) if (row.open !== (row.service.name === name)) row.toggle();
    if (name !== null) this.reveal(name);
    this.#changed();
  }

  /** Shows all, for print. */
  openAll(): void {
    for (const group of this.#groups) this.#fold(group, false);
    for (const row of this.#rows.values()) row.visible = true;
    if (this.#frame !== null) for (const row of this.#rows.values()) row.paint(this.#frame);
  }

  #step(target: EventTarget | null, step: number): boolean {
    const canvas = target instanceof HTMLCanvasElement ? target : null;
    const row = canvas === null ? undefined : this.#rows.get(canvas.closest('.service') ?? canvas);
    if (canvas === null || row === undefined || this.#frame === null) return false;
    const day = row.stepDay(canvas, step, this.#frame);
    if (day === null) return false;
    const box = canvas.getBoundingClientRect();
    this.#tip.show(day.words, box.left + day.place * box.width, box.top);
    return true;
  }

  #fold(group: Group, isFolded: boolean): void {
    group.isFolded = isFolded;
    group.button.ariaExpanded = String(!isFolded);
    this.#applyFilter(true);
  }

  /** Where there are many, those that are not well come first, and the others fold. */
  #arrange(): void {
    this.#sortedAt = performance.now();
    if (this.#of.length <= FEW) return;
    const focused = document.activeElement;
    const isDense = this.#of.length > MANY;
    for (const group of this.#groups) {
      const rows = group.rows.toSorted((a, b) => rank(a) - rank(b));
      if (rows.some(({ element }, at) => element !== group.list.children[at]))
        group.list.replaceChildren(...rows.map(({ element }) => element));
      const chosen = this.#chosen.get(group.name ?? '');
      group.isFolded = chosen ?? (isDense && isHeaded(group, this.#groups) && rows.length >= FOLDED);
      group.button.ariaExpanded = String(!group.isFolded);
    }
    const order = this.#groups.toSorted((a, b) => Math.min(...a.rows.map(rank)) - Math.min(...b.rows.map(rank)));
    if (order.some(({ section }, at) => section !== this.#root.children[at]))
      this.#root.replaceChildren(...order.map(({ section }) => section));
    if (focused instanceof HTMLElement && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  #build(): void {
    const open = new Set([...this.#rows.values()].filter((row) => row.open).map(({ service }) => service.name));
    const focused = this.#rows.get(document.activeElement?.closest('.service') ?? this.#root)?.service.name;
    this.#sight.disconnect();
    this.#rows.clear();
    // Those of no group come first, where no other group is worse.
    const groups = new Map<string | null, ServiceRow[]>([[null, []]]);
    this.#of.forEach((service, index) => {
      const rows = groups.get(service.info.group) ?? [];
      const toggled = (row: ServiceRow): void => {
        this.#named(row.open ? service.name : null);
        this.#changed();
      };
      rows.push(new ServiceRow(service, index, toggled));
      groups.set(service.info.group, rows);
    });
    const order = [...groups].filter(([, rows]) => rows.length > 0);
    this.#groups = order.map(([name, rows]) => {
      const group = makeGroup(name, rows, isHeaded({ name }, order));
      group.button.addEventListener('click', () => {
        this.#chosen.set(group.name ?? '', !group.isFolded);
        this.#fold(group, !group.isFolded);
      });
      return group;
    });
    setData(document.body, 'dense', String(this.#of.length > MANY));
    this.#root.replaceChildren(...this.#groups.map(({ section }) => section));
    for (const row of this.#groups.flatMap(({ rows }) => rows)) {
      this.#rows.set(row.element, row);
      this.#sight.observe(row.element);
      if (open.has(row.service.name)) row.toggle();
      if (row.service.name === focused) row.focus();
    }
    setHidden(this.#filter, this.#of.length <= FEW);
    this.#arrange();
    this.#applyFilter(true);
  }

  /**
   * Shows the services that match.
   * @param hide whether to hide what does not match: a service that is up again stays until the filter changes
   */
  #applyFilter(hide: boolean): void {
    const text = this.#search.value.trim();
    const wanted = text.toLowerCase();
    const isProblem = this.#problemsOnly.checked;
    const isFiltered = wanted !== '' || isProblem;
    for (const { section, rows, isFolded } of this.#groups) {
      for (const row of rows) {
        const { name, status } = row.service;
        const isMeant = isFiltered ? !isProblem || status !== 'up' : !isFolded || status !== 'up' || row.open;
        const shown = isMeant && name.toLowerCase().includes(wanted);
        if (shown || hide) setHidden(row.element, !shown);
      }
      setHidden(section, isFiltered && rows.every(({ element }) => element.hidden));
    }
    const isNone = isFiltered && this.#groups.every(({ section }) => section.hidden);
    const what = isProblem ? 'No service with a problem' : 'No service';
    setText(this.#none, !isNone ? '' : text === '' ? 'No service has a problem.' : `${what} matches “${text}”.`);
    setHidden(this.#none, !isNone);
  }

  #point(event: PointerEvent): void {
    const canvas = event.target;
    const row = canvas instanceof HTMLCanvasElement ? this.#rows.get(canvas.closest('.service') ?? canvas) : undefined;
    if (row === undefined || this.#frame === null || !(canvas instanceof Element)) {
      this.#tip.hide();
      return;
    }
    const box = canvas.getBoundingClientRect();
    this.#tip.show(row.textAt(canvas, event.clientX - box.left, this.#frame), event.clientX, box.top);
  }
}

/** The worst first. */
function rank({ service }: ServiceRow): number {
  return WORST_FIRST.indexOf(service.status);
}

function worstOf(rows: readonly ServiceRow[]): State {
  return WORST_FIRST.find((state) => rows.some(({ service }) => service.status === state)) ?? 'unknown';
}

/** Whether the head of a group is seen: services of which none has a group need none. */
function isHeaded({ name }: Pick<Group, 'name'>, groups: readonly unknown[]): boolean {
  return name !== null || groups.length > 1;
}

function makeGroup(name: string | null, rows: readonly ServiceRow[], isSeen: boolean): Group {
  const sign = make('span', 'sign');
  const button = make('button', 'fold', make('span', 'chevron'), sign, name ?? 'Other services');
  button.type = 'button';
  button.ariaExpanded = 'true';
  const title = make('h2', '', isSeen ? button : 'Services');
  const counted = make('p', 'count');
  const head = make('div', isSeen ? 'group-head' : 'hidden', title, counted);
  const list = make('ul', '', ...rows.map(({ element }) => element));
  return {
    name,
    section: make('section', 'group', head, list),
    count: counted,
    rows,
    sign,
    button,
    list,
    isFolded: false,
  };
}

function countOf(rows: readonly ServiceRow[]): string {
  const bad = WORST_FIRST.filter((state) => state !== 'up').flatMap((state) => {
    const n = rows.filter(({ service }) => service.status === state).length;
    return n === 0 ? [] : [`${String(n)} ${STATE_WORDS[state].toLowerCase()}`];
  });
  return bad.length === 0
    ? `${count(rows.length, 'service')}, all up`
    : `${bad.join(', ')} of ${count(rows.length, 'service')}`;
}

/** From the pointer, and from the window's edges. In CSS pixels. */
const AWAY = 14;
const EDGE = 8;

/** The tooltip at the pointer: what a place of a strip shows, to the millisecond. */
class Tip {
  readonly #element = byId('tip', HTMLElement);

  /** @param x of the pointer in the window, as `y` */
  show(words: string, x: number, y: number): void {
    const tip = this.#element;
    setText(tip, words);
    tip.classList.add('shown');
    const { offsetWidth: width, offsetHeight: height } = tip;
    const left = Math.max(EDGE, Math.min(x - width / 2, document.documentElement.clientWidth - width - EDGE));
    const above = y - height - AWAY;
    const top = above >= EDGE ? above : y + AWAY;
    tip.style.transform = `translate(${String(Math.round(left))}px, ${String(Math.round(top))}px)`;
  }

  hide(): void {
    this.#element.classList.remove('shown');
  }
}
