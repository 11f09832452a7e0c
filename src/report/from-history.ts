/** What a history knows of a window, as a report takes it. */
import type { ArchiveReader } from '../core/archive.ts';
import type { ObservedService, ObservedVantage, Window } from './observed.ts';

/** @param services the names of those that are wanted */
export function observedFrom(reader: ArchiveReader, window: Window, services: ReadonlySet<string>): ObservedVantage {
  const { id, vantage } = reader.monitor;
  const until = reader.reach?.to ?? window.to;
  const moments = reader.moments(window);
  const wanted = reader.services().filter(({ name }) => services.has(name));
  return {
    vantage,
    monitor: id,
    clock: null,
    services: wanted.map(({ name, info }): ObservedService => {
      // What lasted at the newest sign of life is known until then.
      const intervals = reader.intervals(name, window).map((one) => ({ ...one, to: one.to ?? until }));
      const open = reader.openGap(name);
      return {
        name,
        info,
        intervals,
        gaps: reader
          .gaps(window, name)
          .map(({ from, to, durationMs, minMs, maxMs, failed, reasons }) => {
            return { from, to, durationMs, minMs, maxMs, failed, reasons };
          })
          .sort((a, b) => a.from - b.from),
        openGap: open,
        lost: moments.filter((moment) => moment.type === 'connection-lost').filter(({ service }) => service === name),
        identities: moments.filter((moment) => moment.type === 'identity').filter(({ service }) => service === name),
      };
    }),
    marks: moments.filter((moment) => moment.type === 'mark'),
  };
}
