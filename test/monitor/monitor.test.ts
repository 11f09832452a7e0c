import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { isEvent } from '../../src/core/messages.ts';
import type { Watched } from '../../src/probe/spec.ts';
import { tcpSpec } from '../support/probing.ts';
import { freePort } from '../support/servers.ts';
import { TestService, endServices, watched } from '../support/test-service.ts';
import type { Recording } from '../support/recording.ts';
import { withMonitor } from './watch.ts';

function seqs(recording: Recording): number[] {
  return recording.all.flatMap((one) => (isEvent(one) ? [one.seq] : []));
}

/** Strictly: no number is given twice. */
function assertGrows(numbers: readonly number[]): void {
  assert.ok(numbers.length > 0);
  for (const [index, number] of numbers.entries()) assert.ok(number > (numbers[index - 1] ?? 0));
}

describe('Monitor', { concurrency: true }, () => {
  after(endServices);

  it('knows nothing of its services before their first answers, and says so', async () => {
    const backend = await TestService.start();
    await withMonitor([backend.watched('api')], (recording, monitor) => {
      const [hello] = recording.of('hello');
      assert.equal(recording.all[0], hello);
      const { state, status, uptime, reason, timeline } = hello?.services[0] ?? {};
      assert.deepEqual([state, status, reason], ['unknown', 'unknown', null]);
      assert.deepEqual(uptime, { '1h': null, '24h': null, '90d': null });
      assert.equal(timeline?.length, 1);
      assert.equal(monitor.board.services.get('api')?.state, 'unknown');
    });
  });

  it('numbers the events of all its threads in the order in which it emits them, marks among them', async () => {
    const backends = await Promise.all([
      TestService.start(),
      TestService.start(),
      TestService.start(),
      TestService.start(),
    ]);
    const names = backends.map((_, index) => `s${String(index)}`);
    const services = backends.map((backend, index) => backend.watched(names[index] ?? ''));
    await withMonitor(
      services,
      async (recording, monitor) => {
        await recording.waitFor(() => names.every((name) => recording.story(name).length === 1));
        monitor.mark('now');
        for (const backend of backends) backend.down();
        await recording.waitFor(() => names.every((name) => recording.story(name).length === 2));
        await Promise.all(backends.map((backend) => backend.up()));
        await recording.waitFor(() => recording.of('gap').length >= 4);
        await monitor.stop();
        const found = seqs(recording);
        assertGrows(found);
        assert.equal(recording.of('mark')[0]?.text, 'now');
        assert.deepEqual(
          names.map((name) => monitor.board.services.get(name)?.gaps.length),
          [1, 1, 1, 1],
        );
      },
      3,
    );
  });

  it('reports a gap whose bounds hold the truth, across threads', async () => {
    const backend = await TestService.start();
    await withMonitor([backend.watched('api')], async (recording, monitor) => {
      await recording.nth(3, 'sample');
      const fellFrom = monitor.now();
      backend.down();
      const fellTo = monitor.now();
      await recording.waitFor(() => recording.of('sample').filter(({ result }) => result === 'down').length > 5);
      const roseFrom = monitor.now();
      await backend.up();
      const roseTo = monitor.now();
      const gap = await recording.nth(1, 'gap');
      const down = recording.of('transition').find(({ to }) => to === 'down');
      const up = recording.of('transition').findLast(({ to }) => to === 'up');
      // Each thread reads the wall clock for itself, to about a millisecond.
      assert.ok(down !== undefined && down.notBefore <= fellTo + 2 && fellFrom <= down.notAfter + 2);
      assert.ok(up !== undefined && up.notBefore <= roseTo + 2 && roseFrom <= up.notAfter + 2);
      assert.ok(gap.minMs <= roseTo - fellFrom && roseFrom - fellTo <= (gap.maxMs ?? 0));
    });
  });

  it('goes on with the services that did not change, on the same grid, when others do', async () => {
    const [same, changed, gone, come] = await Promise.all([
      TestService.start(),
      TestService.start(),
      TestService.start(),
      TestService.start(),
    ]);
    const before = [same.watched('same', { intervalMs: 250 }), changed.watched('changed'), gone.watched('gone')];
    await withMonitor(before, async (recording, monitor) => {
      await recording.waitFor(() => before.every(({ service }) => recording.of('sample', service.name).length > 8));
      const service = monitor.board.services.get('same');
      const sent = recording.of('sample', 'same').length;
      monitor.apply([
        same.watched('same', { intervalMs: 250 }),
        changed.watched('changed', { timeoutMs: 999 }),
        come.watched('come'),
      ]);
      const at = recording.all.length;
      await recording.waitFor(
        () => recording.of('sample', 'same').length > sent + 8 && recording.of('sample', 'come').length > 5,
      );

      const hello = recording.of('hello').at(-1);
      assert.equal(hello, recording.all[at - 1]);
      assert.deepEqual(hello?.services.map((one) => [one.service, one.state === 'unknown', one.timeoutMs]).sort(), [
        ['changed', false, 999],
        ['come', true, 1000],
        ['same', false, 1000],
      ]);
      assert.equal(monitor.board.services.get('same'), service);
      assert.equal(recording.of('transition', 'same').filter(({ from }) => from === 'unknown').length, 1);
      assert.deepEqual(recording.story('same'), ['up']);
      assert.deepEqual(recording.of('transition', 'come')[0]?.from, 'unknown');
      // A slot may be used late: two that were used in time show the same grid.
      const times = recording.of('sample', 'same').map((sample) => sample.at);
      const apart = (one: number, other: number): number => Math.abs(((((one - other) % 250) + 375) % 250) - 125);
      const after = times.slice(sent + 2);
      assert.ok(times.slice(2, sent).some((one) => after.some((other) => apart(one, other) < 5)));
      const late = recording.all.slice(at).filter((one) => 'service' in one && one.service === 'gone');
      assert.deepEqual(late, []);
    });
  });

  it('does not take what was still emitted of a service for news of the one that has its name now', async () => {
    const backend = await TestService.start();
    const down = watched('api', tcpSpec(await freePort()), { intervalMs: 5 });
    const up = backend.watched('api', { intervalMs: 5 });
    await withMonitor([down], async (recording, monitor) => {
      for (let turn = 0; turn < 10; turn++) {
        await recording.waitFor(() => monitor.board.services.get('api')?.state === 'down');
        monitor.apply([up]);
        const from = recording.all.length;
        await recording.waitFor(() => recording.all.length > from + 3);
        const news = recording.all.slice(from).filter((one) => one.type === 'sample' || one.type === 'transition');
        assert.deepEqual(
          news.filter((one) => one.reason === 'refused'),
          [],
          `turn ${String(turn)}`,
        );
        monitor.apply([down]);
      }
      const found = seqs(recording);
      assertGrows(found);
    });
  });

  it('reports everything that was observed before its end, the open gap last', async () => {
    const services: Watched[] = [watched('gone', tcpSpec(await freePort()))];
    await withMonitor(services, async (recording, monitor) => {
      await recording.nth(5, 'sample');
      await monitor.stop();
      const [open] = recording.of('open-gap');
      const failed = recording.of('sample').filter(({ result }) => result === 'down').length;
      assert.ok(open !== undefined);
      assert.equal(open.failed, failed);
      assert.equal(recording.all.at(-1), open);
      const received = recording.all.length;
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(recording.all.length, received);
    });
  });

  it('passes samples only to readers who want them', async () => {
    const backend = await TestService.start();
    await withMonitor([backend.watched('api')], async (recording, monitor) => {
      const types = new Set<string>();
      const end = monitor.subscribe({
        samples: false,
        take: (messages) => {
          for (const { type } of messages) types.add(type);
        },
      });
      await recording.nth(10, 'sample');
      end();
      // It comes every 5 s.
      types.delete('heartbeat');
      assert.deepEqual([...types].sort(), ['hello', 'transition']);
    });
  });
});
