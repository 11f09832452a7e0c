/** Outages of known times, and what the monitor says of them. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Monitor } from '../../src/monitor/monitor.ts';
import type { Gap, Message } from '../../src/core/messages.ts';
import { Child } from './child.ts';
import { OUTAGE_KINDS, type Staged, type Truth, type TrueOutage } from './outage-kinds.ts';
import { watchedOf } from './services.ts';
import { type Bench, percentile, type Row } from './table.ts';

const SERVICES = 36;
const OUTAGES = 28;
const INTERVAL_MS = 50;
const TIMEOUT_MS = 500;
/** The share of a core that the other load on the machine takes. */
const LOAD = 0.5;

interface Tally {
  outages: number;
  long: number;
  missed: number;
  unobserved: number;
  invented: number;
  outside: number;
  readonly errors: number[];
  readonly widths: number[];
}

export const truth: Bench = {
  name: 'truth',
  about: `${String(SERVICES * OUTAGES)} outages of 20 ms to 1 s of six kinds, at 50 ms, with other load on the machine`,
  async run(say) {
    const stage = new Child('outages.js', [String(SERVICES), String(OUTAGES)]);
    const load = new Child('load.js', [String(LOAD)]);
    const staged = await stage.next<Staged[]>();
    const manner = { connection: 'new', intervalMs: INTERVAL_MS, timeoutMs: TIMEOUT_MS } as const;
    const monitor = new Monitor({
      vantage: 'bench',
      version: '0',
      workers: 1,
      watched: staged.map(({ name, target }) => watchedOf(name, target, manner)),
    });
    const gaps: Gap[] = [];
    const blind: Message[] = [];
    let overloaded = 0;
    monitor.subscribe({
      samples: false,
      take(messages) {
        for (const message of messages) {
          if (message.type === 'gap') gaps.push(message);
          else if (message.type === 'transition' && message.to === 'unobserved') blind.push(message);
          else if (message.type === 'heartbeat' && message.overloaded) overloaded += 1;
        }
      },
    });
    say(`${String(SERVICES)} services, ${String(OUTAGES)} outages each, about ${String(OUTAGES)} s`);
    stage.tell({});
    const told = await stage.next<Truth>();
    await sleep(2 * TIMEOUT_MS);
    await monitor.stop();
    await Promise.all([stage.end(), load.end()]);

    const tallies = OUTAGE_KINDS.map((kind) => {
      const names = staged.filter(({ outage }) => outage === kind).map(({ name }) => name);
      return { kind, tally: tallyOf(names, told, gaps, blind) };
    });
    return [
      ...rows(
        tallies.map(({ tally }) => tally),
        blind.length,
        overloaded,
      ),
      ...tallies.map(({ kind, tally }) => kindRow(kind, tally)),
    ];
  },
};

function tallyOf(names: readonly string[], told: Truth, gaps: readonly Gap[], blind: readonly Message[]): Tally {
  const tally: Tally = {
    outages: 0,
    long: 0,
    missed: 0,
    unobserved: 0,
    invented: 0,
    outside: 0,
    errors: [],
    widths: [],
  };
  for (const name of names) {
    const outages = told[name] ?? [];
    const seen = gaps.filter((gap) => gap.service === name);
    const looked = new Set<Gap>();
    for (const outage of outages) {
      tally.outages += 1;
      const isLong = lengthOf(outage).least >= 2 * INTERVAL_MS;
      if (isLong) tally.long += 1;
      const gap = seen.find((one) => overlaps(one, outage));
      if (gap === undefined) {
        const unseen = blind.some((one) => one.type === 'transition' && one.service === name && isNear(one.at, outage));
        if (isLong && unseen) tally.unobserved += 1;
        else if (isLong) tally.missed += 1;
        continue;
      }
      looked.add(gap);
      const { least, most } = lengthOf(outage);
      if (gap.minMs > most || (gap.maxMs ?? Infinity) < least) tally.outside += 1;
      tally.errors.push(Math.abs(gap.durationMs - (least + most) / 2));
      if (gap.maxMs !== null) tally.widths.push(gap.maxMs - gap.minMs);
    }
    tally.invented += seen.length - looked.size;
  }
  return tally;
}

/** How long an outage was at least and at most, by the readings around its edges. */
function lengthOf({ from, to }: TrueOutage): { least: number; most: number } {
  return { least: to.before - from.after, most: to.after - from.before };
}

/** A probe may be sent one interval before the outage and run into it. */
function overlaps(gap: Gap, outage: TrueOutage): boolean {
  return gap.from <= outage.to.after && gap.to >= outage.from.before;
}

function isNear(at: number, { from, to }: TrueOutage): boolean {
  return at >= from.before - INTERVAL_MS && at <= to.after;
}

function rows(tallies: readonly Tally[], blind: number, overloaded: number): Row[] {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  const [outages, long, missed] = [sum((t) => t.outages), sum((t) => t.long), sum((t) => t.missed)];
  const [invented, outside, unobserved] = [sum((t) => t.invented), sum((t) => t.outside), sum((t) => t.unobserved)];
  const p99 = percentile(
    tallies.flatMap((t) => t.errors),
    0.99,
  );
  return [
    {
      what: 'outages of two intervals and more',
      found: `${String(long - missed - unobserved)} of ${String(long)} seen, ${String(missed)} missed, ${String(unobserved)} in unobserved time`,
      reach: 'all seen',
      reached: missed + unobserved === 0,
      figures: { outages, long, missed, unobserved },
    },
    {
      what: 'outages invented',
      found: String(invented),
      reach: 'none',
      reached: invented === 0,
      figures: { invented },
    },
    {
      what: 'true length inside the bounds',
      found: `in all but ${String(outside)} of ${String(outages)}`,
      reach: 'all',
      reached: outside === 0,
      figures: { outside },
    },
    {
      what: 'error of durationMs at p99',
      found: `${p99.toFixed(1)} ms`,
      reach: `${String(INTERVAL_MS)} ms, one interval`,
      reached: p99 <= INTERVAL_MS,
      figures: { p99Ms: p99 },
    },
    {
      what: 'times that the monitor says it did not look',
      found: `${String(blind)}, heartbeats with overload: ${String(overloaded)}`,
      reach: '',
      reached: null,
      figures: { blind, overloaded },
    },
  ];
}

function kindRow(kind: string, tally: Tally): Row {
  const p50 = percentile(tally.errors, 0.5);
  const p99 = percentile(tally.errors, 0.99);
  const width = percentile(tally.widths, 0.5);
  return {
    what: `  ${kind}: ${String(tally.outages)} outages`,
    found: `error p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; bounds ${width.toFixed(0)} ms wide at p50`,
    reach: '',
    reached: null,
    figures: {
      p50Ms: p50,
      p99Ms: p99,
      widthMs: width,
      outside: tally.outside,
      invented: tally.invented,
      missed: tally.missed,
    },
  };
}
