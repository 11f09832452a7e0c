/**
 * Records the messages of a monitor, in this process or over a feed, for a report. Times stay by the
 * monitor's clock until `observed` is asked. Where a feed was lost and could not be resumed, only what is really not
 * known becomes unobserved. Pure: time comes with the messages.
 */
import type { FeedReader } from '../core/source.ts';
import {
  gapFacts,
  isEvent,
  type ConnectionLost,
  type GapFacts,
  type Hello,
  type Identity,
  type LostWrites,
  type Mark,
  type Message,
  type SampleMessage,
  type ServiceSnapshot,
  type Slow,
  type TimelineInterval,
  type Transition,
} from '../core/messages.ts';
import { type Reason, type State, infoOf, type ServiceInfo } from '../core/model.ts';
import { Intervals, TICK_MS, type Interval } from '../core/intervals.ts';
import { AnswerRecord } from './answer-record.ts';
import type { ObservedOpenGap, ObservedService, ObservedVantage } from './observed.ts';
import { ProbeRecord } from './probe-record.ts';
import type { VantageReport } from './report.ts';

/** The present state of a service. */
export interface Standing {
  readonly service: string;
  /** A probe is sent this often, and has ended this long after. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly state: State;
  /** Since when, by the monitor's clock. */
  readonly since: number;
  /** The same, where a short stall of the monitor does not count. */
  readonly steadySince: number;
  /** False where nothing is sent over a kept connection: see `ServiceInfo`. */
  readonly asks: boolean;
  readonly reason: Reason | null;
  readonly message: string | null;
}

interface Record {
  info: ServiceInfo;
  readonly states: Intervals;
  message: string | null;
  readonly gaps: GapFacts[];
  openGap: ObservedOpenGap | null;
  readonly falls: { readonly from: number; readonly failedAt: number }[];
  /** When the last good answer came; null where a probe that was not good has ended since. */
  answeredAt: number | null;
  silence: ObservedService['silence'];
  readonly lost: ConnectionLost[];
  readonly identities: Identity[];
  identified: ObservedService['identified'];
  /** Since when no event was missed. */
  changesKnownFrom: number;
  readonly slow: Slow[];
  readonly lostWrites: LostWrites[];
  readonly answers: AnswerRecord;
}

/** The record of one monitor. */
export class Recorder implements FeedReader {
  readonly samples = true;
  readonly #records = new Map<string, Record>();
  readonly #marks: Mark[] = [];
  #monitor = { id: '', vantage: '' };
  /** When the stages of the run began after the first one, by the monitor's clock. */
  readonly #edges: number[] = [];
  /** The newest time in a message. */
  #newest = 0;
  /** When the newest probe was sent that was reported. */
  #sampledAt = 0;
  /** Since when the feed is lost; null while it is live. */
  #lostSince: number | null = null;
  readonly #most: number;
  /** Null where single probes are not wanted. */
  readonly #probes: ProbeRecord | null;
  /** Entries that came since the first hello. */
  #kept = 0;
  #firstSize: number | null = null;
  #isFull = false;

  /**
   * @param most entries that are kept beside the first hello: a feed may send without end. What comes then is unobserved.
   * @param keepsProbes whether every single probe is kept too
   */
  constructor(most = Infinity, keepsProbes = false) {
    this.#probes = keepsProbes ? new ProbeRecord() : null;
    this.#most = most;
  }

  take(messages: readonly Message[]): void {
    for (const message of messages) this.#take(message);
  }

  connected(): void {
    this.#lostSince = null;
  }

  disconnected(): void {
    // Events come when all probes before them have ended: what was sent within a timeout of the newest probe may lack its event.
    this.#lostSince ??= Math.max(this.#newest, this.#sampledAt - this.timeoutMs);
    // Answers are not sent again: that none was heard is no silence of the service.
    for (const record of this.#records.values()) {
      record.answeredAt = null;
      record.answers.interrupted();
    }
  }

