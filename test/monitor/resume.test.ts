/** A monitor that goes on from what another one left: the gap, the numbers and the sums, and the absence between. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import type { RestoredState, RestoredService } from '../../src/core/archive.ts';
import type { BoardService } from '../../src/core/board.ts';
import { MemoryEventLog } from '../../src/core/event-log.ts';
import { ENGINE_SILENCE_MS, checkpointOfUp } from '../../src/core/checkpoint.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import type { Watched } from '../../src/probe/spec.ts';
import { TestService, endServices } from '../support/test-service.ts';
import { Recording } from '../support/recording.ts';
import { withMonitor } from './watch.ts';

const HOUR = 3_600_000;
const NO_TOTALS = { gaps: 0, longestGapMs: 0, upMs: 0, downMs: 0, unobservedMs: 0 };
const NO_SUMS = { minutes: [], hours: [], days: [] };

/** What a monitor that ended just now left of a service. */
function left(board: BoardService, monitor: Monitor, until: number): RestoredService {
  const { state, status, since, reason, timeline, gaps } = board;
  const checkpoint = state === 'up' ? checkpointOfUp(since, until, board.info) : monitor.checkpoint(board.name);
  return { until, state, status, since, reason, timeline, gaps, totals: NO_TOTALS, uptime: NO_SUMS, checkpoint };
}

function seqOf(event: object | undefined): unknown {
  return event !== undefined && 'seq' in event ? event.seq : null;
}

async function resumed(
  watched: readonly Watched[],
  restored: RestoredState,
  test: (recording: Recording, monitor: Monitor) => Promise<void>,
): Promise<void> {
  const recording = new Recording();
  const monitor = new Monitor({ vantage: 'here', version: '0', watched: [], workers: 1, restored });
  monitor.subscribe({
    samples: true,
    take: (messages) => {
      recording.take(messages);
    },
  });
  try {
    monitor.apply(watched);
    await test(recording, monitor);
  } finally {
    await monitor.stop();
  }
}

describe('the sign of life of a monitor', () => {
  after(endServices);

  it('ends soon after its threads are silent, however long the process lives on', async () => {
    const backend = await TestService.start();
    await withMonitor([backend.watched('api')], async (recording, monitor) => {
      await recording.nth(1, 'sample');
      assert.ok(monitor.observedUntil() <= monitor.now());
      await monitor.stop();
      const stopped = monitor.now();
      // Silence is all that there is to see: no message says it.
      while (monitor.now() < stopped + ENGINE_SILENCE_MS + 200) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.ok(monitor.observedUntil() <= stopped + ENGINE_SILENCE_MS);
    });
  });
});

