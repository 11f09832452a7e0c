/** "One restart, four truths": what one restart looked like from each place, as a row of a table. */
import type { DockerSettings } from './docker.ts';
import type { Restart } from './daemon.ts';
import type { Watch } from './watch.ts';

/** From where the ports were watched. */
export type Place = 'loopback' | 'second machine';

/** What one place saw of one restart. Times are milliseconds after the daemon was asked to stop. */
export interface Truth extends DockerSettings {
  readonly place: Place;
  readonly goneMs: number;
  readonly startedMs: number;
  readonly answeredMs: number;
  readonly services: readonly ServiceTruth[];
}

interface ServiceTruth {
  readonly service: string;
  readonly gaps: readonly { fromMs: number; toMs: number; durationMs: number; minMs: number; maxMs: number | null }[];
  /** When kept connections broke, and how. */
  readonly lost: readonly { atMs: number; reason: string }[];
  readonly longestSilenceMs: number;
}

/** What a watch saw of a restart. */
export function truthOf(settings: DockerSettings, place: Place, watch: Watch, times: Restart): Truth {
  const after = (at: number): number => Math.round(at - times.asked);
  return {
    ...settings,
    place,
    goneMs: after(times.gone),
    startedMs: after(times.started),
    answeredMs: after(times.answered),
    services: ['web', 'web (kept)', 'redis', 'redis (kept)'].map((service) => ({
      service,
      gaps: watch.told('gap', service).map(({ from, to, durationMs, minMs, maxMs }) => ({
        fromMs: after(from),
        toMs: after(to),
        durationMs: Math.round(durationMs),
        minMs: Math.round(minMs),
        maxMs: maxMs === null ? null : Math.round(maxMs),
      })),
      lost: watch.told('connection-lost', service).map(({ at, reason }) => ({ atMs: after(at), reason })),
      longestSilenceMs: Math.round(watch.longestSilence(service)),
    })),
  };
}

/** The table, in Markdown. */
export function tableOf(truths: readonly Truth[]): string {
  const rows = truths.map((truth) => {
    const settings = `${onOff(truth.liveRestore)}, ${onOff(truth.userlandProxy)}`;
    const cell = (services: readonly string[]): string =>
      truth.services
        .filter(({ service }) => services.includes(service))
        .map((one) => `${one.service.replace(' (kept)', '')}: ${words(one, truth)}`)
        .join('; ');
    const held = cell(['web (kept)', 'redis (kept)']);
    return `| ${settings} | ${truth.place} | ${cell(['web', 'redis'])} | ${held} |`;
  });
  return [
    '| live-restore, userland proxy | seen from | new connection for every probe | one held connection |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function words(one: ServiceTruth, { goneMs, startedMs }: Truth): string {
  const lost = one.lost.map(({ atMs, reason }) => `${reason} ${relative(atMs, goneMs)} the daemon's exit`);
  const gaps = one.gaps.map(({ fromMs, toMs, durationMs, minMs, maxMs }) => {
    const bounds = `${seconds(minMs)}–${maxMs === null ? '?' : seconds(maxMs)}`;
    const from =
      fromMs < startedMs ? `${relative(fromMs, goneMs)} its exit` : `${relative(fromMs, startedMs)} its start`;
    return `DOWN ${seconds(durationMs)} s (${bounds}), from ${from} until ${relative(toMs, startedMs)} its start`;
  });
  if (lost.length + gaps.length > 0) return [...lost, ...gaps].join(', ');
  return `never interrupted (longest silence ${String(one.longestSilenceMs)} ms)`;
}

function relative(at: number, to: number): string {
  return `${seconds(Math.abs(at - to))} s ${at < to ? 'before' : 'after'}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function onOff(is: boolean): string {
  return is ? 'on' : 'off';
}
