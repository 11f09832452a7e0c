/**
 * The messages of the feed: what the engine emits, what `--format json` prints and what the websocket sends.
 * Times are milliseconds since the Unix epoch with a fraction; durations are milliseconds.
 */
import type { Latency } from './latency.ts';
import type { Connection, Kind, Phases, Reason, Result, State } from './model.ts';

/** The version of this protocol. */
export const PROTOCOL = 1;

export interface MonitorIdentity {
  /** Lasts as long as the history; without a history, as long as the process. `seq` counts within it. */
  readonly id: string;
  readonly vantage: string;
  readonly version: string;
  readonly startedAt: number;
}

/** A stretch of time in one state. `to` is null while it lasts. */
export interface TimelineInterval {
  readonly state: State;
  readonly from: number;
  readonly to: number | null;
}

export interface ReasonCount {
  readonly reason: Reason;
  readonly count: number;
  /** What the first of these probes found, in words, for people; shortened. Left out in the public view, and where it is not known. */
  readonly message?: string | undefined;
}

/** What a gap was: from the first failed probe (`from`) to the first good one after it (`to`), and its error bounds. */
export interface GapFacts {
  readonly from: number;
  readonly to: number;
  /**
   * The best single figure: `to - from`, less what was not observed in between, and corrected where beginning and end were not
   * probed equally often (see `timeline.ts`). `0 <= provenMinMs <= minMs <= durationMs <= maxMs`.
   */
  readonly durationMs: number;
  /** The service was down for at least this long, where one that is silent for longer than its answers usually take is down. */
  readonly minMs: number;
  /** The same without that inference: a silent probe counts only from its deadline on. Version 0.1.0 did not say it. */
  readonly provenMinMs?: number | undefined;
  /** The service was down for at most this long; null where it was down already when the watch began. */
  readonly maxMs: number | null;
  /** From the last good answer before it to the first one after it; null where none was before, or that is not known. Version 0.1.0 did not say it. */
  readonly silenceMs?: number | null | undefined;
  /** Failed probes. */
  readonly failed: number;
  readonly reasons: readonly ReasonCount[];
  /** True where it began inside a maintenance of its service; otherwise left out. */
  readonly planned?: boolean | undefined;
}

/**
 * A gap without what else its message or its row has. Whatever is given, `0 <= provenMinMs <= minMs <= durationMs <= maxMs`, or
 * `maxMs` is null: an upper bound that can't be true (0.1.0 wrote some where its clock was set back) is none.
 */
export function gapFacts({
  from,
  to,
  failed,
  reasons,
  provenMinMs,
  silenceMs,
  planned,
  ...bounds
}: GapFacts): GapFacts {
  const durationMs = Math.max(0, bounds.durationMs);
  const minMs = Math.min(Math.max(0, bounds.minMs), durationMs);
  const maxMs = bounds.maxMs !== null && bounds.maxMs >= durationMs ? bounds.maxMs : null;
  return {
    ...{ from: Math.min(from, to), to, durationMs, minMs, maxMs, failed, reasons },
    ...(provenMinMs !== undefined && { provenMinMs: Math.min(Math.max(0, provenMinMs), minMs) }),
    ...(silenceMs !== undefined && { silenceMs: silenceMs !== null && silenceMs >= 0 ? silenceMs : null }),
    ...(planned === true && { planned }),
  };
}

/** Up / (up + down) over a window, from 0 to 1; null where nothing was observed in it. */
export interface Uptime {
  readonly '1h': number | null;
  readonly '24h': number | null;
  readonly '90d': number | null;
}

/** How much of each window was observed: up and down time together, in milliseconds. */
export type Observed = Readonly<Record<keyof Uptime, number>>;

/** How one vantage sees a service. */
export interface VantageView {
  readonly vantage: string;
  /** The `id` of the monitor that publishes it. */
  readonly monitor: string;
  readonly state: State;
  readonly since: number;
  readonly reason: Reason | null;
}

/** Whose event it is: sent by hubs only. */
export interface Origin {
  readonly vantage?: string | undefined;
  /** The `id` of the monitor. */
  readonly monitor?: string | undefined;
}

