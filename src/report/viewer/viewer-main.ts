/** The script of an HTML report: draws the timelines, and shows what is pointed at. */
import { showDuration, showLatency } from '../../core/format.ts';
import { decodeProbes } from '../probe-encoding.ts';
import type { ProbeColumns } from '../probe-record.ts';
import { around, chosen, moved, showMoment, ticks, zoomed, type Axis, type Span } from '../timeline-view.ts';
import type { ViewerData } from '../viewer-data.ts';
import { listen } from './gestures.ts';
import { firstFrom, paintRow, readTheme, type Row, type Scene } from './row-paint.ts';

/** From this many rows on they are flat. */
const FLAT_FROM = 9;
/** Pixels of a label of the axis, with its room. */
const LABEL = 90;
/** Pixels beside the label of a moment. */
const FLAG = 105;
/** How near to a probe the pointer is at it, as a share of the width. */
const NEAR = 0.008;
const STEP = 0.1;
const FACTOR = 2;

/** Makes an element. All texts are printable already. */
function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/** Where a moment is in a stretch: from 0 to 1, also where it is outside. */
function shareOf(at: number, { from, to }: Span): number {
  return Math.min(1, Math.max(0, (at - from) / (to - from)));
}

/** Puts an element at a moment; it is hidden where that is not in view. @param room that it needs at the sides, as a share */
function place(element: HTMLElement, at: number, { from, to }: Span, room: number): void {
  const share = (at - from) / (to - from);
  element.style.left = `${String(share * 100)}%`;
  element.hidden = share < 0 || share > 1;
  element.dataset['side'] = share < room ? 'left' : share > 1 - room ? 'right' : '';
}

interface RowView {
  readonly row: Row;
  readonly element: HTMLElement;
  readonly name: HTMLButtonElement;
  readonly canvas: HTMLCanvasElement;
}

