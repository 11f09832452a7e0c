/**
 * Glossary: the words that all rooms use.
 *
 * - **service**: one thing to watch, at one target, over one kind of connection.
 * - **probe**: one attempt at one address of a service. It never retries.
 * - **sample**: what one probe found, with the times at which it was sent and ended.
 * - **slot**: a moment of the grid `t0 + k * interval` at which a probe is due.
 * - **settled**: a sample is settled when every probe of its service that was sent before it has ended.
 * - **state**: what is known of a service at a moment: `up`, `down`, `unobserved` (the monitor was not probing, or
 *   could not) or `unknown` (no answer yet); at a hub also `partial`.
 * - **status**: the state after `rise` and `fall` of the configuration.
 * - **interval** (of a timeline): a stretch of time in one state.
 * - **gap**: the time from the first failed probe to the first good one after it.
 * - **event**: a message with a number, after which clients can resume: `transition`, `gap`, `mark`, `connection-lost`,
 *   `identity`, `slow`, `lost-writes` or `note`.
 * - **vantage**: the place from which a monitor observes, by name. A hub combines several.
 * - **board**: what is known of every service now.
 * - **checkpoint**: what a timeline needs to resume after a restart.
 *
 * Times are in milliseconds. Inside one process they are *timeline time* (see `core/clock.ts`): monotonic, and
 * comparable between threads. In messages they are milliseconds since the Unix epoch, with a fraction.
 */

/** `partial`: up from some vantages and down from others; only a hub, which combines several monitors, says so. */
export const STATES = ['up', 'down', 'unobserved', 'unknown', 'partial'] as const;
export type State = (typeof STATES)[number];

/** The status as far as the service is seen now: with `rise` and `fall` it stays the same while nothing is seen. */
export function seenStatus({ state, status }: { readonly state: State; readonly status: State }): State {
  return state === 'unobserved' || state === 'unknown' ? state : status;
}

/** The states by how bad they are, the worst first. */
export const WORST_FIRST: readonly State[] = ['down', 'partial', 'unobserved', 'unknown', 'up'];

/** What one probe found. */
export type Result = Exclude<State, 'unknown' | 'partial'>;

/** Why a service is down. */
export const DOWN_REASONS = [
  'dns',
  'refused',
  'reset',
  'unreachable',
  'closed',
  'timeout-connect',
  'timeout-reply',
  'tls',
  'status',
  'body',
  'protocol',
  'auth',
  'loading',
  'readonly',
  'role',
  'error',
] as const;
export type DownReason = (typeof DOWN_REASONS)[number];

/** Why a service was not observed: the monitor's own problem. */
export const UNOBSERVED_REASONS = ['stalled', 'suspended', 'stopped', 'resources', 'network'] as const;
export type UnobservedReason = (typeof UNOBSERVED_REASONS)[number];

export type Reason = DownReason | UnobservedReason;

const DOWN: ReadonlySet<string> = new Set(DOWN_REASONS);

/** The result that a probe has when it ends for this reason. */
export function resultOf(reason: Reason): Result {
  return DOWN.has(reason) ? 'down' : 'unobserved';
}

export const KINDS = ['tcp', 'http', 'redis'] as const;
export type Kind = (typeof KINDS)[number];

/** `new` opens a connection for each probe, `kept` sends every probe over one. */
export const CONNECTIONS = ['new', 'kept'] as const;
export type Connection = (typeof CONNECTIONS)[number];

/** A service as it is published: no secret is in here. */
export interface Service {
  /** Unique among the services of a monitor. */
  readonly name: string;
  readonly kind: Kind;
  /** Where it is, as a URL without user, password. */
  readonly target: string;
  readonly connection: Connection;
  readonly group: string | null;
  readonly intervalMs: number;
  /** One deadline over the whole probe, name look-up included. May exceed the interval. */
  readonly timeoutMs: number;
  /** Good probes in a row after which the status is up. 1 or more. */
  readonly rise: number;
  /** Failed probes in a row after which the status is down. 1 or more. */
  readonly fall: number;
  /**
   * False where nothing is sent over a kept connection, and nothing expected: then a good probe shows only that the connection
   * is not broken, as far as this machine noticed. Left out where each probe asks something.
   */
  readonly asks?: boolean | undefined;
}

/** How long each phase of a probe took, in milliseconds; null where it had no such phase or did not reach it. */
export interface Phases {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  readonly replyMs: number | null;
}

/** What one probe found. Times in timeline time. */
export interface Sample {
  readonly sentAt: number;
  readonly endedAt: number;
  readonly result: Result;
  /** Null exactly when the result is `up`. */
  readonly reason: Reason | null;
  /** The reason in words, for people; null when up. Never holds a secret. */
  readonly message: string | null;
  readonly phases: Phases;
  /** How much later than it should its question left the thread that sent it, in milliseconds; left out for 0. */
  readonly stalledMs?: number;
  /** How long of it was a wait whether the peer keeps the connection, in milliseconds; left out for 0. */
  readonly heldMs?: number;
  /** For how long this monitor itself was too busy while it waited for the answer, in milliseconds; left out for 0. */
  readonly busyMs?: number;
  /** Whether it was sent beside the grid: it says what the state is, but does not count for `rise` and `fall`. */
  readonly offGrid?: boolean;
  /** The status of an HTTP reply. */
  readonly status?: number;
  /** Until when the certificate that the server showed is valid, in milliseconds since the epoch. */
  readonly certUntil?: number;
  /** The version of IP that it went over. */
  readonly ip?: 4 | 6;
  /** When a held connection to the service was seen to break, because of which it was sent at once. */
  readonly promptedAt?: number;
  /** Whether its connection broke only after it had been open for as long as proves that a service is up again. */
  readonly wasKept?: boolean;
  /** Whether nothing came up to the deadline, where the reason does not say so by itself: see `isSilent`. */
  readonly silent?: boolean;
}

/** Whether a probe waited for its deadline in vain: so the service was silent long before the probe ended. */
export function isSilent({ reason, silent = false }: Pick<Sample, 'reason' | 'silent'>): boolean {
  return silent || reason === 'timeout-connect' || reason === 'timeout-reply';
}

/** The same, not made yet. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** How long a good answer took, as far as it is the service's: without a hold, and without the time that this monitor itself lost. */
export function answerMs({ sentAt, endedAt, heldMs = 0, busyMs = 0 }: Sample): number {
  return Math.max(0, endedAt - sentAt - heldMs - busyMs);
}

/** What never changes of a service while it is watched. */
export type ServiceInfo = Omit<Service, 'name'>;

/** What a service is, without its name and its state. */
export function infoOf(described: ServiceInfo): ServiceInfo {
  const { kind, target, connection, group, intervalMs, timeoutMs, rise, fall, asks = true } = described;
  return { kind, target, connection, group, intervalMs, timeoutMs, rise, fall, ...(!asks && { asks }) };
}

/** The word for a state of a service: over a kept connection on which nothing is sent, `not broken` is all that up means. */
export function wordOf(state: State, { asks = true }: Pick<ServiceInfo, 'asks'>): State | 'not broken' {
  return state === 'up' && !asks ? 'not broken' : state;
}

/** Sums since the board first saw the service. Durations in milliseconds. */
export interface Totals {
  gaps: number;
  longestGapMs: number;
  upMs: number;
  downMs: number;
  unobservedMs: number;
}
