/**
 * What a hub knows: every service as its vantages see it, and together. A pure function of what it is given of the stream, in
 * its order: so every hub publishes the same under the same numbers.
 */
import { isDeepStrictEqual } from 'node:util';

import { infoOf, type State } from '../core/model.ts';
import { Board } from '../core/board.ts';
import type { Event, Hello, StatusMessage, Transition } from '../core/messages.ts';
import { CombinedService } from './combined-service.ts';
import { type Entry, isAfter } from './stream-entry.ts';
import { toUnobserved } from './unobserved.ts';

interface Vantage {
  monitor: string;
  readonly board: Board;
  /** What was in the stream up to this entry is known already. */
  readonly top: string;
}

/** What an entry means for viewers. */
export interface Change {
  /** Under their numbers in the stream. */
  readonly events: readonly Event[];
  readonly statuses: readonly StatusMessage[];
  /** Whether something changed that is no event: the list of services, or what is known of one. Then a hello is due. */
  readonly helloDue: boolean;
}

/** The status of a service as clients were told it; null where they have it from the state. */
interface Told {
  readonly service: string;
  readonly status: State | null;
  /** When it changes, if it does. */
  readonly at: number;
}

export class MergedState {
  /** The services, as all vantages see them together. */
  readonly board = new Board();
  readonly #combined = new Map<string, CombinedService>();
  readonly #vantages = new Map<string, Vantage>();
  readonly #views = new Views();

  get services(): ReadonlyMap<string, CombinedService> {
    return this.#combined;
  }

  get vantages(): ReadonlyMap<string, { readonly monitor: string; readonly board: Board }> {
    return this.#vantages;
  }

  /**
   * What is known of a vantage before the first entry is taken.
   * @param top the last entry that it knows of
   * @param offlineAt since when no monitor observes there; null where one does
   */
  begin(name: string, hello: Hello, top: string, offlineAt: number | null): void {
    this.#replace(name, hello, top, offlineAt);
  }

  /**
   * How services were seen before the first entry: as their first transitions have it in `from`.
   * @param entries those that are taken next, the oldest first
   */
  beginAt(entries: readonly Entry[]): void {
    const seen = new Set<string>();
    for (const { vantage, events, opening } of entries) {
      for (const { service } of opening?.services ?? []) seen.add(key(vantage, service));
      for (const event of events) {
        if (event?.type !== 'transition' || seen.has(key(vantage, event.service))) continue;
        seen.add(key(vantage, event.service));
        this.#views.set(event.service, vantage, event.from);
      }
    }
  }

