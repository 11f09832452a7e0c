/** How far a hook is, and which events it is due: each of them once, in their order. Pure; times in milliseconds since the epoch. */
import { type Event, type HookEvent, isAbout, timeOf, type Transition } from '../core/messages.ts';

/** A service that is down, and may not be so for long enough. */
interface Held {
  readonly event: Transition;
  /** False where it is not observed at present. */
  readonly isDown: boolean;
}

/** What is kept of a hook, as JSON, so that a restart loses nothing. */
export interface HookState {
  /** All events up to this number are done with, but for those that are held. */
  readonly after: number;
  readonly held: readonly Held[];
  /** Services of which it was notified that they are down, or not observed. */
  readonly open: Readonly<Record<string, 'down' | 'unobserved'>>;
  /** Since when it fails; null where the last delivery succeeded. */
  readonly failingSince: number | null;
}

/** What of the configuration says which events are due. */
export interface HookFilter {
  readonly on: readonly HookEvent[];
  /** Null for all. */
  readonly services: readonly string[] | null;
  readonly minMs: number;
}

/** How much later than it happened it is known whether a service that fell so was down for so long, in milliseconds. */
export type Lag = (fell: Transition) => number;

/** The lag up to an event that is next: a change of the service itself needs no wait. */
export function lagBefore(event: Event, lag: Lag): Lag {
  return (fell) => (event.type === 'transition' && event.service === fell.service ? 0 : lag(fell));
}

/** What follows from an event: what is to be delivered, if anything, and where the hook is when that is done. */
export interface Step {
  readonly event: Event | null;
  readonly next: HookState;
}

export function newHookState(after: number): HookState {
  return { after, held: [], open: {}, failingSince: null };
}

/** When the next held event is due; Infinity where none will be by itself. */
export function nextDue({ held }: HookState, { minMs }: HookFilter, lag: Lag): number {
  return Math.min(...held.filter(({ isDown }) => isDown).map(({ event }) => event.at + minMs + lag(event)), Infinity);
}

/** What is due at a time because a service has been down for long enough; null for nothing. */
export function heldStep(state: HookState, filter: HookFilter, now: number, lag: Lag): Step | null {
  const due = nextDue(state, filter, lag);
  const isDue = ({ event, isDown }: Held): boolean => isDown && event.at + filter.minMs + lag(event) === due;
  const one = due <= now ? state.held.find(isDue) : undefined;
  if (one === undefined) return null;
  const { event } = one;
  const next = {
    ...state,
    held: state.held.filter((other) => other !== one),
    open: opened(state, event.service, 'down'),
  };
  return { event: filter.on.includes('down') ? event : null, next };
}

/** What an event makes due. What is held and due before it (`heldStep`) is to be delivered first. */
export function eventStep(state: HookState, filter: HookFilter, event: Event): Step {
  const next = { ...state, after: event.seq };
  const { services } = filter;
  if (services !== null && !isAbout(event, (name) => services.includes(name))) return { event: null, next };
  if (event.type === 'transition') return transitionStep(next, filter, event);
  const isDue = filter.on.includes(event.type) && (event.type !== 'gap' || event.durationMs >= filter.minMs);
  return { event: isDue ? event : null, next };
}

/** Without what is known of services that are not watched any more: one that is added later under such a name is a new one. */
export function withoutGone(state: HookState, isWatched: (service: string) => boolean): HookState {
  const held = state.held.filter(({ event }) => isWatched(event.service));
  const open = Object.entries(state.open).filter(([service]) => isWatched(service));
  if (held.length === state.held.length && open.length === Object.keys(state.open).length) return state;
  return { ...state, held, open: Object.fromEntries(open) };
}

/** How many deliveries are due after what is done, as far as these events show. */
export function pendingOf(
  state: HookState,
  filter: HookFilter,
  events: readonly Event[],
  now: number,
  lag: Lag,
): number {
  let [count, reached] = [0, state];
  const deliverHeld = (until: number, lagThen: Lag): void => {
    const next = (): Step | null => heldStep(reached, filter, until, lagThen);
    for (let held = next(); held !== null; held = next()) {
      reached = held.next;
      if (held.event !== null) count += 1;
    }
  };
  for (const event of events) {
    if (event.seq <= state.after) continue;
    deliverHeld(timeOf(event), lagBefore(event, lag));
    const step = eventStep(reached, filter, event);
    reached = step.next;
    if (step.event !== null) count += 1;
  }
  deliverHeld(now, lag);
  return count;
}

function transitionStep(state: HookState, filter: HookFilter, event: Transition): Step {
  const { service, to } = event;
  const held = state.held.find((one) => one.event.service === service);
  const withHeld = (now: readonly Held[]): HookState => {
    return { ...state, held: [...state.held.filter((one) => one !== held), ...now] };
  };
  if (to === 'down') {
    if (state.open[service] === 'down') return { event: null, next: state };
    // What was not observed for a while goes on.
    if (filter.minMs > 0) return { event: null, next: withHeld([{ event: held?.event ?? event, isDown: true }]) };
    const next = { ...state, open: opened(state, service, 'down') };
    return { event: filter.on.includes('down') ? event : null, next };
  }
  if (to === 'unobserved') {
    const next = held === undefined ? state : withHeld([{ ...held, isDown: false }]);
    if (!filter.on.includes('unobserved')) return { event: null, next };
    return { event, next: { ...next, open: opened(next, service, state.open[service] ?? 'unobserved') } };
  }
  if (to !== 'up') return { event: null, next: state };
  const { [service]: was, ...open } = state.open;
  // Without the notice that it fell, that it is back says nothing.
  return { event: was !== undefined && filter.on.includes('up') ? event : null, next: { ...withHeld([]), open } };
}

function opened(state: HookState, service: string, as: 'down' | 'unobserved'): HookState['open'] {
  return { ...state.open, [service]: as };
}
