/**
 * Services whose thread does not answer: they are unobserved from then on, until it does, or another one has taken its place and
 * reports of them. Pure.
 */
import type { BoardService } from '../core/board.ts';
import { count } from '../core/format.ts';
import type { Unnumbered } from '../core/messages.ts';
import type { EngineMessage } from './engine-protocol.ts';
import type { EngineThread } from './engine-thread.ts';

type Known = Pick<BoardService, 'state' | 'reason' | 'since'>;
type Thread = Pick<EngineThread, 'lastSeenAt'>;

export class Silences {
  /** What each service was before, and the thread that fell silent. */
  readonly #before = new Map<string, Known & { readonly thread: Thread }>();

  /** Why the state of services is not known, in words; null where every thread answers. */
  get problem(): string | null {
    const { size } = this.#before;
    return size === 0 ? null : `${count(size, 'service')} ${size === 1 ? 'is' : 'are'} not probed: the thread is stuck`;
  }

  has(service: string): boolean {
    return this.#before.has(service);
  }

  /** What a service was before its thread fell silent; null where that answers. */
  before(service: string): Known | null {
    return this.#before.get(service) ?? null;
  }

  /** The thread of a service is silent. Returns whether that changes what is known of it. */
  begin(service: string, { state, reason, since }: Known, thread: Thread): boolean {
    if (state === 'unknown' || state === 'unobserved') return false;
    this.#before.set(service, { state, reason, since, thread });
    return true;
  }

  /** The service is watched no longer, or otherwise. */
  forget(service: string): void {
    this.#before.delete(service);
  }

  /** A message of a service as it follows from its silence, which it may end; null where that has said it already. */
  follow(message: EngineMessage): EngineMessage | null {
    if (message.type !== 'transition' || !this.#before.has(message.service)) return message;
    if (message.to === 'unobserved') return null;
    this.#before.delete(message.service);
    return { ...message, from: 'unobserved' };
  }

  /**
   * A thread answers again, and has nothing to report of a service: it is as it was before.
   * @returns that it is; null where the service was not silent, or where the thread took the place of the one that was
   */
  end(service: string, thread: Thread): Unnumbered | null {
    const before = this.#before.get(service);
    this.#before.delete(service);
    // One that took its place knows nothing yet of what it has not reported of.
    if (before?.thread !== thread) return null;
    const { state: to, reason } = before;
    const at = thread.lastSeenAt;
    const edge = { at, notBefore: at, notAfter: at };
    return { type: 'transition', service, from: 'unobserved', to, ...edge, reason, message: null };
  }
}
