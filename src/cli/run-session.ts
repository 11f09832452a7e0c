/** A run while it goes on: drives the stages by the clock, the services, the command and the signals, and shows them. */
import { durationText } from '../core/duration.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { countServices, showDuration } from '../core/format.ts';
import { liveLine, BottomLine } from '../terminal/live-line.ts';
import type { CommandEnding, RunFacts } from '../report/report.ts';
import { type Patience, Stages } from '../report/run-stages.ts';
import { showCommand, showEnding } from '../report/report-phrases.ts';
import { CommandChild, type Ended } from './command-child.ts';
import type { Vantage } from './vantages.ts';
import { exitCodeOf } from './ending.ts';
import { say } from './say.ts';

/** How often it is checked whether a stage is over, in milliseconds. */
const POLL_MS = 25;
/** A feed that is not connected after this long is named, in milliseconds. */
const CONNECTING_MS = 1000;
/** After the second signal the command has this long to end by itself. */
const SECOND_GRACE_MS = 500;
/** The same signal within this time is the same one, which came on two ways. */
const TWIN_MS = 200;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Interruption = (typeof SIGNALS)[number];

/** What became of a run. Times in milliseconds since the epoch. */
export interface Course extends Pick<RunFacts, 'endedAt' | 'ending' | 'exitCode' | 'signal'> {
  /** Null where the command was not started. */
  readonly startedAt: number | null;
  /** When the watch was over. */
  readonly to: number;
  readonly interrupted: Interruption | null;
  /** Why the command could not be started at all, for people; otherwise null. */
  readonly problem: string | null;
}

interface Surroundings {
  readonly command: readonly string[];
  readonly patience: Patience;
  readonly monitor: Monitor;
  readonly vantages: readonly Vantage[];
}

