/** What a history shows, beside the simplest thing that could show the same: lists. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { ArchiveReader, RecordedInterval, Rollup, RollupWidth, Window } from '../../src/core/archive.ts';
import { WIDTH_US } from '../../src/history/rollup-sums.ts';
import type { State } from '../../src/core/model.ts';
import { DirectHistory } from './direct-history.ts';
import { NOON, withFolder } from './open.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';

const SERVICES = ['web', 'api', 'cache'];
const EVER = { from: NOON, to: NOON + 1e13 };

type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'change'; readonly service: string; readonly to: State }
  | { readonly kind: 'gap'; readonly service: string; readonly ms: number }
  | { readonly kind: 'restart'; readonly ms: number }
  | { readonly kind: 'watch'; readonly services: readonly string[] };

const MINUTE_MS = 60_000;
const lasting = fc.oneof(
  fc.integer({ min: 1, max: 5_000_000 }).map((us) => us / 1000),
  fc.constantFrom(MINUTE_MS, 60 * MINUTE_MS, 1440 * MINUTE_MS, 40 * 1440 * MINUTE_MS, MINUTE_MS / 2),
  fc.integer({ min: 1, max: 200_000 }).map((s) => s * 1000),
);
const service = fc.constantFrom(...SERVICES);
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: lasting }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('change' as const),
        service,
        to: fc.constantFrom<State>('up', 'down', 'unobserved'),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('gap' as const), service, ms: lasting }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), ms: lasting }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('watch' as const), services: fc.subarray(SERVICES) }) },
  ),
  { maxLength: 40 },
);

/** Times are exact to the microsecond. */
function micro(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** A service as lists. */
class Simple {
  readonly intervals: { state: State; from: number }[] = [];
  readonly gaps: { from: number; to: number }[] = [];
  /** When its end was seen. */
  readonly gapSeen: number[] = [];
  watched = true;
  until = 0;

  get state(): State {
    return this.intervals.at(-1)?.state ?? 'unknown';
  }

  enter(state: State, from: number): void {
    // What had no time gives way.
    while ((this.intervals.at(-1)?.from ?? 0) >= from) this.intervals.pop();
    if (this.intervals.at(-1)?.state !== state) this.intervals.push({ state, from });
  }

  expected(): Pick<RecordedInterval, 'state' | 'from' | 'to'>[] {
    const all = this.intervals.map((one, index) => ({
      ...one,
      to: this.intervals[index + 1]?.from ?? (this.watched ? null : this.until),
    }));
    return all.filter(({ from, to }) => to === null || to > from);
  }
}

describe('a history beside lists', () => {
  it('shows the same intervals, gaps and sums', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        await withFolder(async (dir) => {
          const { history, lists, now } = await play(dir, all);
          await compare(history.reader, lists, now);
          history.close();
        });
      }),
      { numRuns: 150 },
    );
  });
});

/** Plays the steps. Returns what lists know, and the end. */
async function play(
  dir: string,
  all: readonly Step[],
): Promise<{ history: DirectHistory; lists: Map<string, Simple>; now: number }> {
  const lists = new Map<string, Simple>();
  let history = await DirectHistory.open(dir);
  let monitor = new ScriptedMonitor({ restored: history.restored, clock: NOON });
  const begin = (names: readonly string[]): void => {
    monitor.watch(...names);
    history.record(monitor);
    for (const name of names) watch(name);
  };
  const watch = (name: string): void => {
    const known = lists.get(name);
    if (known === undefined) {
      const list = new Simple();
      list.enter('unknown', monitor.clock);
      lists.set(name, list);
    } else if (!known.watched) {
      known.watched = true;
      // What a monitor knows from before it goes on with; what it left itself it does not know any more.
      const isNew = monitor.board.services.get(name)?.since === monitor.clock;
      if (isNew || known.state === 'up' || known.state === 'down') known.enter('unobserved', known.until);
      if (isNew) known.enter('unknown', monitor.clock);
    }
  };
  const leave = (names: readonly string[]): void => {
    for (const [name, list] of lists) {
      if (names.includes(name) || !list.watched) continue;
      list.watched = false;
      list.until = monitor.clock;
    }
  };
  begin(SERVICES);
  for (const step of all) {
    const list = 'service' in step ? lists.get(step.service) : undefined;
    switch (step.kind) {
      case 'wait':
        monitor.clock = micro(monitor.clock + step.ms);
        break;
      case 'change':
        if (list?.watched !== true || list.state === step.to) break;
        monitor.change(step.service, step.to);
        list.enter(step.to, monitor.clock);
        break;
      case 'gap': {
        if (list?.watched !== true) break;
        const [from, to] = [micro(monitor.clock - step.ms), monitor.clock];
        monitor.gap(step.service, from, to);
        list.gaps.push({ from, to });
        list.gapSeen.push(Math.max(to, list.intervals.at(-1)?.from ?? 0));
        break;
      }
      case 'watch': {
        const left = [...lists].filter(([name, { watched }]) => watched && !step.services.includes(name));
        monitor.watch(...step.services);
        for (const [, one] of left)
          if (one.state === 'up' || one.state === 'down') one.enter('unobserved', monitor.clock);
        leave(step.services);
        for (const name of step.services) watch(name);
        break;
      }
      case 'restart': {
        history.flush();
        history.close();
        const before = [...lists].filter(([, { watched }]) => watched).map(([name]) => name);
        leave([]);
        history = await DirectHistory.open(dir);
        monitor = new ScriptedMonitor({ restored: history.restored, clock: micro(monitor.clock + step.ms) });
        begin(before);
        break;
      }
    }
    history.flush();
  }
  for (const list of lists.values()) if (list.watched) list.until = monitor.clock;
  const now = monitor.clock;
  history.flush();
  return { history, lists, now };
}

