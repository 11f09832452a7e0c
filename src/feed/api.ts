/** `/api/v1`: what is known, as JSON. */
import { type Answer, json, refusal } from './answer.ts';
import type { Event, Gap, MonitorIdentity, ServiceSnapshot, TimelineInterval } from './messages.ts';
import { publicIdentity, publicSnapshot, type PublicSnapshot, type View } from './public-view.ts';
import { isBad, servicesOf, strange, timeOf } from './query.ts';
import { intervalsEach } from './snapshots.ts';
import type { FeedSource } from './source.ts';

/** Gaps in one answer: the newest. */
const GAPS = 1000;
/** How far back a timeline reaches where nobody says. */
const TIMELINE_MS = 24 * 3_600_000;

export class Api {
  readonly #source: FeedSource;

  constructor(source: FeedSource) {
    this.#source = source;
  }

  /** Every service as it is now. */
  status(view: View, query: URLSearchParams): Answer {
    const trouble = strange(query, [], []);
    if (trouble !== null) return refusal(400, trouble);
    const now = this.#source.now();
    const snapshots = this.#source.board.snapshot(now);
    const services = view === 'public' ? snapshots.map(publicSnapshot).map(present) : snapshots.map(present);
    return json({ monitor: this.#monitor(view), now, seq: this.#source.events.newest, services });
  }

  /**
   * The gaps that ended after `since`, the oldest first. The answer's own `since` is later where not all of them are
   * known any more: from then on they are.
   */
  gaps(view: View, query: URLSearchParams): Answer {
    const trouble = strange(query, ['since'], ['service']);
    if (trouble !== null) return refusal(400, trouble);
    const services = servicesOf(query, this.#knows);
    if (isBad(services)) return refusal(400, services.trouble);
    const since = timeOf(query, 'since');
    if (isBad(since)) return refusal(400, since.trouble);
    const kept = this.#source.events.after(this.#source.events.oldest - 1, Infinity) ?? [];
    const found = kept
      .filter((event) => event.type === 'gap')
      .filter((gap) => gap.to > (since ?? 0) && (services === null || services.has(gap.service)));
    const reach = found.at(-GAPS - 1)?.to ?? this.#reach(kept[0]);
    return json({
      monitor: this.#monitor(view),
      now: this.#source.now(),
      since: Math.max(since ?? 0, reach),
      gaps: found.slice(-GAPS).map(gapFacts),
    });
  }

  /** The stretches of time in one state that touch [`from`, `to`], as far back as they are known. */
  timeline(view: View, query: URLSearchParams): Answer {
    const trouble = strange(query, ['from', 'to'], ['service']);
    if (trouble !== null) return refusal(400, trouble);
    const services = servicesOf(query, this.#knows);
    if (isBad(services)) return refusal(400, services.trouble);
    const from = timeOf(query, 'from');
    if (isBad(from)) return refusal(400, from.trouble);
    const to = timeOf(query, 'to');
    if (isBad(to)) return refusal(400, to.trouble);
    const now = this.#source.now();
    const until = Math.min(to ?? now, now);
    const begin = from ?? until - TIMELINE_MS;
    if (begin > until) return refusal(400, 'from is after to, or after now');

    const all = [...this.#source.board.services.values()];
    const asked = all.filter(({ name }) => services === null || services.has(name));
    const each = intervalsEach(asked.length);
    return json({
      monitor: this.#monitor(view),
      now,
      from: begin,
      to: until,
      services: asked.map(({ name, timeline }) => ({
        service: name,
        timeline: clipped(timeline, begin, until, now).slice(-each),
      })),
    });
  }

  readonly #knows = (service: string): boolean => this.#source.board.services.has(service);

  #monitor(view: View): MonitorIdentity {
    const { identity } = this.#source;
    return view === 'public' ? publicIdentity(identity) : identity;
  }

  /** From when on every event is in the log. */
  #reach(oldest: Event | undefined): number {
    if (this.#source.events.oldest === 1) return this.#source.identity.startedAt;
    if (oldest === undefined) return this.#source.now();
    return oldest.type === 'gap' ? oldest.to : oldest.at;
  }
}

/** A snapshot without the past, which has paths of its own. JSON leaves out what is undefined. */
function present(snapshot: ServiceSnapshot | PublicSnapshot): object {
  return { ...snapshot, timeline: undefined, gaps: undefined };
}

function gapFacts({ seq, service, from, to, durationMs, minMs, maxMs, failed, reasons }: Gap): Omit<Gap, 'type'> {
  return { seq, service, from, to, durationMs, minMs, maxMs, failed, reasons };
}

function clipped(timeline: readonly TimelineInterval[], from: number, to: number, now: number): TimelineInterval[] {
  return timeline
    .filter((interval) => interval.from <= to && (interval.to ?? now) >= from)
    .map((interval) => ({
      state: interval.state,
      from: Math.max(interval.from, from),
      to: interval.to === null ? (to < now ? to : null) : Math.min(interval.to, to),
    }));
}
