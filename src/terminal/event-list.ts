/** What happened, as the dashboard lists it: the newest entries; services that fell together are one entry. Pure. */
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
/** The same text within this time from several sources is one mark; services that become unobserved within it are one entry. */
const TOGETHER_MS = 1000;

/** The services that one vantage did not observe at the same time. */
interface UnobservedSpan {
  readonly services: Set<string>;
  /** Those that are observed again. */
  readonly seen: Set<string>;
  readonly reason: string;
  /** When the last of them was observed again; null before. */
  to: number | null;
}

/** Something that happened. `at` is in milliseconds since the epoch; `source` is the number of its source. */
export type Entry = { at: number; readonly source: number } & (
  | { readonly kind: 'fall'; readonly incident: Incident }
  | { readonly kind: 'recovery'; readonly incident: Incident }
  | { readonly kind: 'unobserved'; readonly span: UnobservedSpan }
  | { readonly kind: 'event'; readonly event: Mark | ConnectionLost | Identity | Slow | LostWrites | Note }
  | { readonly kind: 'note'; readonly text: string }
);

/** The newest entries, in the order of time. */
export class EventList {
  #entries: Entry[] = [];
  readonly #incidents: Incidents[] = [];
  /** How many entries were added since the beginning. */
  #added = 0;

  /** The newest first. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get added(): number {
    return this.#added;
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
        const known = this.#entries.findIndex((entry) => entry.kind === 'recovery' && entry.incident === incident);
        if (known >= 0) this.#entries.splice(known, 1);
        this.#add({ at: event.to, source, kind: 'recovery', incident }, known < 0);
        return;
      }
      case 'mark': {
        const known = this.#entries.find(
          (entry) =>
            entry.kind === 'event' &&
            entry.event.type === 'mark' &&
            entry.event.text === event.text &&
            entry.source !== source &&
            Math.abs(entry.at - event.at) < TOGETHER_MS,
        );
        if (known === undefined) this.#add({ at: event.at, source, kind: 'event', event });
        return;
      }
      default:
        this.#add({ at: timeOf(event), source, kind: 'event', event });
    }
  }

  /** Adds a sentence of the dashboard itself. */
  note(text: string, at: number, source: number): void {
    this.#add({ at, source, kind: 'note', text });
  }

  #transition(change: Transition, source: number): void {
    const { service, at, reason, message } = change;
    if (change.from === 'unobserved') this.#seenAgain(change, source);
    if (change.to === 'down') {
      const incident = this.#incidentsOf(source).fell({ service, at, reason, message });
      const known = this.#entries.find((entry) => entry.kind === 'fall' && entry.incident === incident);
      if (known === undefined) this.#add({ at, source, kind: 'fall', incident });
      else known.at = incident.from;
    } else if (change.to === 'unobserved') {
      const known = this.#span(source, (span, from) => {
        return span.seen.size === 0 && Math.abs(from - at) < TOGETHER_MS && span.reason === (reason ?? '');
      });
      if (known !== null) known.services.add(service);
      else {
        const span = { services: new Set([service]), seen: new Set<string>(), reason: reason ?? '', to: null };
        this.#add({ at, source, kind: 'unobserved', span });
      }
    }
  }

  #seenAgain({ service, at }: Transition, source: number): void {
    const known = this.#span(source, ({ services, seen }) => services.has(service) && !seen.has(service));
    if (known === null) return;
    known.seen.add(service);
    known.to = Math.max(known.to ?? at, at);
  }

  #span(source: number, match: (span: UnobservedSpan, from: number) => boolean): UnobservedSpan | null {
    for (const entry of this.#entries) {
      if (entry.kind === 'unobserved' && entry.source === source && match(entry.span, entry.at)) return entry.span;
    }
    return null;
  }

  #incidentsOf(source: number): Incidents {
    return (this.#incidents[source] ??= new Incidents());
  }

  /** Inserts an entry in the order of time: what settles late arrives late. */
  #add(entry: Entry, isNew = true): void {
    const place = this.#entries.findIndex(({ at }) => at <= entry.at);
    this.#entries.splice(place < 0 ? this.#entries.length : place, 0, entry);
    this.#entries.length = Math.min(this.#entries.length, ENTRIES);
    if (isNew) this.#added += 1;
  }
}
