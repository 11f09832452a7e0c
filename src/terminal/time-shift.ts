/** Messages and histories of a source elsewhere, with their times by this machine's clock. Pure. */
import type { Message } from '../core/messages.ts';
import type { ServiceHistory, Source } from '../core/source.ts';

/** A past with its times by this machine's clock. */
export function shiftedHistory({ service, timeline, gaps }: ServiceHistory, offsetMs: number): ServiceHistory {
  const by = <T extends Span>(span: T): T => shiftedSpan(span, offsetMs);
  return { service, timeline: timeline.map(by), gaps: gaps.map(by) };
}

interface Span {
  readonly from: number;
  readonly to: number | null;
}

function shiftedSpan<T extends Span>(span: T, offsetMs: number): T {
  return { ...span, from: span.from + offsetMs, to: span.to === null ? null : span.to + offsetMs };
}

/** The time of a source by this machine's clock, in milliseconds since the Unix epoch. */
export function nowOf(source: Source): number {
  return source.now() + (source.offsetMs ?? 0);
}

/** A message with its times by this machine's clock. */
export function shifted(message: Message, offsetMs: number): Message {
  if (offsetMs === 0) return message;
  const by = <T extends Span>(span: T): T => shiftedSpan(span, offsetMs);
  switch (message.type) {
    case 'hello':
      return {
        ...message,
        now: message.now + offsetMs,
        monitor: { ...message.monitor, startedAt: message.monitor.startedAt + offsetMs },
        services: message.services.map((service) => ({
          ...service,
          since: service.since + offsetMs,
          ...(service.steadySince !== undefined && { steadySince: service.steadySince + offsetMs }),
          timeline: service.timeline.map(by),
          gaps: service.gaps.map(by),
        })),
      };
    case 'transition':
      return {
        ...message,
        at: message.at + offsetMs,
        notBefore: message.notBefore + offsetMs,
        notAfter: message.notAfter + offsetMs,
      };
    case 'identity': {
      const { at, notBefore } = message;
      return {
        ...message,
        at: at + offsetMs,
        notBefore: notBefore === undefined ? undefined : notBefore + offsetMs,
      };
    }
    case 'gap':
    case 'slow':
      return by(message);
    case 'note':
      return { ...by(message), at: message.at + offsetMs };
    case 'open-gap':
      return {
        ...message,
        from: message.from + offsetMs,
        until: message.until === undefined ? undefined : message.until + offsetMs,
      };
    case 'heartbeat':
      return { ...message, now: message.now + offsetMs };
    default:
      return { ...message, at: message.at + offsetMs };
  }
}