describe('a monitor that goes on', { concurrency: true }, () => {
  after(endServices);

  it('reports the time of its absence as unobserved, and counts its events on', async () => {
    const backend = await TestService.start();
    const watched = [backend.watched('api')];
    const kept: { restored?: RestoredState } = {};
    let until = 0;
    await withMonitor(watched, async (recording, monitor) => {
      await recording.nth(3, 'sample');
      monitor.mark('last words');
      await monitor.stop();
      until = monitor.now();
      const board = monitor.board.services.get('api');
      assert.ok(board !== undefined);
      kept.restored = {
        id: monitor.identity.id,
        events: monitor.events,
        services: new Map([['api', left(board, monitor, until)]]),
      };
    });
    const { restored } = kept;
    assert.ok(restored !== undefined);
    const { id, events } = restored;
    const newest = events.newest;
    await resumed(watched, restored, async (recording, monitor) => {
      assert.equal(monitor.identity.id, id);
      const up = await recording.nth(2, 'transition');
      const stopped = recording.of('transition')[0];
      assert.deepEqual(
        [stopped?.from, stopped?.to, stopped?.reason, stopped?.at],
        ['up', 'unobserved', 'stopped', until],
      );
      // Nobody knows of a change: what is seen again is what was seen before.
      assert.deepEqual([up.from, up.to, up.notBefore === up.at], ['unobserved', 'up', true]);
      assert.ok(Number(seqOf(stopped)) > newest && Number(seqOf(up)) > Number(seqOf(stopped)));
      assert.deepEqual(
        monitor.board.services.get('api')?.timeline.map(({ state }) => state),
        ['unknown', 'up', 'unobserved', 'up'],
      );
    });
  });

  it('ends a gap that began before its absence, with bounds that hold what was not seen', async () => {
    const backend = await TestService.start();
    const watched = [backend.watched('api')];
    const kept: { restored?: RestoredState } = {};
    let lastGood = 0;
    let failed = 0;
    await withMonitor(watched, async (recording, monitor) => {
      await recording.nth(3, 'sample');
      backend.down();
      await recording.waitFor(() => recording.of('sample').filter(({ result }) => result === 'down').length > 4);
      await monitor.stop();
      const board = monitor.board.services.get('api');
      assert.ok(board !== undefined);
      const service = left(board, monitor, monitor.now());
      failed = service.checkpoint?.gap?.failed ?? 0;
      lastGood = service.checkpoint?.gap?.lastGoodSent ?? 0;
      kept.restored = { id: 'm', events: monitor.events, services: new Map([['api', service]]) };
    });
    const { restored } = kept;
    assert.ok(restored !== undefined && failed > 3 && lastGood > 0);
    await backend.up();
    await resumed(watched, restored, async (recording) => {
      const gap = await recording.nth(1, 'gap');
      const up = recording.of('transition').at(-1);
      assert.equal(gap.failed, failed);
      assert.ok(gap.from > lastGood && gap.from < gap.to);
      assert.ok(up !== undefined && gap.to < up.at, 'the unobserved time is no part of the figure');
      assert.ok(gap.durationMs < up.at - gap.from && gap.minMs <= gap.durationMs);
      // The clocks of two processes are two: each is read to about a millisecond.
      assert.ok(gap.maxMs !== null && gap.maxMs >= up.at - lastGood - 2 && gap.maxMs >= gap.durationMs);
    });
  });

  it('has the sums of before in its uptime and its totals', async () => {
    const backend = await TestService.start();
    const now = Date.now();
    const day = Math.floor(now / (24 * HOUR)) * 24 * HOUR;
    const since = now - 10_000;
    const service: RestoredService = {
      until: now - 5000,
      state: 'up',
      status: 'up',
      since,
      reason: null,
      timeline: [{ state: 'up', from: since, to: null }],
      gaps: [],
      totals: { ...NO_TOTALS, gaps: 7, longestGapMs: 1234, downMs: 3 * HOUR },
      uptime: { ...NO_SUMS, days: [{ from: day - 48 * HOUR, upMs: 9 * HOUR, downMs: 3 * HOUR }] },
      checkpoint: checkpointOfUp(since, now - 5000, { timeoutMs: 500, intervalMs: 50 }),
    };
    const restored = { id: 'm', events: new MemoryEventLog(41), services: new Map([['api', service]]) };
    await resumed([backend.watched('api')], restored, async (recording, monitor) => {
      await recording.nth(1, 'sample');
      const board = monitor.board.services.get('api');
      const totals = board?.totalsAt(monitor.now());
      assert.deepEqual([totals?.gaps, totals?.longestGapMs, totals?.downMs], [7, 1234, 3 * HOUR]);
      assert.ok(Math.abs((totals?.upMs ?? 0) - 5000) < 1000 && (totals?.unobservedMs ?? 0) >= 5000);
      const snapshot = board?.snapshot(monitor.now());
      assert.ok(Math.abs((snapshot?.uptime['90d'] ?? 0) - 0.75) < 0.001);
      assert.ok((snapshot?.observed['90d'] ?? 0) >= 12 * HOUR);
      assert.ok((snapshot?.observed['1h'] ?? 0) < HOUR);
      assert.ok(Number(seqOf(recording.of('transition')[0])) > 41);
    });
  });

  it('forgets the gap of a service that is no longer watched', async () => {
    const backend = await TestService.start();
    await withMonitor([backend.watched('api')], async (recording, monitor) => {
      await recording.nth(3, 'sample');
      backend.down();
      await recording.waitFor(() => monitor.checkpoint('api') !== null);
      monitor.apply([]);
      assert.equal(monitor.checkpoint('api'), null);
    });
  });

  it('goes on with a service that was taken out and is put back: its sums, and the time between as not observed', async () => {
    const backend = await TestService.start();
    await withMonitor([backend.watched()], async (recording, monitor) => {
      await recording.nth(3, 'sample');
      await backend.flap(monitor);
      monitor.apply([]);
      assert.equal(monitor.board.services.has(backend.name), false);
      const from = recording.all.length;
      monitor.apply([backend.watched()]);
      await recording.waitFor(() => monitor.board.services.get(backend.name)?.state === 'up');
      const [back] = recording.all.slice(from).filter(({ type }) => type === 'transition');
      assert.ok(back?.type === 'transition');
      assert.deepEqual([back.from, back.to], ['unobserved', 'up']);
      const [snapshot] = monitor.board.snapshot(monitor.now());
      // On a busy machine it may also not look for a moment.
      const states = snapshot!.timeline.map(({ state }) => state);
      assert.deepEqual([states.includes('down'), states.slice(-2)], [true, ['unobserved', 'up']]);
      assert.equal(monitor.board.services.get(backend.name)!.totalsAt(monitor.now()).gaps, 1);
    });
  });

  it('keeps the gap of a service whose settings change while it is down', async () => {
    const backend = await TestService.start();
    await withMonitor([backend.watched('api')], async (recording, monitor) => {
      await recording.nth(3, 'sample');
      backend.down();
      await recording.waitFor(() => recording.of('sample').filter(({ result }) => result === 'down').length > 3);
      monitor.apply([backend.watched('api', { timeoutMs: 777 })]);
      const change = recording.of('transition').at(-1);
      assert.deepEqual([change?.from, change?.to, change?.reason], ['down', 'unobserved', 'stopped']);
      await backend.up();
      const gap = await recording.nth(1, 'gap');
      assert.ok(gap.from < (change?.at ?? 0) && gap.failed >= 1);
      assert.equal(monitor.board.services.get('api')?.info.timeoutMs, 777);
    });
  });
});
