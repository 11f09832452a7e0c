/** Uptime over sliding windows, in bounded memory: sums of up and down time by minute, hour and day. Pure. */
import type { Observed, ServiceSnapshot, Uptime, TimelineInterval } from './messages.ts';
import type { State } from './model.ts';

const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Up and down time in one bucket. */
export interface UptimeSum {
  /** When the bucket begins, in milliseconds since the epoch: a whole minute, hour or day (UTC). */
  readonly from: number;
  readonly upMs: number;
  readonly downMs: number;
}

/** What the windows are made of: the last hour by minutes, the last day by hours, the last 90 days by days. */
export interface UptimeSums {
  readonly minutes: readonly UptimeSum[];
  readonly hours: readonly UptimeSum[];
  readonly days: readonly UptimeSum[];
}

type Sums = Pick<UptimeSum, 'upMs' | 'downMs'>;

/** Up / (up + down), from 0 to 1; null where neither was seen. */
export function ratio({ upMs, downMs }: Sums): number | null {
  return upMs + downMs === 0 ? null : upMs / (upMs + downMs);
}

/** The uptime as it would be if the down time that was planned had not been watched. Durations in milliseconds. */
export function uptimeWithoutPlanned({
  uptime,
  observed,
  planned,
}: Pick<ServiceSnapshot, 'uptime' | 'observed' | 'planned'>): Uptime {
  const without = (window: keyof Uptime): number | null => {
    const share = uptime[window];
    if (share === null || planned === undefined) return share;
    const upMs = share * observed[window];
    return ratio({ upMs, downMs: Math.max(0, observed[window] - upMs - planned[window]) });
  };
  return { '1h': without('1h'), '24h': without('24h'), '90d': without('90d') };
}

interface Stretch {
  readonly state: State;
  readonly from: number;
}

/** The rings: their buckets' width, and how many there are. */
const HOUR = { widthMs: MINUTE_MS, count: 60 };
const DAY = { widthMs: HOUR_MS, count: 24 };
const QUARTER = { widthMs: DAY_MS, count: 90 };
/** What stands in each place of a ring: which bucket since the epoch it is, its up and its down time. */
const FIELDS = 3;
const NO_PLACES = new Float64Array();

/**
 * The places of all rings of one service: one array, as a hub makes a hundred thousand of them within a second where all is down. Made at
 * the first use, for of ten thousand services most never change their state. Not of 32 bits: a day's sum would swallow
 * stretches of a few milliseconds.
 */
class Places {
  all = NO_PLACES;

  make(): void {
    if (this.all.length > 0) return;
    this.all = new Float64Array(FIELDS * (HOUR.count + DAY.count + QUARTER.count)).fill(-1);
  }
}

/** A ring of buckets of one width. A bucket is used again when its turn comes. */
class Buckets {
  readonly #widthMs: number;
  readonly #count: number;
  readonly #places: Places;
  readonly #offset: number;

  /** @param offset how many places of other rings come before its own */
  constructor({ widthMs, count }: typeof HOUR, places: Places, offset: number) {
    this.#widthMs = widthMs;
    this.#count = count;
    this.#places = places;
    this.#offset = offset * FIELDS;
  }

