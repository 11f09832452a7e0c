/** The timelines of an HTML report: the rows, what is in view, and what is chosen. */
import { showLatency } from '../../core/format.ts';
import type { ProbeColumns } from '../probe-record.ts';
import { around, chosen, moved, showMoment, ticks, zoomed, type Axis, type Span } from '../timeline-view.ts';
import type { ViewerData } from '../viewer-data.ts';
import { cover, legend, make, MIDDLE, place, shareOf, toolbar, type Action } from './elements.ts';
import { listen } from './gestures.ts';
import { momentWords, probeNear } from './moment-words.ts';
import { firstFrom, paintRow, readTheme, type Row, type Scene } from './row-paint.ts';

/** From this many rows on they are flat. */
const FLAT_FROM = 9;
/** Pixels of a label of the axis, with its room. */
const LABEL = 90;
/** Pixels beside the label of a moment. */
const FLAG = 105;
const STEP = 0.1;
const FACTOR = 2;

interface RowView {
  readonly row: Row;
  readonly element: HTMLElement;
  readonly name: HTMLButtonElement;
  readonly canvas: HTMLCanvasElement;
}

export class Viewer {
  readonly #data: ViewerData;
  readonly #axis: Axis;
  readonly #whole: Span;
  #view: Span;
  readonly #rows: readonly RowView[];
  readonly #topMs: number;
  /** Those in sight: only they are painted, as there may be hundreds. */
  readonly #inSight = new Set<Element>();
  #isPrinting = false;
  /** The row that is chosen, and a probe of it; -1 for none. */
  #selected = { row: 0, probe: -1 };
  readonly #plot = make('div', 'plot');
  readonly #lines = make('div', 'lines');
  readonly #ticks = make('div', 'ticks');
  /** In the order of time. */
  readonly #flags: { readonly label: HTMLElement; readonly line: HTMLElement; readonly at: number }[] = [];
  readonly #command = make('div', 'command');
  readonly #drawn = make('div', 'drawn');
  readonly #panel = make('div', 'panel');
  readonly #range = make('span', 'range');
  #theme = readTheme();
  #frame = 0;

