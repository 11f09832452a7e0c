/** One service of the list. Only what differs is touched; strip and days are painted only while they are in sight. */
import type { BoardService } from '../../core/board.ts';
import { coarse, showShare, WHOLE } from '../../core/format.ts';
import type { Day } from '../../core/uptime.ts';
import { daysOf } from '../page-days.ts';
import type { ServiceExtras } from '../page-state.ts';
import { rowText, slowText, stripText, daysText, dayText, intervalText } from '../page-text.ts';
import { intervalAt, type Known, pieces, scaleAt, slowPieces } from '../page-strip.ts';
import { make, setData, setLabel, setText, setTitle } from './dom.ts';
import { type Frame, paintDays, paintStrip } from './paint.ts';
import { ServicePanel } from './service-panel.ts';

const SPANS = [
  { key: '1h', name: '1 h', spanMs: 3_600_000 },
  { key: '24h', name: '24 h', spanMs: 86_400_000 },
  { key: '90d', name: '90 d', spanMs: 90 * 86_400_000 },
] as const;
const MINUTE_MS = 60_000;
/** A pointer within so many pixels of a failure means it. */
const NEAR = 5;

export class ServiceRow {
  readonly element = make('li', 'service');
  /** Whether it is in sight. */
  visible = false;
  readonly #service: BoardService;
  readonly #sign = make('span', 'sign');
  readonly #button: HTMLButtonElement;
  readonly #state = make('strong');
  readonly #lasts = make('span');
  readonly #note = make('p', 'note');
  readonly #strip = make('canvas', 'strip');
  readonly #days = make('canvas', 'days');
  readonly #uptimes = SPANS.map(() => ({ share: make('span'), of: make('span', 'of') }));
  readonly #panelId: string;
  #panel: ServicePanel | null = null;
  #dayList: readonly Day[] = [];
  /** The day that the keyboard is at, among those shown; null for none. */
  #dayAt: number | null = null;
  #slow: ServiceExtras['slow'] = [];
  #labelled = '';
  #keptDays: ServiceExtras['days'] | null = null;
  #painted = '';
  #paintedDays = '';
  #drawnDays: readonly Day[] = [];