export class RunSession {
  /** Resolves when the run is over: the command has ended and the services are back, or `--give-up` or a signal ended it. */
  readonly course: Promise<Course>;
  readonly #all: Surroundings;
  readonly #stages: Stages;
  readonly #timer: NodeJS.Timeout;
  readonly #line: BottomLine | null;
  readonly #shown: string;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#signalled(signal as Interruption);
  };
  #child: CommandChild | null = null;
  #facts: Omit<Course, 'to'> = {
    startedAt: null,
    endedAt: null,
    ending: null,
    exitCode: null,
    signal: null,
    interrupted: null,
    problem: null,
  };
  #givenUp = false;
  readonly #saidProblems = new Set<string>();
  #isClosed = false;
  #lastSignal: { readonly signal: Interruption; readonly at: number } | null = null;
  #finish: (course: Course) => void = () => undefined;
  /** Resolves at the first signal. */
  #interrupt: () => void = () => undefined;
  readonly #interrupted: Promise<void>;

  constructor(all: Surroundings) {
    this.#all = all;
    this.#shown = showCommand(all.command);
    this.#stages = new Stages(all.patience, performance.now());
    this.course = new Promise((resolve) => (this.#finish = resolve));
    this.#interrupted = new Promise((resolve) => (this.#interrupt = resolve));
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    const { beforeMs, giveUpMs } = all.patience;
    const within = `at most ${durationText(giveUpMs)}`;
    this.#say(`Waiting until every service has been up for ${durationText(beforeMs)}, ${within}.`);
    const colours = (process.env['NO_COLOR'] ?? '') === '';
    this.#line = BottomLine.on(process.stderr, process.env, (columns) => this.#live(columns, colours));
    this.#timer = setInterval(() => {
      this.#poll();
    }, POLL_MS);
  }

  /** The signal that ended it before its time, also after its course; null for none. */
  get interrupted(): Interruption | null {
    return this.#facts.interrupted;
  }

  /** Waits for something, but no longer than until a signal ends the run. */
  async unlessInterrupted(something: Promise<unknown>): Promise<void> {
    await Promise.race([something, this.#interrupted]);
  }

  /** Nothing is polled any more, and the terminal is as it was. Signals are still caught: the report is to come. */
  close(): void {
    clearInterval(this.#timer);
    this.#line?.close();
    this.#isClosed = true;
  }

  /** Signals are no longer caught. */
  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  #poll(): void {
    const { vantages } = this.#all;
    if (this.#stages.stage === 'before' && performance.now() - this.#stages.since > CONNECTING_MS) this.#sayProblems();
    const isLost = vantages.some(({ problem }) => problem !== null);
    const standings = vantages.map((one) => one.standings);
    // A vantage that watches nothing proves nothing.
    const isIdle = standings.some(({ length }) => length === 0);
    const upForMs = standings.flat().map((one) => one.upForMs);
    const proofMs = standings.flat().reduce((most, one) => Math.max(most, one.intervalMs + one.timeoutMs), 0);
    const step = this.#stages.next(performance.now(), isLost || isIdle ? [...upForMs, null] : upForMs, proofMs);
    if (step === 'start') this.#start();
    else if (step === 'finish' || step === 'not-up') this.#over();
    else if (step === 'end-command') {
      this.#givenUp = true;
      this.#say(`The command has not ended within ${durationText(this.#all.patience.giveUpMs)}: ending it.`);
      this.#child?.end();
    }
  }

  /** Why a feed can't be had, each reason once: a wrong token would otherwise be waited for without a word. */
  #sayProblems(): void {
    for (const { problem } of this.#all.vantages) {
      if (problem === null || this.#saidProblems.has(problem)) continue;
      this.#saidProblems.add(problem);
      this.#say(`Still waiting: ${problem}. Retrying.`);
    }
  }

  #start(): void {
    const { monitor, command, vantages } = this.#all;
    for (const { note } of vantages) if (note !== null) this.#say(`Note: ${note}.`);
    const names = vantages.flatMap(({ standings }) => standings.map(({ service }) => service));
    this.#say(`${countServices([...new Set(names)])} up. Starting: ${this.#shown}`);
    monitor.mark(`run: ${this.#shown} started`);
    const startedAt = monitor.now();
    this.#facts = { ...this.#facts, startedAt };
    for (const vantage of vantages) vantage.nextStage(startedAt);
    this.#stages.started(performance.now());
    const child = new CommandChild(command);
    this.#child = child;
    child.ended.then(
      (ended) => {
        this.#ended(ended);
      },
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        this.#facts = { ...this.#facts, problem: `${this.#shown} could not be started: ${why}` };
        this.#over();
      },
    );
  }

  #ended({ exitCode, signal }: Ended): void {
    if (this.#stages.stage !== 'during') return;
    if (exitCode === null && signal === null && !this.#givenUp) {
      // It would not end, though it was asked twice.
      this.#over();
      return;
    }
    const { monitor, patience } = this.#all;
    const endedAt = monitor.now();
    for (const vantage of this.#all.vantages) vantage.nextStage(endedAt);
    const ending: CommandEnding = this.#givenUp ? 'given-up' : exitCode === null ? 'signal' : 'exited';
    this.#facts = { ...this.#facts, endedAt, ending, exitCode, signal };
    const durationMs = endedAt - (this.#facts.startedAt ?? endedAt);
    const how = showEnding({ ending, exitCode, signal, durationMs, interrupted: null });
    monitor.mark(`run: ${this.#shown} ${how}`);
    this.#stages.ended(performance.now());
    if (this.#facts.interrupted !== null) {
      this.#over();
      return;
    }
    const { afterMs, giveUpMs } = patience;
    this.#say(
      `The command ${how}. Waiting until every service has been up for ${durationText(afterMs)} again, at most ${durationText(giveUpMs)}.`,
    );
  }

  #over(): void {
    if (this.#stages.stage === 'over') return;
    this.#stages.over(performance.now());
    this.#finish({ ...this.#facts, to: this.#all.monitor.now() });
  }

  #signalled(signal: Interruption): void {
    // A program around this one (`timeout`) passes on what the terminal has sent to both.
    const now = performance.now();
    const isTwin = signal === this.#lastSignal?.signal && now - this.#lastSignal.at < TWIN_MS;
    this.#lastSignal = { signal, at: now };
    if (isTwin) return;
    const again = this.#facts.interrupted !== null;
    if (again && this.#isClosed) {
      this.#say(`${signal} again: there is no report.`);
      process.exit(exitCodeOf(signal));
    }
    this.#facts = { ...this.#facts, interrupted: this.#facts.interrupted ?? signal };
    this.#interrupt();
    const child = this.#child;
    if (this.#stages.stage !== 'during' || child === null) {
      this.#over();
      return;
    }
    if (again) {
      this.#say(`${signal} again: ending the command.`);
      child.end(SECOND_GRACE_MS);
      return;
    }
    // The terminal has sent a Ctrl-C to the command already.
    if (signal === 'SIGTERM' || !child.getsTerminalSignals) child.signal(signal);
    this.#say(`${signal}: waiting for the end of the command. Once more ends it, and the watch.`);
  }

  #live(columns: number, colours: boolean): string {
    const { stage, since } = this.#stages;
    const { startedAt } = this.#facts;
    const now = performance.now();
    const at = startedAt === null ? '' : `  +${showDuration(this.#all.monitor.now() - startedAt)}`;
    const head =
      stage === 'before' ? `before  ${showDuration(now - since)}` : `${stage === 'over' ? 'last answers' : stage}${at}`;
    const several = this.#all.vantages.length > 1;
    const services = this.#all.vantages.flatMap(({ name, standings }) =>
      standings.map(({ service, ...one }) => ({ ...one, name: several ? `${name}: ${service}` : service })),
    );
    return liveLine(head, services, columns, colours);
  }

  #say(text: string): void {
    say(text);
  }
}