class Viewer {
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
    section.append(this.#toolbar(), this.#buildPlot(), this.#panel, legend());
    this.#panel.role = 'status';
    this.#listen();
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
    if (startMs !== null) this.#cover(this.#command, { from: startMs, to: endMs ?? this.#whole.to }, view);
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

  #toolbar(): HTMLElement {
    const bar = make('div', 'toolbar');
    bar.role = 'toolbar';
    bar.ariaLabel = 'What the timelines show';
    const buttons: (readonly [sign: string, label: string, act: () => void])[] = [
      [
        '−',
        'Zoom out',
        () => {
          this.#zoom(0.5, FACTOR);
        },
      ],
      [
        '+',
        'Zoom in',
        () => {
          this.#zoom(0.5, 1 / FACTOR);
        },
      ],
      [
        '←',
        'Earlier',
        () => {
          this.#move(-STEP * 2);
        },
      ],
      [
        '→',
        'Later',
        () => {
          this.#move(STEP * 2);
        },
      ],
      [
        '‹ gap',
        'Previous gap',
        () => {
          this.#stepGap(-1);
        },
      ],
      [
        'gap ›',
        'Next gap',
        () => {
          this.#stepGap(1);
        },
      ],
      [
        'Whole',
        'Show the whole window',
        () => {
          this.#reset();
        },
      ],
    ];
    for (const [sign, label, act] of buttons) {
      const button = make('button', '', sign);
      button.type = 'button';
      button.title = label;
      button.ariaLabel = label;
      button.addEventListener('click', act);
      bar.append(button);
    }
    bar.append(this.#range);
    return bar;
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

  #listen(): void {
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
        else this.#cover(this.#drawn, span);
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
      this.#key(event);
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

  #key(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, altKey, target } = event;
    if (ctrlKey || metaKey || altKey) return;
    const { row, probe } = this.#selected;
    const chosenAt = this.#rows[row]?.row.at[probe];
    const middle = chosenAt === undefined ? 0.5 : shareOf(chosenAt, this.#view);
    const acts: Readonly<Record<string, () => void>> = {
      '+': () => {
        this.#zoom(middle, 1 / FACTOR);
      },
      '=': () => {
        this.#zoom(middle, 1 / FACTOR);
      },
      '-': () => {
        this.#zoom(middle, FACTOR);
      },
      ArrowLeft: () => {
        this.#move(-STEP);
      },
      ArrowRight: () => {
        this.#move(STEP);
      },
      ArrowUp: () => {
        this.#stepRow(-1);
      },
      ArrowDown: () => {
        this.#stepRow(1);
      },
      ',': () => {
        this.#stepProbe(-1);
      },
      '.': () => {
        this.#stepProbe(1);
      },
      p: () => {
        this.#stepGap(-1);
      },
      n: () => {
        this.#stepGap(1);
      },
      0: () => {
        this.#reset();
      },
      Home: () => {
        this.#reset();
      },
      Escape: () => {
        this.#plot.blur();
      },
    };
    const act = acts[key];
    if (act === undefined || (target instanceof HTMLButtonElement && key.startsWith('Arrow'))) return;
    event.preventDefault();
    act();
  }

  #at(share: number): number {
    return this.#view.from + share * (this.#view.to - this.#view.from);
  }

  /** @param view what is shown */
  #cover(element: HTMLElement, span: Span, view = this.#view): void {
    const [from, to] = [shareOf(span.from, view), shareOf(span.to, view)];
    element.style.left = `${String(from * 100)}%`;
    element.style.width = `${String((to - from) * 100)}%`;
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
    const times = this.#rows[row]?.row.at ?? new Float64Array();
    const middle = (this.#view.from + this.#view.to) / 2;
    const next = probe < 0 ? firstFrom(times, middle) : probe + by;
    const at = times[next];
    if (at === undefined) return;
    this.#select(row, next);
    const { from, to } = this.#view;
    if (at < from || at > to) this.#setView(moved(this.#view, this.#whole, at - (from + to) / 2));
    this.#describe(row, at, next);
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
    const probe = this.#probeNear(row, at);
    if (isTap || this.#selected.row !== index || this.#selected.probe !== probe) this.#select(index, probe);
    this.#describe(index, at, probe);
  }

  /** The probe at a moment; one that failed, where one is near; -1 for none. */
  #probeNear({ at: times, durationMs, outcome, longestMs }: Row, at: number): number {
    const near = NEAR * (this.#view.to - this.#view.from);
    let [best, least] = [-1, Infinity];
    for (let one = firstFrom(times, at - near - longestMs); (times[one] ?? Infinity) <= at + near; one += 1) {
      const sent = times[one] ?? 0;
      const isBad = this.#data.outcomes[outcome[one] ?? 0]?.result !== 'up';
      const distance =
        sent > at ? sent - at : Math.min(at - sent, Math.max(at - sent - (durationMs[one] ?? 0), near / 2));
      const weighted = distance <= near && isBad ? distance / 1000 : distance;
      if (distance <= near && weighted < least) [best, least] = [one, weighted];
    }
    return best;
  }

  /** What is known of a moment of a row, in words. */
  #describe(index: number, at: number, probe: number): void {
    const row = this.#rows[index]?.row;
    if (row === undefined) return;
    const several = this.#data.vantages.length > 1;
    const who = `${row.service}${several ? `, seen from ${this.#data.vantages[row.vantage] ?? ''}` : ''}`;
    const moment = (time: number): string => showMoment(time, this.#axis, this.#view);
    // To a tenth of a millisecond, as far as it is known.
    const exactly = (time: number): string => showMoment(time, this.#axis, { from: 0, to: 1 });
    const sent = row.at[probe];
    const ms = row.durationMs[probe] ?? 0;
    const outcome = this.#data.outcomes[row.outcome[probe] ?? 0];
    const how =
      outcome?.result === 'up'
        ? `answered after ${showLatency(ms)}${outcome.text === '' ? '' : `: ${outcome.text}`}`
        : `${outcome?.result === 'down' ? 'failed' : 'observed nothing'} after ${showLatency(ms)}: ${outcome?.text ?? ''}`;
    const moments = [...row.moments, ...row.slow].filter((one) => {
      const until = 'to' in one ? (one as { to: number }).to : one.at;
      return (
        at >= one.at - NEAR * (this.#view.to - this.#view.from) &&
        at <= until + NEAR * (this.#view.to - this.#view.from)
      );
    });
    this.#words(
      `${who} at ${moment(at)}`,
      ...(sent === undefined ? [] : [`Probe sent at ${exactly(sent)}, ${how}`]),
      ...[stateAt(row, at, this.#whole.to, moment), ...moments.map((one) => `${exactly(one.at)} ${one.text}`)],
    );
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

/** The state of a row at a moment; a gap with its bounds. */
function stateAt(row: Row, at: number, end: number, moment: (at: number) => string): string {
  const gap = row.gaps.find(({ from, to }) => from <= at && to >= at);
  if (gap !== undefined) return gap.text;
  const place = row.intervals.findLastIndex(([, from]) => from <= at);
  const [state = 'unknown', from = 0, reason = ''] = row.intervals[place] ?? [];
  const to = row.intervals[place + 1]?.[1] ?? end;
  const word = state === 'unobserved' ? 'not observed' : state;
  return `${word} from ${moment(from)} to ${moment(to)} (${showDuration(to - from)})${reason === '' ? '' : `: ${reason}`}`;
}

function legend(): HTMLElement {
  const entries = [
    ['up', 'up'],
    ['down', 'down; the line in it: at least, the line beyond it: at most'],
    ['unobserved', 'not observed'],
    ['probe', 'an answer, the higher the slower (logarithmic)'],
    ['failed', 'a probe that failed'],
    ['slow', 'slow answers'],
    ['lost', 'a kept connection was lost'],
    ['changed', 'another process or role'],
  ];
  return make('ul', 'legend', ...entries.map(([kind, words]) => make('li', '', make('i', kind ?? ''), words ?? '')));
}

/** The single probes; none where this browser can't unpack them. */
async function probesOf(data: ViewerData): Promise<ProbeColumns[]> {
  const packed = Uint8Array.from(atob(document.getElementById('probes')?.textContent ?? ''), (char) =>
    char.charCodeAt(0),
  );
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return decodeProbes(new Uint8Array(await new Response(unpacked).arrayBuffer()), data.rows);
}

async function begin(section: HTMLElement): Promise<void> {
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as ViewerData;
  let columns: readonly ProbeColumns[] = [];
  try {
    columns = await probesOf(data);
  } catch {
    section.append(
      make(
        'p',
        'soft',
        'This browser can not unpack the single probes (DecompressionStream): states and gaps are shown.',
      ),
    );
  }
  const viewer = new Viewer(section, data, columns);
  document.addEventListener('click', ({ target }) => {
    const link = target instanceof Element ? target.closest<HTMLElement>('button[data-row]') : null;
    if (link === null) return;
    const { row, from, to } = link.dataset;
    viewer.show(Number(row), { from: Number(from), to: Number(to) });
  });
  for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
    matchMedia(query).addEventListener('change', () => {
      viewer.restyle();
    });
  addEventListener('beforeprint', () => {
    viewer.print(true);
  });
  addEventListener('afterprint', () => {
    viewer.print(false);
  });
  document.body.dataset['live'] = 'true';
}

const section = document.getElementById('timelines');
if (section !== null) void begin(section);
