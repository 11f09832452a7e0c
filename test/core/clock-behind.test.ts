/** A clock that is behind what is known: after a restart, and while the monitor runs. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { type RestoredService, restoredUpTo } from '../../src/core/archive.ts';
import { Board, BoardService } from '../../src/core/board.ts';
import { decode } from '../../src/core/message-schema.ts';
import { gapFacts, type GapFacts, type Heartbeat } from '../../src/core/messages.ts';
import { infoOf, type Result, type Sample, type State } from '../../src/core/model.ts';
import type { Checkpoint } from '../../src/core/checkpoint.ts';
import { Timeline } from '../../src/core/timeline.ts';
import { UptimeWindows } from '../../src/core/uptime.ts';
import { gap, hello, NO_PHASES, service, snapshot, transition } from '../support/builders.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const STEPS = [1000, 60_000, 3 * HOUR, 48 * HOUR];
const NO_TOTALS = { gaps: 0, longestGapMs: 0, upMs: 0, downMs: 0, unobservedMs: 0 };
const NO_SUMS = { minutes: [], hours: [], days: [] };
const info = infoOf(service('web'));

function heartbeat(now: number): Heartbeat {
  return { type: 'heartbeat', now, seq: 0, probes: 1, missed: 0, lateMs: 0, overloaded: false };
}

function sample(sentAt: number, result: Result): Sample {
  const reason = result === 'up' ? null : 'refused';
  return { sentAt, endedAt: sentAt + 1, result, reason, message: null, phases: NO_PHASES };
}

function assertBounds({ from, to, durationMs, minMs, maxMs }: GapFacts): void {
  assert.ok(0 <= minMs && minMs <= durationMs, `${String(minMs)} to ${String(durationMs)}`);
  assert.ok(maxMs === null || durationMs <= maxMs, `${String(durationMs)} at most ${String(maxMs)}`);
  assert.ok(from <= to);
}

/** What a monitor left that ended `aheadMs` after NOW, by its clock, with a service down or up for `lastedMs`. */
function left(state: 'up' | 'down', aheadMs: number, lastedMs: number): RestoredService {
  const until = NOW + aheadMs;
  const since = until - lastedMs;
  const run = { from: since, firstEnd: since + 1, firstOverdue: since + 1, lastSent: until };
  const open = {
    ...{ failed: 3, leadMs: 0, downMs: 0, minMs: 0, provenMinMs: 0, downUntil: since, reasons: [] },
    lastGoodSent: since - 100,
    lastGoodEnded: since - 99,
  };
  const checkpoint: Checkpoint = {
    state,
    lastGoodSent: state === 'up' ? until : since - 100,
    lastGoodEnded: null,
    lastSeenSent: until,
    lastSeen: state,
    gap: state === 'up' ? null : { from: since, run, ...open },
  };
  return {
    ...{ until, state, status: state, since, reason: null, totals: NO_TOTALS, uptime: NO_SUMS, checkpoint },
    timeline: [
      { state: state === 'up' ? 'down' : 'up', from: since - 5000, to: since },
      { state, from: since, to: null },
    ],
    gaps: [gapFacts(gap('web', since - 5000, since))],
  };
}

describe('what is restored while the clock is behind', () => {
  it('lies in the past, in order, as long ago as it was', () => {
    for (const aheadMs of STEPS) {
      for (const lastedMs of [10, 2000, 4 * HOUR]) {
        const plain = left('down', aheadMs, lastedMs);
        const was = { ...plain, planned: plain.gaps };
        const { until, since, timeline, gaps, planned, checkpoint } = restoredUpTo(was, NOW);
        assert.deepEqual(planned, gaps);
        assert.deepEqual([until, since], [NOW, was.since > NOW ? NOW - lastedMs : was.since]);
        assert.ok(timeline.every(({ from, to }) => from <= NOW && from <= (to ?? NOW)));
        assert.deepEqual(timeline.at(-1), { state: 'down', from: since, to: null });
        for (const one of gaps) {
          assertBounds(one);
          assert.ok(one.to <= NOW && one.to - one.from === 5000);
        }
        assert.ok((checkpoint?.gap?.run?.lastSent ?? Infinity) <= NOW);
        assert.deepEqual([checkpoint?.lastGoodSent, checkpoint?.gap?.lastGoodSent], [null, null], 'not known any more');
      }
    }
  });

  it('stays as it is where the clock is not', () => {
    const was = left('down', -1000, 2000);
    assert.deepEqual(restoredUpTo(was, NOW), was);
    // The sign of life may be older than the newest probe, which was sent then.
    const older = { ...was, until: was.until - 1500 };
    assert.deepEqual(restoredUpTo(older, NOW), was);
  });

  it('ends in gaps with bounds that are true to themselves, whatever was restored and how the clock steps', () => {
    const story = fc.record({
      state: fc.constantFrom('up' as const, 'down' as const),
      aheadMs: fc.integer({ min: -48 * HOUR, max: 48 * HOUR }),
      lastedMs: fc.integer({ min: 0, max: 24 * HOUR }),
      olderMs: fc.nat(2000),
      results: fc.array(fc.constantFrom<Result[]>('up', 'down', 'unobserved'), { maxLength: 20 }),
    });
    fc.assert(
      fc.property(story, ({ state, aheadMs, lastedMs, olderMs, results }) => {
        const was = left(state, aheadMs, lastedMs);
        const restored = restoredUpTo({ ...was, until: was.until - olderMs }, NOW);
        const found: GapFacts[] = [];
        const timeline = new Timeline({ transition: () => undefined, gap: (one) => found.push(one) });
        assert.ok(restored.checkpoint !== null);
        timeline.resume(restored.checkpoint, Math.max(restored.until, restored.since));
        results.forEach((result, index) => {
          timeline.add(sample(NOW + index * 100, result));
        });
        timeline.add(sample(NOW + results.length * 100, 'up'));
        for (const one of found) assertBounds(one);
        if (aheadMs > 0) assert.ok(found.every(({ to, maxMs }, index) => index > 0 || maxMs === null || to > NOW));
      }),
    );
  });

  it('counts nothing that is still to come, and no window beyond its length', () => {
    const minutes = [-1, 0, 5, 70].map((ahead) => ({
      from: NOW - (NOW % 60_000) + ahead * 60_000,
      upMs: 60_000,
      downMs: 0,
    }));
    const windows = new UptimeWindows();
    windows.addSums({ ...NO_SUMS, minutes });
    const { observed } = windows.uptime(NOW, { state: 'unobserved', from: NOW });
    assert.ok(observed['1h'] <= 120_000, String(observed['1h']));
    const kept = restoredUpTo({ ...left('up', HOUR, 10), uptime: { ...NO_SUMS, minutes } }, NOW).uptime.minutes;
    assert.deepEqual(kept, minutes.slice(0, 2));
  });
});

