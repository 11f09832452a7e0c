/** Six hours of a usual installation in one: whether anything grows. Draws `docs/soak.svg` when it runs whole. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { lineCharts } from './line-charts.ts';
import type { SoakSample } from './soak-monitor.ts';
import { FACTOR, type Soaked, soakFor, USUAL } from './soak-run.ts';
import { type Bench, median, percentile, type Row } from './table.ts';

const WHOLE_S = 3600;
const QUICK_S = 120;
/** Of the time, before anything is compared: code is compiled, caches fill. */
const WARM_UP = 1 / 6;
/** What may be more in the second half. */
const MEMORY_MORE = 1.05;
const DATABASE_MORE = 1.1;
/** What is too old goes once a minute. */
const RETENTION_MS = 2 * 60_000;

export const soak: Bench = {
  name: 'soak',
  about: `6 hours of ${String(USUAL.services)} services in one: memory, descriptors, database, lateness, events`,
  onlyByName: true,
  async run(say, isQuick) {
    const found = await soakFor(isQuick ? QUICK_S : WHOLE_S, say);
    const picture = isQuick
      ? join(tmpdir(), 'gapwatch-soak.svg')
      : fileURLToPath(new URL('../../../docs/soak.svg', import.meta.url));
    await writeFile(picture, drawing(found));
    say(`drew ${picture}`);
    return [...growthRows(found, !isQuick), databaseRow(found), eventsRow(found), ...latenessRows(found)];
  },
};

/** One figure of all samples after the warm-up, in two halves. */
function halves(samples: readonly SoakSample[], of: (sample: SoakSample) => number): [number[], number[]] {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP)).map(of);
  const middle = Math.floor(warm.length / 2);
  return [warm.slice(0, middle), warm.slice(middle)];
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}

/** @param isWhole whether it ran long enough for a verdict about memory */
function growthRows({ samples }: Soaked, isWhole: boolean): Row[] {
  const memory = (what: string, middle: typeof median, word: string, of: (sample: SoakSample) => number): Row => {
    const [first, last] = halves(samples, of).map(middle) as [number, number];
    return {
      what,
      found: `${(first / 1e6).toFixed(1)} MB in the first half, ${(last / 1e6).toFixed(1)} MB in the second (${word}, after the warm-up); at most ${(Math.max(...samples.map(of)) / 1e6).toFixed(1)} MB`,
      reach: isWhole ? `at most ${((MEMORY_MORE - 1) * 100).toFixed(0)} % more` : '',
      reached: isWhole ? last <= first * MEMORY_MORE : null,
      figures: { firstBytes: first, lastBytes: last, bytes: samples.map(of) },
    };
  };
  const counted = (what: string, of: (sample: SoakSample) => number): Row => {
    const [first, last] = halves(samples, of).map(median) as [number, number];
    return {
      what,
      found: `${String(first)} in the first half, ${String(last)} in the second (medians); at most ${String(Math.max(...samples.map(of)))}`,
      // A probe or a visitor may be there.
      reach: 'at most one more',
      reached: last <= first + 1,
      figures: { first, last, each: samples.map(of) },
    };
  };
  return [
    memory('memory of the process (RSS)', median, 'medians', ({ rssBytes }) => rssBytes),
    // What is left after the collector has run.
    memory('heap of its main thread', least, 'at least', ({ heapBytes }) => heapBytes),
    counted('open descriptors', ({ descriptors }) => descriptors),
    counted('threads', ({ threads }) => threads),
  ];
}

function databaseRow({ samples, oldestMs }: Soaked): Row {
  const [first, last] = halves(samples, ({ databaseBytes }) => databaseBytes).map((sizes) => Math.max(...sizes)) as [
    number,
    number,
  ];
  const keepMs = USUAL.keepMs / FACTOR;
  // It begins ten minutes after the start.
  const isJudged = (samples.at(-1)?.atS ?? 0) * 1000 > 2 * keepMs;
  return {
    what: 'the database, with its log',
    found: `${(first / 1e6).toFixed(2)} MB at most in the first half, ${(last / 1e6).toFixed(2)} MB in the second; the oldest gap is ${oldestMs === null ? 'gone' : `${(oldestMs / 60_000).toFixed(1)} min old`}`,
    reach: isJudged
      ? `at most ${((DATABASE_MORE - 1) * 100).toFixed(0)} % more, and nothing older than the ${String(keepMs / 60_000)} min that are kept`
      : '',
    reached: isJudged ? last <= first * DATABASE_MORE && (oldestMs ?? 0) < keepMs + RETENTION_MS : null,
    figures: { first, last, bytes: samples.map(({ databaseBytes }) => databaseBytes) },
  };
}

