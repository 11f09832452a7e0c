/** Good answers that come late: an event, where a limit is configured. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import type { SampleMessage } from '../../src/core/messages.ts';
import { tcpSpec } from '../support/probing.ts';
import type { Recording } from '../support/recording.ts';
import { endServices, TestService } from '../support/test-service.ts';
import { withEngine, withMonitor } from './watch.ts';

/** Answers what is sent, after so many milliseconds. */
async function echoing(lateMs: () => number): Promise<TestService> {
  return TestService.start((socket) => {
    socket.on('data', (data) => setTimeout(() => socket.write(data), lateMs()));
  });
}

/** The samples that were slow, by stretches, in the order of sending: another one ends a stretch, as does time that was not observed. */
function slowInARow(recording: Recording): SampleMessage[][] {
  const lost = recording.of('transition').filter(({ to }) => to === 'unobserved');
  const stretches: SampleMessage[][] = [[]];
  for (const sample of recording.of('sample').toSorted((a, b) => a.at - b.at)) {
    const before = stretches.at(-1)?.at(-1)?.at ?? Infinity;
    const isSlow = (sample.answerMs ?? 0) > 300;
    if (!isSlow || lost.some(({ at }) => before <= at && at < sample.at)) stretches.push([]);
    if (isSlow) stretches.at(-1)?.push(sample);
  }
  return stretches;
}

describe('slow answers', { concurrency: true }, () => {
  after(endServices);

  it('are one event for each stretch of them, when it ends', async () => {
    let lateMs = 0;
    const backend = await echoing(() => lateMs);
    const watched = backend.watched('web', {}, tcpSpec(backend.port, { send: 'x', expect: 'x' }));
    await withEngine([{ ...watched, slowMs: 300 }], async (recording) => {
      await recording.nth(3, 'sample');
      lateMs = 400;
      // As many in a row: an answer counts less what this machine was late by itself, which may end a stretch.
      await recording.waitFor(() => slowInARow(recording).some((stretch) => stretch.length > 4));
      const before = recording.of('slow').length;
      lateMs = 0;
      const slow = await recording.nth(before + 1, 'slow');
      assert.equal(slow.service, 'web');
      assert.ok(slow.slowestMs > 300 && slow.to - slow.from > 300, JSON.stringify(slow));
      const stretches = slowInARow(recording);
      assert.ok(
        stretches.some(([first, ...rest]) => first?.at === slow.from && rest.length + 1 === slow.count),
        JSON.stringify([slow, stretches]),
      );
      assert.deepEqual(recording.story('web'), ['up']);
    });
  });

  it('end with a failed probe, and with the watch', async () => {
    const backend = await echoing(() => 100);
    const watched = backend.watched('web', {}, tcpSpec(backend.port, { send: 'x', expect: 'x' }));
    await withMonitor([{ ...watched, slowMs: 20 }], async (recording, monitor) => {
      await recording.nth(3, 'sample');
      backend.down();
      const first = await recording.nth(1, 'slow');
      await backend.up();
      await recording.nth(1, 'gap');
      await recording.waitFor(() => recording.of('sample').at(-1)?.result === 'up');
      await monitor.stop();
      assert.ok(first.count >= 3);
      assert.equal(recording.of('slow').at(-1)?.service, 'web');
      assert.ok(recording.of('slow').length > 1);
      assert.ok(
        monitor.events.latest(Infinity).some(({ type }) => type === 'slow'),
        'they are numbered',
      );
    });
  });

  it('are none without a limit, and are counted all the same', async () => {
    const backend = await echoing(() => 60);
    const watched = backend.watched('web', {}, tcpSpec(backend.port, { send: 'x', expect: 'x' }));
    await withMonitor([watched], async (recording, monitor) => {
      await recording.nth(5, 'sample');
      const latency = monitor.board.snapshot(monitor.now())[0]?.latency;
      assert.ok(latency !== null && latency !== undefined && latency.p50Ms >= 55 && latency.maxMs >= latency.p99Ms);
      await monitor.stop();
      assert.equal(recording.of('slow').length, 0);
    });
  });
});
