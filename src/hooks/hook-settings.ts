/** What a hook is configured to do. */
import { createHash } from 'node:crypto';

import type { HookFilter } from './hook-progress.ts';

/** Holds secrets: it is never printed. */
export interface HookSettings extends HookFilter {
  /** Where it stands in the configuration: `hooks[0]`. */
  readonly place: string;
  readonly to: PostTarget | CommandTarget;
}

export interface PostTarget {
  readonly kind: 'post';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Signs the body; null where it is not signed. */
  readonly secret: string | null;
}

/** Where a heartbeat goes. Holds secrets, as all of these. */
export interface GetTarget {
  readonly kind: 'get';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface CommandTarget {
  readonly kind: 'command';
  /** Program and arguments: no shell reads them. */
  readonly argv: readonly [string, ...string[]];
  /** Its folder. */
  readonly cwd: string;
}

/** What a hook is called by over restarts: where it goes, and what for. A new secret makes no other hook of it. */
export function hookId({ on, services, to }: Omit<HookSettings, 'place'>): string {
  const goesTo = to.kind === 'post' ? to.url : to.argv;
  const what = [goesTo, on.toSorted(), services?.toSorted() ?? null];
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 32);
}

/** A hook as the log names it. The path of a URL is a secret with many services: only its host is shown. */
export function shownHook({ place, to }: Pick<HookSettings, 'place' | 'to'>): string {
  return `${place} (${to.kind === 'post' ? new URL(to.url).origin : to.argv[0]})`;
}
