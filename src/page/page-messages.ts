/** What the page receives from its monitor, in one shape: what the public view leaves out is empty here. Pure. */
import type { Note } from './stories.ts';
import type { Hello, Message, MonitorIdentity, ServiceSnapshot } from '../core/messages.ts';

/** The answer of `/api/v1/status`. */
export interface StatusAnswer {
  readonly monitor: MonitorIdentity;
  readonly now: number;
  readonly seq: number;
  /** Events after this one are the newest: those that a page shows as news. */
  readonly newsAfter: number;
  /** What people wrote for all readers; older monitors have none. */
  readonly notes?: readonly (Omit<Note, 'to' | 'services'> & Partial<Note>)[];
  readonly services: readonly (Omit<ServiceSnapshot, 'timeline' | 'gaps' | 'target'> & { readonly target?: string })[];
}

const KNOWN: ReadonlySet<string> = new Set<Message['type']>([
  'hello',
  'transition',
  'gap',
  'mark',
  'connection-lost',
  'identity',
  'slow',
  'note',
  'lost-writes',
  'status',
  'open-gap',
  'heartbeat',
]);

/** A message of the feed; null where it is of a type that the page does not know. */
export function receive(text: string): Message | null {
  const message = JSON.parse(text) as Message;
  if (!KNOWN.has(message.type)) return null;
  switch (message.type) {
    case 'hello':
      return { ...message, services: message.services.map((service) => ({ ...{ target: '' }, ...service })) };
    case 'transition':
    case 'connection-lost':
      return { ...{ message: null }, ...message };
    case 'mark':
      return { ...{ text: '' }, ...message };
    case 'identity':
      return { ...{ was: '', is: '' }, ...message };
    default:
      return message;
  }
}

/** A status as a hello without the past, until the hello itself comes. */
export function helloOf(answer: StatusAnswer): Hello {
  const { monitor, now, seq } = answer;
  const services = answer.services.map((service) => ({ target: '', ...service, timeline: [], gaps: [] }));
  return { type: 'hello', protocol: 1, monitor, now, seq, resumed: false, services };
}

/** How much of the windows a service was up, and was seen at all, and how much was planned; how long its answers took lately. */
export interface Figures extends Pick<ServiceSnapshot, 'uptime' | 'observed' | 'planned' | 'latency'> {
  /** When they were so. */
  readonly at: number;
}

/** The figures in an answer, by service. */
export function figuresOf({ now, services }: Pick<StatusAnswer, 'now' | 'services'>): Map<string, Figures> {
  return new Map(
    services.map(({ service, uptime, observed, planned, latency }) => [
      service,
      { uptime, observed, planned, latency, at: now },
    ]),
  );
}
