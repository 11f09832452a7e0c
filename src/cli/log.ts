/** The structured log of a command: JSON lines, by pino. */
import { destination, type Logger, pino } from 'pino';

import { printableJson } from '../core/printable.ts';
import { commandLineProblem, invalid } from '../config/config-error.ts';

/** Lines that can't be written wait for the next attempt, up to this size; more are dropped. */
const WAITING_BYTES = 1_048_576;

const FORMAT = {
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (level: string) => ({ level }) },
};

/** The log of a daemon, on stderr. */
export function daemonLog(level: string): Logger {
  const stream = destination({ dest: 2, sync: true, maxLength: WAITING_BYTES });
  keepGoing(stream);
  return pino({ ...FORMAT, level }, printed(stream));
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
    const why = error instanceof Error ? error.message : String(error);
    throw invalid([commandLineProblem('--log', `the log can't be written: ${why}`)]);
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
