/** The past of a monitor's services: from its history where it keeps one, otherwise as far as it remembers. */
import type { Archive } from '../core/archive.ts';
import { timeOf, type GapFacts, type Origin, type TimelineInterval } from '../core/messages.ts';
import type { FeedSource } from '../core/source.ts';
import { DAY_MS, dayOf, type Day, knownMs, midnights } from '../core/uptime.ts';
import { nextSlice } from './slices.ts';

/** Events that the history may not have yet are among this many of the newest. */
const NEWEST = 2000;

/** Intervals, or days, that are worked at in one slice: some 4 ms. */
const SLICE = 1000;

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
   * The gaps that ended in a window, the oldest first.
   * @param names of the services; null for all
   * @param limit how many: the newest
   * @returns with the moment from which on they are all of them
   * @throws ArchiveError
   */
  async gaps(
    names: ReadonlySet<string> | null,
    { after: since, until }: { readonly after: number; readonly until: number },
    limit: number,
  ): Promise<{ gaps: PastGap[]; completeSince: number }> {
    const { events } = this.#source;
    const services = names === null ? undefined : [...names];
    const window = { from: since, to: Math.min(until, this.#source.now()) };
    const kept = await this.#archive?.reader.gaps({ services, window, limit: limit + 1 });
    const found = new Map<number, PastGap>(kept?.gaps.map((gap) => [gap.seq, gap]));
    for (const event of events.latest(kept === undefined ? Infinity : NEWEST)) {
      if (event.type === 'gap' && (names === null || names.has(event.service))) found.set(event.seq, event);
    }
    const gaps = [...found.values()].filter(({ to }) => to > since && to <= until).sort((a, b) => a.seq - b.seq);
    const cut = gaps.at(-limit - 1)?.to ?? -Infinity;
    const reach = kept?.keptSince ?? this.#memoryReach();
    return { gaps: gaps.slice(-limit), completeSince: Math.max(since, cut, reach) };
  }

  /**
   * The stretches in one state that touch a window, the oldest first, cut to it, of each service: some services at a time,
   * so that each part is a few milliseconds of work.
   * @param window `to` null for the present
   * @param limit how many of each: the newest
   * @throws ArchiveError
   */
  async *timelines(
    names: readonly string[],
    window: { from: number; to: number | null },
    limit: number,
  ): AsyncGenerator<{ service: string; timeline: TimelineInterval[] }[]> {
    const to = window.to ?? this.#source.now();
    for (const some of groupsOf(names, Math.max(1, Math.floor(SLICE / limit)))) {
      await nextSlice();
      const known = some.map((service) => {
        const remembered = this.#source.board.services.get(service)?.timeline ?? [];
        return { service, remembered, first: remembered[0]?.from ?? Infinity };
      });
      const services = known.filter(({ first }) => first > window.from).map(({ service }) => service);
      const kept = await this.#intervals(services, { from: window.from, to }, limit);
      yield known.map(({ service, remembered, first }) => {
        const before = (kept.get(service) ?? [])
          .filter((interval) => interval.from < first)
          .map((interval) => ({ ...interval, to: Math.min(interval.to ?? first, first) }));
        const timeline = [...before, ...remembered]
          .filter((interval) => interval.from <= to && (interval.to ?? to) >= window.from)
          .slice(-limit)
          .map((interval) => ({
            state: interval.state,
            from: Math.max(interval.from, window.from),
            to: interval.to === null ? window.to : Math.min(interval.to, to),
          }));
        return { service, timeline };
      });
    }
  }

  /** What the archive has of some services: those of which much may be kept by the page, from the newest on back. */
  async #intervals(
    services: readonly string[],
    window: { from: number; to: number },
    limit: number,
  ): Promise<ReadonlyMap<string, readonly TimelineInterval[]>> {
    if (services.length === 0 || this.#archive === null) return new Map();
    const { reader } = this.#archive;
    if (limit <= SLICE || services.length > 1) return reader.intervals({ services, window, limitEach: limit });
    const [service = ''] = services;
    const pages: (readonly TimelineInterval[])[] = [];
    let { to } = window;
    for (let left = limit; left > 0; left -= SLICE) {
      const query = { services, window: { from: window.from, to }, limitEach: Math.min(left, SLICE) };
      const page = (await reader.intervals(query)).get(service) ?? [];
      // The last one of an older page is the one that was the first of the page after it, where their ends touch.
      pages.unshift(page.filter(({ from }) => from < to));
      const oldest = page[0];
      if (page.length < SLICE || oldest === undefined || oldest.from <= window.from) break;
      to = oldest.from;
      await nextSlice();
    }
    return new Map([[service, pages.flat()]]);
  }

  /**
   * The last days of each service, the oldest first; the last one is today. Some services at a time.
   * @param count how many days
   * @throws ArchiveError
   */
  async *days(names: readonly string[], count: number): AsyncGenerator<{ service: string; days: Day[] }[]> {
    const now = this.#source.now();
    const midnightsAsked = midnights(now, count);
    const window = { from: midnightsAsked[0] ?? now, to: now };
    for (const services of groupsOf(names, Math.ceil(SLICE / count))) {
      await nextSlice();
      const rollups = await this.#archive?.reader.rollups({ services, width: 'day', window });
      yield services.map((service) => {
        const remembered = this.#source.board.services.get(service)?.timeline ?? [];
        const kept = new Map(rollups?.get(service)?.map((day) => [day.from, day]));
        const days = midnightsAsked.map((from) => {
          const day = kept.get(from);
          // What was settled in the last second may not be in the history yet.
          if (day !== undefined && from + DAY_MS <= now) return day;
          const today = dayOf(remembered, from, now);
          return day === undefined || knownMs(today) > knownMs(day) ? today : day;
        });
        return { service, days };
      });
    }
  }

  /** From when on every gap is known without an archive. */
  #memoryReach(): number {
    const { events, identity } = this.#source;
    if (events.completeAfter === 0) return identity.startedAt;
    const [oldest] = events.latest(Infinity);
    if (oldest === undefined) return this.#source.now();
    return timeOf(oldest);
  }
}

function groupsOf(names: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(names.length / size) }, (_, n) => names.slice(n * size, (n + 1) * size));
}
