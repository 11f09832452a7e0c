/** An event as the sentence that a person reads in a chat. Pure. */
import { count, list, showGap, showLostWrites, showSlow } from '../core/format.ts';
import type { Event, Transition } from '../core/messages.ts';
import { printable } from '../core/printable.ts';
import { REASON_MEANS } from '../core/reasons.ts';

/**
 * One line. What a service answered is not in it: chats would take parts of that for commands of theirs.
 * @example
 * eventSentence(gap) // web was down for 0.40 s (0.31–0.50) until 2026-11-23 04:05:06.789 UTC: 4 probes failed (refused ×4)
 */
export function eventSentence(event: Event): string {
  return printable(sentence(event));
}

function sentence(event: Event): string {
  switch (event.type) {
    case 'transition':
      return `${event.service} ${ofTransition(event)}`;
    case 'gap': {
      const reasons = event.reasons.map(({ reason, count }) => `${reason} ×${String(count)}`).join(', ');
      const failed = `${count(event.failed, 'probe')} failed (${reasons})`;
      return `${event.service} was down for ${showGap(event)}${event.planned === true ? ', as planned,' : ''} until ${utc(event.to)}: ${failed}`;
    }
    case 'slow':
      return `${event.service} was slow until ${utc(event.to)}: ${showSlow(event)}`;
    case 'lost-writes':
      return `${event.service}: ${showLostWrites(event.count)}, found at ${utc(event.at)}`;
    case 'note': {
      const { kind, services, from, to, text } = event;
      const about = services.length === 0 ? '' : ` (${list(services)})`;
      return `${kind}${about} from ${utc(from)}${to === null ? '' : ` to ${utc(to)}`}: ${text}`;
    }
    case 'mark':
      return `${utc(event.at)}: ${event.text}`;
    case 'connection-lost':
      return `${event.service} lost its connection at ${utc(event.at)}: ${event.reason}`;
    case 'identity':
      return `${event.service} ${event.what === undefined ? 'is another process' : `has another ${event.what}`} since ${utc(event.at)}`;
  }
}

function ofTransition({ from, to, at, reason }: Transition): string {
  const why = reason === null ? '' : `: ${REASON_MEANS[reason]} (${reason})`;
  if (to === 'down') return `is down since ${utc(at)}${why}`;
  if (to === 'unobserved') return `is not observed since ${utc(at)}${why}`;
  return `${from === 'down' ? `answers again` : `is ${to}`} since ${utc(at)}`;
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, -1).replace('T', ' ')} UTC`;
}
