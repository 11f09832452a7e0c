/** What Redis' error replies mean for a probe. */
import type { Reason } from '../core/model.ts';
import type { Failure } from './failure.ts';
import { excerpt } from '../core/excerpt.ts';

/** By the first word of the reply. */
const BY_WORD: Partial<Record<string, Reason>> = {
  NOAUTH: 'auth',
  WRONGPASS: 'auth',
  NOPERM: 'auth',
  DENIED: 'auth', // protected mode: without a password only from loopback
  LOADING: 'loading',
  READONLY: 'readonly',
};

/** Of servers older than Redis 6, which say ERR to a wrong password. */
const OLD_WRONG_PASSWORD = /^ERR invalid (password|username)/;
/** The server asks for no password, so one that is sent is as good as none. */
const NO_PASSWORD_NEEDED = /no password is set|without any password configured/;

/** Whether the error that answered AUTH can be ignored. */
export function isNeedless(text: string): boolean {
  return NO_PASSWORD_NEEDED.test(text);
}

/**
 * The failure that an error reply means.
 * @param command that was answered. Of a refused AUTH only the first word is shown: the rest may repeat the password
 */
export function errorResponse(command: string, text: string): Failure {
  const word = /^[A-Z]{1,32}\b/.exec(text)?.[0] ?? '';
  const reason = OLD_WRONG_PASSWORD.test(text) ? 'auth' : (BY_WORD[word] ?? 'error');
  if (command === 'AUTH') return { reason, message: `AUTH was refused: ${word === '' ? 'an error' : word}` };
  return { reason, message: `${command} was answered: ${excerpt(text).slice(1, -1)}` };
}

/** The failure that another reply than the one that is due means. */
export function mismatch(command: string, due: string, got: unknown): Failure {
  const shown = typeof got === 'string' ? excerpt(got) : got === null ? 'nothing' : 'another kind of reply';
  return { reason: 'protocol', message: `${command} was answered by ${shown}, not by ${due}` };
}

/** The failure of a server that has another role than it must; null where it has this one. */
export function roleFailure(role: 'master' | 'replica', reply: unknown): Failure | null {
  const got: unknown = Array.isArray(reply) ? reply[0] : reply;
  const named = got === 'slave' ? 'replica' : got;
  if (named === role) return null;
  if (typeof named !== 'string') return mismatch('ROLE', 'a role', got);
  return { reason: 'role', message: `its role is ${excerpt(named)}, not "${role}"` };
}
