/** `gapwatch run` on the host while its daemon is restarted, with what the second machine sees in the same report. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Report } from '../../src/report/report.ts';
import { Child, GAPWATCH } from './child.ts';
import { type Docker, LOOPBACK } from './docker.ts';
import { answering, INTERVAL_MS, Watch } from './watch.ts';

const RESTART = fileURLToPath(new URL('./restart-command.js', import.meta.url));
const PORT = 9720;
const TOKEN = 'for-the-other-machine';

/** How a run ended. */
export interface Ran {
  readonly code: number | null;
  /** What `--report FILE.json` wrote. */
  readonly report: Report;
  /** The lines that it printed. */
  readonly printed: readonly string[];
}

/** Names of the places in the report. */
export const PLACES = { loopback: 'loopback', second: 'second machine' } as const;

/**
 * Runs a number of restarts.
 * @param options of `run`, such as its budget
 */
export async function runRestarts(docker: Docker, times: number, options: readonly string[]): Promise<Ran> {
  const command = [process.execPath, RESTART, JSON.stringify(docker.daemon), String(times)];
  return runCommand(docker, command, options);
}

/**
 * Runs a command in the network of the host, with what both places see in its report.
 * @param more targets beside those that always answer, by the address that they have from a place
 */
export async function runCommand(
  { daemon, host, second }: Docker,
  command: readonly string[],
  options: readonly string[],
  more: (address: string) => readonly string[] = () => [],
): Promise<Ran> {
  const config = join(daemon.folder, 'services.json');
  const file = join(daemon.folder, 'report.json');
  const listen = `${second.address}:${String(PORT)}`;
  writeFileSync(config, JSON.stringify({ services: [], feed: { token: TOKEN } }));
  const from = ['--config', config, '--listen', listen, '--vantage', PLACES.second];
  const there = new Watch(second, [...answering(host.address), ...more(host.address)], from);
  try {
    await there.settled();
    const also = ['--also', `ws://${listen}/feed?token=${TOKEN}`];
    const how = ['--connection', 'both', '--interval', `${String(INTERVAL_MS)}ms`, '--vantage', PLACES.loopback];
    const targets = [...answering(LOOPBACK), ...more(LOOPBACK)];
    const words = ['run', ...targets, ...how, ...also, ...options, '--report', file, '--', ...command];
    const printed: string[] = [];
    const code = await new Child(host, GAPWATCH, words, (line) => printed.push(line)).ended();
    try {
      return { code, report: JSON.parse(readFileSync(file, 'utf8')) as Report, printed };
    } catch {
      throw new Error(`no report, exit code ${String(code)}:\n${printed.join('\n')}`);
    }
  } finally {
    await there.end();
  }
}
