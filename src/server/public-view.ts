/**
 * What a client without the token may see: names, states, times and reasons of the fixed list. The types here do not have the fields for
 * more (addresses, messages, texts that people wrote, process ids), and a value is built field by field, so that what is
 * added to a message later is not public until it is added here.
 */
import { hostname } from 'node:os';

import {
  gapFacts,
  type ConnectionLost,
  type Gap,
  type GapFacts,
  type Heartbeat,
  type Hello,
  type Identity,
  type LostWrites,
  type Mark,
  type Message,
  type MonitorIdentity,
  type Note,
  type OpenGap,
  type SampleMessage,
  type ServiceSnapshot,
  type Slow,
  type StatusMessage,
  type Transition,
} from '../core/messages.ts';

/** What a client may see: all, or what is public. */
export type View = 'private' | 'public';

export type PublicSnapshot = Omit<ServiceSnapshot, 'target'>;
type PublicHello = Omit<Hello, 'services'> & { readonly services: readonly PublicSnapshot[] };
export type PublicTransition = Omit<Transition, 'message'>;
export type PublicMark = Omit<Mark, 'text'>;
export type PublicConnectionLost = Omit<ConnectionLost, 'message'>;
export type PublicIdentity = Omit<Identity, 'was' | 'is'>;
export type PublicMessage =
  | PublicHello
  | PublicTransition
  | Gap
  | PublicMark
  | PublicConnectionLost
  | PublicIdentity
  | Slow
  | Note
  | LostWrites
  | OpenGap
  | StatusMessage
  | Heartbeat;

/** A monitor's identity. A vantage that was not configured is the name of the host, which is an address: it is left empty. */
export function publicIdentity({ id, vantage, version, startedAt }: MonitorIdentity): MonitorIdentity {
  return { id, vantage: vantage === hostname() ? '' : vantage, version, startedAt };
}

export function publicSnapshot(snapshot: ServiceSnapshot): PublicSnapshot {
  const { service, kind, connection, group, intervalMs, timeoutMs, rise, fall, asks } = snapshot;
  const { state, status, since, steadySince, reason, latency, truncated } = snapshot;
  return {
    service,
    kind,
    connection,
    group,
    intervalMs,
    timeoutMs,
    rise,
    fall,
    ...(asks !== undefined && { asks }),
    state,
    status,
    since,
    ...(steadySince !== undefined && { steadySince }),
    reason,
    uptime: { '1h': snapshot.uptime['1h'], '24h': snapshot.uptime['24h'], '90d': snapshot.uptime['90d'] },
    observed: {
      '1h': snapshot.observed['1h'],
      '24h': snapshot.observed['24h'],
      '90d': snapshot.observed['90d'],
    },
    ...(snapshot.planned !== undefined && { planned: { ...snapshot.planned } }),
    timeline: snapshot.timeline.map(({ state, from, to }) => ({ state, from, to })),
    gaps: snapshot.gaps.map(publicGap),
    ...(truncated !== undefined && { truncated }),
    ...(latency !== undefined && {
      latency: latency && { p50Ms: latency.p50Ms, p99Ms: latency.p99Ms, maxMs: latency.maxMs },
    }),
  };
}

/** What page and feeds are called. @param title as it is configured; null where it is not */
export function siteName(title: string | null, { vantage }: MonitorIdentity): string {
  return title ?? (vantage === '' ? 'gapwatch' : `gapwatch at ${vantage}`);
}

/** A message in the public view, which has no samples: to send each one costs the engine something. */
export function publicMessage(message: Exclude<Message, SampleMessage>): PublicMessage {
  switch (message.type) {
    case 'hello': {
      const { type, protocol, monitor, now, seq, resumed, services } = message;
      return {
        type,
        protocol,
        monitor: publicIdentity(monitor),
        now,
        seq,
        resumed,
        services: services.map(publicSnapshot),
      };
    }
    case 'transition': {
      const { type, seq, service, from, to, at, notBefore, notAfter, reason } = message;
      return { type, seq, service, from, to, at, notBefore, notAfter, reason };
    }
    case 'gap': {
      const { type, seq, service } = message;
      return { type, seq, service, ...publicGap(message) };
    }
    case 'open-gap': {
      const { type, service, from, durationMs, minMs, provenMinMs, failed, until, final } = message;
      const reasons = publicReasons(message);
      return { type, service, from, durationMs, minMs, provenMinMs, failed, reasons, until, final };
    }
    case 'mark':
      return { type: message.type, seq: message.seq, at: message.at };
    case 'connection-lost': {
      const { type, seq, service, at, reason } = message;
      return { type, seq, service, at, reason };
    }
    case 'identity': {
      const { type, seq, service, at, notBefore, what } = message;
      return { type, seq, service, at, ...(notBefore !== undefined && { notBefore }), ...(what && { what }) };
    }
    case 'slow': {
      const { type, seq, service, from, to, slowestMs, count } = message;
      return { type, seq, service, from, to, slowestMs, count };
    }
    case 'note': {
      // Notes are for everybody, words and all.
      const { type, seq, at, id, kind, from, to, services, text } = message;
      return { type, seq, at, id, kind, from, to, services, text };
    }
    case 'lost-writes': {
      const { type, seq, service, at, count } = message;
      return { type, seq, service, at, count };
    }
    case 'status': {
      const { type, service, at, status } = message;
      return { type, service, at, status };
    }
    case 'heartbeat': {
      const { type, now, seq, probes, missed, lateMs, overloaded } = message;
      return { type, now, seq, probes, missed, lateMs, overloaded };
    }
  }
}

/** A gap without the messages of its reasons, in which addresses stand. */
export function publicGap(gap: GapFacts): GapFacts {
  return gapFacts({ ...gap, reasons: publicReasons(gap) });
}

function publicReasons({ reasons }: Pick<GapFacts, 'reasons'>): GapFacts['reasons'] {
  return reasons.map(({ reason, count }) => ({ reason, count }));
}
