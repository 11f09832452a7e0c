/** What is known of the services now, cut to a size that stays bearable with a thousand of them that flap. */
import type { ServiceSnapshot } from '../core/messages.ts';
import type { FeedSource } from '../core/source.ts';

/** Intervals and gaps in one answer: a hello stays below some 2 MB. */
const INTERVALS = 20_000;
const GAPS = 4000;

/** How many intervals of each service's timeline an answer about so many services holds: the newest. */
export function intervalsEach(services: number): number {
  return Math.max(10, Math.floor(INTERVALS / Math.max(1, services)));
}

/**
 * The services' snapshots now, with the newest intervals and gaps of each.
 * @param names only these; null for all
 */
export function snapshotsOf(source: FeedSource, names: ReadonlySet<string> | null): ServiceSnapshot[] {
  const now = source.now();
  const services = [...source.board.services.values()].filter(({ name }) => names === null || names.has(name));
  const intervals = intervalsEach(services.length);
  const gaps = Math.max(2, Math.floor(GAPS / Math.max(1, services.length)));
  return services.map((service) => {
    const snapshot = service.snapshot(now);
    return { ...snapshot, timeline: snapshot.timeline.slice(-intervals), gaps: snapshot.gaps.slice(-gaps) };
  });
}
