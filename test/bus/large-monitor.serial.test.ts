/** A monitor of thousands of services: what it publishes of them, and what a hub does with it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type GapFacts, gapFacts, type TimelineInterval } from '../../src/core/messages.ts';
import { gap, snapshot } from '../support/builders.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { waitFor } from '../support/wait-for.ts';
import { onRedis } from './scene.ts';

/** Of so many, with all of the past that is published, more is to be said than a hub reads. */
const SERVICES = 8000;
const GAPS = 20;

/** A service that was down every minute. */
function lived(name: string) {
  const began = Date.now() - (GAPS + 1) * 60_000;
  const timeline: TimelineInterval[] = [];
  const gaps: GapFacts[] = [];
  for (let n = 0; n < GAPS; n++) {
    const at = began + n * 60_000;
    timeline.push({ state: 'up', from: at, to: at + 1000 }, { state: 'down', from: at + 1000, to: at + 60_000 });
    gaps.push(gapFacts(gap(name, at + 1000, at + 60_000)));
  }
  timeline.push({ state: 'up', from: began + GAPS * 60_000, to: null });
  return snapshot(name, { timeline, gaps });
}

describe('a monitor of thousands of services that have a long past', () => {
  it(
    'publishes as much of the past as a hub reads',
    onRedis(async ({ publish, serveHub }) => {
      const services = Array.from({ length: SERVICES }, (_, n) => lived(`service ${String(n)}`));
      const publisher = publish(new ScriptedMonitor({ services }));
      await waitFor(() => publisher.isCaughtUp);
      const { hub } = await serveHub();
      assert.equal(hub.figures.skipped, 0);
      assert.equal(hub.board.services.size, SERVICES);
      const { state, timeline, gaps } = hub.board.services.get('service 7')!;
      assert.equal(state, 'up');
      assert.deepEqual([timeline.length, gaps.length], [5, 2]);
    }),
  );

  it(
    'that all change at once reach the readers of a hub in slices, not after the last of them',
    onRedis(async ({ publish, serveHub }) => {
      const services = Array.from({ length: SERVICES }, (_, n) =>
        snapshot(`service ${String(n)}`, { since: Date.now() }),
      );
      const publisher = publish(new ScriptedMonitor({ services }));
      await waitFor(() => publisher.isCaughtUp);
      const { hub } = await serveHub();
      const batches: number[] = [];
      hub.subscribe({
        samples: false,
        take: (messages) => {
          const { length } = messages.filter(({ type }) => type === 'transition');
          if (length > 0) batches.push(length);
        },
      });
      // One script appends them all, so one answer of Redis has them all.
      await publisher.stop();
      const count = (): number => batches.reduce((sum, length) => sum + length, 0);
      await waitFor(() => count() >= SERVICES);
      assert.equal(count(), SERVICES);
      assert.ok(Math.max(...batches) < 1000, batches.join(' '));
    }),
  );
});
