/** A service as several vantages see it together. */
import type { Observed, ServiceSnapshot, TimelineInterval, Transition, Uptime, VantageView } from '../core/messages.ts';
import type { Reason, State } from '../core/model.ts';
import { BoardService } from '../core/board.ts';
import { beginAfter, Intervals, timelineUpTo } from '../core/intervals.ts';
import { AHEAD_MS } from './stream-entry.ts';

/** Up if all that see it say up, down if all say down, otherwise partial; where none sees it, why not. */
export function combined(states: Iterable<State>): State {
  const found = new Set(states);
  if (found.has('partial') || (found.has('up') && found.has('down'))) return 'partial';
  if (found.has('up')) return 'up';
  if (found.has('down')) return 'down';
  return found.has('unobserved') ? 'unobserved' : 'unknown';
}

/**
 * Several timelines as one.
 * @param timelines of one vantage each, in the order in which its states were entered, the last one open
 * @returns the oldest interval first; the last one is open
 */
export function combinedTimeline(timelines: readonly (readonly TimelineInterval[])[]): TimelineInterval[] {
  const changes = timelines.flatMap((timeline, vantage) => {
    let from = -Infinity;
    // Where a vantage's clock was set back, its states keep their order.
    return timeline.map((interval) => {
      from = beginAfter(from, interval.from);
      return { vantage, state: interval.state, from };
    });
  });
  changes.sort((a, b) => a.from - b.from);
  const [first] = changes;
  if (first === undefined) return [];
  const states: State[] = timelines.map(() => 'unknown');
  const together = new Intervals({ state: 'unknown', from: first.from, reason: null });
  for (const { vantage, state, from } of changes) {
    states[vantage] = state;
    together.enter({ state: combined(states), from, reason: null });
  }
  return together.timeline();
}
/** One vantage's view of it. */
export interface Lane {
  readonly vantage: string;
  /** The `id` of the monitor that publishes from there. */
  readonly monitor: string;
  readonly service: BoardService;
}

/** Gaps of all vantages that are known: the newest. */
const GAPS = 20;

export class CombinedService extends BoardService {
  #lanes: readonly Lane[] = [];
  /** When the present state was entered, by the latest label until then. */
  #enteredAt = -Infinity;

  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  /** Other vantages watch it, or one has published again what it knows of it. @param lanes at least one */
  setLanes(lanes: readonly Lane[]): void {
    this.#lanes = lanes;
    const most = (key: 'rise' | 'fall' | 'timeoutMs'): number =>
      Math.max(...lanes.map((lane) => lane.service.info[key]));
    this.info = {
      ...(lanes[0]?.service ?? this).info,
      rise: most('rise'),
      fall: most('fall'),
      timeoutMs: most('timeoutMs'),
    };
    const gaps = lanes.flatMap(({ service }) => service.gaps).sort((a, b) => a.to - b.to);
    this.gaps.splice(0, this.gaps.length, ...gaps.slice(-GAPS));
    const to = combined(lanes.map(({ service }) => service.state));
    const at = this.timeline.at(-1)?.from ?? this.since;
    const [from, reason] = [this.state, this.reasonFor(to)];
    const { name: service } = this;
    this.transition({
      ...{ type: 'transition', seq: 0, service, from, to, at, notBefore: at, notAfter: at, reason, message: null },
    });
  }

  /**
   * Each vantage has its own clock, and may deliver late: its label may be earlier than the last one, and no time counts twice.
   * @param takenAt when Redis took it, in milliseconds since the epoch
   */
  override transition(change: Transition, takenAt = Infinity): void {
    // Later than any clock may be: one was set back since.
    if (this.#enteredAt > takenAt + AHEAD_MS) this.#enteredAt = change.at;
    this.#enteredAt = Math.max(this.#enteredAt, change.at);
    super.transition({ ...change, at: this.#enteredAt });
  }

  override get status(): State {
    return combined(this.#lanes.map(({ service }) => service.status));
  }

  /** The status that clients have to be told, null where they have it from the state: without damping, and while nothing is seen. */
  get toldStatus(): State | null {
    if (this.info.rise === 1 && this.info.fall === 1) return null;
    return this.state === 'unobserved' || this.state === 'unknown' ? null : this.status;
  }

  override get timeline(): TimelineInterval[] {
    return combinedTimeline(this.#lanes.map(({ service }) => service.timeline));
  }

  /** Why it is in this state: as the first vantage says that has a reason for it. */
  reasonFor(state: State): Reason | null {
    const cause: State = state === 'partial' ? 'down' : state;
    return (
      this.#lanes.find(({ service }) => service.state === cause && service.reason !== null)?.service.reason ?? null
    );
  }

  override snapshot(now: number): ServiceSnapshot {
    const lanes = this.#lanes.map(({ service }) => service.snapshot(now));
    const own = super.snapshot(now);
    const { timeline } = this;
    // The clock of a vantage may be ahead of this one.
    const since = Math.min(timeline.at(-1)?.from ?? own.since, now);
    const observed = zeroed(mean(lanes.map((lane) => lane.observed)));
    return {
      ...own,
      status: this.status,
      since,
      timeline: timelineUpTo(timeline, since),
      uptime: mean(lanes.map(({ uptime }) => uptime)),
      observed,
      vantages: this.views().map((view) => ({ ...view, since: Math.min(view.since, now) })),
    };
  }

  /** The mean, as of what was observed. */
  override plannedAt(now: number): Pick<ServiceSnapshot, 'planned'> {
    const each = this.#lanes.map(({ service }) => service.plannedAt(now).planned);
    if (each.every((planned) => planned === undefined)) return {};
    return { planned: zeroed(mean(each.map((planned) => planned ?? zeroed({})))) };
  }

  /** How each vantage sees it. */
  views(): VantageView[] {
    return this.#lanes.map(({ vantage, monitor, service: { state, since, reason } }) => ({
      vantage,
      monitor,
      state,
      since,
      reason,
    }));
  }
}

function zeroed(one: Partial<Uptime>): Observed {
  return { '1h': one['1h'] ?? 0, '24h': one['24h'] ?? 0, '90d': one['90d'] ?? 0 };
}

/** The mean over the vantages that know something; null where none does. */
function mean(each: readonly (Uptime | Observed)[]): Uptime {
  const over = (window: keyof Uptime): number | null => {
    const known = each.flatMap((one) => one[window] ?? []);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  return { '1h': over('1h'), '24h': over('24h'), '90d': over('90d') };
}
