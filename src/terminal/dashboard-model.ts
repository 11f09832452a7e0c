/**
 * All that the dashboard knows, from nothing but the messages of its sources. A service that several vantages watch is
 * one row with a lane for each. Pure: time comes with the messages.
 */
import { isDeepStrictEqual } from 'node:util';

import { isEvent, type Heartbeat, type Hello, type Message, type MonitorIdentity } from '../core/messages.ts';
import { countServices } from '../core/format.ts';
import { disagreementOf, VantageViews } from '../core/vantage-views.ts';
import { WORST_FIRST, type State } from '../core/model.ts';
import { Board } from '../core/board.ts';
import { Lane } from './lane.ts';
import { EventList } from './event-list.ts';
import type { ServiceHistory } from '../core/source.ts';
import { shifted } from './time-shift.ts';

/** One source, as the dashboard knows it. Times by this machine's clock. */
export class SourceState {
  readonly board = new Board();
  readonly lanes = new Map<string, Lane>();
  /** Of a hub, which reports several vantages. */
  readonly views = new VantageViews();
  identity: MonitorIdentity | null = null;
  connected = true;
  problem: string | null = null;
  /** When the last message came. */
  lastMessageAt = -Infinity;
  /** The number of the last event. */
  seq = 0;
  heartbeat: Heartbeat | null = null;
  /** Probes a second over the last heartbeat; null before the first. */
  probesPerSecond: number | null = null;

  readonly #address: string;

  /** @param address what it is called until its monitor is known */
  constructor(address = '…') {
    this.#address = address;
  }

  /** Its name: the vantage of its monitor. */
  get vantage(): string {
    return this.identity?.vantage ?? this.#address;
  }
}

/** One service, and how each vantage that watches it sees it. */
export interface Row {
  readonly name: string;
  readonly lanes: readonly { readonly lane: Lane; readonly source: SourceState }[];
}

export class Model {
  readonly sources: readonly SourceState[];
  readonly log = new EventList();
  #rows: Row[] = [];

  /**
   * @param sources how many there are
   * @param addresses what they are called until their monitors are known
   */
  constructor(sources: number, addresses: readonly (string | undefined)[] = []) {
    this.sources = Array.from({ length: sources }, (_, index) => new SourceState(addresses[index]));
  }

  /** Every service, in the order in which the sources name them. */
  get rows(): readonly Row[] {
    return this.#rows;
  }

  /**
   * Takes the next messages of a source.
   * @param now when they came, by this machine's clock, in milliseconds since the epoch
   * @param offsetMs what makes the source's times this machine's
   */
  take(index: number, messages: readonly Message[], now: number, offsetMs: number): void {
    const source = this.sources[index];
    if (source === undefined) return;
    for (const message of messages) this.#take(source, index, shifted(message, offsetMs), now);
    source.lastMessageAt = now;
  }

  /** Takes what a source kept of the time before the dashboard was connected to it. Times by this machine's clock. */
  restore(index: number, past: readonly ServiceHistory[]): void {
    for (const one of past) this.sources[index]?.lanes.get(one.service)?.restore(one);
  }

  /** A source was disconnected or connected again; or something else is wrong with it now. @param problem in words */
  setConnection(index: number, connected: boolean, problem: string | null, now: number): void {
    const source = this.sources[index];
    if (source === undefined || (source.connected === connected && source.problem === problem)) return;
    const isFirst = source.identity === null;
    if (connected && !source.connected && !isFirst) this.log.note(`the feed of ${source.vantage} is back`, now, index);
    const feed = isFirst ? 'connecting' : `the feed of ${source.vantage} is lost`;
    const what = connected ? source.vantage : feed;
    if (problem !== null) this.log.note(`${what}: ${problem}`, now, index);
    else if (!connected) this.log.note(what, now, index);
    source.connected = connected;
    source.problem = problem;
  }

  /** Counts from now on. */
  reset(now: number): void {
    for (const { lanes } of this.sources) for (const lane of lanes.values()) lane.reset(now);
    this.log.note('counts were set to zero', now, 0);
  }

