/**
 * What happened, as the dashboard lists it: the newest entries. Services that fell together are one entry, from the fall to
 * the end of the last gap; so are stalls that follow each other. Pure.
 */
import {
  timeOf,
  type Event,
  type Gap,
  type Identity,
  type ConnectionLost,
  type LostWrites,
  type Mark,
  type Note,
  type ServiceSnapshot,
  type Slow,
  type Transition,
} from '../core/messages.ts';
import type { State } from '../core/model.ts';
import { Incidents, type Fall, type Incident } from '../core/incidents.ts';

/** Entries that are kept: the newest. */
const ENTRIES = 1000;
/** The same text within this time from several sources is one mark. */
const SAME_MARK_MS = 1000;
/** What is not observed again, for the same reason, this soon after it was, is the same entry. */
const SAME_STALL_MS = 10_000;

/** The beginning of the same gap, as two connections have it: they may take the source's clock otherwise. */
const SAME_GAP_MS = 1000;

/** Services that one vantage did not observe, once or several times soon after each other. */
export interface UnobservedSpan {
  readonly services: Set<string>;
  /** Those that are not observed at present. */
  readonly open: Set<string>;
  readonly reason: string;
  /** How often. */
  times: number;
  /** When the last time began. */
  from: number;
  /** When a service was last observed again; null before. */
  to: number | null;
  /** How long the times before the last one took together. */
  beforeMs: number;
}

/**
 * Something that happened. `id` is its own as long as it is kept; `at` is in milliseconds since the epoch: the beginning, or
 * the end of an incident that has ended; `source` is the number of its source.
 */
export type Entry = { readonly id: number; at: number; readonly source: number } & EntryFacts;
type EntryFacts =
  | { readonly kind: 'incident'; readonly incident: Incident }
  | { readonly kind: 'unobserved'; readonly span: UnobservedSpan }
  | { readonly kind: 'event'; readonly event: Mark | ConnectionLost | Identity | Slow | LostWrites | Note }
  | { readonly kind: 'note'; readonly text: string };

/** The newest entries, in the order of time. */
export class EventList {
  #entries: Entry[] = [];
  readonly #incidents: Incidents[] = [];
  #lastId = 0;
  /** The services that are down, or not up from everywhere, by their sources; and the longest gap of those vantages that see them up again. */
  readonly #fallen = new Set<string>();
  readonly #partGaps = new Map<string, Gap>();

