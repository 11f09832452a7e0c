/**
 * What happened, as the dashboard lists it: the newest entries. Services that fell together are one entry, from the fall to
 * the end of the last gap; so are stalls that follow each other. Pure.
 */
import {
  timeOf,
  type Event,
  type Identity,
  type ConnectionLost,
  type LostWrites,
  type Mark,
  type Note,
  type Slow,
  type Transition,
} from '../core/messages.ts';
import { Incidents, type Incident } from '../core/incidents.ts';

/** Entries that are kept: the newest. */
const ENTRIES = 1000;
/** The same text within this time from several sources is one mark. */
const SAME_MARK_MS = 1000;
/** What is not observed again, for the same reason, this soon after it was, is the same entry. */
const SAME_STALL_MS = 10_000;

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
      case 'gap': {
        const incident = this.#incidentsOf(source).ended(event.service, event);
        if (incident === null) return;
        const to = Math.max(...Array.from(incident.gaps.values(), (gap) => gap.to));
        this.#place(incident, incident.open === 0 ? to : incident.from, source);
        return;
      }
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

  #transition(change: Transition, source: number): void {
    const { service, at, reason, message } = change;
    if (change.from === 'unobserved') this.#seenAgain(change, source);
    if (change.to === 'down') {
      const incident = this.#incidentsOf(source).fell({ service, at, reason, message }, change.from !== 'up');
      this.#place(incident, incident.from, source);
    } else if (change.to === 'unobserved') this.#unobserved(change, source);
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
    if (known === null) return;
    known.open.delete(service);
    known.to = Math.max(known.to ?? at, at);
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
