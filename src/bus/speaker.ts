/**
 * Speaks for a vantage to the stream: the exchanges between a monitor's events and Redis. Monitors with the same vantage
 * take turns: one speaks, the others stand by.
 */
import { randomUUID } from 'node:crypto';

import type { Logger } from 'pino';

import type { Event, Hello, StatusMessage } from '../core/messages.ts';
import { Board } from '../core/board.ts';
import { type Answer, answerOf } from './answer.ts';
import { ENTRY_EVENTS, KEEP_EVENTS, KEEP_MS, LEASE_MS } from './constants.ts';
import type { BusLink } from './bus-connection.ts';
import { openingOf, snapshotHello } from './opening.ts';
import { Progress } from './progress.ts';
import type { PublishedSource } from '../core/source.ts';
import { APPEND, RENUMBER, SILENCE } from './scripts.ts';
import { goodbye, silenceArguments } from './silence.ts';
import { readTold } from './told.ts';

/** What is stored for newcomers is this old at most where something happened, and where nothing did. */
const SNAPSHOT_MS = 10_000;
const UPTIME_MS = 60_000;
/** A monitor that stands by keeps its own events of so long before the other's last sign of life. */
const OVERLAP_MS = 60_000;

/** `joining`: it does not know yet what the stream knows. */
export type Role = 'joining' | 'leading' | 'standing by';

interface Batch {
  readonly mode: 'go on' | 'open';
  readonly before: string;
  readonly from: string;
  readonly through: string;
  readonly events: readonly Event[];
  readonly opening: string;
}

export class Speaker {
  readonly #monitor: PublishedSource;
  readonly #link: BusLink;
  readonly #log: Logger;
  readonly #progress: Progress;
  readonly #statuses = new Map<string, StatusMessage>();
  #role: Role = 'joining';
  #numbering = '';
  #began = false;
  #servicesChanged = false;
  #snapshotAt = -Infinity;
  #snapshotOf = -1;

  constructor(monitor: PublishedSource, link: BusLink, log: Logger) {
    this.#monitor = monitor;
    this.#link = link;
    this.#log = log;
    this.#progress = new Progress(monitor.events.newest);
  }

  get role(): Role {
    return this.#role;
  }

  /** Events that wait for delivery. */
  get waiting(): number {
    return this.#role === 'standing by' ? 0 : this.#monitor.events.newest - this.#progress.position;
  }

  /** The monitor tells what it knows: at first, and where the list of services is another one. */
  hello(hello: Hello): void {
    if (this.#began) {
      this.#servicesChanged = true;
      return;
    }
    this.#began = true;
    // What happens from here on is delivered, whenever the bus can be reached for the first time.
    this.#progress.told = new Board();
    this.#progress.told.apply(hello);
  }

  /** A status is to be told with what is told next. */
  addStatus(status: StatusMessage): void {
    this.#statuses.set(status.service, status);
  }

