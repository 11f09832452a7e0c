import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import fc from 'fast-check';

import type { RestoredService } from '../../src/core/archive.ts';
import type { Gap, TimelineInterval, Transition } from '../../src/core/messages.ts';
import { STATES, type Result, type Sample, type State, infoOf, type Totals } from '../../src/core/model.ts';
import { Board, BoardService } from '../../src/core/board.ts';
import { SettleQueue } from '../../src/core/settle-queue.ts';
import { Timeline } from '../../src/core/timeline.ts';
import { gap, hello, NO_PHASES, service, transition, snapshot } from '../support/builders.ts';

const BEGAN = 1_700_000_000_000;
function boardOf(...names: string[]): Board {
  const board = new Board();
  for (const name of names) board.services.set(name, new BoardService(name, infoOf(service(name)), BEGAN));
  return board;
}

/** Each stretch of time begins where the last one ended, in another state; the last one is open. */
function checkPartition(timeline: readonly TimelineInterval[]): void {
  timeline.forEach(({ state, from, to }, index) => {
    const next = timeline[index + 1];
    assert.equal(to, next?.from ?? null);
    assert.ok(to === null || to >= from, `${String(from)} to ${String(to)}`);
    assert.notEqual(state, next?.state);
  });
}

interface Stretch {
  readonly state: Result;
  readonly ms: number;
}

/** What a service went through, after some time in which nothing was known. */
const stories = fc.record({
  unknownMs: fc.integer({ min: 1, max: 1000 }),
  stretches: fc
    .array(
      fc.record({
        state: fc.constantFrom<Result[]>('up', 'down', 'unobserved'),
        ms: fc.integer({ min: 1, max: 3_600_000 }),
      }),
      { minLength: 1, maxLength: 40, size: 'max' },
    )
    .map((some): Stretch[] => some.filter(({ state }, index) => state !== some[index - 1]?.state)),
  lastsMs: fc.integer({ min: 0, max: 10_000 }),
});

/** The messages of a story, and when its last stretch begins. */
function tellStory(unknownMs: number, stretches: readonly Stretch[]): { messages: (Transition | Gap)[]; last: number } {
  const messages: (Transition | Gap)[] = [];
  let at = BEGAN + unknownMs;
  stretches.forEach(({ state, ms }, index) => {
    const before = stretches[index - 1];
    messages.push(transition('api', before?.state ?? 'unknown', state, at));
    if (before?.state === 'down') messages.push(gap('api', at - before.ms, at));
    if (index < stretches.length - 1) at += ms;
  });
  return { messages, last: at };
}

function sums(totals: Totals): number[] {
  return [totals.upMs, totals.downMs, totals.unobservedMs];
}

/** The share of up time and how much was seen, to nine digits. */
function uptimesAt(board: Board, now: number): unknown {
  const [api] = board.snapshot(now);
  return JSON.parse(
    JSON.stringify([api?.uptime, api?.observed], (_, value: unknown) =>
      typeof value === 'number' ? Number(value.toPrecision(9)) : value,
    ),
  );
}

