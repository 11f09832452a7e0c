/** All services, in their groups. */
import { count } from '../../core/format.ts';
import type { PageState } from '../page-state.ts';
import { byId, make, setHidden, setText } from './dom.ts';
import type { Frame } from './paint.ts';
import { ServiceRow } from './service-row.ts';

/** With more services than this there is a search field. */
const FEW = 12;

interface Group {
  readonly section: HTMLElement;
  readonly count: HTMLElement;
  readonly rows: readonly ServiceRow[];
}

export class ServiceList {
  readonly #root = byId('services', HTMLElement);
  readonly #filter = byId('filter', HTMLElement);
  readonly #search = byId('search', HTMLInputElement);
  readonly #problemsOnly = byId('problems-only', HTMLInputElement);
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

  /** @param changed called when something is to be drawn */
  constructor(changed: () => void) {
    this.#changed = changed;
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
    for (const row of this.#rows.values()) row.draw(frame, state.extras(row.service.name));
    for (const group of this.#groups) setText(group.count, countOf(group.rows));
    if (this.#problemsOnly.checked) this.#applyFilter(false);
  }

  /** Brings a service into sight. */
  reveal(name: string): void {
    const row = [...this.#rows.values()].find(({ service }) => service.name === name);
    if (row === undefined) return;
    setHidden(row.element, false);
    row.element.scrollIntoView({ block: 'center' });
    row.element.focus({ preventScroll: true });
  }

  #build(): void {
    const open = new Set([...this.#rows.values()].filter((row) => row.open).map(({ service }) => service.name));
    const focused = this.#rows.get(document.activeElement?.closest('.service') ?? this.#root)?.service.name;
    this.#sight.disconnect();
    this.#rows.clear();
    // Those of no group come first.
    const groups = new Map<string | null, ServiceRow[]>([[null, []]]);
    this.#of.forEach((service, index) => {
      const rows = groups.get(service.info.group) ?? [];
      rows.push(new ServiceRow(service, index, this.#changed));
      groups.set(service.info.group, rows);
    });
    const order = [...groups].filter(([, rows]) => rows.length > 0);
    this.#groups = order.map(([name, rows]) => makeGroup(name, rows));
    this.#root.replaceChildren(...this.#groups.map(({ section }) => section));
    for (const row of this.#groups.flatMap(({ rows }) => rows)) {
      this.#rows.set(row.element, row);
      this.#sight.observe(row.element);
      if (open.has(row.service.name)) row.toggle();
      if (row.service.name === focused) row.focus();
    }
    setHidden(this.#filter, this.#of.length <= FEW);
    this.#applyFilter(true);
  }

  /**
   * Shows the services that match.
   * @param hide whether to hide what does not match: a service that is up again stays until the filter changes
   */
  #applyFilter(hide: boolean): void {
    const wanted = this.#search.value.trim().toLowerCase();
    for (const row of this.#rows.values()) {
      const { name, status } = row.service;
      const shown = name.toLowerCase().includes(wanted) && !(this.#problemsOnly.checked && status === 'up');
      if (shown || hide) setHidden(row.element, !shown);
    }
    for (const { section, rows } of this.#groups)
      setHidden(
        section,
        rows.every(({ element }) => element.hidden),
      );
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

function makeGroup(name: string | null, rows: readonly ServiceRow[]): Group {
  const title = make('h2', name === null ? 'hidden' : '', name ?? 'Services');
  const counted = make('p', 'count');
  const head = make('div', name === null ? 'hidden' : 'group-head', title, counted);
  const list = make('ul', '', ...rows.map(({ element }) => element));
  return { section: make('section', 'group', head, list), count: counted, rows };
}

function countOf(rows: readonly ServiceRow[]): string {
  const down = rows.filter(({ service }) => service.status === 'down').length;
  return down === 0 ? count(rows.length, 'service') : `${String(down)} of ${count(rows.length, 'service')} down`;
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
