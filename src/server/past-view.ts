/** The past of a monitor's services: from its history where it keeps one, otherwise as far as it remembers. */
import type { Archive } from '../core/archive.ts';
import type { GapFacts, Origin, TimelineInterval } from '../core/messages.ts';
import type { FeedSource } from '../core/source.ts';
import { DAY_MS, dayOf, type Day, midnights } from '../core/uptime.ts';

/** Events that the history may not have yet are among the newest so many. */
const NEWEST = 2000;

/** A gap that ended, as the API tells it. */
export interface PastGap extends GapFacts, Origin {
  readonly seq: number;
  readonly service: string;
}

export class PastView {
  readonly #source: FeedSource;
  readonly #archive: Pick<Archive, 'reader'> | null;

  constructor(source: FeedSource, archive: Pick<Archive, 'reader'> | null) {
    this.#source = source;
    this.#archive = archive;
  }

  /**
   * The gaps that ended after `since`, the oldest first.
   * @param names of the services; null for all
   * @param limit the newest so many
   * @returns with the moment from which on they are all of them
   */
  gaps(names: ReadonlySet<string> | null, since: number, limit: number): { gaps: PastGap[]; completeSince: number } {
    const found = new Map<number, PastGap>();
    const window = { from: since, to: this.#source.now() };
    const asked = names === null ? [undefined] : [...names];
    for (const name of asked) {
      for (const gap of this.#archive?.reader.gaps(window, name, limit + 1) ?? []) found.set(gap.seq, gap);
    }
    const { events } = this.#source;
    for (const event of events.latest(this.#archive === null ? Infinity : NEWEST)) {
      if (event.type === 'gap' && (names === null || names.has(event.service))) found.set(event.seq, event);
    }
    const gaps = [...found.values()].filter(({ to }) => to > since).sort((a, b) => a.seq - b.seq);
    const cut = gaps.at(-limit - 1)?.to ?? -Infinity;
    return { gaps: gaps.slice(-limit), completeSince: Math.max(since, cut, this.#reach(names)) };
  }

  /**
   * The stretches in one state that touch a window, the oldest first, cut to it.
   * @param window `to` null for the present
   * @param limit the newest so many
   */
  timeline(service: string, window: { from: number; to: number | null }, limit: number): TimelineInterval[] {
    const { from, to: until } = window;
    const to = until ?? this.#source.now();
    const remembered = this.#source.board.services.get(service)?.timeline ?? [];
    const first = remembered[0]?.from ?? Infinity;
    const before =
      this.#archive === null || first <= from
        ? []
        : this.#archive.reader
            .intervals(service, { from, to: Math.min(to, first) }, limit)
            .filter((interval) => interval.from < first)
            .map((interval) => ({ ...interval, to: Math.min(interval.to ?? first, first) }));
    return [...before, ...remembered]
      .filter((interval) => interval.from <= to && (interval.to ?? to) >= from)
      .slice(-limit)
      .map((interval) => ({
        state: interval.state,
        from: Math.max(interval.from, from),
        to: interval.to === null ? until : Math.min(interval.to, to),
      }));
  }

  /** The last days of a service, the oldest first; the last one is today. @param count how many */
  days(service: string, count: number): Day[] {
    const now = this.#source.now();
    const remembered = this.#source.board.services.get(service)?.timeline ?? [];
    const days = midnights(now, count);
    const window = { from: days[0] ?? now, to: now };
    const kept = new Map(this.#archive?.reader.rollups(service, 'day', window).map((day) => [day.from, day]));
    return days.map((from) => {
      const day = kept.get(from);
      // What was settled in the last second may not be in the history yet.
      if (day !== undefined && from + DAY_MS <= now) return day;
      const today = dayOf(remembered, from, now);
      return day === undefined || lengthOf(today) > lengthOf(day) ? today : day;
    });
  }

  /** From when on every gap is known. */
  #reach(names: ReadonlySet<string> | null): number {
    const { events, identity } = this.#source;
    if (this.#archive === null) {
      if (events.completeAfter === 0) return identity.startedAt;
      const [oldest] = events.latest(Infinity);
      if (oldest === undefined) return this.#source.now();
      return oldest.type === 'gap' ? oldest.to : oldest.at;
    }
    const asked = this.#archive.reader.services().filter(({ name }) => names === null || names.has(name));
    return Math.max(-Infinity, ...asked.map(({ rawSince }) => rawSince));
  }
}

function lengthOf({ upMs, downMs, unobservedMs }: Day): number {
  return upMs + downMs + unobservedMs;
}
