/**
 * What is known of every service of one monitor, from nothing but its messages: the same for a monitor in this process
 * and for one at the other end of a feed. Bounded memory for each service. Pure: time comes with the messages.
 */
import type { RestoredService } from './archive.ts';
import type { Latency } from './latency.ts';
import { Intervals, setBack, timelineUpTo } from './intervals.ts';
import {
  gapFacts,
  type Gap,
  type OpenGap,
  type GapFacts,
  type Hello,
  type Message,
  type Observed,
  type ServiceSnapshot,
  type TimelineInterval,
  type Transition,
} from './messages.ts';
import { Notes } from './notes.ts';
import { infoOf, type Reason, seenStatus, type ServiceInfo, type State, type Totals } from './model.ts';
import { DAY_MS, HOUR_MS, UptimeWindows } from './uptime.ts';

/** Intervals kept for each service: the newest; up to twice as many between two cuts. */
const INTERVALS = 256;
/** Gaps kept for each service: the newest. */
const GAPS = 20;
/** Planned gaps kept for each service, for the sums of its windows: the newest. */
const PLANNED_GAPS = 200;

export class BoardService {
  readonly name: string;
  info: ServiceInfo;
  #totals: Totals = { gaps: 0, longestGapMs: 0, upMs: 0, downMs: 0, unobservedMs: 0 };
  /** Null where it follows the state. */
  #status: State | null = null;
  readonly gaps: GapFacts[] = [];
  readonly #intervals: Intervals;
  /** When the present state began, by the clock as it is now: earlier than in the intervals where that was set back. */
  #since: number;
  /** The same as `steadySince` has it, for the state that was the present one in a snapshot. */
  #restored = { since: NaN, steadySince: NaN };
  #accountedTo: number;
  /** How long the gaps that ended were together: as each of them is given, or else what the states say. */
  #gapsMs = 0;
  /** What the states say of the one that ended last, until its event has come. */
  #endedMs = 0;
  /** For how long it was down in the one that is open, up to `accountedTo`. */
  #openMs = 0;
  /** Where the monitor has stopped: nothing is known of the open gap beyond. */
  #openUntil = Infinity;
  readonly #uptime = new UptimeWindows();
  /** How long its good answers take at present; null where that is not known here. */
  latency: (() => Latency | null) | null = null;
  /** The planned gaps, the oldest first. */
  readonly #planned: GapFacts[] = [];
  /** What was planned before this was begun, where its gaps are not known. */
  #plannedBefore: Observed | null = null;
  /** What was before is in the windows already. */
  #uptimeFrom = -Infinity;

  constructor(name: string, info: ServiceInfo, since: number) {
    this.name = name;
    this.info = info;
    this.#intervals = new Intervals({ state: 'unknown', from: since, reason: null }, INTERVALS);
    this.#since = since;
    this.#accountedTo = since;
  }

  /** @param now when the snapshot was made */
  static from(snapshot: ServiceSnapshot, now: number): BoardService {
    const service = new BoardService(snapshot.service, infoOf(snapshot), snapshot.timeline[0]?.from ?? snapshot.since);
    service.#uptime.begin(now, snapshot.uptime, snapshot.observed);
    service.#uptimeFrom = now;
    service.#restore(snapshot);
    service.#plannedBefore = snapshot.planned ?? null;
    const { since, steadySince = since } = snapshot;
    service.#restored = { since: service.#intervals.present.from, steadySince };
    return service;
  }

  /** Goes on from what was restored of an earlier run. */
  static resume(name: string, info: ServiceInfo, restored: RestoredService): BoardService {
    const service = new BoardService(name, info, restored.timeline[0]?.from ?? restored.since);
    service.#uptimeFrom = restored.since;
    service.#restore(restored);
    service.#uptime.addSums(restored.uptime);
    service.#totals = { ...restored.totals };
    // The sum of what each of them was is not kept.
    service.#gapsMs = Math.max(restored.totals.downMs, restored.totals.longestGapMs);
    service.#openMs = service.#endedMs = 0;
    service.#planned.push(...(restored.planned ?? []));
    return service;
  }

