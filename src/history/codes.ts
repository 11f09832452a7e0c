/**
 * How values stand in the file: times as whole microseconds since the epoch, which is what messages are exact to, and
 * states and reasons as small numbers. The numbers are part of the schema: new ones go to the end, none ever changes.
 */
import type { Reason, State } from '../core/model.ts';

const STATE_CODES: readonly State[] = ['up', 'down', 'unobserved', 'unknown', 'partial'];
const REASON_CODES: readonly Reason[] = [
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
  'stalled',
  'suspended',
  'stopped',
  'resources',
  'network',
];
/** A condition is `state + STATES * (reason + 1)`; 0 for no reason. */
const STATES = 8;

/** A state with its reason. */
export interface Condition {
  readonly state: State;
  readonly reason: Reason | null;
}

export function toMicros(ms: number): number {
  return Math.round(ms * 1000);
}

/** The same number that `toMicros` was given, where that was exact to the microsecond. */
export function toMillis(us: number): number {
  return us / 1000;
}

export function conditionCode({ state, reason }: Condition): number {
  return STATE_CODES.indexOf(state) + STATES * (reason === null ? 0 : REASON_CODES.indexOf(reason) + 1);
}

/** What a later version wrote and this one does not know reads as `unknown`. */
export function conditionOf(code: number): Condition {
  return {
    state: STATE_CODES[code % STATES] ?? 'unknown',
    reason: REASON_CODES[Math.floor(code / STATES) - 1] ?? null,
  };
}

export function reasonCode(reason: Reason): number {
  return REASON_CODES.indexOf(reason);
}

export function reasonOf(code: number): Reason {
  return REASON_CODES[code] ?? 'error';
}