  /** The newest first. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Takes an event of a source. */
  take(event: Event, source: number): void {
    switch (event.type) {
      case 'transition':
        this.#transition(event, source);
        return;
      case 'gap':
        this.#gap(event, source);
        return;
      case 'mark': {
        const known = this.#entries.find(
          (entry) =>
            entry.kind === 'event' &&
            entry.event.type === 'mark' &&
            entry.event.text === event.text &&
            entry.source !== source &&
            Math.abs(entry.at - event.at) < SAME_MARK_MS,
        );
        if (known === undefined) this.#add(event.at, source, { kind: 'event', event });
        return;
      }
      default:
        this.#add(timeOf(event), source, { kind: 'event', event });
    }
  }

  /** Adds a sentence of the dashboard itself. */
  note(text: string, at: number, source: number): void {
    this.#add(at, source, { kind: 'note', text });
  }

  /**
   * A source says how its services are: ends what has ended without its event.
   * @param services all that it watches, by name
   * @param missed whether the events up to now are missing, and do not follow
   */
  catchUp(services: ReadonlyMap<string, ServiceSnapshot>, missed: boolean, now: number, source: number): void {
    for (const [service, { state }] of services) this.#keepFallen(`${String(source)} ${service}`, state);
    // A copy: what ends is placed anew.
    for (const entry of [...this.#entries]) {
      if (entry.source !== source) continue;
      if (entry.kind === 'incident') {
        for (const fall of entry.incident.falls) {
          if (!entry.incident.isOpen(fall.service)) continue;
          const snapshot = services.get(fall.service);
          // At a hub the vantage that saw it down may not be there any more.
          const isOver = snapshot?.vantages !== undefined && snapshot.state === 'up';
          if (snapshot !== undefined && !isOver && (!missed || goesOn(fall, snapshot))) continue;
          this.#end(entry.incident, fall, snapshot, now, source);
        }
      } else if (entry.kind === 'unobserved') {
        for (const service of entry.span.open) {
          const snapshot = services.get(service);
          if (snapshot !== undefined && !missed) continue;
          const seen = snapshot?.timeline.find(({ state, from }) => state !== 'unobserved' && from > entry.span.from);
          if (snapshot?.state !== 'unobserved' || seen !== undefined) seenAgain(entry.span, service, seen?.from ?? now);
        }
      }
    }
  }

  /** Of a hub each vantage has its own gap of an outage: that is over when all see the service up, and is as long as the longest of them. */
  #gap(gap: Gap, source: number): void {
    const place = `${String(source)} ${gap.service}`;
    const before = this.#partGaps.get(place);
    const longest = before !== undefined && before.durationMs > gap.durationMs ? before : gap;
    if (gap.vantage !== undefined && this.#fallen.has(place)) {
      this.#partGaps.set(place, longest);
      return;
    }
    this.#partGaps.delete(place);
    const incident = this.#incidentsOf(source).ended(gap.service, longest);
    if (incident !== null) this.#placeEnded(incident, source);
  }

  /** What is not observed stays as it was. */
  #keepFallen(place: string, state: State): void {
    if (isFallen(state)) this.#fallen.add(place);
    else if (state === 'up') this.#fallen.delete(place);
  }

  #transition(change: Transition, source: number): void {
    const { service, at, reason, message, vantage } = change;
    const place = `${String(source)} ${service}`;
    this.#keepFallen(place, change.to);
    if (change.from === 'up') this.#partGaps.delete(place);
    // What the vantage of the event sees: at a hub others may see the service otherwise.
    const seen = change.seen?.to ?? change.to;
    // The gap of another life of its source, which did not see it, or of a vantage that may be gone: no event may ever end it.
    const isUnseen = change.from === 'unknown' ? !isFallen(change.to) : change.to === 'up' && seen !== 'up';
    if (isUnseen) this.#endAll(service, at, source);
    if (seen === 'up') this.#incidentsOf(source).seenUp(service);
    if (change.from === 'unobserved') this.#seenAgain(change, source);
    if (isFallen(change.to) && seen === 'down') {
      const seenFrom = change.to === 'partial' && vantage !== undefined ? { vantage } : {};
      const fall = { service, at, reason, message, ...seenFrom };
      const incident = this.#incidentsOf(source).fell(fall, change.from !== 'up' || change.seen?.from === 'unobserved');
      this.#place(incident, incident.from, source);
    } else if (change.to === 'unobserved') this.#unobserved(change, source);
  }

  /** Ends what is open of a service: by the longest gap of the vantages that saw its end, where there is one. */
  #endAll(service: string, at: number, source: number): void {
    const place = `${String(source)} ${service}`;
    const gap = this.#partGaps.get(place);
    this.#partGaps.delete(place);
    for (const entry of [...this.#entries]) {
      if (entry.kind !== 'incident' || entry.source !== source) continue;
      const fall = entry.incident.isOpen(service)
        ? entry.incident.falls.find((one) => one.service === service)
        : undefined;
      if (fall === undefined) continue;
      if (gap === undefined) this.#end(entry.incident, fall, undefined, at, source);
      else if (entry.incident.end(service, gap)) this.#placeEnded(entry.incident, source);
    }
  }

  #unobserved({ service, at, reason }: Transition, source: number): void {
    const why = reason ?? '';
    const known = this.#span(source, ({ to, from, reason: same }) => {
      return same === why && Math.abs(at - Math.max(to ?? from, from)) < SAME_STALL_MS;
    });
    if (known === null) {
      const [services, open] = [new Set([service]), new Set([service])];
      const span: UnobservedSpan = { services, open, reason: why, times: 1, from: at, to: null, beforeMs: 0 };
      this.#add(at, source, { kind: 'unobserved', span });
      return;
    }
    const { open, to, from } = known;
    // Services settle one after the other: what began before the others were observed again is the same time.
    if (open.size === 0 && to !== null && at >= to) {
      known.beforeMs += to - from;
      known.times += 1;
      known.from = at;
    }
    known.services.add(service);
    open.add(service);
  }

  #seenAgain({ service, at }: Transition, source: number): void {
    const known = this.#span(source, ({ open }) => open.has(service));
    if (known !== null) seenAgain(known, service, at);
  }

  /** Ends a service's part of an incident without an event: by the gap that the source remembers, or else at the latest now. */
  #end(
    incident: Incident,
    { service, at }: Fall,
    known: ServiceSnapshot | undefined,
    now: number,
    source: number,
  ): void {
    const gap = known?.gaps.find(({ from, to }) => to > at && Math.abs(from - at) < SAME_GAP_MS);
    const to = Math.max(at, known?.timeline.find(({ state, from }) => state === 'up' && from > at)?.from ?? now);
    const unseen = { from: at, to, durationMs: to - at, minMs: 0, maxMs: null, failed: 0, reasons: [] };
    incident.end(service, gap ?? unseen, gap === undefined);
    this.#placeEnded(incident, source);
  }

  /** A gap of an incident has ended. */
  #placeEnded(incident: Incident, source: number): void {
    const to = Math.max(...Array.from(incident.gaps.values(), (gap) => gap.to));
    this.#place(incident, incident.open === 0 ? to : incident.from, source);
  }

  #span(source: number, match: (span: UnobservedSpan) => boolean): UnobservedSpan | null {
    for (const entry of this.#entries) {
      if (entry.kind === 'unobserved' && entry.source === source && match(entry.span)) return entry.span;
    }
    return null;
  }

  /** Lists an incident at a moment, and nowhere else. */
  #place(incident: Incident, at: number, source: number): void {
    const known = this.#entries.findIndex((entry) => entry.kind === 'incident' && entry.incident === incident);
    const [entry] = known < 0 ? [] : this.#entries.splice(known, 1);
    this.#add(at, source, { kind: 'incident', incident }, entry?.id);
  }

  #incidentsOf(source: number): Incidents {
    return (this.#incidents[source] ??= new Incidents());
  }

  /** Inserts an entry in the order of time: what settles late arrives late. */
  #add(at: number, source: number, facts: EntryFacts, id = this.#lastId + 1): void {
    this.#lastId = Math.max(this.#lastId, id);
    const place = this.#entries.findIndex((entry) => entry.at <= at);
    this.#entries.splice(place < 0 ? this.#entries.length : place, 0, { id, at, source, ...facts });
    this.#entries.length = Math.min(this.#entries.length, ENTRIES);
  }
}

function isFallen(state: State): boolean {
  return state === 'down' || state === 'partial';
}

/** Whether the outage that began with a fall may be open still. */
function goesOn({ at }: Fall, { state, timeline }: ServiceSnapshot): boolean {
  if (timeline.some((one) => one.state === 'up' && one.from > at)) return false;
  // A source that has just begun knows nothing yet: its first answer says it.
  return state === 'unknown' || timeline.some((one) => isFallen(one.state) && (one.to ?? Infinity) > at);
}

function seenAgain(span: UnobservedSpan, service: string, at: number): void {
  span.open.delete(service);
  span.to = Math.max(span.to ?? at, at);
}