async function compare(reader: ArchiveReader, lists: ReadonlyMap<string, Simple>, now: number): Promise<void> {
  for (const [name, list] of lists) {
    const services = [name];
    const intervals = async (window: Window): Promise<readonly RecordedInterval[]> =>
      (await reader.intervals({ services, window })).get(name) ?? [];
    const shown = (await intervals(EVER)).map(({ state, from, to }) => ({ state, from, to }));
    assert.deepEqual(shown, list.expected(), name);
    const { gaps: recorded } = await reader.gaps({ services, window: EVER });
    const gaps = recorded.map(({ from, to }) => ({ from, to }));
    const order = (a: { to: number }, b: { to: number }): number => a.to - b.to;
    assert.deepEqual(
      gaps,
      list.gaps.toSorted(order).filter(({ to }) => to > EVER.from),
    );
    const middle = { from: NOON + (now - NOON) / 3, to: NOON + (now - NOON) / 2 };
    assert.deepEqual(
      (await intervals(middle)).map(({ from }) => from),
      list
        .expected()
        .filter(({ from, to }) => from < middle.to && (to ?? Infinity) > middle.from)
        .map(({ from }) => from),
    );
    for (const width of ['hour', 'day'] as const) {
      const rollups = await reader.rollups({ services, width, window: { from: NOON, to: now + 1 } });
      assert.deepEqual(rounded(rollups.get(name) ?? []), rounded(sums(list, width, now)), `${name} by ${width}`);
    }
  }
}

/** What is in no state is in no sum. */
function sums(list: Simple, width: RollupWidth, now: number): Rollup[] {
  const ms = WIDTH_US[width] / 1000;
  const found = new Map<number, Rollup>();
  const add = (n: number, more: Partial<Rollup>): void => {
    const zero = { from: n * ms, upMs: 0, downMs: 0, unobservedMs: 0, gaps: 0, longestGapMs: 0 };
    const sum = found.get(n) ?? zero;
    found.set(n, {
      from: n * ms,
      upMs: sum.upMs + (more.upMs ?? 0),
      downMs: sum.downMs + (more.downMs ?? 0),
      unobservedMs: sum.unobservedMs + (more.unobservedMs ?? 0),
      gaps: sum.gaps + (more.gaps ?? 0),
      longestGapMs: Math.max(sum.longestGapMs, more.longestGapMs ?? 0),
    });
  };
  for (const { state, from, to } of list.expected()) {
    if (state === 'unknown') continue;
    const until = to ?? now;
    for (let n = Math.floor(from / ms); n * ms < until; n++) {
      const took = Math.min(until, (n + 1) * ms) - Math.max(from, n * ms);
      if (took > 0) add(n, { [`${state}Ms`]: took });
    }
  }
  for (const [index, { from, to }] of list.gaps.entries()) {
    const seen = list.gapSeen[index] ?? to;
    add(Math.floor(seen / ms), { gaps: 1, longestGapMs: to - from });
  }
  return [...found.values()].sort((a, b) => a.from - b.from);
}

function rounded(rollups: readonly Rollup[]): Rollup[] {
  return rollups.map((one) => ({
    from: one.from,
    upMs: Math.round(one.upMs * 1000),
    downMs: Math.round(one.downMs * 1000),
    unobservedMs: Math.round(one.unobservedMs * 1000),
    gaps: one.gaps,
    longestGapMs: Math.round(one.longestGapMs * 1000),
  }));
}
