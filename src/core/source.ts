/** The ports between what produces messages and what takes them. */
import type { Board } from './board.ts';
import type { EventLog } from './event-log.ts';
import type { GapFacts, Mark, Message, MonitorIdentity, Note, TimelineInterval } from './messages.ts';
import type { State } from './model.ts';
import type { NoteDraft } from './notes.ts';
import type { ProbeCounters } from './probe-counters.ts';
import type { Checkpoint } from './checkpoint.ts';

/**
 * Takes the messages of a source.
 * @example
 * const end = source.subscribe({ samples: false, take: (messages) => messages.forEach((message) => print(message.type)) });
 */
export interface Reader {
  /** Whether it takes every sample too. */
  readonly samples: boolean;
  /** Takes the next messages: a `hello` first. Must not throw, and must not keep the thread for long. */
  take(messages: readonly Message[]): void;
}

/** The feed is live: all that could be resumed has come. Times in milliseconds since the epoch, by this machine's clock. */
export interface Connected {
  readonly at: number;
  /** Since when it was not connected; null at the first time. */
  readonly since: number | null;
  /** Whether the events of that time came before this. Otherwise the hello before this has what is known of it. */
  readonly resumed: boolean;
}

/** The feed is not live: what happens from `since` on is not seen, until it is connected again. */
export interface Disconnected {
  /** When its last message came, in milliseconds since the epoch, by this machine's clock; when the client was made, where it was never connected. */
  readonly since: number;
  /** Why, for people. */
  readonly problem: string;
  /** When the next attempt is made, in milliseconds from now. */
  readonly retryMs: number;
}

/** A reader that is also notified whether it gets every message. */
export interface FeedReader extends Reader {
  connected?(link: Connected): void;
  /** Called for every attempt that fails, with the same `since`. */
  disconnected?(link: Disconnected): void;
  /** A message of a known type came that is not what it should be: what it said is missing. @param problem what is wrong with it, for people */
  unreadable?(problem: string): void;
}

/**
 * Where messages come from: a monitor in this process, or the feed of one elsewhere. `offsetMs`, `connected` and `problem`
 * may change: read them again whenever they are needed.
 */
export interface Source {
  /** What it is called until its `hello` has come: its address. Left out where that comes at once. */
  readonly address?: string;
  /** Passes messages to a reader from now on: a `hello` first, then events and, where it takes them, samples. Returns how to unsubscribe. */
  subscribe(reader: Reader): () => void;
  /** Marks this moment. Never throws: a mark that is refused is the `problem`. @param text 1 to 200 characters */
  mark(text: string): void;
  /** Milliseconds since the Unix epoch, by the clock that its messages are labelled with. */
  now(): number;
  /** What must be added to its times to have this machine's, in milliseconds. Left out where its clock is ours. */
  readonly offsetMs?: number;
  /** Whether its messages arrive at present. Left out where they always do. */
  readonly connected?: boolean;
  /** What is wrong at present, in words: why it is not connected, or why a mark was refused; null for nothing. */
  readonly problem?: string | null;
  /**
   * What it kept of its services since `from` (milliseconds since the epoch, by its own clock); empty where it does not
   * answer. Left out where it keeps nothing.
   */
  past?(from: number): Promise<readonly ServiceHistory[]>;
}

/** What a source kept of a service. Times by its own clock, the oldest first. */
export interface ServiceHistory {
  readonly service: string;
  readonly timeline: readonly TimelineInterval[];
  /** The newest gaps that ended. */
  readonly gaps: readonly GapFacts[];
}

/** A source in this process that can be served to others: a monitor, or a hub that combines several. */
export interface FeedSource {
  readonly identity: MonitorIdentity;
  /** The newest events, for clients that come back. */
  readonly events: EventLog;
  /** What is known of every service now. */
  readonly board: Board;
  /** Milliseconds since the Unix epoch, by the clock that its messages are labelled with. */
  now(): number;
  /** As `Source.subscribe`. */
  subscribe(reader: Reader): () => void;
  /** What the probes of a service found, counted; null where this source does not probe it. */
  counters(service: string): ProbeCounters | null;
  /** Marks this moment. Returns the event. @throws of a hub, an error for people where the bus does not take it */
  mark(text: string): Mark | Promise<Mark>;
  /**
   * Writes a note for everybody, or changes the one with its id. Returns it; null where there is none with that id. Left out
   * where notes can't be written.
   * @throws of a hub, as `mark`
   */
  note?(draft: NoteDraft): Note | null | Promise<Note | null>;
  /** Why the state of the services is not known at present, in words; null where it is. Left out where it always is. */
  readonly problem?: string | null;
  /** Of a hub. */
  readonly figures?: HubFigures;
}

/** Figures of a hub, for `/metrics`. */
export interface HubFigures {
  /** Entries and events that could not be read so far. */
  readonly skipped: number;
  readonly vantages: number;
  /** How each vantage sees each service. */
  readonly views: readonly { readonly service: string; readonly vantage: string; readonly state: State }[];
}

/** What a hook has done since the process started, for `/metrics`. */
export interface HookFigures {
  /** Its place in the configuration: `hooks[0]`. Where it goes is a secret. */
  readonly hook: string;
  /** Attempts that arrived, and that did not. */
  readonly delivered: number;
  readonly failed: number;
  /** Events that did not arrive for 24 h. */
  readonly givenUp: number;
  /** Events that are due and have not arrived, of the newest 500. */
  readonly pending: number;
}

/** What a publisher to a bus needs of a source. */
export type PublishedSource = Pick<FeedSource, 'identity' | 'events' | 'board' | 'now' | 'subscribe'>;

/** What a history needs of the monitor that it records. */
export interface RecordedMonitor extends Pick<FeedSource, 'identity' | 'now' | 'subscribe' | 'board'> {
  /** Until when all services were surely probed; milliseconds since the epoch. */
  observedUntil(): number;
  /** What the timeline of a service that is not up needs to resume; null for others. */
  checkpoint(service: string): Checkpoint | null;
}
