/** The structured log of a command: JSON lines, by pino. */
import { destination, type DestinationStream, type Logger, pino } from 'pino';

import { commandLineProblem, invalid } from '../config/config-error.ts';

const FORMAT = {
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (level: string) => ({ level }) },
};

/** The log of a daemon, on stderr. */
export function daemonLog(level: string): Logger {
  return pino({ ...FORMAT, level }, destination(2));
}

/**
 * The log of a command whose stderr is for people: in a file, or none.
 * @param file the option `--log`
 * @throws ConfigError where the file can't be written
 */
export function fileLog(file: string | undefined, level: string): Logger {
  if (file === undefined) return pino({ level: 'silent' });
  let stream: DestinationStream;
  try {
    stream = destination({ dest: file, sync: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalid([commandLineProblem('--log', `the log can't be written: ${why}`)]);
  }
  return pino({ ...FORMAT, level }, stream);
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
