/** From arguments to a configuration, and from a configuration to a monitor. */
import { commandLinePlace, ConfigError, invalid } from '../config/config-error.ts';
import { type Config, loadConfig } from '../config/load-config.ts';
import { Monitor } from '../monitor/monitor.ts';
import type { RestoredState } from '../core/restored-state.ts';
import { count } from '../core/format.ts';
import { VERSION } from '../core/version.ts';
import type { ProbeArguments, Targets } from './options.ts';

const MOST_WORKERS = 64;

/**
 * The configuration that a command line asks for.
 * @param defaultIntervalMs the interval where nobody names one
 * @throws ConfigError
 */
export function configOf(args: ProbeArguments & Targets, defaultIntervalMs: number): Promise<Config> {
  const { interval, timeout, connection, vantage } = args;
  return loadConfig({
    file: args.config ?? null,
    targets: args.target ?? [],
    options: { interval, timeout, connection, vantage },
    defaultIntervalMs,
    cwd: process.cwd(),
    env: process.env,
  });
}

/**
 * A monitor that does not watch anything yet, so that its feed can be served, or refused, before the first probe.
 * @param past what it goes on from
 * @throws ConfigError where there can't be so many workers
 */
export function idleMonitor(vantage: string, workers: number, past?: RestoredState): Monitor {
  if (!Number.isInteger(workers) || workers < 1 || workers > MOST_WORKERS) {
    const message = `${String(workers)} is not a number of threads; a whole number from 1 to ${String(MOST_WORKERS)}`;
    throw invalid([{ ...commandLinePlace('--workers'), message }]);
  }
  return new Monitor({ vantage, version: VERSION, watched: [], workers, ...(past && { restored: past }) });
}

/**
 * Reads the configuration again at every SIGHUP. A faulty one changes nothing.
 * @param tell told what came of it
 * @returns how to end it
 */
export function rereadAtHangup(
  monitor: Monitor,
  load: () => Promise<Config>,
  tell: (text: string, isFault: boolean) => void,
): () => void {
  const onHangup = (): void => {
    load().then(
      ({ watched }) => {
        monitor.apply(watched);
        tell(`Read the configuration again: ${count(watched.length, 'service')}.`, false);
      },
      (error: unknown) => {
        if (!(error instanceof ConfigError)) throw error;
        tell(`${error.message}\nNothing was changed.`, true);
      },
    );
  };
  process.on('SIGHUP', onHangup);
  return () => {
    process.off('SIGHUP', onHangup);
  };
}
