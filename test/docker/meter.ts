/**
 * The second meter, a program of its own: a tight loop that asks each target over a new connection every 5 ms, whatever
 * became of the questions before. It knows nothing of gapwatch. Argument: the targets as JSON (`Target[]`). When its
 * standard input ends, it prints all that it saw (`Look[][]`, a list for each target).
 */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two questions, in milliseconds. */
const STEP_MS = 5;
/**
 * A question is given up after this many steps of the loop, 0.9 s: just below the second after which the kernel sends a
 * lost SYN again. Not counted in milliseconds, for this process may be kept waiting itself; then it has not looked.
 */
const PATIENCE = 180;
/** A connection that took this long was asked for a second time: it was not there when the question was asked. */
const SECOND_SYN_MS = 950;

export interface Target {
  readonly host: string;
  readonly port: number;
  /** What is sent, and how the answer begins. */
  readonly send: string;
  readonly expect: string;
}

/** One question: when it was asked, when its answer came or its failure was known, and whether it was answered. */
export type Look = readonly [sentAt: number, endedAt: number, good: boolean];

function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Asks one question. */
class Question {
  /** What is known when it has ended; null before. */
  look: Look | null = null;
  readonly #sentAt = now();
  readonly #socket: Socket;
  #steps = 0;

  constructor({ host, port, send, expect }: Target) {
    let got = '';
    this.#socket = createConnection({ host, port }).setEncoding('latin1');
    this.#socket.once('connect', () => {
      // On a busy machine the steps are longer. Where there were few of them, this process did not look.
      if (now() - this.#sentAt > SECOND_SYN_MS && this.#steps > PATIENCE / 2) this.#end(false);
      else this.#socket.write(send);
    });
    this.#socket.on('data', (text: string) => {
      got += text;
      if (got.length >= expect.length) this.#end(got.startsWith(expect));
    });
    for (const event of ['error', 'close']) {
      this.#socket.once(event, () => {
        this.#end(false);
      });
    }
  }

  /** A step of the loop has passed. */
  step(): void {
    this.#steps += 1;
    if (this.#steps > PATIENCE) this.#end(false);
  }

  #end(good: boolean): void {
    if (this.look !== null) return;
    this.look = [this.#sentAt, now(), good];
    // Thousands of connections in TIME_WAIT would use up the local ports.
    this.#socket.resetAndDestroy();
  }
}

async function main(targets: readonly Target[]): Promise<void> {
  const all = targets.map((): Question[] => []);
  let open: Question[] = [];
  const over = new AbortController();
  process.stdin
    .once('end', () => {
      over.abort();
    })
    .resume();
  while (!over.signal.aborted || open.length > 0) {
    if (!over.signal.aborted) {
      targets.forEach((target, at) => {
        const question = new Question(target);
        all[at]?.push(question);
        open.push(question);
      });
    }
    await sleep(STEP_MS);
    for (const question of open) question.step();
    open = open.filter(({ look }) => look === null);
  }
  console.log(JSON.stringify(all.map((questions) => questions.map(({ look }) => look))));
}

if (process.argv[1] === import.meta.filename) await main(JSON.parse(process.argv[2] ?? '[]') as Target[]);