  /** One exchange with Redis. Returns whether the next one is due at once. */
  async round(): Promise<boolean> {
    if (this.#role !== 'leading') return this.#join();
    if (this.#servicesChanged) return this.#open(String(this.#progress.position), '');
    const events = this.#monitor.events.after(this.#progress.position, ENTRY_EVENTS);
    if (events === null) return this.#openAnew(String(this.#progress.position), '');
    const from = String(this.#progress.position);
    const through = String(events.at(-1)?.seq ?? this.#progress.position);
    const untold = this.#progress.untold(events);
    const statuses = new Map(this.#statuses);
    const answer = await this.#append({ mode: 'go on', before: '', from, through, events: untold, opening: '' });
    if (answer.what === 'ok') {
      for (const [service, status] of statuses) {
        if (this.#statuses.get(service) === status) this.#statuses.delete(service);
      }
      this.#progress.advance(events, untold);
      return events.length === ENTRY_EVENTS;
    }
    return this.#deposed(answer);
  }

  /** It does not speak for its vantage, or not any more. */
  async #deposed(answer: Answer): Promise<boolean> {
    const { what, last, numbering } = answer;
    if (what === 'standby') {
      this.#standBy(answer);
      return false;
    }
    if (what === 'adopt' && numbering === this.#numbering) {
      const events =
        last === ''
          ? null
          : this.#monitor.events.after(this.#progress.position, Number(last) - this.#progress.position);
      if (Number(last) > this.#progress.position && events !== null) {
        // The answer to what was delivered was lost.
        this.#progress.advance(events, this.#progress.untold(events));
        return true;
      }
      if (last !== String(this.#progress.position)) {
        this.#log.warn('the Redis of the bus has lost events that it had confirmed: they are numbered anew');
        await this.#link.run(RENUMBER, [this.#numbering, randomUUID()]);
        this.#progress.told = null;
        this.#progress.position = last === '' ? this.#progress.position : Number(last);
      }
    }
    this.#role = 'joining';
    return true;
  }

  #standBy({ leader, signAt }: Answer): void {
    if (this.#role !== 'standing by') {
      this.#log.info({ leader }, 'another monitor publishes for this vantage: standing by');
      this.#role = 'standing by';
      this.#progress.told = null;
    }
    const { events } = this.#monitor;
    for (;;) {
      const next = events.after(this.#progress.position, ENTRY_EVENTS);
      if (next === null) {
        this.#progress.position = Math.min(events.newest, Math.max(events.oldest - 1, 0));
        return;
      }
      const old = next.findIndex((event) => timeOf(event) >= signAt - OVERLAP_MS);
      this.#progress.position += old < 0 ? next.length : old;
      if (old >= 0 || next.length < ENTRY_EVENTS) return;
    }
  }

  /** Finds out what the stream knows of this vantage, and begins to speak for it where nobody else does. */
  async #join(): Promise<boolean> {
    const look = { mode: 'go on', before: '', from: 'none', through: '', events: [], opening: '' } as const;
    this.#numbering = '';
    const answer = await this.#append(look);
    const { what, last, leader, signAt } = answer;
    if (what === 'standby') {
      this.#standBy(answer);
      return false;
    }
    const { id, vantage } = this.#monitor.identity;
    if (leader !== '' && leader !== id) {
      const told = await readTold(this.#link, vantage, this.#monitor.now());
      this.#progress.takeOver(told, this.#monitor.events.newest, signAt);
      this.#log.info({ leader }, 'the other monitor of this vantage is silent: going on in its place');
      // Nobody looked before this one was there.
      const blind = this.#monitor.identity.startedAt > signAt ? goodbye(told, signAt, null) : [];
      return this.#open(last, leader, blind);
    }
    this.#progress.goOn();
    const { told, position } = this.#progress;
    if (told !== null && (last === '' || last === String(position))) return this.#open(last, '');
    if (last === '') {
      this.#progress.told = new Board();
      this.#progress.position = this.#monitor.events.newest;
      return this.#open(last, '');
    }
    if (this.#monitor.events.after(Number(last), 0) === null) return this.#openAnew(last, '');
    this.#progress.told = await readTold(this.#link, vantage, this.#monitor.now());
    this.#progress.position = Number(last);
    return this.#open(last, '');
  }

  /** Events that were not delivered are not kept any more: says so, and begins with what is known now. */
  async #openAnew(from: string, before: string): Promise<boolean> {
    const { newest, oldest } = this.#monitor.events;
    // Numbers between the two that were never kept: this monitor was killed, and what it saw last was not on disk yet.
    const isKept = Number(from) >= oldest - 1 && Number(from) <= newest;
    const missing = isKept
      ? 'what was seen just before this monitor was killed may be missing here'
      : 'events could not be delivered for so long that they are not kept any more, and are missing here';
    this.#log.error(missing);
    this.#progress.told = new Board();
    this.#progress.position = newest;
    const text = `${this.#monitor.identity.vantage}: ${missing}`;
    return this.#open(from, before, [{ type: 'mark', seq: newest, at: this.#monitor.now(), text }]);
  }

  async #open(from: string, before: string, events: readonly Event[] = []): Promise<boolean> {
    const changed = this.#servicesChanged;
    this.#servicesChanged = false;
    try {
      const { hello, current } = openingOf(this.#monitor, this.#progress.told ?? new Board(), this.#progress.position);
      const { newest } = this.#monitor.events;
      const through = String(this.#progress.position);
      const answer = await this.#append({
        mode: 'open',
        before,
        from,
        through,
        events,
        opening: JSON.stringify(hello),
      });
      if (answer.what !== 'ok') {
        this.#servicesChanged = changed;
        return await this.#deposed(answer);
      }
      this.#progress.opened(hello, current, newest, events);
      this.#numbering = answer.numbering;
      if (this.#role !== 'leading') this.#log.info({ bus: this.#link.where.shown }, 'publishing to the bus');
      this.#role = 'leading';
      return true;
    } catch (error) {
      this.#servicesChanged = changed;
      throw error;
    }
  }

  async #append({ mode, before, from, through, events, opening }: Batch): Promise<Answer> {
    const { id, vantage } = this.#monitor.identity;
    const now = this.#monitor.now();
    const snapshot = mode === 'go on' ? this.#snapshot(now) : '';
    const answer = answerOf(
      await this.#link.run(APPEND, [
        id,
        vantage,
        now.toFixed(3),
        this.#numbering,
        randomUUID(),
        mode,
        before,
        from,
        through,
        events.length,
        JSON.stringify(events),
        mode === 'go on' && this.#statuses.size > 0 ? JSON.stringify([...this.#statuses.values()]) : '',
        opening,
        snapshot,
        LEASE_MS,
        KEEP_EVENTS,
        KEEP_MS,
      ]),
    );
    if (answer.what === 'ok' && (snapshot !== '' || opening !== '')) {
      // Not all monitors at once.
      this.#snapshotAt = now + SNAPSHOT_MS * (Math.random() - 0.5);
      this.#snapshotOf = Number(from);
    }
    return answer;
  }

  /** What a newcomer needs, where it is time to store it anew; otherwise empty. */
  #snapshot(now: number): string {
    const changed = this.#snapshotOf !== this.#progress.position;
    if (this.#role !== 'leading' || this.#progress.told === null || this.#progress.takingOver) return '';
    if (now - this.#snapshotAt < (changed ? SNAPSHOT_MS : UPTIME_MS)) return '';
    return JSON.stringify(snapshotHello(this.#monitor, this.#progress.told, this.#progress.position));
  }

  /** Nobody looks here any more. */
  async sayGoodbye(): Promise<void> {
    if (this.#role !== 'leading' || this.#progress.told === null) return;
    const events = goodbye(this.#progress.told, this.#monitor.now(), null);
    const { id, vantage } = this.#monitor.identity;
    await this.#link
      .run(SILENCE, silenceArguments(vantage, id, '', events))
      // Then the hubs notice by themselves.
      .catch(() => undefined);
  }
}

function timeOf(event: Event): number {
  return event.type === 'gap' ? event.to : event.at;
}
