/** The configuration that a command line asks for: a file, targets, and options. */
import { type Config, loadConfig } from '../config/load-config.ts';
import { type AccessArguments, type ProbeArguments, type RunArguments, type Targets, withAccess } from './options.ts';

/**
 * The configuration that a command line asks for.
 * @param defaultIntervalMs the interval where neither file nor option names one
 * @throws ConfigError
 */
export async function configOf(
  args: ProbeArguments & Targets & Partial<Pick<RunArguments, 'sentinel'>> & AccessArguments,
  defaultIntervalMs: number,
): Promise<Config> {
  const { interval, timeout, connection, recheck, slow, vantage } = args;
  const config = await loadConfig({
    file: args.config ?? null,
    targets: args.target ?? [],
    options: { interval, timeout, connection, recheck, slow, vantage },
    defaultIntervalMs,
    sentinel: args.sentinel === 'on',
    cwd: process.cwd(),
    env: process.env,
  });
  return { ...config, feed: withAccess(config.feed, args) };
}
