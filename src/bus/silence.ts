/** What is told of the services of a vantage at which nobody looks any more. */
import type { Transition } from '../core/messages.ts';
import type { Board } from '../core/board.ts';
import { ENTRY_EVENTS, SILENT_MS } from './constants.ts';

/**
 * @param at since when nobody looks, in milliseconds since the epoch
 * @param message why, for people
 * @returns a transition for each service of which something was known
 */
export function goodbye(told: Pick<Board, 'services'>, at: number, message: string | null): Transition[] {
  return [...told.services.values()]
    .filter(({ state }) => state !== 'unobserved' && state !== 'unknown')
    .map(({ name, state, since }) => {
      const begin = Math.max(at, since);
      return {
        type: 'transition',
        seq: 0,
        service: name,
        from: state,
        to: 'unobserved',
        at: begin,
        notBefore: begin,
        notAfter: begin,
        reason: 'stopped',
        message,
      };
    });
}

/**
 * What the script `SILENCE` takes.
 * @param sign the last sign of life by the clock of Redis; empty where the leader itself says goodbye
 */
export function silenceArguments(
  vantage: string,
  leader: string,
  sign: string,
  events: readonly Transition[],
): (string | number)[] {
  const parts: (string | number)[] = [];
  for (let at = 0; at < events.length; at += ENTRY_EVENTS) {
    const part = events.slice(at, at + ENTRY_EVENTS);
    parts.push(part.length, JSON.stringify(part));
  }
  return [vantage, leader, sign, SILENT_MS, ...parts];
}
