/** Where the history is where nobody says. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** `$XDG_STATE_HOME/gapwatch`, or `~/.local/state/gapwatch` where that is not set (or not absolute: then it does not count). */
export function defaultDataDir(env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] ?? '';
  return join(isAbsolute(state) ? state : join(env['HOME'] ?? homedir(), '.local', 'state'), 'gapwatch');
}

/** The one file of a history in its folder. */
export function databaseFile(dir: string): string {
  return join(dir, 'gapwatch.db');
}