  /**
   * @param index among all services
   * @param toggled called when the reader opened or closed it
   */
  constructor(service: BoardService, index: number, toggled: (row: ServiceRow) => void) {
    this.#service = service;
    const name = make('span', 'name', service.name);
    setTitle(name, service.name);
    this.#button = make('button', '', this.#sign, name, make('span', 'chevron'));
    this.#button.type = 'button';
    this.#button.ariaExpanded = 'false';
    this.#panelId = `panel-${String(index)}`;
    this.#button.addEventListener('click', () => {
      this.toggle();
      toggled(this);
    });
    this.#strip.role = 'img';
    this.#days.role = 'img';
    const uptime = make('dl', 'uptime');
    SPANS.forEach((span, place) => {
      const figure = this.#uptimes[place];
      if (figure === undefined) return;
      const words = make('dd', '', figure.share, figure.of);
      uptime.append(make('div', '', make('dt', '', span.name), words));
    });
    const state = make('p', 'state', this.#state, this.#lasts);
    const who = make('div', 'who', make('h3', '', this.#button), state, this.#note);
    this.element.append(who, make('div', 'when', this.#strip, this.#days), uptime);
    this.element.id = `service-${String(index)}`;
    this.element.tabIndex = -1;
  }

  get service(): BoardService {
    return this.#service;
  }

  /** Whether the details are shown. */
  get open(): boolean {
    return this.#panel?.element.hidden === false;
  }

  focus(): void {
    this.#button.focus({ preventScroll: true });
  }

  /** Shows or hides the details. */
  toggle(): void {
    if (this.#panel === null) {
      this.#panel = new ServicePanel(this.#service, this.#panelId);
      this.element.append(this.#panel.element);
      this.#button.setAttribute('aria-controls', this.#panelId);
    } else {
      this.#panel.element.hidden = !this.#panel.element.hidden;
    }
    this.#button.ariaExpanded = String(this.open);
    // Its days can be read by keyboard too; those of all services would be a stop each.
    this.#days.tabIndex = this.open ? 0 : -1;
    this.#days.role = this.open ? 'slider' : 'img';
    this.#days.ariaValueNow = this.open ? '0' : null;
    this.#days.ariaValueText = this.open ? this.#days.ariaLabel : null;
  }

  draw(frame: Frame, extras: ServiceExtras, isMaintained: boolean): void {
    const service = this.#service;
    const words = rowText(service, frame.now, frame);
    setData(this.element, 'state', service.status);
    setData(this.#sign, 'state', service.status);
    // Cleared when the word before it changes: a text that stays would be moved by it.
    if (this.#state.textContent !== words.state) this.#lasts.textContent = '';
    setText(this.#state, words.state);
    setText(this.#lasts, ` ${words.lasts}`);
    setText(this.#note, `${isMaintained ? 'under maintenance, ' : ''}${extras.disagreement ?? words.note}`);
    SPANS.forEach(({ key, spanMs }, place) => {
      const figure = this.#uptimes[place];
      if (figure === undefined) return;
      const observedMs = extras.observed[key];
      const isShort = observedMs < WHOLE * spanMs;
      setData(figure.share, 'short', String(isShort));
      setText(figure.share, showShare(extras.uptime[key]));
      setText(figure.of, isShort && observedMs > 0 ? ` of ${coarse(observedMs)}` : '');
    });
    this.#slow = extras.slow;
    this.#label(frame, extras.days);
    if (this.visible) this.paint(frame);
    if (this.open) this.#panel?.draw(service, extras, frame);
  }

  /** The text for a place of the strip or of the days. @param x from its left edge, in CSS pixels */
  textAt(canvas: Element, x: number, frame: Frame): string {
    if (canvas === this.#days) {
      const days = this.#dayList.slice(-frame.days);
      const day = days[Math.floor((x / frame.width) * days.length)];
      return day === undefined ? '' : dayText(day);
    }
    const { timeline, gaps } = this.#service;
    const scale = scaleAt(frame.now, frame.spanMs, frame.width);
    const state = intervalText(intervalAt(timeline, scale, knownAt(this.#service, frame), x, NEAR), gaps, frame);
    return state + slowText(this.#slow, scale.from + x * scale.stepMs, NEAR * scale.stepMs);
  }

  /**
   * Moves to another day by keyboard.
   * @param step days forward; 0 for where it is
   * @returns the place of that day from the left, as a part of the whole, and its words; null where the element has none
   */
  stepDay(canvas: Element, step: number, frame: Frame): { readonly place: number; readonly words: string } | null {
    if (canvas !== this.#days) return null;
    const days = this.#dayList.slice(-frame.days);
    const at = Math.max(0, Math.min(days.length - 1, (this.#dayAt ?? days.length - 1) + step));
    const day = days[at];
    if (day === undefined) return null;
    this.#dayAt = at;
    const words = dayText(day);
    this.#days.ariaValueMin = '0';
    this.#days.ariaValueMax = String(days.length - 1);
    this.#days.ariaValueNow = String(at);
    this.#days.ariaValueText = words.replaceAll('\n', ', ');
    return { place: (at + 0.5) / days.length, words };
  }

  /** Labels strip and days for screen readers. */
  #label({ knownUntil, now, spanMs, spanName }: Frame, days: ServiceExtras['days']): void {
    const { state, since } = this.#service;
    const newestSlow = this.#slow.at(-1)?.to;
    const labelled = [state, since, spanName, Math.floor(knownUntil / MINUTE_MS), newestSlow].join();
    if (labelled === this.#labelled && days === this.#keptDays) return;
    this.#labelled = labelled;
    this.#keptDays = days;
    const { timeline } = this.#service;
    this.#dayList = daysOf(days, timeline, knownUntil);
    setLabel(this.#strip, stripText(timeline, spanName, now - spanMs, knownUntil, this.#slow));
    setLabel(this.#days, daysText(this.#dayList));
  }

  /** Paints strip and days. */
  paint(frame: Frame): void {
    const { width, density, theme, spanMs, now, knownUntil, days } = frame;
    const pixels = Math.round(width * density);
    if (pixels === 0) return;
    const scale = scaleAt(now, spanMs, pixels);
    const paintedDays = [this.#labelled, pixels, theme.version, days].join();
    if (paintedDays !== this.#paintedDays || this.#dayList !== this.#drawnDays)
      paintDays(this.#days, this.#dayList.slice(-days), pixels, density, theme);
    this.#paintedDays = paintedDays;
    this.#drawnDays = this.#dayList;
    const painted = [paintedDays, scale.from, knownUntil < now ? knownUntil : 'live'].join();
    if (painted === this.#painted) return;
    this.#painted = painted;
    const drawn = pieces(this.#service.timeline, scale, knownAt(this.#service, frame), density);
    paintStrip(this.#strip, drawn, slowPieces(this.#slow, scale, density), pixels, density, theme);
  }
}

function knownAt(service: BoardService, { now, knownUntil }: Frame): Known {
  return { now, knownUntil, settled: now - service.info.timeoutMs };
}