  add(state: 'up' | 'down', from: number, to: number): void {
    const last = Math.floor(to / this.#widthMs);
    for (let n = Math.max(Math.floor(from / this.#widthMs), last - this.#count + 1); n <= last; n++) {
      const begin = Math.max(from, n * this.#widthMs);
      const end = Math.min(to, (n + 1) * this.#widthMs);
      this.#book(n, state, Math.max(0, end - begin));
    }
  }

  /** Adds what is known of whole buckets. */
  addSums(sums: readonly UptimeSum[]): void {
    for (const { from, upMs, downMs } of sums) {
      const n = Math.floor(from / this.#widthMs);
      this.#book(n, 'up', upMs);
      this.#book(n, 'down', downMs);
    }
  }

  #book(n: number, state: 'up' | 'down', tookMs: number): void {
    this.#places.make();
    const { all } = this.#places;
    const at = this.#offset + FIELDS * (n % this.#count);
    if (all[at] !== n) {
      all[at] = n;
      all[at + 1] = 0;
      all[at + 2] = 0;
    }
    const sum = state === 'up' ? at + 1 : at + 2;
    all[sum] = (all[sum] ?? 0) + tookMs;
  }

  /** Up and down time in the window that ends at `now`, with a stretch that is not added. */
  sums(now: number, present: Stretch): Sums {
    const newest = Math.floor(now / this.#widthMs);
    const oldest = newest - this.#count + 1;
    const presentMs = Math.max(0, now - Math.max(present.from, oldest * this.#widthMs));
    let upMs = present.state === 'up' ? presentMs : 0;
    let downMs = present.state === 'down' ? presentMs : 0;
    const { all } = this.#places;
    const end = Math.min(all.length, this.#offset + FIELDS * this.#count);
    for (let at = this.#offset; at < end; at += FIELDS) {
      const n = all[at] ?? -1;
      // Later ones are of a clock that was ahead.
      if (n < oldest || n > newest) continue;
      upMs += all[at + 1] ?? 0;
      downMs += all[at + 2] ?? 0;
    }
    return { upMs, downMs };
  }
}

const SPANS: Readonly<Record<keyof Uptime, number>> = { '1h': HOUR_MS, '24h': DAY_MS, '90d': 90 * DAY_MS };

/** What another monitor had summed up, at a moment. */
interface Given {
  readonly at: number;
  readonly uptime: Uptime;
  readonly observed: Observed;
}

export class UptimeWindows {
  readonly #places = new Places();
  readonly #hour = new Buckets(HOUR, this.#places, 0);
  readonly #day = new Buckets(DAY, this.#places, HOUR.count);
  readonly #quarter = new Buckets(QUARTER, this.#places, HOUR.count + DAY.count);
  #given: Given | null = null;

  /** Adds what is known of whole buckets. */
  addSums({ minutes, hours, days }: UptimeSums): void {
    this.#hour.addSums(minutes);
    this.#day.addSums(hours);
    this.#quarter.addSums(days);
  }

  /**
   * Begins with another's sums, of which only the ratio and the time are known. As they grow older, they leave the
   * windows evenly: right for the present and for all that is added, an approximation for what leaves.
   */
  begin(at: number, uptime: Uptime, observed: Observed): void {
    this.#given = { at, uptime, observed };
  }

  /** Adds a stretch of time in one state; times in milliseconds since the epoch. Unobserved and unknown time is in neither sum. */
  add(state: State, from: number, to: number): void {
    if ((state !== 'up' && state !== 'down') || to <= from) return;
    this.#hour.add(state, from, to);
    this.#day.add(state, from, to);
    this.#quarter.add(state, from, to);
  }

  /** @param present the state that lasts until now, and since when it was not added */
  uptime(now: number, present: Stretch): { uptime: Uptime; observed: Observed } {
    const hour = this.#sums('1h', this.#hour, now, present);
    const day = this.#sums('24h', this.#day, now, present);
    const quarter = this.#sums('90d', this.#quarter, now, present);
    return {
      uptime: { '1h': ratio(hour), '24h': ratio(day), '90d': ratio(quarter) },
      observed: { '1h': hour.upMs + hour.downMs, '24h': day.upMs + day.downMs, '90d': quarter.upMs + quarter.downMs },
    };
  }

  #sums(window: keyof Uptime, buckets: Buckets, now: number, present: Stretch): Sums {
    const sums = buckets.sums(now, present);
    if (this.#given === null) return sums;
    const { at, uptime, observed } = this.#given;
    const weight = Math.max(0, 1 - Math.max(0, now - at) / SPANS[window]) * observed[window];
    const share = uptime[window] ?? 0;
    return { upMs: sums.upMs + weight * share, downMs: sums.downMs + weight * (1 - share) };
  }
}

export interface Day {
  /** Midnight, in UTC. */
  readonly from: number;
  /** How much of it is known as what. All 0: nothing is known of that day. */
  readonly upMs: number;
  readonly downMs: number;
  readonly unobservedMs: number;
  /** For how long some vantages saw it up and others down; left out where none did. */
  readonly partialMs?: number;
  /** Gaps that ended on it. */
  readonly gaps: number;
}

/** How much is known of a day, in milliseconds. */
export function knownMs({ upMs, downMs, unobservedMs, partialMs = 0 }: Day): number {
  return upMs + downMs + unobservedMs + partialMs;
}

/** The midnights of the days up to today, the oldest first. @param count how many */
export function midnights(now: number, count: number): number[] {
  const today = Math.floor(now / DAY_MS);
  return Array.from({ length: count }, (_, index) => (today - count + 1 + index) * DAY_MS);
}

/**
 * A day according to a timeline, which may not reach that far back. A gap counts where it ends.
 * @param now until when the present state is known
 */
export function dayOf(timeline: readonly TimelineInterval[], from: number, now: number): Day {
  const sums = { up: 0, down: 0, partial: 0, unobserved: 0, unknown: 0 };
  const end = from + DAY_MS;
  let gaps = 0;
  let isOpen = false;
  for (const interval of timeline) {
    // What was not observed in between does not end a gap.
    if (interval.state === 'down') isOpen = true;
    else if (interval.state !== 'unobserved') {
      if (isOpen && interval.from > from && interval.from <= end) gaps += 1;
      isOpen = false;
    }
    const lastedMs = Math.min(interval.to ?? now, end) - Math.max(interval.from, from);
    if (lastedMs <= 0) continue;
    sums[interval.state] += lastedMs;
  }
  const partly = sums.partial > 0 ? { partialMs: sums.partial } : {};
  return { from, upMs: sums.up, downMs: sums.down, unobservedMs: sums.unobserved, ...partly, gaps };
}
