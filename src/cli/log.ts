/** The log of a command, by pino: JSON lines, or lines for people. */
import { destination, type Logger, pino } from 'pino';

import { writeProblem } from '../core/file-problem.ts';
import { showTime } from '../core/format.ts';
import { printable, printableJson } from '../core/printable.ts';
import { safeText } from '../core/shown-url.ts';
import { coloursOf } from '../terminal/terminal-traits.ts';
import { commandLineProblem, invalid } from '../config/config-error.ts';

/** Lines that can't be written wait for the next attempt, up to this size; more are dropped. */
const WAITING_BYTES = 1_048_576;

const FORMAT = {
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (level: string) => ({ level }) },
};

/** The log of a daemon. */
export interface DaemonLog {
  readonly log: Logger;
  /** Whether it is for people. A message that is logged with a field `line` is that line there, and nothing else. */
  readonly isText: boolean;
}

/**
 * The log of a daemon, on stderr.
 * @param format lines for people, or JSON; undefined for lines on a terminal and JSON anywhere else
 */
export function daemonLog(level: string, format: 'text' | 'json' | undefined): DaemonLog {
  const stream = destination({ dest: 2, sync: true, maxLength: WAITING_BYTES });
  keepGoing(stream);
  const isText = format === undefined ? process.stderr.isTTY : format === 'text';
  if (!isText) return { log: pino({ ...FORMAT, level }, printed(stream)), isText };
  const inColour = process.stderr.isTTY && coloursOf(process.env, process.env['TERM'] ?? '') > 0;
  const lines = { write: (json: string) => stream.write(textLine(json, inColour)) };
  return { log: pino({ ...FORMAT, level }, lines), isText };
}

/** SGR of ECMA-48 for the levels that are worth a look, and for those that are not. */
const COLOURS: Readonly<Record<string, string>> = { error: '31', fatal: '31', warn: '33', debug: '2', trace: '2' };

/**
 * A record of the log as a line for people.
 * @example
 * textLine('{"level":"warn","time":"2026-11-23T04:05:06.789Z","what":"a b","msg":"late"}', false)
 * // 2026-11-23 04:05:06.789  WARN  late  what="a b"
 */
export function textLine(json: string, inColour: boolean): string {
  const { level, time, msg, line, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const [word, text] = [String(level), typeof msg === 'string' ? msg : ''];
  const failure = err as { readonly message?: unknown } | undefined;
  const facts = Object.entries({ ...fields, ...(failure !== undefined && { error: failure.message }) }).map(
    ([name, value]) => `${name}=${shownValue(value)}`,
  );
  const said = word === 'info' ? text : `${word.toUpperCase()}  ${text}`;
  const shown = typeof line === 'string' ? line : [showTime(Date.parse(String(time))), said, ...facts].join('  ');
  const colour = COLOURS[word];
  const plain = shown.split('\n').map(printable).join('\n');
  return inColour && colour !== undefined ? `\u001b[${colour}m${plain}\u001b[0m\n` : `${plain}\n`;
}

/** Plain where that can't be misread. */
function shownValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

/**
 * A log that can't be written, as on a full disk, does not end the watch. `sync` keeps the library from writing what waits
 * when the process exits, which it would try without end.
 */
function keepGoing(stream: ReturnType<typeof destination>): void {
  stream.on('error', () => undefined);
}

/** The lines as they are printable: they are read in terminals too. */
function printed(stream: ReturnType<typeof destination>): { write(line: string): void } {
  return {
    write(line) {
      stream.write(printableJson(line));
    },
  };
}

/**
 * The log of a command whose stderr is for people: in a file, or none.
 * @param file the option `--log`
 * @throws ConfigError where the file can't be written
 */
export function fileLog(file: string | undefined, level: string): Logger {
  if (file === undefined) return pino({ level: 'silent' });
  let stream: ReturnType<typeof destination>;
  try {
    stream = destination({ dest: file, sync: true, maxLength: WAITING_BYTES });
    keepGoing(stream);
  } catch (error) {
    throw invalid([commandLineProblem(`--log ${safeText(file)}`, writeProblem(error))]);
  }
  return pino({ ...FORMAT, level }, printed(stream));
}

/**
 * Logs diagnostics at every SIGUSR2.
 * @returns how to end it
 */
export function dumpAtSignal(log: Logger, diagnostics: () => object): () => void {
  const onSignal = (): void => {
    log.info(diagnostics(), 'diagnostics');
  };
  process.on('SIGUSR2', onSignal);
  return () => {
    process.off('SIGUSR2', onSignal);
  };
}