/** One service in a `hello`: what it is, and all that a new client needs to know of it. */
export interface ServiceSnapshot {
  readonly service: string;
  readonly kind: Kind;
  readonly target: string;
  readonly connection: Connection;
  readonly group: string | null;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Good probes in a row that make the status up. */
  readonly rise: number;
  /** Failed probes in a row that make the status down. */
  readonly fall: number;
  /** False where nothing is sent over a kept connection; otherwise left out. */
  readonly asks?: boolean | undefined;
  readonly state: State;
  /** The state with `rise` and `fall` applied: equal to `state` where both are 1. */
  readonly status: State;
  /** When the state began. */
  readonly since: number;
  /** The same, where a stall of the monitor of at most 10 s does not count; left out where it is `since`. */
  readonly steadySince?: number | undefined;
  readonly reason: Reason | null;
  readonly uptime: Uptime;
  readonly observed: Observed;
  /** How much of the down time of each window was planned, in milliseconds; left out where none was. */
  readonly planned?: Observed | undefined;
  readonly timeline: readonly TimelineInterval[];
  /** The last gaps that ended, the newest last. */
  readonly gaps: readonly GapFacts[];
  /** True where older intervals or gaps were left out to keep the message small: they can be asked for over HTTP. Otherwise left out. */
  readonly truncated?: boolean | undefined;
  /** How long the good answers of the last minute took; null where there was none; left out where that is not known, as by hubs. */
  readonly latency?: Latency | null | undefined;
  /** How each vantage sees it: sent by hubs only. Then `state` is of all of them together. */
  readonly vantages?: readonly VantageView[] | undefined;
}

/** First, and again when the services change. */
export interface Hello {
  readonly type: 'hello';
  readonly protocol: typeof PROTOCOL;
  readonly monitor: MonitorIdentity;
  readonly now: number;
  /** The number of the newest event. */
  readonly seq: number;
  readonly resumed: boolean;
  readonly services: readonly ServiceSnapshot[];
}

/** A state changed. The change itself was in [`notBefore`, `notAfter`]; `at` is when the first probe that saw it was sent. */
export interface Transition extends Origin {
  readonly type: 'transition';
  readonly seq: number;
  readonly service: string;
  readonly from: State;
  readonly to: State;
  readonly at: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly reason: Reason | null;
  readonly message: string | null;
  /** What changed as its vantage sees it: sent by hubs only. Then `from` and `to` are of all vantages together, and may be equal. */
  readonly seen?: { readonly from: State; readonly to: State } | undefined;
}

/** A gap ended. */
export interface Gap extends GapFacts, Origin {
  readonly type: 'gap';
  readonly seq: number;
  readonly service: string;
}

/** A gap that is still open: with every heartbeat of the monitor, and when it stops. Not an event: how it ends is not known. */
export interface OpenGap extends Omit<GapFacts, 'to' | 'maxMs' | 'silenceMs'> {
  readonly type: 'open-gap';
  readonly service: string;
  /** When this was known. Version 0.1.0 did not say it. */
  readonly until?: number | undefined;
  /** Whether the monitor stops, and this is all that it will ever know of it. Version 0.1.0 sent no others, and did not say it. */
  readonly final?: boolean | undefined;
}

/** A moment that was marked: by a key, a request, or the start and end of `run`'s command. */
export interface Mark extends Origin {
  readonly type: 'mark';
  readonly seq: number;
  readonly at: number;
  readonly text: string;
}

/** A kept connection broke. */
export interface ConnectionLost extends Origin {
  readonly type: 'connection-lost';
  readonly seq: number;
  readonly service: string;
  readonly at: number;
  readonly reason: Reason;
  readonly message: string | null;
}

/** The same service is another process now, has another role, or is at another address. */
export interface Identity extends Origin {
  readonly type: 'identity';
  readonly seq: number;
  readonly service: string;
  /** When it was noticed. */
  readonly at: number;
  /** When the newest probe was sent whose answer still said `was`. Not given by version 0.1.0. */
  readonly notBefore?: number | undefined;
  readonly was: string;
  readonly is: string;
  /**
   * `role`: it is the role (of a Redis: `master`, `replica`) that changed; `master`: the address that sentinels give for the
   * master; left out where it is the process.
   */
  readonly what?: 'role' | 'master' | undefined;
}

/** What a stretch of slow answers was: good ones in a row that took longer than `slow` of the configuration. */
export interface SlowFacts {
  /** When the first of them was sent, ... */
  readonly from: number;
  /** ... and when the last of them was answered. */
  readonly to: number;
  readonly slowestMs: number;
  /** How many answers were slow. */
  readonly count: number;
}

/** A stretch of slow answers ended: by an answer that was not slow or not good, or with the watch. */
export interface Slow extends SlowFacts, Origin {
  readonly type: 'slow';
  readonly seq: number;
  readonly service: string;
}