  #take(source: SourceState, index: number, message: Message, now: number): void {
    if (message.type === 'hello') {
      this.#hello(source, index, message, now);
      return;
    }
    if (isEvent(message)) {
      // After a break in the connection, events may come again.
      if (message.seq <= source.seq) return;
      source.seq = message.seq;
      source.board.apply(message);
      if (message.type === 'transition') {
        source.lanes.get(message.service)?.transition(message);
        source.views.transition(message);
      } else if (message.type === 'gap') source.lanes.get(message.service)?.gap(message);
      else if (message.type === 'slow') source.lanes.get(message.service)?.slow(message);
      this.log.take(message, index);
      return;
    }
    source.board.apply(message);
    if (message.type === 'sample') source.lanes.get(message.service)?.sample(message);
    else if (message.type === 'heartbeat') this.#heartbeat(source, message);
  }

  #hello(source: SourceState, index: number, hello: Hello, now: number): void {
    const same = source.identity?.id === hello.monitor.id;
    const watched = source.lanes.size;
    source.identity = hello.monitor;
    source.board.apply(hello);
    source.views.hello(hello);
    const lanes = new Map(source.lanes);
    source.lanes.clear();
    let added = 0;
    for (const snapshot of hello.services) {
      const board = source.board.services.get(snapshot.service);
      if (board === undefined) continue;
      const before = lanes.get(snapshot.service);
      const known = isDeepStrictEqual(before?.board.info, board.info) ? before : undefined;
      if (known === undefined) added += 1;
      const lane = known ?? new Lane(board, snapshot);
      // Where the source resumes, the events that were missed follow, and say more.
      if (known !== undefined && !(same && hello.resumed)) known.catchUp(board, snapshot, source.lastMessageAt);
      lane.board = board;
      source.lanes.set(snapshot.service, lane);
    }
    const kept = same && hello.resumed;
    if (!kept) source.seq = hello.seq;
    this.log.catchUp(new Map(hello.services.map((one) => [one.service, one])), !kept, now, index);
    const removed = watched + added - source.lanes.size;
    if (watched > 0 && (added > 0 || removed > 0)) {
      this.log.note(`the list of services was changed: ${String(added)} added, ${String(removed)} removed`, now, index);
    } else if (watched === 0) {
      this.log.note(`watching ${countServices([...source.lanes.keys()])} from ${source.vantage}`, now, index);
    }
    this.#arrange();
  }

  #heartbeat(source: SourceState, heartbeat: Heartbeat): void {
    const since = source.heartbeat?.now ?? source.identity?.startedAt ?? heartbeat.now;
    const tookMs = heartbeat.now - since;
    if (tookMs > 0) source.probesPerSecond = (heartbeat.probes * 1000) / tookMs;
    source.heartbeat = heartbeat;
  }

  #arrange(): void {
    const rows = new Map<string, Row['lanes'][number][]>();
    for (const source of this.sources) {
      for (const lane of source.lanes.values()) {
        const lanes = rows.get(lane.name) ?? [];
        lanes.push({ lane, source });
        rows.set(lane.name, lanes);
      }
    }
    this.#rows = Array.from(rows, ([name, lanes]) => ({ name, lanes }));
  }
}

/** The newest state of a lane; `unobserved` while its source is not connected. */
export function stateOf({ lane, source }: Row['lanes'][number], now: number): State {
  return source.connected ? lane.live(now).state : 'unobserved';
}

/** The worst state that a vantage sees. */
export function worstOf(row: Row, now: number): State {
  const states = row.lanes.map((each) => stateOf(each, now));
  return WORST_FIRST.find((state) => states.includes(state)) ?? 'unknown';
}

/** `down from here, up from second` where vantages disagree on whether it is up; null where they don't. */
export function disagreement(row: Row, now: number): string | null {
  const [only] = row.lanes;
  // One source may report several vantages.
  if (only !== undefined && row.lanes.length === 1) {
    return only.source.connected ? only.source.views.disagreement(row.name) : null;
  }
  return disagreementOf(row.lanes.map((each) => ({ state: stateOf(each, now), vantage: each.source.vantage })));
}
