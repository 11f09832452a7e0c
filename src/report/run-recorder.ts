/**
 * Writes down what a monitor tells, from here or over a feed, so that a report can be made of it. Times stay by the
 * monitor's clock until `observed` is asked. Where a feed was lost and could not be resumed, only what is really not
 * known becomes unobserved. Pure: time comes with the messages.
 */
import type { FeedReader } from '../core/source.ts';
import type {
  ConnectionLost,
  GapFacts,
  Hello,
  Identity,
  Mark,
  Message,
  ServiceSnapshot,
  TimelineInterval,
  Transition,
} from '../core/messages.ts';
import type { Reason, State } from '../core/model.ts';
import { infoOf, type ServiceInfo } from '../core/board.ts';
import type { ObservedOpenGap, ObservedService, ObservedVantage } from './observed.ts';
import type { VantageReport } from './report.ts';

/** How a service stands now. */
export interface Standing {
  readonly service: string;
  /** A probe is sent this often, and has ended this long after. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly state: State;
  /** Since when, by the monitor's clock. */
  readonly since: number;
  readonly reason: Reason | null;
  readonly message: string | null;
}

interface Entered {
  readonly state: State;
  readonly from: number;
  readonly reason: Reason | null;
}

interface Record {
  info: ServiceInfo;
  entered: Entered[];
  message: string | null;
  readonly gaps: GapFacts[];
  openGap: ObservedOpenGap | null;
  readonly lost: ConnectionLost[];
  readonly identities: Identity[];
}

export class Recorder implements FeedReader {
  readonly samples = false;
  readonly #records = new Map<string, Record>();
  readonly #marks: Mark[] = [];
  #monitor = { id: '', vantage: '' };
  /** The newest time that a message told. */
  #heard = 0;
  /** Since when the feed is lost; null while it is live. */
  #lostSince: number | null = null;

  take(messages: readonly Message[]): void {
    for (const message of messages) this.#take(message);
  }

  connected(): void {
    this.#lostSince = null;
  }

  disconnected(): void {
    this.#lostSince ??= this.#heard;
  }

  /** Whether a hello came: it is known who tells, and of which services. */
  get greeted(): boolean {
    return this.#monitor.id !== '';
  }

  get vantage(): string {
    return this.#monitor.vantage;
  }

  /** The newest time that a message told, by the monitor's clock; 0 before the first one. */
  get heard(): number {
    return this.#heard;
  }

  /** The longest deadline of a probe: what was sent earlier than this ago is settled. 0 where there is no service. */
  get timeoutMs(): number {
    return Math.max(0, ...Array.from(this.#records.values(), ({ info }) => info.timeoutMs));
  }

  /** How every service stands, as far as settled. */
  get standings(): Standing[] {
    return Array.from(this.#records, ([service, record]) => {
      const { state, from, reason } = record.entered.at(-1) ?? UNKNOWN;
      const { intervalMs, timeoutMs } = record.info;
      return { service, intervalMs, timeoutMs, state, since: from, reason, message: record.message };
    });
  }

  /**
   * All that was written down.
   * @param clock how the monitor's clock is from this one's; null where it is the same
   */
  observed(clock: VantageReport['clock']): ObservedVantage {
    const ms = clock?.offsetMs ?? 0;
    return {
      vantage: this.#monitor.vantage,
      monitor: this.#monitor.id,
      clock,
      services: Array.from(this.#records, ([name, record]) => shiftedService(name, this.#known(record), ms)),
      marks: this.#marks.map(({ at, text }) => ({ at: at - ms, text })),
    };
  }

  #take(message: Message): void {
    switch (message.type) {
      case 'hello':
        this.#hello(message);
        return;
      case 'transition':
        this.#hear(message.at);
        this.#transition(message);
        return;
      case 'gap': {
        this.#hear(message.to);
        const { from, to, durationMs, minMs, maxMs, failed, reasons } = message;
        this.#records.get(message.service)?.gaps.push({ from, to, durationMs, minMs, maxMs, failed, reasons });
        return;
      }
      case 'open-gap': {
        const { from, durationMs, minMs, failed, reasons } = message;
        const record = this.#records.get(message.service);
        if (record !== undefined) record.openGap = { from, durationMs, minMs, failed, reasons };
        return;
      }
      case 'mark':
        this.#hear(message.at);
        this.#marks.push(message);
        return;
      case 'connection-lost':
        this.#records.get(message.service)?.lost.push(message);
        return;
      case 'identity':
        this.#records.get(message.service)?.identities.push(message);
        return;
      case 'heartbeat':
        this.#hear(message.now);
        return;
      default:
    }
  }

  #hello(hello: Hello): void {
    const again = this.#monitor.id === hello.monitor.id;
    const missedSince = this.#lostSince;
    const names = new Set(hello.services.map(({ service }) => service));
    for (const [name, record] of this.#records) {
      // Nobody looks at it any more.
      if (!names.has(name)) enter(record, { state: 'unobserved', from: hello.now, reason: 'stopped' });
    }
    for (const snapshot of hello.services) {
      const record = this.#records.get(snapshot.service);
      if (record !== undefined) record.info = infoOf(snapshot);
      if (record === undefined) this.#records.set(snapshot.service, recordOf(snapshot));
      else if (missedSince !== null && !hello.resumed) catchUp(record, snapshot, missedSince, again);
      else if (snapshot.state !== record.entered.at(-1)?.state) enterSnapshot(record, snapshot, snapshot.since);
    }
    this.#monitor = { id: hello.monitor.id, vantage: hello.monitor.vantage };
    this.#hear(hello.now);
  }

