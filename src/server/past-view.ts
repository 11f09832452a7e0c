/** The past of a monitor's services: from its history where it keeps one, otherwise as far as it remembers. */
import type { Archive } from '../core/archive.ts';
import type { GapFacts, Origin, TimelineInterval } from '../core/messages.ts';
import type { FeedSource } from '../core/source.ts';
import { DAY_MS, dayOf, type Day, midnights } from '../core/uptime.ts';

/** Events that the history may not have yet are among this many of the newest. */
const NEWEST = 2000;

/** A gap that ended, as the API shows it. */
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
   * @param limit how many: the newest
   * @returns with the moment from which on they are all of them
   * @throws ArchiveError
   */
  async gaps(
    names: ReadonlySet<string> | null,
    since: number,
    limit: number,
  ): Promise<{ gaps: PastGap[]; completeSince: number }> {
    const { events } = this.#source;
    const services = names === null ? undefined : [...names];
    const window = { from: since, to: this.#source.now() };
    const kept = await this.#archive?.reader.gaps({ services, window, limit: limit + 1 });
    const found = new Map<number, PastGap>(kept?.gaps.map((gap) => [gap.seq, gap]));
    for (const event of events.latest(kept === undefined ? Infinity : NEWEST)) {
      if (event.type === 'gap' && (names === null || names.has(event.service))) found.set(event.seq, event);
    }
    const gaps = [...found.values()].filter(({ to }) => to > since).sort((a, b) => a.seq - b.seq);
    const cut = gaps.at(-limit - 1)?.to ?? -Infinity;
    const reach = kept?.keptSince ?? this.#memoryReach();
    return { gaps: gaps.slice(-limit), completeSince: Math.max(since, cut, reach) };
  }

  /**
   * The stretches in one state that touch a window, the oldest first, cut to it, of each service.
   * @param window `to` null for the present
   * @param limit how many of each: the newest
   * @throws ArchiveError
   */
  async timelines(
    names: readonly string[],
    window: { from: number; to: number | null },
    limit: number,
  ): Promise<{ service: string; timeline: TimelineInterval[] }[]> {
    const { from, to: until } = window;
    const to = until ?? this.#source.now();
    const known = names.map((service) => {
      const remembered = this.#source.board.services.get(service)?.timeline ?? [];
      return { service, remembered, first: remembered[0]?.from ?? Infinity };
    });
    const services = known.filter(({ first }) => first > from).map(({ service }) => service);
    const query = { services, window: { from, to }, limitEach: limit };
    const kept = services.length === 0 ? undefined : await this.#archive?.reader.intervals(query);
    return known.map(({ service, remembered, first }) => {
      const before = (kept?.get(service) ?? [])
        .filter((interval) => interval.from < first)
        .map((interval) => ({ ...interval, to: Math.min(interval.to ?? first, first) }));
      const timeline = [...before, ...remembered]
        .filter((interval) => interval.from <= to && (interval.to ?? to) >= from)
        .slice(-limit)
        .map((interval) => ({
          state: interval.state,
          from: Math.max(interval.from, from),
          to: interval.to === null ? until : Math.min(interval.to, to),
        }));
      return { service, timeline };
    });
  }

  /**
   * The last days of each service, the oldest first; the last one is today.
   * @param count how many days
   * @throws ArchiveError
   */
  async days(services: readonly string[], count: number): Promise<{ service: string; days: Day[] }[]> {
    const now = this.#source.now();
    const midnightsAsked = midnights(now, count);
    const window = { from: midnightsAsked[0] ?? now, to: now };
    const rollups = await this.#archive?.reader.rollups({ services, width: 'day', window });
    return services.map((service) => {
      const remembered = this.#source.board.services.get(service)?.timeline ?? [];
      const kept = new Map(rollups?.get(service)?.map((day) => [day.from, day]));
      const days = midnightsAsked.map((from) => {
        const day = kept.get(from);
        // What was settled in the last second may not be in the history yet.
        if (day !== undefined && from + DAY_MS <= now) return day;
        const today = dayOf(remembered, from, now);
        return day === undefined || lengthOf(today) > lengthOf(day) ? today : day;
      });
      return { service, days };
    });
  }

  /** From when on every gap is known without an archive. */
  #memoryReach(): number {
    const { events, identity } = this.#source;
    if (events.completeAfter === 0) return identity.startedAt;
    const [oldest] = events.latest(Infinity);
    if (oldest === undefined) return this.#source.now();
    return oldest.type === 'gap' ? oldest.to : oldest.at;
  }
}

function lengthOf({ upMs, downMs, unobservedMs }: Day): number {
  return upMs + downMs + unobservedMs;
}
