/**
 * The dashboard: the messages of one source or several, on a terminal. It draws the newest state whenever
 * there is time to draw. The caller ends the sources, and prints the summary, once it has ended.
 */
import { type Hello, type Message, isEvent } from '../core/messages.ts';
import { traitsOf, type Traits } from './terminal-traits.ts';
import { click, press, type Command, FIRST_UI, NOTHING_SEEN, type Ui } from './key-bindings.ts';
import { Model } from './dashboard-model.ts';
import { Pacer, type Cause } from './frame-pacer.ts';
import type { Source } from '../core/source.ts';
import { nowOf, shiftedHistory } from './time-shift.ts';
import { KEPT_MS } from './strip-cells.ts';
import { Terminal } from './screen.ts';
import { view, type View } from './view.ts';

/** Samples that wait while the display is paused: the first ones. Other messages all wait. */
const WAITING_SAMPLES = 20_000;
/** A pause that was forgotten ends here: some 100 MB, which take more than a week where little happens. */
const WAITING_BATCHES = 200_000;

/** How it ended: `q`, Ctrl-C, the terminal went away, or `close()`. */
interface DashboardEnd {
  readonly reason: 'quit' | 'SIGINT' | 'SIGHUP' | 'closed';
}

interface DashboardOptions {
  /** What the terminal's kind, its character set and NO_COLOR are read from: this process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: NodeJS.ReadStream;
  readonly output?: NodeJS.WriteStream;
}

interface Batch {
  readonly source: number;
  readonly messages: readonly Message[];
  readonly at: number;
  readonly offsetMs: number;
}

/**
 * @example
 * const dashboard = new Dashboard([source]);
 * const { reason } = await dashboard.ended;
 */
export class Dashboard {
  /** Resolves when it has ended; the terminal is as it was then. */
  readonly ended: Promise<DashboardEnd>;
  readonly #sources: readonly Source[];
  readonly #model: Model;
  readonly #terminal: Terminal;
  readonly #traits: Traits;
  readonly #pacer = new Pacer();
  readonly #unsubscribe: (() => void)[];
  readonly #onHangup = (): void => {
    this.#end('SIGHUP');
  };
  readonly #onFault = (): void => {
    this.#end('closed');
  };
  #resolve: (end: DashboardEnd) => void = () => undefined;
  #ui: Ui = FIRST_UI;
  #view: View | null = null;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Infinity;
  /** What came while the display is paused. */
  #waiting: Batch[] = [];
  #waitingEvents = 0;
  #waitingSamples = 0;
  #closed = false;
  /** The monitors whose history was requested, by source. */
  readonly #requested = new Map<number, string>();

  /**
   * Enters the terminal and begins to draw. Ask `whyNoDashboard` first whether there can be one.
   * @param sources one or more
   */
  constructor(sources: readonly Source[], options: DashboardOptions = {}) {
    const { env = process.env, input = process.stdin, output = process.stdout } = options;
    this.#sources = sources;
    this.#model = new Model(
      sources.length,
      sources.map(({ address }) => address),
    );
    this.#traits = traitsOf(env);
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const { colours, mouse } = this.#traits;
    this.#terminal = new Terminal(
      { input, output, colours, mouse },
      {
        key: (key) => {
          this.#key(key);
        },
        mouse: (action, y) => {
          this.#mouse(action, y);
        },
        redraw: () => {
          this.#draw('key');
        },
        gone: () => {
          this.#end('SIGHUP');
        },
      },
    );
    process.on('SIGHUP', this.#onHangup);
    // Before the error is printed: it would be lost with the dashboard.
    process.on('uncaughtExceptionMonitor', this.#onFault);
    this.#unsubscribe = sources.map((source, index) =>
      source.subscribe({
        samples: true,
        take: (messages) => {
          this.#take(index, messages);
        },
      }),
    );
    this.#draw('time');
  }

  /** Ends it and leaves the terminal as it was. */
  close(): void {
    this.#end('closed');
  }

  #end(reason: DashboardEnd['reason']): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    process.off('SIGHUP', this.#onHangup);
    process.off('uncaughtExceptionMonitor', this.#onFault);
    this.#terminal.close();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#resolve({ reason });
  }

  #now(): number {
    const [source] = this.#sources;
    return source === undefined ? Date.now() : nowOf(source);
  }

  #take(source: number, messages: readonly Message[]): void {
    const batch = { source, messages, at: this.#now(), offsetMs: this.#sources[source]?.offsetMs ?? 0 };
    if (this.#ui.pausedAt === null) this.#apply(batch);
    else this.#keep(batch);
    for (const message of messages) if (message.type === 'hello') this.#requestHistory(source, message);
    const changed = messages.some(({ type }) => type === 'transition' || type === 'hello' || type === 'mark');
    if (changed) this.#schedule('change');
  }

  /** Requests what a monitor kept of the time before, at its first hello. */
  #requestHistory(index: number, { monitor, now }: Hello): void {
    const source = this.#sources[index];
    if (source?.past === undefined || this.#requested.get(index) === monitor.id) return;
    this.#requested.set(index, monitor.id);
    void source.past(now - KEPT_MS).then((past) => {
      this.#model.restore(
        index,
        past.map((one) => shiftedHistory(one, source.offsetMs ?? 0)),
      );
      this.#schedule('change');
    });
  }

  #apply({ source, messages, at, offsetMs }: Batch): void {
    this.#model.take(source, messages, at, offsetMs);
  }

  #keep(batch: Batch): void {
    const samples = batch.messages.filter(({ type }) => type === 'sample').length;
    this.#waitingSamples += samples;
    this.#waitingEvents += batch.messages.filter(isEvent).length;
    const messages =
      this.#waitingSamples <= WAITING_SAMPLES ? batch.messages : batch.messages.filter(({ type }) => type !== 'sample');
    if (messages.length > 0) this.#waiting.push({ ...batch, messages });
    if (this.#waiting.length > WAITING_BATCHES) this.#setUi({ ...this.#ui, pausedAt: null });
  }

  #release(): void {
    for (const batch of this.#waiting) this.#apply(batch);
    this.#waiting = [];
    this.#waitingEvents = 0;
    this.#waitingSamples = 0;
  }

  #key(key: string): void {
    const { ui, command } = press(this.#ui, key, { ...(this.#view ?? NOTHING_SEEN), now: this.#now() });
    this.#setUi(ui);
    if (command !== null) this.#run(command);
    this.#schedule('key');
  }

  #mouse(action: 'click' | 'wheelup' | 'wheeldown', y: number): void {
    if (action !== 'click') {
      this.#key(action);
      return;
    }
    if (this.#view === null) return;
    const [service, entry] = [this.#view.serviceAt.get(y), this.#view.entryAt.get(y)];
    const seen = { ...this.#view, now: this.#now() };
    if (service !== undefined) this.#setUi(click(this.#ui, { service }, seen));
    else if (entry !== undefined) this.#setUi(click(this.#ui, { entry }, seen));
    this.#schedule('key');
  }

  #setUi(ui: Ui): void {
    this.#ui = ui;
    if (ui.pausedAt === null) this.#release();
  }

  #run(command: Command): void {
    switch (command.type) {
      case 'quit':
        this.#end(command.reason);
        return;
      case 'mark':
        for (const source of this.#sources) source.mark(command.text);
        return;
      case 'reset':
        this.#model.reset(this.#now());
        return;
      case 'suspend':
        this.#terminal.suspend();
        return;
      case 'redraw':
        this.#terminal.forget();
        return;
    }
  }

  /** Schedules a frame for when it is due. */
  #schedule(cause: Cause): void {
    if (this.#closed) return;
    const now = performance.now();
    const due = this.#pacer.due(cause, now);
    if (due >= this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = due;
    this.#timer = setTimeout(() => {
      this.#draw(cause);
    }, due - now);
  }

  #draw(cause: Cause): void {
    if (this.#closed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Infinity;
    const began = performance.now();
    if (!this.#terminal.busy) this.#show();
    this.#pacer.drew(cause, began, performance.now());
    this.#schedule('time');
  }

  #show(): void {
    const clock = this.#now();
    if (this.#ui.pausedAt === null) {
      this.#sources.forEach((source, index) => {
        this.#model.setConnection(index, source.connected ?? true, source.problem ?? null, clock);
      });
    }
    this.#view = view({
      model: this.#model,
      ui: this.#ui,
      size: this.#terminal.size,
      glyphs: this.#traits.glyphs,
      clock,
      waiting: this.#waitingEvents,
    });
    this.#ui = { ...this.#ui, top: this.#view.top };
    this.#terminal.show(this.#view.grid);
  }
}