  unreadable(problem: string): void {
    // It may have been the end of a gap, or its beginning.
    if (!this.#isFull)
      this.#endEarly('network', `a message of this monitor can't be read, it may be a newer gapwatch (${problem})`);
  }

  /** The next stage of the run begins. @param at by the monitor's clock */
  nextStage(at: number): void {
    this.#edges.push(at);
    if (this.#edges.length > 1) return;
    // A freeze from before the command would hide a shorter one that the command brought about.
    for (const record of this.#records.values()) {
      const { silence } = record;
      if (silence !== undefined && silence.from + silence.durationMs <= at) record.silence = undefined;
    }
  }

  /** Whether a hello came: monitor and services are known. */
  get greeted(): boolean {
    return this.#monitor.id !== '';
  }

  get vantage(): string {
    return this.#monitor.vantage;
  }

  /** The newest time in a message, by the monitor's clock; 0 before the first one. */
  get newestTime(): number {
    return this.#newest;
  }

  /** Until when what is known of the gaps that are open was counted, by the monitor's clock; `Infinity` where none is. */
  get gapsCountedUntil(): number {
    const open = [...this.#records.values()].filter(({ states }) => states.present.state === 'down');
    return Math.min(...open.map(({ openGap }) => openGap?.until ?? -Infinity));
  }

  /** The longest deadline of a probe: what was sent earlier than this ago is settled. 0 where there is no service. */
  get timeoutMs(): number {
    return [...this.#records.values()].reduce((most, { info }) => Math.max(most, info.timeoutMs), 0);
  }

  /** The present state of every service, as far as settled. */
  get standings(): Standing[] {
    return Array.from(this.#records, ([service, record]) => {
      const { state, from, reason } = record.states.present;
      const { intervalMs, timeoutMs, asks = true } = record.info;
      const { steadySince } = record.states;
      return { service, intervalMs, timeoutMs, asks, state, since: from, steadySince, reason, message: record.message };
    });
  }

  /**
   * All that was recorded.
   * @param clock how the monitor's clock is from this one's; null where it is the same
   */
  observed(clock: VantageReport['clock']): ObservedVantage {
    const ms = clock?.offsetMs ?? 0;
    return {
      vantage: this.#monitor.vantage,
      monitor: this.#monitor.id,
      clock,
      services: Array.from(this.#records, ([name, record]) => shiftedService(name, record, this.#known(record), ms)),
      marks: this.#marks.map(({ at, text }) => ({ at: at - ms, text })),
      probes: this.#probes?.observed(ms) ?? null,
    };
  }

  #take(message: Message): void {
    if (this.#isFull) {
      if (message.type === 'heartbeat') this.#advance(message.now);
      return;
    }
    this.#record(message);
    if (isEvent(message)) this.#kept += 1;
    if (this.#kept > this.#most)
      this.#endEarly('resources', `more than ${String(this.#most)} events came from this monitor`);
  }

  #record(message: Message): void {
    switch (message.type) {
      case 'hello':
        this.#hello(message);
        return;
      case 'transition':
        this.#advance(message.at);
        this.#transition(message);
        return;
      case 'gap':
        this.#advance(message.to);
        this.#records.get(message.service)?.gaps.push(gapFacts(message));
        return;
      case 'open-gap': {
        const { from, until, durationMs, minMs, provenMinMs, failed, reasons } = message;
        const record = this.#records.get(message.service);
        if (record !== undefined) record.openGap = { from, until, durationMs, minMs, provenMinMs, failed, reasons };
        return;
      }
      case 'sample':
        this.#sampledAt = Math.max(this.#sampledAt, message.at);
        this.#answered(message);
        this.#identified(message);
        this.#records.get(message.service)?.answers.take(message, this.#edges);
        if (this.#records.has(message.service)) this.#probes?.take(message);
        return;
      case 'mark':
        this.#advance(message.at);
        this.#marks.push(message);
        return;
      case 'connection-lost':
        this.#records.get(message.service)?.lost.push(message);
        return;
      case 'identity':
        this.#records.get(message.service)?.identities.push(message);
        return;
      case 'slow':
        this.#records.get(message.service)?.slow.push(message);
        return;
      case 'lost-writes':
        this.#records.get(message.service)?.lostWrites.push(message);
        return;
      case 'heartbeat':
        this.#advance(message.now);
        return;
      default:
    }
  }

  #hello(hello: Hello): void {
    const again = this.#monitor.id === hello.monitor.id;
    const missedSince = this.#lostSince;
    const names = new Set(hello.services.map(({ service }) => service));
    for (const [name, record] of this.#records) {
      // It is no longer watched.
      if (!names.has(name)) enter(record.states, { state: 'unobserved', from: hello.now, reason: 'stopped' });
    }
    for (const snapshot of hello.services) {
      const record = this.#records.get(snapshot.service);
      if (record !== undefined) record.info = infoOf(snapshot);
      if (record === undefined) this.#records.set(snapshot.service, recordOf(snapshot));
      else if (missedSince !== null && !hello.resumed) {
        record.identified = undefined;
        record.changesKnownFrom = hello.now;
        catchUp(record, snapshot, missedSince, again);
      } else if (snapshot.state !== record.states.present.state) enterSnapshot(record.states, snapshot, snapshot.since);
    }
    this.#monitor = { id: hello.monitor.id, vantage: hello.monitor.vantage };
    this.#advance(hello.now);
    const size = this.#size;
    this.#firstSize ??= size;
    this.#kept = Math.max(this.#kept, size - this.#firstSize);
  }

  get #size(): number {
    const sizes = Array.from(
      this.#records.values(),
      ({ states, gaps, lost, identities }) => 1 + states.size + gaps.length + lost.length + identities.length,
    );
    return sizes.reduce((sum, size) => sum + size, this.#marks.length);
  }

  /** From now on nothing is known. @param why for people */
  #endEarly(reason: Reason, why: string): void {
    this.#isFull = true;
    const at = this.#newest;
    for (const { states } of this.#records.values()) enter(states, { state: 'unobserved', from: at, reason });
    const text = `${why}: what came later is not in this report`;
    this.#marks.push({ type: 'mark', seq: 0, at, text });
  }

  #transition({ service, to, at, notAfter, reason, message }: Transition): void {
    const record = this.#records.get(service);
    if (record === undefined) return;
    enter(record.states, { state: to, from: at, reason });
    record.message = message;
    if (to === 'up') record.openGap = null;
    if (to === 'down') record.falls.push({ from: at, failedAt: notAfter });
  }

  #answered({ service, at, durationMs, result }: SampleMessage): void {
    const record = this.#records.get(service);
    if (record === undefined) return;
    if (result !== 'up') {
      record.answeredAt = null;
      return;
    }
    const from = record.answeredAt;
    // Answers come in the order in which they ended.
    record.answeredAt = Math.max(from ?? 0, at + durationMs);
    if (from === null || record.answeredAt - from <= (record.silence?.durationMs ?? 0)) return;
    // What was over before the command may come after its start.
    if (record.answeredAt <= (this.#edges[0] ?? -Infinity)) return;
    record.silence = { from, durationMs: record.answeredAt - from };
  }

  #identified({ service, identified }: SampleMessage): void {
    const record = this.#records.get(service);
    if (record === undefined || identified === undefined) return;
    record.identified = { from: Math.max(record.changesKnownFrom, identified.from), to: identified.to };
  }

  #advance(at: number): void {
    this.#newest = Math.max(this.#newest, at);
  }

  /** The states of a service; while the feed is lost it is unobserved. */
  #known({ states }: Record): readonly Interval[] {
    if (this.#lostSince === null) return states.list();
    const known = new Intervals(states.list()[0] ?? states.present);
    for (const interval of states.list()) known.enter(interval);
    enter(known, { state: 'unobserved', from: this.#lostSince, reason: 'network' });
    return known.list();
  }
}

/** The states that a probe saw. */
const SEEN: ReadonlySet<State> = new Set(['up', 'down', 'partial']);

function recordOf(snapshot: ServiceSnapshot): Record {
  const [first] = timelineOf(snapshot);
  const states = new Intervals({ state: 'unknown', from: first?.from ?? snapshot.since, reason: null });
  enterSnapshot(states, snapshot, -Infinity);
  const { gaps } = snapshot;
  const events = {
    falls: [],
    answeredAt: null,
    silence: undefined,
    lost: [],
    identities: [],
    identified: undefined,
    changesKnownFrom: -Infinity,
    slow: [],
    lostWrites: [],
  };
  const nothing = { message: null, openGap: null, ...events };
  return { info: infoOf(snapshot), states, gaps: [...gaps], ...nothing, answers: new AnswerRecord() };
}

function timelineOf({ timeline, state, since }: ServiceSnapshot): readonly TimelineInterval[] {
  return timeline.length > 0 ? timeline : [{ state, from: since, to: null }];
}

/** Takes what a snapshot knows of the time from `since` on. */
function enterSnapshot(states: Intervals, snapshot: ServiceSnapshot, since: number): void {
  for (const { state, from, to } of timelineOf(snapshot)) {
    if (to !== null && to <= since) continue;
    enter(states, { state, from: Math.max(from, since), reason: to === null ? snapshot.reason : null });
  }
}

/** After a time in which events were missed: what the snapshot does not reach was not observed. */
function catchUp(record: Record, snapshot: ServiceSnapshot, missedSince: number, sameMonitor: boolean): void {
  const reaches = snapshot.timeline[0]?.from ?? snapshot.since;
  if (!sameMonitor || reaches > missedSince) {
    enter(record.states, { state: 'unobserved', from: missedSince, reason: sameMonitor ? 'network' : 'stopped' });
  }
  enterSnapshot(record.states, snapshot, missedSince);
  const { openGap } = record;
  if (openGap !== null && record.states.list().some(({ state, from }) => state === 'up' && from > openGap.from)) {
    record.openGap = null;
  }
  const newest = record.gaps.at(-1)?.to ?? -Infinity;
  record.gaps.push(...snapshot.gaps.filter(({ to }) => to > newest));
}

/** The reason of an interval is that of its beginning. A state that was seen stays visible where it is lost from sight at once. */
function enter(states: Intervals, next: Interval): void {
  const { state, from } = states.present;
  if (next.state === state) return;
  const isLost = SEEN.has(state) && next.state === 'unobserved' && next.from === from;
  states.enter(isLost ? { ...next, from: from + TICK_MS } : next);
}

function shiftedService(name: string, record: Record, states: readonly Interval[], ms: number): ObservedService {
  const { info, gaps, openGap, falls, silence, lost, identities, identified, slow, lostWrites } = record;
  return {
    name,
    info,
    intervals: states.map(({ state, from, reason }, index) => {
      const next = states[index + 1];
      return { state, from: from - ms, to: next === undefined ? null : next.from - ms, reason };
    }),
    gaps: gaps.map((gap) => ({ ...gap, from: gap.from - ms, to: gap.to - ms })),
    openGap: openGap && {
      ...openGap,
      from: openGap.from - ms,
      until: openGap.until === undefined ? undefined : openGap.until - ms,
    },
    falls: falls.map(({ from, failedAt }) => ({ from: from - ms, failedAt: failedAt - ms })),
    ...(silence !== undefined && { silence: { ...silence, from: silence.from - ms } }),
    lost: lost.map((one) => ({ ...one, at: one.at - ms })),
    lostWrites: lostWrites.map((one) => ({ ...one, at: one.at - ms })),
    identities: identities.map(({ notBefore, ...one }) => {
      return { ...one, at: one.at - ms, ...(notBefore !== undefined && { notBefore: notBefore - ms }) };
    }),
    ...(identified !== undefined && { identified: { from: identified.from - ms, to: identified.to - ms } }),
    slow: slow.map((one) => ({ ...one, from: one.from - ms, to: one.to - ms })),
    answers: record.answers.observed(ms),
  };
}