export const NOTE_KINDS = ['maintenance', 'incident', 'info'] as const;
export type NoteKind = (typeof NOTE_KINDS)[number];

/** A note for everybody was written, changed or ended: as it stands now. A gap that begins inside a maintenance is planned. */
export interface Note extends Origin {
  readonly type: 'note';
  readonly seq: number;
  /** When it was written. */
  readonly at: number;
  /** The same for all that is written of it later. */
  readonly id: string;
  readonly kind: NoteKind;
  readonly from: number;
  /** Null for a note without an end. What is not after `from` was withdrawn. */
  readonly to: number | null;
  /** The services that it is about; empty for all. */
  readonly services: readonly string[];
  /** One line. */
  readonly text: string;
}

/** Writes of the probes that Redis had acknowledged are gone: after a failover, a restart or a deletion. */
export interface LostWrites extends Origin {
  readonly type: 'lost-writes';
  readonly seq: number;
  readonly service: string;
  /** When it was found: by the first write that was acknowledged since. */
  readonly at: number;
  /** How many of this monitor's writes. */
  readonly count: number;
}

/** When an event was, or ended. Milliseconds since the epoch. */
export function timeOf(event: Event): number {
  return event.type === 'gap' || event.type === 'slow' ? event.to : event.at;
}

/** Whether a message is about one of some services; what is of no service, as a mark is, or of all, is about each. */
export function isAbout(message: Message, has: (service: string) => boolean): boolean {
  if (message.type === 'note') return message.services.length === 0 || message.services.some(has);
  return !('service' in message) || has(message.service);
}

/**
 * When the first and the newest probe of a watch were sent whose answers said which process it was (Redis: `run_id`; otherwise
 * `identity` of the configuration). Each change between them is an event, `identity`.
 */
export interface Identified {
  readonly from: number;
  readonly to: number;
}

/** One probe. Not an event: it may be left out, and comes in the order in which probes end. */
export interface SampleMessage {
  readonly type: 'sample';
  readonly service: string;
  readonly at: number;
  readonly durationMs: number;
  /** How long a good answer took: `durationMs` without a hold, and without the time that the monitor itself lost. Left out of others. */
  readonly answerMs?: number | undefined;
  readonly result: Result;
  readonly reason: Reason | null;
  readonly message: string | null;
  readonly phases: Phases;
  /** Left out where no answer said which process it was since the sample before. */
  readonly identified?: Identified | undefined;
}

/** The status (see `rise` and `fall`) of a service changed. Only services with a `rise` or `fall` above 1 send it. */
export interface StatusMessage {
  readonly type: 'status';
  readonly service: string;
  readonly at: number;
  readonly status: State;
}

/** How the monitor itself does. Durations and counts are of the time since the last heartbeat. */
export interface Heartbeat {
  readonly type: 'heartbeat';
  readonly now: number;
  readonly seq: number;
  /** Probes sent. */
  readonly probes: number;
  /** Slots of the grid in which no probe was sent, by the monitor's own fault. */
  readonly missed: number;
  /** How late the latest hundredth of the probes started (99th percentile), in the worst second since the heartbeat before. */
  readonly lateMs: number;
  /** It can't hold the configured rate. */
  readonly overloaded: boolean;
}

/** Numbered by `seq`, settled, kept in the history. A hole between two numbers means nothing: see `EventNumbers`. */
export type Event = Transition | Gap | Mark | ConnectionLost | Identity | Slow | LostWrites | Note;
export type Message = Hello | Event | OpenGap | SampleMessage | StatusMessage | Heartbeat;

/** What a hook may be called for: transitions by the state that they lead to, other events by their type. */
export const HOOK_EVENTS = [
  'down',
  'up',
  'unobserved',
  'gap',
  'slow',
  'lost-writes',
  'note',
  'mark',
  'connection-lost',
  'identity',
] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

/** An event before it has its number. */
export type Unnumbered<T extends Event = Event> = T extends Event ? Omit<T, 'seq'> : never;

const EVENTS: ReadonlySet<string> = new Set<Event['type']>([
  'transition',
  'gap',
  'mark',
  'connection-lost',
  'identity',
  'slow',
  'note',
  'lost-writes',
]);

/** Whether a message is an event: numbered by `seq`. */
export function isEvent(message: Pick<Message, 'type'>): message is Event {
  return EVENTS.has(message.type);
}