  take(entry: Entry): Change {
    const { id, vantage: name, opening, first } = entry;
    const before = this.#told(this.#changedBy(entry));
    let helloDue = false;
    if (opening !== null) {
      this.#views.replace(name, new Map(opening.services.map(({ service, state }) => [service, state])));
      const known = this.#vantages.get(name);
      if (known === undefined || isAfter(id, known.top)) helloDue = this.#replace(name, opening, id);
    }
    const vantage = this.#vantages.get(name);
    const fresh = vantage !== undefined && isAfter(id, vantage.top) ? vantage : null;
    const events = entry.events.map((event, index) => this.#event(event, first + index, entry, fresh));
    for (const status of entry.statuses) fresh?.board.apply(status);
    return { events, statuses: this.#statusesSince(before), helloDue };
  }

  /** A vantage is not there any more. @param at when. Returns what clients have to be told before the next hello. */
  forget(name: string, at: number): readonly StatusMessage[] {
    const services = this.#vantages.get(name)?.board.services.keys() ?? [];
    const before = this.#told(new Map(Array.from(services, (service) => [service, at])));
    this.#views.replace(name, new Map());
    this.#vantages.delete(name);
    for (const service of [...this.#combined.keys()]) this.#arrange(service);
    return this.#statusesSince(before);
  }

  /** The services whose status an entry may change, and when. */
  #changedBy({ id, vantage, opening, events, statuses }: Entry): Map<string, number> {
    const times = new Map<string, number>();
    if (opening !== null) {
      const at = takenAt(id);
      for (const service of this.#vantages.get(vantage)?.board.services.keys() ?? []) times.set(service, at);
      for (const { service } of opening.services) times.set(service, at);
    }
    for (const event of events) if (event?.type === 'transition') times.set(event.service, event.at);
    for (const { service, at } of statuses) times.set(service, at);
    return times;
  }

  #told(times: ReadonlyMap<string, number>): Told[] {
    return Array.from(times, ([service, at]) => {
      return { service, at, status: this.#combined.get(service)?.toldStatus ?? null };
    });
  }

  /** What clients don't know yet: the combined status may change with any vantage's state, and not only with its status. */
  #statusesSince(before: readonly Told[]): StatusMessage[] {
    return before.flatMap(({ service, at, status: was }) => {
      const status = this.#combined.get(service)?.toldStatus ?? null;
      return status === null || status === was ? [] : [{ type: 'status', service, at, status }];
    });
  }

  #event(event: Event | null, seq: number, { id, vantage, monitor }: Entry, fresh: Vantage | null): Event {
    const origin = vantage === '' ? {} : { vantage, monitor };
    if (event === null)
      return { type: 'mark', seq, at: takenAt(id), text: 'an event that this hub can not read', ...origin };
    if (event.type === 'transition') return this.#transition({ ...event, seq, ...origin }, vantage, fresh, takenAt(id));
    if (event.type === 'gap' && fresh !== null) {
      fresh.board.apply(event);
      this.#combined.get(event.service)?.gap(event);
    }
    if (event.type === 'note') this.board.notes.take({ ...event, seq });
    return { ...event, seq, ...origin };
  }

  #transition(event: Transition, name: string, fresh: Vantage | null, at: number): Transition {
    const { from, to } = this.#views.set(event.service, name, event.to);
    const seen = { from: event.from, to: event.to };
    if (fresh === null) return { ...event, from, to, reason: to === 'up' ? null : event.reason, seen };
    fresh.board.apply(event);
    const service = this.#combined.get(event.service);
    const reason = to === event.to ? event.reason : (service?.reasonFor(to) ?? null);
    const change: Transition = { ...event, from, to, reason, seen };
    service?.transition(change, at);
    return change;
  }

  /** Returns whether something changed. */
  #replace(name: string, hello: Hello, top: string, offlineAt: number | null = null): boolean {
    const before = this.#vantages.get(name);
    const board = new Board();
    board.apply(hello);
    if (offlineAt !== null) for (const event of toUnobserved(board, offlineAt, 'stopped', null)) board.apply(event);
    const was = before === undefined ? null : outline(before.board);
    this.#vantages.set(name, { monitor: hello.monitor.id, board, top });
    for (const [service, { state }] of board.services) {
      if (!this.#views.has(service, name)) this.#views.set(service, name, state);
    }
    for (const service of new Set([...(before?.board.services.keys() ?? []), ...board.services.keys()])) {
      this.#arrange(service);
    }
    return before?.monitor !== hello.monitor.id || !isDeepStrictEqual(was, outline(board));
  }

  /** Puts together again which vantages see a service. */
  #arrange(name: string): void {
    const lanes = [...this.#vantages].flatMap(([vantage, { monitor, board }]) => {
      const service = board.services.get(name);
      return service === undefined ? [] : [{ vantage, monitor, service }];
    });
    // In an order that every hub has.
    lanes.sort((a, b) => (a.vantage < b.vantage ? -1 : 1));
    const [first] = lanes;
    if (first === undefined) {
      this.#combined.delete(name);
      this.board.services.delete(name);
      return;
    }
    const { info, since } = first.service;
    const service = this.#combined.get(name) ?? new CombinedService(name, info, since);
    service.setLanes(lanes);
    this.#combined.set(name, service);
    this.board.services.set(name, service);
  }
}

/** When Redis took an entry, in milliseconds since the epoch. */
function takenAt(id: string): number {
  return Number(id.split('-')[0]);
}

/** What a viewer would notice. */
function outline({ services }: Board): [string, State, number, object][] {
  return Array.from(services.values(), (service) => [service.name, service.state, service.since, infoOf(service.info)]);
}

function key(vantage: string, service: string): string {
  return `${vantage}\n${service}`;
}

/** The vantages' views of one service, and how many of each there are. */
class SeenService {
  readonly #views = new Map<string, State>();
  readonly #counts: Record<State, number> = { up: 0, down: 0, partial: 0, unobserved: 0, unknown: 0 };

  get size(): number {
    return this.#views.size;
  }

  /** What all see together. */
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

/** How each vantage sees each service, change by change: the combined state before and after each. */
class Views {
  readonly #services = new Map<string, SeenService>();

  /** Whether anything is known of the service from this vantage. */
  has(service: string, vantage: string): boolean {
    return this.#services.get(service)?.has(vantage) ?? false;
  }

  /** A vantage sees a service so. Returns what all see together, before and after. */
  set(service: string, vantage: string, state: State): { readonly from: State; readonly to: State } {
    const seen = this.#services.get(service) ?? new SeenService();
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
