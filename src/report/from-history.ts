/** What a history knows of a window, as a report takes it. */
import { type ArchiveReader, gapsByService } from '../core/archive.ts';
import type { ObservedService, ObservedVantage, Window } from './observed.ts';

/**
 * @param services the names of those that are wanted
 * @throws ArchiveError
 */
export async function observedFrom(
  reader: ArchiveReader,
  window: Window,
  services: ReadonlySet<string>,
): Promise<ObservedVantage> {
  const names = [...services];
  const [overview, annotations, intervals, { gaps }, openGaps] = await Promise.all([
    reader.overview(),
    reader.annotations(window),
    reader.intervals({ services: names, window }),
    reader.gaps({ services: names, window }),
    reader.openGaps(names),
  ]);
  const { id, vantage } = overview.monitor;
  const until = overview.reach?.to ?? window.to;
  const gapsOf = gapsByService(gaps);
  return {
    vantage,
    monitor: id,
    clock: null,
    services: overview.services
      .filter(({ name }) => services.has(name))
      .map(({ name, info }): ObservedService => ({
        name,
        info,
        // What lasted at the newest sign of life is known until then.
        intervals: (intervals.get(name) ?? []).map((one) => ({ ...one, to: one.to ?? until })),
        gaps: (gapsOf.get(name) ?? [])
          .map(({ from, to, durationMs, minMs, maxMs, failed, reasons }) => {
            return { from, to, durationMs, minMs, maxMs, failed, reasons };
          })
          .sort((a, b) => a.from - b.from),
        openGap: openGaps.find(({ service }) => service === name) ?? null,
        lost: annotations.filter((one) => one.type === 'connection-lost').filter(({ service }) => service === name),
        identities: annotations.filter((one) => one.type === 'identity').filter(({ service }) => service === name),
      })),
    marks: annotations.filter((one) => one.type === 'mark'),
  };
}