function eventsRow({ published, gaps, received, hooked, outages, visits, resumes, scrapes, lostEvents }: Soaked): Row {
  const faults = received.map((seqs) => {
    const due = published.filter((seq) => seq >= (seqs[0] ?? 0));
    const once = new Set(seqs);
    return { lost: due.filter((seq) => !once.has(seq)).length, twice: seqs.length - once.size };
  });
  const onceHooked = new Set(hooked);
  faults.push({
    lost: gaps.filter((seq) => !onceHooked.has(seq)).length,
    twice: hooked.length - onceHooked.size,
  });
  const lost = faults.reduce((sum, fault) => sum + fault.lost, lostEvents);
  const twice = faults.reduce((sum, fault) => sum + fault.twice, 0);
  return {
    what: `${String(outages)} outages, ${String(resumes)} resumes of a client, ${String(visits)} visits, ${String(scrapes)} scrapes`,
    found: `${String(gaps.length)} gaps, ${String(published.length)} events; of the events of two clients and the gaps of a hook ${String(lost)} lost, ${String(twice)} twice`,
    reach: 'a gap for each outage, none lost, none twice',
    reached: gaps.length === outages && lost === 0 && twice === 0 && received.every((seqs) => seqs.length > 0),
    figures: { outages, gaps: gaps.length, events: published.length, lost, twice, resumes, visits, scrapes },
  };
}

function latenessRows({ samples, missedProbes }: Soaked): Row[] {
  const row = (what: string, of: (sample: SoakSample) => number): Row => {
    const [first, last] = halves(samples, of).map(median) as [number, number];
    const most = Math.max(...samples.map(of));
    return {
      what,
      found: `${first.toFixed(1)} ms in the first half, ${last.toFixed(1)} ms in the second (medians of the p99 of each 10 s); at most ${most.toFixed(1)} ms`,
      reach: '',
      reached: null,
      figures: { first, last, each: samples.map(of) },
    };
  };
  const cpu = samples.map((sample) => sample.cpu);
  return [
    row("lateness of the main thread's loop", ({ loopP99Ms }) => loopP99Ms),
    row('lateness of probes', ({ probesLateMs }) => probesLateMs),
    {
      what: 'what it costs',
      found: `${(median(cpu) * 100).toFixed(1)} % of a core (median), ${(percentile(cpu, 0.99) * 100).toFixed(1)} % at p99; ${String(missedProbes)} probes left out`,
      reach: '',
      reached: null,
      figures: { cpu: median(cpu), missedProbes },
    },
  ];
}

function drawing({ samples, published, gaps, outages }: Soaked): string {
  const line = (
    name: string,
    of: (sample: SoakSample) => number,
  ): { readonly name: string; readonly values: number[] } => ({ name, values: samples.map(of) });
  const hours = (((samples.at(-1)?.atS ?? 0) / 3600) * FACTOR).toFixed(1);
  return lineCharts({
    title: `A soak of gapwatch serve: ${hours} hours of ${String(USUAL.services)} services, ${String(FACTOR)} times as fast`,
    sentence: `${String(outages)} outages, ${String(gaps.length)} gaps, ${String(published.length)} events; the time below is real time`,
    moments: samples.map(({ atS }) => atS * 1000),
    charts: [
      {
        title: 'Memory',
        unit: 'MB',
        lines: [
          line('of the process (RSS)', ({ rssBytes }) => rssBytes / 1e6),
          line('heap of the main thread', ({ heapBytes }) => heapBytes / 1e6),
        ],
      },
      {
        title: 'Open descriptors',
        unit: 'number',
        lines: [line('descriptors', ({ descriptors }) => descriptors), line('threads', ({ threads }) => threads)],
      },
      {
        title: 'Database',
        unit: 'MB',
        lines: [line('file and log', ({ databaseBytes }) => databaseBytes / 1e6)],
      },
      {
        title: 'Lateness (p99 of 10 s)',
        unit: 'ms',
        lines: [
          line("main thread's loop", ({ loopP99Ms }) => loopP99Ms),
          line('probes', ({ probesLateMs }) => probesLateMs),
        ],
      },
    ],
  });
}
