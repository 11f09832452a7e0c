/** Services that no monitor observes, or of which the bus delivers nothing. Pure. Times in milliseconds since the epoch. */
import { Board, BoardService } from '../core/board.ts';
import type { Transition } from '../core/messages.ts';
import type { UnobservedReason } from '../core/model.ts';

/**
 * @param at since when they are not observed
 * @param message why, for people
 * @returns a transition without a number for each service of which something was known
 */
export function toUnobserved(
  { services }: Pick<Board, 'services'>,
  at: number,
  reason: UnobservedReason,
  message: string | null,
): Transition[] {
  return [...services.values()]
    .filter(({ state }) => state !== 'unobserved' && state !== 'unknown')
    .map(({ name: service, state, since }) => {
      const begin = Math.max(at, since);
      const edge = { at: begin, notBefore: begin, notAfter: begin };
      return { type: 'transition', seq: 0, service, from: state, to: 'unobserved', ...edge, reason, message };
    });
}

/** The services while the bus is unreachable: their present states are not known. @param since when it was last reached */
export function unobservedBoard(board: Board, since: number, now: number): Board {
  const copy = new Board();
  for (const note of board.notes.all) copy.notes.take(note);
  for (const service of board.services.values())
    copy.services.set(service.name, BoardService.from(service.snapshot(since), now));
  for (const transition of toUnobserved(copy, since, 'network', null)) {
    copy.apply(transition);
    copy.services.get(transition.service)?.setStatus('unobserved');
  }
  return copy;
}