  #transition({ service, to, at, reason, message }: Transition): void {
    const record = this.#records.get(service);
    if (record === undefined) return;
    enter(record, { state: to, from: at, reason });
    record.message = message;
    if (to === 'up') record.openGap = null;
  }

  #hear(at: number): void {
    this.#heard = Math.max(this.#heard, at);
  }

  /** Since the feed was lost nothing is known. */
  #known(record: Record): Record {
    if (this.#lostSince === null) return record;
    const known = { ...record, entered: [...record.entered] };
    enter(known, { state: 'unobserved', from: this.#lostSince, reason: 'network' });
    return known;
  }
}

/** The states that somebody saw. */
const SEEN: ReadonlySet<State> = new Set(['up', 'down', 'partial']);
const UNKNOWN: Entered = { state: 'unknown', from: 0, reason: null };

function recordOf(snapshot: ServiceSnapshot): Record {
  const record: Record = {
    info: infoOf(snapshot),
    entered: [],
    message: null,
    gaps: [...snapshot.gaps],
    openGap: null,
    lost: [],
    identities: [],
  };
  enterSnapshot(record, snapshot, -Infinity);
  return record;
}

/** Takes what a snapshot knows of the time from `since` on. */
function enterSnapshot(record: Record, snapshot: ServiceSnapshot, since: number): void {
  const { state, reason } = snapshot;
  const timeline: readonly TimelineInterval[] =
    snapshot.timeline.length > 0 ? snapshot.timeline : [{ state, from: snapshot.since, to: null }];
  for (const one of timeline) {
    if (one.to !== null && one.to <= since) continue;
    enter(record, { state: one.state, from: Math.max(one.from, since), reason: one.to === null ? reason : null });
  }
}

/** After a time in which events were missed: what the snapshot does not reach was not observed. */
function catchUp(record: Record, snapshot: ServiceSnapshot, missedSince: number, sameMonitor: boolean): void {
  const reaches = snapshot.timeline[0]?.from ?? snapshot.since;
  if (!sameMonitor || reaches > missedSince) {
    enter(record, { state: 'unobserved', from: missedSince, reason: sameMonitor ? 'network' : 'stopped' });
  }
  enterSnapshot(record, snapshot, missedSince);
  const { openGap } = record;
  if (openGap !== null && record.entered.some(({ state, from }) => state === 'up' && from > openGap.from)) {
    record.openGap = null;
  }
  const newest = record.gaps.at(-1)?.to ?? -Infinity;
  record.gaps.push(...snapshot.gaps.filter(({ to }) => to > newest));
}

function enter(record: Record, next: Entered): void {
  const { entered } = record;
  // Where the wall clock was set back, what has labels after the present one gives way.
  for (let last = entered.at(-1); last !== undefined; last = entered.at(-1)) {
    // A state that was told stays, also where it was lost from sight at the moment of which it was told.
    const gives = last.from > next.from || (last.from === next.from && !SEEN.has(last.state));
    if (!gives) break;
    entered.pop();
  }
  if (entered.at(-1)?.state === next.state) return;
  entered.push(next);
}

function shiftedService(name: string, record: Record, ms: number): ObservedService {
  const { info, entered, gaps, openGap, lost, identities } = record;
  return {
    name,
    info,
    intervals: entered.map(({ state, from, reason }, index) => {
      const next = entered[index + 1];
      return { state, from: from - ms, to: next === undefined ? null : next.from - ms, reason };
    }),
    gaps: gaps.map((gap) => ({ ...gap, from: gap.from - ms, to: gap.to - ms })),
    openGap: openGap === null ? null : { ...openGap, from: openGap.from - ms },
    lost: lost.map((one) => ({ ...one, at: one.at - ms })),
    identities: identities.map((one) => ({ ...one, at: one.at - ms })),
  };
}
