/** Several vantages' views of a service as one. Pure. */
import type { TimelineInterval } from '../core/messages.ts';
import type { State } from '../core/model.ts';

/** Up if all that see it say up, down if all say down, otherwise partial; where nobody sees it, why not. */
export function combined(states: Iterable<State>): State {
  const found = new Set(states);
  if (found.has('partial') || (found.has('up') && found.has('down'))) return 'partial';
  if (found.has('up')) return 'up';
  if (found.has('down')) return 'down';
  return found.has('unobserved') ? 'unobserved' : 'unknown';
}

/**
 * Several timelines as one.
 * @param timelines of one vantage each, the oldest interval first, the last one open
 * @returns the oldest first; the last one is open
 */
export function combinedTimeline(timelines: readonly (readonly TimelineInterval[])[]): TimelineInterval[] {
  const [only] = timelines;
  if (only !== undefined && timelines.length === 1) return [...only];
  const changes = timelines
    .flatMap((timeline, vantage) => timeline.map(({ state, from }) => ({ vantage, state, from })))
    .sort((a, b) => a.from - b.from);
  const states: State[] = timelines.map(() => 'unknown');
  const starts: { state: State; from: number }[] = [];
  for (const { vantage, state, from } of changes) {
    states[vantage] = state;
    const now = combined(states);
    // What changes at the same moment is one change.
    if (starts.at(-1)?.from === from) starts.pop();
    if (starts.at(-1)?.state !== now) starts.push({ state: now, from });
  }
  return starts.map(({ state, from }, index) => ({ state, from, to: starts[index + 1]?.from ?? null }));
}

/** The vantages' views of one service, and how many of each there are. */
class Seen {
  readonly #views = new Map<string, State>();
  readonly #counts: Record<State, number> = { up: 0, down: 0, partial: 0, unobserved: 0, unknown: 0 };

  get size(): number {
    return this.#views.size;
  }

  /** What all say together. */
  get state(): State {
    const { up, down, unobserved } = this.#counts;
    if (up > 0) return down > 0 ? 'partial' : 'up';
    if (down > 0) return 'down';
    return unobserved > 0 ? 'unobserved' : 'unknown';
  }

  has(vantage: string): boolean {
    return this.#views.has(vantage);
  }

  set(vantage: string, state: State): void {
    this.delete(vantage);
    this.#views.set(vantage, state);
    this.#counts[state] += 1;
  }

  delete(vantage: string): void {
    const state = this.#views.get(vantage);
    if (state === undefined) return;
    this.#views.delete(vantage);
    this.#counts[state] -= 1;
  }
}

/** Who says what, change by change: the combined state before and after each. */
export class Views {
  readonly #services = new Map<string, Seen>();

  /** Whether this vantage has said anything of the service. */
  has(service: string, vantage: string): boolean {
    return this.#services.get(service)?.has(vantage) ?? false;
  }

  /** A vantage sees a service so. Returns what all see together, before and after. */
  set(service: string, vantage: string, state: State): { readonly from: State; readonly to: State } {
    const seen = this.#services.get(service) ?? new Seen();
    this.#services.set(service, seen);
    const from = seen.state;
    seen.set(vantage, state);
    return { from, to: seen.state };
  }

  /** A vantage watches these services and no other, and sees them so. */
  replace(vantage: string, states: ReadonlyMap<string, State>): void {
    for (const [service, seen] of this.#services) {
      if (states.has(service)) continue;
      seen.delete(vantage);
      if (seen.size === 0) this.#services.delete(service);
    }
    for (const [service, state] of states) this.set(service, vantage, state);
  }
}
