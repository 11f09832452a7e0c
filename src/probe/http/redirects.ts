/** Follows redirects: each hop is a connection of its own, under the deadline of the attempt. */
import type { Attempt } from '../attempt.ts';
import type { HttpSpec } from '../spec.ts';
import { Exchange, type Asker, type Verdict } from './exchange.ts';
import { Line } from './line.ts';
import { diallerFor, redirected, requestTo, type Target } from './target.ts';

/**
 * Ends an attempt (its `answered` is set already) by what was found or, where that is a redirect to follow, goes on to where it leads.
 * @param from what was asked
 * @param hops redirects that were followed before
 */
export function conclude(spec: HttpSpec, attempt: Attempt, verdict: Verdict, from: Target, hops = 0): void {
  const { status, failure, location } = verdict;
  if (location === null) {
    if (failure === null) attempt.succeed();
    else attempt.fail(failure);
    return;
  }
  if (hops === spec.follow) {
    attempt.fail({ reason: 'status', message: `${String(status)}: more than ${String(spec.follow)} redirects` });
    return;
  }
  const target = redirected(from, status, location);
  if ('reason' in target) {
    attempt.fail(target);
    return;
  }
  attempt.leave();
  attempt.answered = false;
  attempt.enter('connect');
  diallerFor(target, spec).dial(attempt, (socket) => {
    const asker: Asker = {
      judged(_, next) {
        attempt.answered = next.whole;
        conclude(spec, attempt, next, target, hops + 1);
      },
    };
    const line = new Line(target.url.origin, 0);
    line.begin(socket, requestTo(target), new Exchange(spec, attempt, socket, asker));
  });
}
