/** Where the dashboard's messages come from: a monitor in this process, or the feed of one elsewhere. */
import type { Reader } from '../engine/monitor.ts';
import type { GapFacts, Message, TimelineInterval } from '../feed/messages.ts';

/**
 * One stream of messages. The local `Monitor` is one. The dashboard reads `offsetMs` and `connected` again whenever it
 * needs them: they may change.
 */
export interface Source {
  /** Begins to tell a reader: a `hello` first, then events and, where it wants them, samples. Returns how to end it. */
  subscribe(reader: Reader): () => void;
  /** Marks this moment. */
  mark(text: string): void;
  /** Milliseconds since the Unix epoch, by the clock that its messages are labelled with. */
  now(): number;
  /** What must be added to its times to have this machine's, in milliseconds. Left out where its clock is ours. */
  readonly offsetMs?: number;
  /** Whether its messages arrive at present. Left out where they always do. */
  readonly connected?: boolean;
  /** What is wrong at present, in words: why it is not connected, or a mark was refused. Told whenever it changes. */
  readonly trouble?: string | null;
  /** What it kept of its services since `from`, by its own clock. Left out where it keeps nothing. */
  past?(from: number): Promise<readonly PastService[]>;
}

/** What a source kept of a service. Times by its own clock, the oldest first. */
export interface PastService {
  readonly service: string;
  readonly timeline: readonly TimelineInterval[];
  /** The newest gaps that ended. */
  readonly gaps: readonly GapFacts[];
}

/** A past with its times by this machine's clock. */
export function shiftedPast({ service, timeline, gaps }: PastService, offsetMs: number): PastService {
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
    case 'gap':
      return by(message);
    case 'open-gap':
      return { ...message, from: message.from + offsetMs };
    case 'heartbeat':
      return { ...message, now: message.now + offsetMs };
    default:
      return { ...message, at: message.at + offsetMs };
  }
}