  constructor(section: HTMLElement, data: ViewerData, columns: readonly ProbeColumns[]) {
    this.#data = data;
    this.#axis = { zero: data.startMs, epoch: data.from };
    this.#whole = { from: 0, to: Math.max(1, data.lengthMs) };
    this.#view = this.#whole;
    this.#rows = data.rows.map((row, index): RowView => {
      const probes = columns[index] ?? {
        at: new Float64Array(),
        durationMs: new Float32Array(),
        outcome: new Uint16Array(),
      };
      const name = make('button', 'name', row.service);
      name.type = 'button';
      name.title = row.service;
      name.ariaExpanded = 'false';
      const canvas = make('canvas', '');
      canvas.role = 'img';
      canvas.ariaLabel = this.#summary(row);
      const element = make('div', 'row', name, canvas);
      element.dataset['index'] = String(index);
      const longestMs = probes.durationMs.reduce((most, ms) => Math.max(most, ms), 0);
      return { row: { ...row, ...probes, longestMs }, element, name, canvas };
    });
    this.#topMs = this.#rows.reduce((most, { row }) => Math.max(most, row.longestMs), 100);
    const actions = this.#actions();
    section.append(toolbar(actions, this.#range), this.#buildPlot(), this.#panel, legend());
    this.#panel.role = 'status';
    this.#listen(actions);
    this.#say();
    this.draw();
  }

  /** Shows a stretch of a row: what a hint or a line of the table is about. */
  show(index: number, span: Span): void {
    this.#select(index, -1);
    this.#open(index, true);
    this.#setView(around(span, this.#whole));
    const row = this.#rows[index];
    if (row === undefined) return;
    this.#point(index, (span.from + span.to) / 2, false);
    row.element.scrollIntoView({ block: 'center' });
    this.#plot.focus({ preventScroll: true });
  }

  draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      this.drawNow();
    });
  }

  drawNow(): void {
    const view = this.#isPrinting ? this.#whole : this.#view;
    const scene: Scene = {
      view,
      lengthMs: this.#whole.to,
      outcomes: this.#data.outcomes,
      theme: this.#theme,
      density: Math.max(1, devicePixelRatio),
      topMs: this.#topMs,
    };
    this.#rows.forEach(({ canvas, row }, index) => {
      if (!this.#isPrinting && !this.#inSight.has(canvas)) return;
      paintRow(canvas, row, scene, index === this.#selected.row ? this.#selected.probe : -1);
    });
    const width = Math.max(1, this.#ticks.clientWidth);
    this.#ticks.replaceChildren(
      ...ticks(view, this.#axis, Math.floor(width / LABEL)).map(({ at, label }) => {
        const tick = make('span', '', label);
        place(tick, at, view, LABEL / 2 / width);
        return tick;
      }),
    );
    // A label that would cover one before it is left out; its line stays.
    let end = -Infinity;
    for (const { label, line, at } of this.#flags) {
      place(line, at, view, 0);
      place(label, at, view, FLAG / width);
      const { left, right } = label.getBoundingClientRect();
      if (label.hidden) continue;
      label.hidden = left < end;
      if (!label.hidden) end = right;
    }
    const { startMs, endMs } = this.#data;
    if (startMs !== null) cover(this.#command, { from: startMs, to: endMs ?? this.#whole.to }, view);
    const [from, to] = [showMoment(view.from, this.#axis, view), showMoment(view.to, this.#axis, view)];
    this.#range.textContent = `${from} to ${to} (${showLatency(view.to - view.from)})`;
  }

  /** In print all is shown, in the light colours. */
  print(isPrinting: boolean): void {
    document.documentElement.classList.toggle('printing', isPrinting);
    this.#theme = readTheme();
    this.#isPrinting = isPrinting;
    this.drawNow();
  }

  restyle(): void {
    this.#theme = readTheme();
    this.draw();
  }

  #summary({ service, vantage, gaps }: Row | ViewerData['rows'][number]): string {
    const words =
      gaps.length === 0
        ? 'no gap'
        : gaps
            .slice(0, 5)
            .map(({ text }) => text)
            .join('; ');
    return `${service} from ${this.#data.vantages[vantage] ?? ''}: ${words}`;
  }

  #actions(): Action[] {
    return [
      {
        button: ['−', 'Zoom out'],
        keys: ['-'],
        act: (around) => {
          this.#zoom(around, FACTOR);
        },
      },
      {
        button: ['+', 'Zoom in'],
        keys: ['+', '='],
        act: (around) => {
          this.#zoom(around, 1 / FACTOR);
        },
      },
      {
        button: ['←', 'Earlier'],
        keys: ['ArrowLeft'],
        act: () => {
          this.#move(-STEP);
        },
      },
      {
        button: ['→', 'Later'],
        keys: ['ArrowRight'],
        act: () => {
          this.#move(STEP);
        },
      },
      {
        button: ['‹ gap', 'Previous gap'],
        keys: ['p'],
        act: () => {
          this.#stepGap(-1);
        },
      },
      {
        button: ['gap ›', 'Next gap'],
        keys: ['n'],
        act: () => {
          this.#stepGap(1);
        },
      },
      {
        button: ['Whole', 'Show the whole window'],
        keys: ['0', 'Home'],
        act: () => {
          this.#reset();
        },
      },
      {
        keys: ['ArrowUp'],
        act: () => {
          this.#stepRow(-1);
        },
      },
      {
        keys: ['ArrowDown'],
        act: () => {
          this.#stepRow(1);
        },
      },
      {
        keys: [','],
        act: () => {
          this.#stepProbe(-1);
        },
      },
      {
        keys: ['.'],
        act: () => {
          this.#stepProbe(1);
        },
      },
      {
        keys: ['Escape'],
        act: () => {
          this.#plot.blur();
        },
      },
    ];
  }

  #buildPlot(): HTMLElement {
    const { startMs, endMs, marks, vantages } = this.#data;
    const flags = make('div', 'flags');
    const flag = (at: number, text: string, className: string): void => {
      const label = make('span', className, text);
      label.title = text;
      const line = make('i', className);
      flags.append(label);
      this.#lines.append(line);
      this.#flags.push({ label, line, at });
    };
    if (startMs !== null) flag(startMs, 'command starts', 'start');
    if (endMs !== null) flag(endMs, 'ends', 'end');
    for (const { at, text } of marks) flag(at, `◆ ${text}`, 'mark');
    this.#flags.sort((a, b) => a.at - b.at);
    this.#lines.append(this.#command, this.#drawn);
    this.#command.hidden = startMs === null;
    this.#drawn.hidden = true;
    this.#plot.append(make('div', 'axis', flags, this.#ticks));
    const body = make('div', 'rows');
    let last = -1;
    for (const { row, element } of this.#rows) {
      if (row.vantage !== last && vantages.length > 1)
        body.append(make('h3', '', `seen from ${vantages[row.vantage] ?? ''}`));
      last = row.vantage;
      element.classList.toggle('flat', this.#rows.length >= FLAT_FROM || row.probes === 0);
      body.append(element);
    }
    body.append(this.#lines);
    this.#plot.append(body);
    this.#plot.tabIndex = 0;
    this.#plot.role = 'group';
    this.#plot.ariaLabel =
      'Timelines. Plus and minus zoom, left and right move, up and down choose a service, comma and full stop go from probe to probe, p and n from gap to gap, 0 shows all. The table below has the same in words.';
    return this.#plot;
  }

  #listen(actions: readonly Action[]): void {
    listen(this.#plot, () => this.#ticks.getBoundingClientRect(), {
      zoom: (at, factor) => {
        this.#zoom(at, factor);
      },
      move: (by) => {
        this.#move(by);
      },
      reset: () => {
        this.#reset();
      },
      drawn: (stretch, isOver) => {
        this.#drawn.hidden = stretch === null || isOver;
        if (stretch === null) return;
        const span = chosen(this.#at(stretch.from), this.#at(stretch.to), this.#whole);
        if (isOver) this.#setView(span);
        else cover(this.#drawn, span, this.#view);
      },
      point: (target, at, isTap) => {
        const row = target.closest<HTMLElement>('.row');
        if (row === null) return;
        if (isTap) this.#plot.focus({ preventScroll: true });
        this.#point(Number(row.dataset['index']), this.#at(at), isTap);
      },
      scrolled: () => {
        this.#words('To zoom: Ctrl and the wheel, or click on a timeline first; or draw over a stretch.');
      },
    });
    this.#plot.addEventListener('keydown', (event) => {
      this.#key(event, actions);
    });
    this.#rows.forEach(({ name }, index) => {
      name.addEventListener('click', () => {
        this.#open(index, name.ariaExpanded !== 'true');
      });
    });
    new ResizeObserver(() => {
      this.draw();
    }).observe(this.#plot);
    const sight = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          if (isIntersecting) this.#inSight.add(target);
          else this.#inSight.delete(target);
          // Gives its memory back.
          if (!isIntersecting && target instanceof HTMLCanvasElement) target.width = 0;
        }
        this.draw();
      },
      { rootMargin: '300px' },
    );
    for (const { canvas } of this.#rows) sight.observe(canvas);
  }

  #key(event: KeyboardEvent, actions: readonly Action[]): void {
    const { key, ctrlKey, metaKey, altKey, target } = event;
    if (ctrlKey || metaKey || altKey) return;
    const action = actions.find(({ keys }) => keys.includes(key));
    if (action === undefined || (target instanceof HTMLButtonElement && key.startsWith('Arrow'))) return;
    event.preventDefault();
    action.act(this.#chosenAt);
  }

  /** Where in the view the probe is that is chosen; the middle where none is, or is out of sight. */
  get #chosenAt(): number {
    const { row, probe } = this.#selected;
    const at = this.#rows[row]?.row.at[probe];
    const { from, to } = this.#view;
    return at === undefined || at < from || at > to ? MIDDLE : shareOf(at, this.#view);
  }

  #at(share: number): number {
    return this.#view.from + share * (this.#view.to - this.#view.from);
  }

  #setView(view: Span): void {
    this.#view = view;
    this.draw();
  }

  #zoom(at: number, factor: number): void {
    this.#setView(zoomed(this.#view, this.#whole, this.#at(at), factor));
  }

  #move(by: number): void {
    this.#setView(moved(this.#view, this.#whole, by * (this.#view.to - this.#view.from)));
  }

  #reset(): void {
    this.#select(this.#selected.row, -1);
    this.#setView(this.#whole);
    this.#say();
  }

  #open(index: number, isOpen: boolean): void {
    const row = this.#rows[index];
    if (row === undefined) return;
    row.element.classList.toggle('open', isOpen);
    row.name.ariaExpanded = String(isOpen);
    this.draw();
  }

  #select(row: number, probe: number): void {
    this.#rows[this.#selected.row]?.element.classList.remove('selected');
    this.#selected = { row, probe };
    this.#rows[row]?.element.classList.toggle('selected', this.#rows.length > 1);
    this.draw();
  }

  #stepRow(by: number): void {
    const row = Math.min(this.#rows.length - 1, Math.max(0, this.#selected.row + by));
    this.#select(row, -1);
    const chosenRow = this.#rows[row];
    chosenRow?.element.scrollIntoView({ block: 'nearest' });
    if (chosenRow !== undefined) this.#words(chosenRow.canvas.ariaLabel ?? '');
  }

  #stepProbe(by: number): void {
    const { row, probe } = this.#selected;
    const chosenRow = this.#rows[row]?.row;
    const times = chosenRow?.at ?? new Float64Array();
    const middle = (this.#view.from + this.#view.to) / 2;
    const next = probe < 0 ? firstFrom(times, middle) : probe + by;
    const at = times[next];
    if (at === undefined) return;
    this.#select(row, next);
    const { from, to } = this.#view;
    if (at < from || at > to) this.#setView(moved(this.#view, this.#whole, at - (from + to) / 2));
    if (chosenRow !== undefined) this.#words(...this.#momentWords(chosenRow, at, next));
  }

  #stepGap(by: number): void {
    const all = this.#rows
      .flatMap(({ row }, index) => row.gaps.map((gap) => ({ index, gap })))
      .sort((a, b) => a.gap.from - b.gap.from || a.index - b.index);
    const { from, to } = this.#view;
    const middle = (from + to) / 2;
    const isNow = ({ index, gap }: (typeof all)[number]): boolean =>
      index === this.#selected.row && gap.from <= middle && gap.to >= middle && to - from < this.#whole.to;
    const now = all.findIndex(isNow);
    const after = all.findIndex(({ gap }) => gap.from > middle);
    const next = now >= 0 ? now + by : by > 0 ? Math.max(0, after) : (after < 0 ? all.length : after) - 1;
    const found = all[(next + all.length) % Math.max(1, all.length)];
    if (found === undefined) this.#words('There is no gap.');
    else this.show(found.index, found.gap);
  }

  /** The pointer is at a moment of a row. */
  #point(index: number, at: number, isTap: boolean): void {
    const row = this.#rows[index]?.row;
    if (row === undefined) return;
    const probe = probeNear(row, at, { data: this.#data, view: this.#view });
    if (isTap || this.#selected.row !== index || this.#selected.probe !== probe) this.#select(index, probe);
    this.#words(...this.#momentWords(row, at, probe));
  }

  #momentWords(row: Row, at: number, probe: number): string[] {
    const [data, axis, view] = [this.#data, this.#axis, this.#view];
    return momentWords(row, at, probe, { data, axis, view, lengthMs: this.#whole.to });
  }

  #say(): void {
    this.#panel.dataset['active'] = 'false';
    this.#put(
      'Point at a timeline, tap it, or go through the probes with , and . to see each of them. A click on a name makes its timeline higher.',
    );
  }

  #words(...lines: readonly string[]): void {
    this.#panel.dataset['active'] = 'true';
    this.#put(...lines);
  }

  #put(...lines: readonly string[]): void {
    this.#panel.replaceChildren(...lines.map((line) => make('p', '', line)));
  }
}