describe('Board', () => {
  it('publishes the age of a state over short stalls, and goes on with it from a snapshot', () => {
    const one = new BoardService('web', infoOf(service('web')), 0);
    one.transition(transition('web', 'unknown', 'up', 10));
    assert.equal(one.snapshot(900).steadySince, undefined);
    one.transition(transition('web', 'up', 'unobserved', 1000));
    one.transition(transition('web', 'unobserved', 'up', 1500));
    const snapshot = one.snapshot(2000);
    assert.deepEqual([snapshot.since, snapshot.steadySince], [1500, 10]);
    const other = BoardService.from(snapshot, 2000);
    assert.deepEqual([other.since, other.steadySince], [1500, 10]);
    other.transition(transition('web', 'up', 'unobserved', 3000));
    assert.equal(other.steadySince, 3000);
    other.transition(transition('web', 'unobserved', 'up', 3500));
    assert.equal(other.steadySince, 10);
    other.transition(transition('web', 'up', 'down', 4000));
    assert.equal(other.steadySince, 4000);
  });

  it('keeps what it counted where a hello has the same state by a clock that was estimated anew', () => {
    const board = new Board();
    board.apply(hello([snapshot('web', { state: 'up', status: 'up', since: 5000 })], { now: 10_000 }));
    board.apply(gap('web', 3000, 4000));
    const known = board.services.get('web');
    board.apply(hello([snapshot('web', { state: 'up', status: 'up', since: 5000.0123 })], { now: 11_000.0123 }));
    assert.equal(board.services.get('web'), known);
    assert.equal(known?.totalsAt(11_000).gaps, 1);
    board.apply(hello([snapshot('web', { state: 'up', status: 'up', since: 10_500 })], { now: 11_000 }));
    assert.notEqual(board.services.get('web'), known);
  });

  it('knows nothing of a service before its first message', () => {
    const [snapshot] = boardOf('api').snapshot(BEGAN + 5000);
    assert.deepEqual(
      [snapshot?.state, snapshot?.status, snapshot?.since, snapshot?.reason, snapshot?.timeline, snapshot?.uptime],
      [
        'unknown',
        'unknown',
        BEGAN,
        null,
        [{ state: 'unknown', from: BEGAN, to: null }],
        { '1h': null, '24h': null, '90d': null },
      ],
    );
  });

  it('sums up what the service went through, and keeps its timeline a partition of time', () => {
    fc.assert(
      fc.property(stories, ({ unknownMs, stretches, lastsMs }) => {
        const board = boardOf('api');
        const { messages, last } = tellStory(unknownMs, stretches);
        for (const message of messages) board.apply(message);
        const now = last + lastsMs;
        const service = board.services.get('api');
        assert.ok(service !== undefined);
        const lasted = stretches.map(({ state, ms }, i) => ({ state, ms: i === stretches.length - 1 ? lastsMs : ms }));
        const sum = (state: State): number =>
          lasted.filter((one) => one.state === state).reduce((all, { ms }) => all + ms, 0);
        const totals = service.totalsAt(now);
        assert.deepEqual(sums(totals), [sum('up'), sum('down'), sum('unobserved')]);
        const ended = stretches.slice(0, -1).filter(({ state }) => state === 'down');
        assert.deepEqual([totals.gaps, totals.longestGapMs], [ended.length, Math.max(0, ...ended.map(({ ms }) => ms))]);
        checkPartition(service.timeline);
        assert.deepEqual(
          service.timeline.map(({ state }) => state),
          ['unknown', ...stretches.map(({ state }) => state)],
        );
        const seen = sum('up') + sum('down');
        const { uptime } = service.snapshot(now);
        if (seen === 0) assert.equal(uptime['90d'], null);
        else assert.ok(Math.abs((uptime['90d'] ?? -1) - sum('up') / seen) < 1e-9);
      }),
      { numRuns: 300 },
    );
  });

  it('knows the same from a hello in the middle as from the beginning', () => {
    fc.assert(
      fc.property(stories, fc.double({ min: 0, max: 1, noNaN: true }), ({ unknownMs, stretches, lastsMs }, share) => {
        const [whole, late] = [boardOf('api'), new Board()];
        const { messages, last } = tellStory(unknownMs, stretches);
        const cut = Math.floor(share * messages.length);
        const joined = messages[cut - 1];
        const at = joined === undefined ? BEGAN : joined.type === 'gap' ? joined.to : joined.at;
        for (const message of messages.slice(0, cut)) whole.apply(message);
        late.apply(hello(whole.snapshot(at), { now: at }));
        assert.deepEqual(uptimesAt(late, at), uptimesAt(whole, at));
        const before = [whole, late].map((board) => board.services.get('api')?.totalsAt(at));
        for (const message of messages.slice(cut)) {
          whole.apply(message);
          late.apply(message);
        }
        const now = last + lastsMs;
        const [one, other] = [whole.snapshot(now)[0], late.snapshot(now)[0]];
        // The sums of before the hello leave the windows of the late one evenly.
        const figures = { uptime: null, observed: null };
        assert.deepEqual({ ...other, ...figures }, { ...one, ...figures });
        const [grown, grownToo] = [whole, late].map((board, index) => {
          const totals = board.services.get('api')?.totalsAt(now);
          const start = before[index];
          assert.ok(totals !== undefined && start !== undefined);
          return [...sums(totals).map((ms, i) => ms - (sums(start)[i] ?? 0)), totals.gaps - start.gaps];
        });
        assert.deepEqual(grownToo, grown);
      }),
      { numRuns: 300 },
    );
  });

  it('stays small however much a service flaps', () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const board = boardOf('api');
    const timeline = new Timeline({
      transition: (change) => {
        board.apply({ type: 'transition', seq: 1, service: 'api', ...change });
      },
      gap: (facts) => {
        board.apply({ type: 'gap', seq: 1, service: 'api', ...facts });
      },
    });
    const queue = new SettleQueue((sample) => {
      timeline.add(sample);
    });
    let at = BEGAN;
    const flap = (times: number): number => {
      for (let turn = 0; turn < times; turn++) {
        for (const result of ['up', 'down'] as const) {
          const reason = result === 'up' ? null : turn % 2 === 0 ? 'refused' : 'reset';
          const sample: Sample = { sentAt: at, endedAt: at + 1, result, reason, message: 'm', phases: NO_PHASES };
          queue.end(queue.begin(), sample);
          at += 100;
        }
      }
      gc();
      return process.memoryUsage().heapUsed;
    };
    const early = flap(20_000);
    const late = flap(180_000);
    const service = board.services.get('api');
    assert.ok(service !== undefined);
    const { timeline: shown, gaps } = service.snapshot(at);
    assert.ok(shown.length >= 256 && shown.length <= 513, `${String(shown.length)} intervals`);
    assert.equal(gaps.length, 20);
    assert.equal(queue.length, 0);
    assert.equal(service.totalsAt(at).gaps, 199_999);
    assert.ok(late - early < 2_000_000, `grew by ${String(late - early)} bytes`);
    checkPartition(shown);
    assert.equal(shown.at(-1)?.from, at - 100);
  });

  it('keeps its timeline a partition of time where the wall clock is set back', () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom<Result[]>('up', 'down', 'unobserved'), fc.integer({ min: -50, max: 100 })),
      { maxLength: 60, size: 'max' },
    );
    fc.assert(
      fc.property(steps, (changes) => {
        const board = boardOf('api');
        let [at, from]: [number, State] = [BEGAN, 'unknown'];
        for (const [to, tookMs] of changes) {
          if (to === from) continue;
          at += tookMs;
          board.apply(transition('api', from, to, at));
          from = to;
          const service = board.services.get('api');
          assert.deepEqual([service?.state, service?.timeline.at(-1)?.state], [to, to]);
          checkPartition(service?.timeline ?? []);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('counts what comes after the wall clock was set back', () => {
    const board = boardOf('api');
    board.apply(transition('api', 'unknown', 'up', BEGAN));
    board.apply(transition('api', 'up', 'down', BEGAN - 3_600_000));
    board.apply(transition('api', 'down', 'up', BEGAN - 3_600_000 + 700));
    const totals = board.services.get('api')?.totalsAt(BEGAN - 3_600_000 + 1000);
    assert.deepEqual([totals?.upMs, totals?.downMs], [300, 700]);
  });

  it('keeps the status apart from the state once it was sent', () => {
    const board = new Board();
    board.services.set('api', new BoardService('api', { ...infoOf(service('api')), fall: 3 }, BEGAN));
    const status = (): State | undefined => board.services.get('api')?.status;
    board.apply({ type: 'status', service: 'api', at: BEGAN, status: 'up' });
    board.apply(transition('api', 'unknown', 'up', BEGAN));
    board.apply(transition('api', 'up', 'down', BEGAN + 1000));
    assert.equal(status(), 'up');
    board.apply({ type: 'status', service: 'api', at: BEGAN + 1200, status: 'down' });
    assert.equal(status(), 'down');
    board.apply({ type: 'status', service: 'api', at: BEGAN + 1300, status: 'up' });
    // A hub says nothing of the status where a vantage is gone.
    board.apply(transition('api', 'down', 'unobserved', BEGAN + 2000));
    assert.deepEqual([status(), board.snapshot(BEGAN + 3000)[0]?.status], ['unobserved', 'up']);
    board.apply(transition('api', 'unobserved', 'up', BEGAN + 4000));
    assert.equal(status(), 'up');
  });

  it('counts each gap once where what was known before comes late', () => {
    const board = boardOf('api');
    const api = board.services.get('api')!;
    board.apply(transition('api', 'unknown', 'up', BEGAN));
    board.apply(transition('api', 'up', 'down', BEGAN + 1000));
    board.apply(transition('api', 'down', 'up', BEGAN + 6000));
    const restored: RestoredService = {
      ...{ until: BEGAN - 1000, state: 'up', status: 'up', since: BEGAN - 60_000, reason: null, checkpoint: null },
      ...{ timeline: [{ state: 'up', from: BEGAN - 60_000, to: null }], gaps: [] },
      totals: { gaps: 0, longestGapMs: 0, upMs: 59_000, downMs: 0, unobservedMs: 0 },
      uptime: { minutes: [], hours: [], days: [] },
    };
    // Also where the gap itself has not come yet.
    const early = api.after(restored);
    for (const one of [early, api]) one.gap(gap('api', BEGAN + 1000, BEGAN + 6000));
    const { gaps, downMs } = early.figuresAt(BEGAN + 10_000);
    assert.deepEqual([gaps, downMs], [1, 5000]);
    assert.equal(api.after(restored).figuresAt(BEGAN + 10_000).downMs, 5000);
  });

  it('drops the services that a hello does not name, and keeps what it knows beyond it of the others', () => {
    const board = boardOf('api', 'gone');
    board.apply(transition('api', 'unknown', 'up', BEGAN + 10));
    board.apply(transition('api', 'up', 'down', BEGAN + 1000));
    board.apply(transition('api', 'down', 'up', BEGAN + 1400));
    board.apply(gap('api', BEGAN + 1000, BEGAN + 1400));
    const known = board.services.get('api');
    const [api] = board.snapshot(BEGAN + 2000);
    assert.ok(api !== undefined);
    board.apply(hello([api, { ...api, service: 'new', state: 'unknown' }], { now: BEGAN + 2000 }));
    assert.deepEqual([...board.services.keys()], ['api', 'new']);
    assert.equal(board.services.get('api'), known);
    // Its settings are those of the newest one.
    board.apply(hello([{ ...api, intervalMs: 50, group: 'backend' }], { now: BEGAN + 2000 }));
    assert.equal(board.services.get('api'), known);
    assert.deepEqual([known?.info.intervalMs, known?.info.group], [50, 'backend']);
    board.apply(hello([{ ...api, fall: 3, status: 'down' }], { now: BEGAN + 2000 }));
    assert.deepEqual([board.services.get('api'), known?.status], [known, 'down']);
    board.apply(hello([api, { ...api, service: 'new', state: 'unknown' }], { now: BEGAN + 2000 }));
    assert.ok(STATES.includes(board.services.get('new')?.state ?? 'up'));
  });
});