describe('a board whose clock is set back', () => {
  it('says for how long a state has lasted, not that it begins in the future', () => {
    for (const stepMs of STEPS) {
      const board = new Board();
      board.services.set('web', new BoardService('web', info, NOW - HOUR));
      board.apply(heartbeat(NOW - 5000));
      board.apply(transition('web', 'unknown', 'up', NOW - 500));
      board.apply(heartbeat(NOW));
      const now = NOW - stepMs + 5000;
      board.apply(heartbeat(now));
      const [web] = board.snapshot(now);
      const since = web?.since ?? Infinity;
      // How long it lasted, less the time between the two heartbeats, which no label tells.
      if (stepMs > 5500) assert.equal(now - since, 500);
      else assert.equal(since, NOW - 500);
      assert.equal(board.services.get('web')?.since, since);
      assert.equal(web?.timeline.at(-1)?.from, since);
    }
  });

  it('has nothing in the future, however it steps, and keeps the order', () => {
    const steps = fc.array(
      fc.tuple(
        fc.constantFrom<State[]>('up', 'down', 'unobserved'),
        fc.integer({ min: -5 * HOUR, max: HOUR }),
        fc.boolean(),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const board = new Board();
        board.services.set('web', new BoardService('web', info, NOW));
        let now = NOW;
        for (const [state, stepMs, beats] of all) {
          now += stepMs;
          if (beats) board.apply(heartbeat(now));
          else board.apply(transition('web', board.services.get('web')?.state ?? 'up', state, now));
          const [web] = board.snapshot(now);
          assert.ok(web !== undefined && web.since <= now);
          let last = -Infinity;
          for (const { from, to } of web.timeline) {
            assert.ok(from >= last && from <= now && (to === null || (to >= from && to <= now)));
            last = from;
          }
          for (const share of Object.values(web.uptime)) assert.ok(share === null || (share >= 0 && share <= 1));
          if (beats) assert.ok((board.services.get('web')?.since ?? Infinity) <= now);
        }
      }),
    );
  });
});

describe('a gap', () => {
  it('has bounds that are true to themselves, whatever a file or another monitor says', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.option(number), number, number, (durationMs, minMs, maxMs, from, to) => {
        assertBounds(gapFacts({ from, to, durationMs, minMs, maxMs, failed: 1, reasons: [] }));
      }),
    );
  });

  it('that can not be is left out by a reader, and the rest of its monitor stays', () => {
    const bad = { ...gapFacts(gap('web', NOW + 1000, NOW + 1500)), maxMs: -53_338 };
    const good = gapFacts(gap('web', NOW + 2000, NOW + 2500));
    const told = hello([
      snapshot('web', {
        gaps: [bad, good],
        timeline: [
          { state: 'up', from: -1, to: 1 },
          { state: 'up', from: NOW, to: null },
        ],
        uptime: { '1h': 1.5, '24h': null, '90d': 1 },
      }),
      snapshot('api'),
    ]);
    const read = decode(JSON.stringify({ ...told, now: NOW, monitor: { ...told.monitor, startedAt: NOW } }));
    assert.ok('type' in read && read.type === 'hello');
    assert.deepEqual(
      read.services.map((one) => one.service),
      ['web', 'api'],
    );
    assert.deepEqual(read.services[0]?.gaps, [{ ...bad, maxMs: null }, good]);
    assert.equal(read.services[0].timeline.length, 1);
    assert.deepEqual(read.services[0].uptime, { '1h': null, '24h': null, '90d': 1 });
  });
});
