/** The services as they are to be shown while the bus is not heard: nobody knows how they are. */
import { Board, BoardService } from '../core/board.ts';

/** @param since when it was last heard @param now both in milliseconds since the epoch */
export function blindBoard(board: Board, since: number, now: number): Board {
  const blind = new Board();
  for (const service of board.services.values()) {
    const copy = BoardService.from(service.snapshot(since), now);
    if (copy.state !== 'unobserved' && copy.state !== 'unknown') {
      const at = Math.max(since, copy.since);
      copy.transition({
        ...{ type: 'transition', seq: 0, service: copy.name, from: copy.state, to: 'unobserved' },
        ...{ at, notBefore: at, notAfter: at, reason: 'network', message: null },
      });
      copy.setStatus('unobserved');
    }
    blind.services.set(copy.name, copy);
  }
  return blind;
}