  /** The same service with what was known before it was first seen, which came late. */
  after(restored: RestoredService): BoardService {
    const service = BoardService.resume(this.name, this.info, restored);
    service.#enter('unobserved', Math.max(restored.until, restored.since), 'stopped');
    const gapsMs = service.#gapsMs + this.#gapsMs;
    for (const { state, from, reason } of this.#intervals.list()) service.#enter(state, from, reason);
    service.#status = this.#status;
    service.latency = this.latency;
    service.gaps.push(...this.gaps);
    service.#planned.push(...this.#planned);
    service.#totals.gaps += this.#totals.gaps;
    service.#totals.longestGapMs = Math.max(service.#totals.longestGapMs, this.#totals.longestGapMs);
    // As they were counted, and not as what was entered just now makes them.
    [service.#gapsMs, service.#openMs, service.#endedMs] = [gapsMs, this.#openMs, this.#endedMs];
    return service;
  }

  get state(): State {
    return this.#intervals.present.state;
  }

  /** When the state began: not in the future, but for a moment after the clock was set back. */
  get since(): number {
    return this.#since;
  }

  /** The same, where a short stall of the monitor does not count: see `Intervals.steadySince`. */
  get steadySince(): number {
    const steadySince = this.#intervals.steadySince;
    return Math.min(this.#since, steadySince === this.#restored.since ? this.#restored.steadySince : steadySince);
  }

  get reason(): Reason | null {
    return this.#intervals.present.reason;
  }

  get status(): State {
    return seenStatus({ state: this.state, status: this.#heldStatus });
  }

  /** The status that lasts while nothing is seen. */
  get #heldStatus(): State {
    // Without damping it is the state, and no message says so.
    return this.#status === null || (this.info.rise === 1 && this.info.fall === 1) ? this.state : this.#status;
  }

  /** The newest intervals, the oldest first; the last one is the present state and open. */
  get timeline(): TimelineInterval[] {
    return timelineUpTo(this.#intervals.timeline(), this.#since);
  }

  /** The gap that goes on, as far as it was observed: see `Intervals.openGap`. */
  gapSoFar(until: number): { readonly from: number; readonly downMs: number } | null {
    const gap = this.#intervals.openGap(until);
    return gap && { from: Math.min(gap.from, this.#since), downMs: gap.downMs };
  }

  transition({ to, at, reason }: Transition): void {
    this.#enter(to, at, reason);
  }

  setStatus(status: State): void {
    this.#status = status;
  }

  gap(gap: Gap): void {
    this.gaps.push(gapFacts(gap));
    if (this.gaps.length > GAPS) this.gaps.shift();
    if (gap.planned === true) this.#planned.push(gapFacts(gap));
    if (this.#planned.length > PLANNED_GAPS) this.#planned.shift();
    this.#totals.gaps += 1;
    this.#totals.longestGapMs = Math.max(this.#totals.longestGapMs, gap.durationMs);
    this.#gapsMs += gap.durationMs - this.#endedMs;
    this.#openMs = this.#endedMs = 0;
  }

  /** What is known of the gap that is open: its length so far begins where the gap is estimated to have begun. */
  openGap({ until, durationMs, final = true }: OpenGap): void {
    if (until === undefined) return;
    this.#openMs = durationMs - (this.state === 'down' ? until - this.#accountedTo : 0);
    if (final) this.#openUntil = until;
  }

  snapshot(now: number): ServiceSnapshot {
    const since = Math.min(this.since, now);
    return {
      service: this.name,
      ...this.info,
      state: this.state,
      status: this.#heldStatus,
      since,
      ...(this.steadySince < since && { steadySince: this.steadySince }),
      reason: this.reason,
      ...this.#uptime.uptime(now, { state: this.state, from: Math.max(this.#accountedTo, this.#uptimeFrom) }),
      ...this.plannedAt(now),
      timeline: timelineUpTo(this.timeline, since),
      gaps: [...this.gaps],
      ...(this.latency !== null && { latency: this.latency() }),
    };
  }

  /** The clock says `now`, after it had given the label `lastLabel`: where that is later, it was set back. */
  setBack(now: number, lastLabel: number): void {
    const latest = Math.max(lastLabel, this.#since, this.#accountedTo);
    if (latest <= now) return;
    this.#since = setBack(this.#since, now, latest);
    this.#accountedTo = setBack(this.#accountedTo, now, latest);
    this.#uptimeFrom = setBack(this.#uptimeFrom, now, latest);
  }

  /**
   * The sums up to `now`, as if the present state had lasted until then. Not booked: a change that is settled later may
   * have been earlier.
   */
  totalsAt(now: number): Totals {
    const totals = { ...this.#totals };
    count(totals, this.state, now - this.#accountedTo);
    return totals;
  }

  /**
   * The sums up to `now` as one line about the service has them, with the gap that is open: how long it was down is what its gaps are said to have lasted
   * together. The states have it later by half of an interval on average, as they begin with the probe that failed.
   */
  figuresAt(now: number): Totals {
    // Where the monitor has stopped, neither the gap that is open nor the time that was observed goes on.
    const until = Math.min(now, this.#openUntil);
    const { gaps, longestGapMs, upMs, downMs, unobservedMs } = this.totalsAt(until);
    const openMs = this.#openMs + (this.state === 'down' ? Math.max(0, until - this.#accountedTo) : 0);
    const isOpen = this.state === 'down' || openMs > 0;
    const observedMs = upMs + downMs;
    // What was never up has no edge at which the two may differ.
    const gapsMs = upMs === 0 ? observedMs : Math.min(observedMs, this.#gapsMs + openMs);
    return {
      gaps: gaps + (isOpen ? 1 : 0),
      longestGapMs: Math.max(longestGapMs, openMs),
      upMs: observedMs - gapsMs,
      downMs: gapsMs,
      unobservedMs,
    };
  }

  /** How much of the down time of each window was planned, in milliseconds; nothing where none was. */
  plannedAt(now: number): Pick<ServiceSnapshot, 'planned'> {
    if (this.#planned.length === 0) return this.#plannedBefore === null ? {} : { planned: this.#plannedBefore };
    const within = (windowMs: number, before = 0): number =>
      this.#planned.reduce((sum, { from, to, durationMs }) => {
        const share = to > from ? Math.max(0, to - Math.max(from, now - windowMs)) / (to - from) : 0;
        return sum + durationMs * Math.min(1, share);
      }, before);
    const before = this.#plannedBefore;
    const [hour, day, all] = [
      within(HOUR_MS, before?.['1h']),
      within(DAY_MS, before?.['24h']),
      within(90 * DAY_MS, before?.['90d']),
    ];
    return all === 0 ? {} : { planned: { '1h': hour, '24h': day, '90d': all } };
  }

  #restore(known: Pick<ServiceSnapshot, 'timeline' | 'state' | 'since' | 'reason' | 'status' | 'gaps'>): void {
    for (const { state, from } of known.timeline) this.#enter(state, from, null);
    this.#enter(known.state, known.since, known.reason);
    this.#status = known.status;
    this.gaps.push(...known.gaps);
  }

  #enter(state: State, at: number, reason: Reason | null): void {
    this.#account(at);
    this.#openUntil = Infinity;
    if (state === 'up') {
      this.#gapsMs += this.#openMs;
      this.#endedMs = this.#openMs;
      this.#openMs = 0;
    }
    const before = this.#intervals.present;
    this.#intervals.enter({ state, from: at, reason });
    const { present } = this.#intervals;
    // The same state goes on, or what lasted no time has given way to the one before it.
    if (present.state !== before.state) this.#since = Math.min(at, present.from);
  }

  #account(to: number): void {
    const tookMs = to - this.#accountedTo;
    // Where the wall clock was set back meanwhile, its labels do not say how long it took.
    if (tookMs > 0) {
      count(this.#totals, this.state, tookMs);
      if (this.state === 'down') this.#openMs += tookMs;
      this.#uptime.add(this.state, Math.max(this.#accountedTo, this.#uptimeFrom), to);
    }
    this.#accountedTo = to;
  }
}

function count(totals: Totals, state: State, tookMs: number): void {
  if (tookMs <= 0) return;
  if (state === 'up') totals.upMs += tookMs;
  else if (state === 'down') totals.downMs += tookMs;
  else if (state === 'unobserved') totals.unobservedMs += tookMs;
}

/** The beginning of one state, as two connections have it: the clock of a remote source is estimated anew for each. */
const SAME_BEGINNING_MS = 100;

export class Board {
  readonly services = new Map<string, BoardService>();
  readonly notes = new Notes();
  /** The latest label that the monitor's clock gave. */
  #latest = -Infinity;

  /** Takes the next message of the monitor. */
  apply(message: Message): void {
    switch (message.type) {
      case 'hello':
        this.#hello(message);
        return;
      case 'heartbeat':
        this.#heartbeat(message.now);
        return;
      case 'transition':
        this.#latest = Math.max(this.#latest, message.at);
        this.services.get(message.service)?.transition(message);
        return;
      case 'gap':
        this.services.get(message.service)?.gap(message);
        return;
      case 'open-gap':
        this.services.get(message.service)?.openGap(message);
        return;
      case 'note':
        this.notes.take(message);
        return;
      case 'status':
        this.services.get(message.service)?.setStatus(message.status);
        return;
      default:
    }
  }

  snapshot(now: number): ServiceSnapshot[] {
    return Array.from(this.services.values(), (service) => service.snapshot(now));
  }

  #heartbeat(now: number): void {
    for (const service of this.services.values()) service.setBack(now, this.#latest);
    this.#latest = now;
  }

  #hello(hello: Hello): void {
    this.#latest = hello.now;
    const before = new Map(this.services);
    this.services.clear();
    for (const snapshot of hello.services) {
      const known = before.get(snapshot.service);
      // Nothing happened in between (the list of services was read again): what is known beyond the snapshot is kept.
      const same =
        known !== undefined &&
        known.state === snapshot.state &&
        Math.abs(known.since - snapshot.since) < SAME_BEGINNING_MS;
      if (same) {
        known.info = infoOf(snapshot);
        known.setStatus(snapshot.status);
      }
      this.services.set(snapshot.service, same ? known : BoardService.from(snapshot, hello.now));
    }
  }
}
