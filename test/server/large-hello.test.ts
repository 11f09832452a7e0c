/** A hello of many services that flap stays below what clients of other languages take: 1 MiB. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { GapFacts, Hello, TimelineInterval } from '../../src/core/messages.ts';
import { clientOf } from '../client/client-of.ts';
import { gap, snapshot } from '../support/builders.ts';
import { Recording } from '../support/recording.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { waitFor } from '../support/wait-for.ts';
import { askJson } from './asking.ts';
import { Listener } from './listener.ts';
import { served, TOKEN } from './scene.ts';

const LIMIT = 900_000;
const START = Date.UTC(2026, 10, 20);

/** A service that was down every second, so often. */
function flapping(name: string, times: number, message: string) {
  const timeline: TimelineInterval[] = [];
  const gaps: GapFacts[] = [];
  for (let n = 0; n < times; n++) {
    const from = START + n * 1000 + 0.123;
    timeline.push({ state: 'up', from, to: from + 500 }, { state: 'down', from: from + 500, to: from + 1000 });
    const reasons = [{ reason: 'refused' as const, count: 5, message }];
    gaps.push(gap(name, from + 500, from + 1000, { reasons, provenMinMs: 400, silenceMs: 600 }));
  }
  timeline.push({ state: 'up', from: START + times * 1000 + 0.123, to: null });
  return snapshot(name, { timeline, gaps: gaps.slice(-20) });
}

function monitorOf(count: number, times: number, message = 'nothing listens there (127.0.0.1:8080)'): ScriptedMonitor {
  const services = [
    ...Array.from({ length: count }, (_, n) => flapping(`service ${String(n)}`, times, message)),
    flapping('quiet', 1, message),
  ];
  return new ScriptedMonitor({ services, clock: START + times * 1000 + 5000 });
}

const bytesOf = (hello: object): number => Buffer.byteLength(JSON.stringify(hello));

describe('a hello of services that flap', () => {
  for (const [count, times, message] of [
    [60, 120, undefined],
    [200, 120, undefined],
    [200, 120, 'ü'.repeat(400)],
    [1000, 20, undefined],
  ] as const)
    for (const view of ['private', 'public'] as const)
      it(`fits into 900 kB: ${String(count)}, ${view}${message === undefined ? '' : ', long messages'}`, async (t) => {
        const monitor = monitorOf(count, times, message);
        const { feed, ws } = await served(monitor, { token: TOKEN, public: true });
        t.after(() => feed.close());
        const query = view === 'private' ? `?token=${TOKEN}` : '';
        const client = await Listener.open(ws + query, { maxPayload: 1024 * 1024 });
        const hello = client.received[0] as unknown as Hello;
        const bytes = bytesOf(hello);
        assert.ok(bytes <= LIMIT, String(bytes));
        assert.equal(hello.services.length, count + 1);
        const whole = new Map(monitor.hello().services.map((service) => [service.service, service]));
        for (const { service, state, timeline, gaps, truncated } of hello.services) {
          const known = whole.get(service)!;
          assert.equal(state, 'up');
          // The newest, without a hole.
          assert.deepEqual(timeline, known.timeline.slice(-timeline.length), service);
          assert.deepEqual(
            gaps.map(({ to }) => to),
            known.gaps.slice(-gaps.length).map(({ to }) => to),
          );
          assert.ok(timeline.length >= 1 && gaps.length >= 1);
          assert.equal(
            truncated,
            timeline.length < known.timeline.length || gaps.length < known.gaps.length || undefined,
          );
        }
        // What fits is there: of the one that has little, all.
        if (count <= 200) assert.equal(hello.services.at(-1)?.truncated, undefined);
        if (bytesOf({ ...hello, services: [...whole.values()] }) > LIMIT * 1.2)
          assert.ok(bytes > LIMIT * 0.6, String(bytes));
      });

  it('is whole where it is small', async (t) => {
    const monitor = monitorOf(3, 50);
    const { feed, ws } = await served(monitor);
    t.after(() => feed.close());
    const client = await Listener.open(ws);
    const services = client.received[0]!['services'] as Hello['services'];
    for (const { truncated, timeline, service } of services) {
      assert.equal(truncated, undefined);
      assert.equal(timeline.length, monitor.board.services.get(service)?.timeline.length);
    }
  });

  it('has the present state of each where the services alone take more', async (t) => {
    const monitor = monitorOf(3000, 5);
    const { feed, ws } = await served(monitor);
    t.after(() => feed.close());
    const client = await Listener.open(ws);
    const services = client.received[0]!['services'] as Hello['services'];
    assert.equal(services.length, 3001);
    for (const { timeline, gaps } of services) assert.deepEqual([timeline.length, gaps.length], [1, 1]);
    // What took long to make serves the next client, though the first has left.
    await client.close();
    await waitFor(() => feed.clients === 0);
    monitor.mark('meanwhile');
    const next = await Listener.open(ws);
    assert.equal(next.received[0]?.['seq'], client.received[0]?.['seq']);
    await next.find(({ text }) => text === 'meanwhile');
  });

  it('is understood by our own client, and the rest is there over HTTP', async (t) => {
    const monitor = monitorOf(60, 120);
    const { feed, ws } = await served(monitor);
    t.after(() => feed.close());
    const recording = new Recording(false);
    const client = clientOf(ws, recording);
    await waitFor(() => recording.of('hello').length > 0);
    const [hello] = recording.of('hello');
    assert.equal(hello?.services.length, 61);
    assert.equal(hello.services[0]?.truncated, true);
    const { value } = await askJson(`${feed.address.url}/api/v1/timeline?service=service%200&from=2d`);
    const [timeline] = value['services'] as Hello['services'];
    assert.equal(timeline?.timeline.length, monitor.board.services.get('service 0')?.timeline.length);
    client.close();
  });
});
