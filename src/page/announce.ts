/** What a screen reader is told when something changes. Pure. */
import type { Change } from './page-state.ts';
import { STATE_WORDS } from './page-text.ts';

/** Changes that are told one by one. */
const TOLD = 3;

/**
 * The changes of a moment in a sentence; a service that changed more than once is told as it is at last.
 * @param sentence how all services are now, with its full stop
 */
export function announcement(changes: readonly Change[], sentence: string): string {
  const last = new Map(changes.map(({ service, to }) => [service, to]));
  if (last.size > TOLD) return `${String(last.size)} services changed. ${sentence}`;
  const each = [...last].map(([service, to]) => `${service}: ${STATE_WORDS[to].toLowerCase()}.`);
  return [...each, sentence].join(' ');
}
