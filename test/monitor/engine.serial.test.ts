import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { Clock } from '../../src/core/clock.ts';
import { ProbeCounters } from '../../src/core/probe-counters.ts';
import type { SampleMessage } from '../../src/core/messages.ts';
import { Engine } from '../../src/monitor/engine.ts';
import { maxInFlight } from '../../src/monitor/grid.ts';
import { DIALECTS, good } from '../support/dialects.ts';
import { tcpSpec } from '../support/probing.ts';
import { takeHighestPriority } from '../support/highest-priority.ts';
import { held, released } from '../support/resources.ts';
import { closing, freePort, silent } from '../support/servers.ts';
import { TestService, endServices, watched } from '../support/test-service.ts';
import { Recording } from '../support/recording.ts';
import { block, placed, withEngine } from './watch.ts';

// The services run in this thread too: where it is starved, they are slow.
takeHighestPriority();

describe('Engine', { concurrency: true }, () => {
  after(endServices);

  it('reports the first answer of each kind of service over each connection, from unknown to up', async () => {
    const backends = await Promise.all(DIALECTS.map((dialect) => TestService.start(good(dialect))));
    const services = DIALECTS.flatMap((dialect, index) =>
      (['new', 'kept'] as const).map((connection) =>
        watched(`${dialect.kind} ${connection}`, dialect.spec(backends[index]?.port ?? 0), { connection }),
      ),
    );
    await withEngine(services, async (recording) => {
      for (const { service } of services) {
        await recording.waitFor(() => recording.story(service.name).length > 0);
        assert.deepEqual(
          [recording.of('transition', service.name)[0]?.from, recording.story(service.name)],
          ['unknown', ['up']],
        );
      }
    });
  });

  it('reports nothing of a service before its first answer', async () => {
    const backend = await TestService.start(silent);
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    await withEngine([watched('mute', spec, { timeoutMs: 400 })], async (recording) => {
      await recording.nth(1, 'transition');
      const [sample] = recording.of('sample');
      assert.ok((sample?.durationMs ?? 0) >= 399, 'the first probe was waited for');
      await recording.waitFor(() => recording.story('mute').length > 0);
      assert.deepEqual(recording.story('mute'), ['down timeout-reply']);
    });
  });

  it('counts its absence also where something else comes before the wake that was due', async () => {
    const engine = new Engine(new Recording());
    block(300);
    // Plans the next wake again, as a recheck does.
    await engine.add([]);
    assert.ok(engine.stalledMs() > 250, `${String(engine.stalledMs())} ms`);
    engine.stop();
  });

  it('counts its absence also where it is stopped in the middle of a wake', async () => {
    const engine = await new Promise<Engine>((resolve) => {
      const started: Engine = new Engine({
        emit: () => undefined,
        stats: () => {
          block(300);
          setTimeout(resolve, 100, started);
        },
      });
    });
    assert.ok(engine.stalledMs() > 250, `${String(engine.stalledMs())} ms`);
    engine.stop();
  });

  it('gives a service that goes away and comes back one gap, whose bounds hold the truth', async () => {
    const backend = await TestService.start();
    const clock = new Clock();
    await withEngine(
      [backend.watched('api')],
      async (recording) => {
        await recording.nth(5, 'sample');
        const fellFrom = clock.epoch(clock.now());
        backend.down();
        const fellTo = clock.epoch(clock.now());
        const failed = recording.of('sample').length;
        await recording.waitFor(() => recording.of('sample').length > failed + 8);
        const roseFrom = clock.epoch(clock.now());
        await backend.up();
        const roseTo = clock.epoch(clock.now());
        const gap = await recording.nth(1, 'gap');
        const more = recording.of('sample').length + 5;
        await recording.waitFor(() => recording.of('sample').length > more);

        const transitions = recording.of('transition');
        // Where this machine is busy it may be unobserved in between, and down for another reason after that.
        const seen = transitions.map(({ to }) => to).filter((to) => to !== 'unobserved');
        assert.deepEqual(
          seen.filter((to, index) => to !== seen[index - 1]),
          ['up', 'down', 'up'],
        );
        assert.equal(recording.of('gap').length, 1);
        const fell = transitions.findIndex(({ to }) => to === 'down');
        const rose = transitions.findIndex(({ to }, index) => to === 'up' && index > fell);
        const [down, before, up] = [transitions[fell], transitions[rose - 1], transitions[rose]];
        assert.ok(down !== undefined && before !== undefined && up !== undefined);
        // The true edges are somewhere within the calls, so the bounds must meet those.
        assert.ok(down.notBefore <= fellTo && fellFrom <= down.notAfter);
        assert.ok(up.notBefore <= roseTo && roseFrom <= up.notAfter);
        assert.ok(gap.minMs <= roseTo - fellFrom && roseFrom - fellTo <= (gap.maxMs ?? 0));
        assert.ok(gap.minMs <= gap.durationMs && gap.durationMs <= (gap.maxMs ?? 0));
        assert.deepEqual([gap.from, gap.to], [down.at, before.to === 'unobserved' ? before.at : up.at]);
        const lost = recording.of('sample').filter(({ result }) => result === 'down').length;
        assert.equal(gap.failed, lost);
        // A connection that was accepted by the kernel alone is reset.
        assert.ok(gap.reasons.every(({ reason }) => reason === 'refused' || reason === 'reset'));
      },
      clock,
    );
  });

  it('keeps the cadence of a service that hangs on every probe, and of the others beside it', async () => {
    const [hanging, well] = [await TestService.start(silent), await TestService.start()];
    const spec = tcpSpec(hanging.port, { send: 'ping', expect: 'pong' });
    const services = [watched('hanging', spec, { timeoutMs: 300 }), well.watched('well')];
    let atOnce = 0;
    hanging.behave = (socket) => {
      silent(socket);
      atOnce = Math.max(atOnce, hanging.open.size);
    };
    await withEngine(services, async (recording) => {
      await recording.waitFor(() => recording.of('sample', 'hanging').length >= 40);
      const seen = recording.of('sample', 'hanging').map(({ at }) => at);
      const spanMs = (seen.at(-1) ?? 0) - (seen[0] ?? 0);
      const missed = recording.seconds.reduce((sum, second) => sum + second.missed, 0);
      // Waiting for each probe's end would take 40 times 300 ms. The slots that this thread missed, it says.
      assert.ok(spanMs - missed * 20 < 40 * 100, `40 probes in ${String(spanMs)} ms, ${String(missed)} missed`);
      assert.ok(recording.of('sample', 'well').length >= 20);
      assert.deepEqual(recording.story('well'), ['up']);
      assert.deepEqual(recording.story('hanging'), ['down timeout-reply']);
      // One more may be on its way to a close.
      assert.ok(atOnce > 2 && atOnce <= maxInFlight(300, 20) + 1, `${String(atOnce)} at once`);
    });
  });

  it('judges probes in the order of sending: one that hangs while later ones are answered is no flapping', async () => {
    const backend = await TestService.start();
    const answer = (socket: Parameters<typeof silent>[0]): void => {
      socket.once('data', () => socket.write('pong'));
    };
    backend.behave = answer;
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    await withEngine([watched('api', spec, { timeoutMs: 400 })], async (recording) => {
      await recording.nth(5, 'sample');
      const failed = (): SampleMessage[] => recording.of('sample').filter(({ result }) => result !== 'up');
      // Where this machine is busy the engine may truly stall, and judge nothing: then once more.
      while (failed().at(-1)?.result !== 'down') {
        // One connection gets no answer; those after it do.
        backend.behave = (socket) => {
          backend.behave = answer;
          silent(socket);
        };
        const before = failed().length;
        await recording.waitFor(() => failed().length > before);
      }
      const gap = await recording.nth(1, 'gap');
      const after = recording.of('sample').length + 5;
      await recording.waitFor(() => recording.of('sample').length > after);
      const samples = recording.of('sample').toSorted((a, b) => a.at - b.at);
      const lost = samples.findIndex(({ result }) => result === 'down');
      assert.deepEqual(recording.story('api'), ['up', 'down timeout-reply', 'up']);
      assert.equal(gap.failed, 1);
      const transitions = recording.of('transition');
      const next = transitions[transitions.findIndex(({ to }) => to === 'down') + 1];
      const to = next?.to === 'unobserved' ? next.at : samples[lost + 1]?.at;
      assert.deepEqual([gap.from, gap.to], [samples[lost]?.at, to]);
      // It ended last, and was reported when it had.
      const lastSeenAt = recording.of('sample').findIndex(({ result }) => result === 'down');
      assert.ok(lastSeenAt > lost, 'later probes were answered before');
      assert.ok(gap.durationMs < 400, `${String(gap.durationMs)} ms`);
    });
  });

  it('takes late answers that overtake each other for what they are: answers', async () => {
    let turn = 0;
    const backend = await TestService.start((socket) => {
      const waits = turn++ % 3 === 0 ? 150 : 0;
      socket.once('data', () => setTimeout(() => socket.write('pong'), waits).unref());
    });
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    await withEngine([watched('api', spec, { timeoutMs: 5000 })], async (recording) => {
      await recording.nth(40, 'sample');
      const samples = recording.of('sample').map(({ at }) => at);
      assert.notDeepEqual(
        samples,
        samples.toSorted((a, b) => a - b),
      );
      assert.deepEqual(recording.story('api'), ['up']);
    });
  });

  it('goes on with what it watches while others come and go', async () => {
    const [stays, goes] = [await TestService.start(), await TestService.start()];
    await withEngine([stays.watched('stays'), goes.watched('goes')], async (recording, engine) => {
      await recording.waitFor(
        () => recording.of('sample', 'goes').length > 3 && recording.of('sample', 'stays').length > 3,
      );
      engine.remove(['goes', 'unheard of']);
      const left = recording.of('sample', 'goes').length;
      const accepted = goes.accepted;
      await engine.add([placed(goes.watched('comes'))]);
      await recording.nth(3, 'sample', 'comes');
      assert.equal(recording.of('sample', 'goes').length, left);
      assert.ok(goes.accepted > accepted);
      assert.deepEqual(recording.story('stays'), ['up']);
    });
  });

  it('counts every probe by what it found', async () => {
    const backend = await TestService.start();
    const recording = new Recording();
    const engine = new Engine(recording);
    engine.samplesWanted = true;
    const place = placed(backend.watched('api'));
    await engine.add([place]);
    await recording.nth(3, 'sample');
    backend.down();
    await recording.nth(2, 'transition');
    engine.stop();
    for (const { result, reason, count } of new ProbeCounters(place.counters).counts()) {
      const samples = recording.of('sample').filter((sample) => sample.result === result && sample.reason === reason);
      assert.deepEqual([reason, count], [reason, samples.length]);
    }
  });
});

describe('the end of an Engine', () => {
  it('reports the gaps that are open, and leaves nothing open', async () => {
    const before = held();
    const kept = await TestService.start();
    const hanging = await TestService.start(silent);
    const hollow = await TestService.start(closing);
    const spec = tcpSpec(hanging.port, { send: 'ping', expect: 'pong' });
    const services = [
      watched('gone', tcpSpec(await freePort())),
      watched('hanging', spec, { timeoutMs: 30_000, intervalMs: 1000 }),
      hollow.watched('hollow', {}, tcpSpec(hollow.port)),
      kept.watched('kept', { connection: 'kept' }),
    ];
    const recording = new Recording();
    const engine = new Engine(recording);
    await engine.add(services.map(placed));
    await recording.waitFor(() =>
      ['gone', 'hollow', 'kept'].every((name) => recording.of('transition', name).length > 0),
    );
    await recording.waitFor(() => hanging.accepted > 0);
    engine.stop();
    const emitted = recording.all.length;
    const open = recording.of('open-gap');
    assert.deepEqual(
      open.map(({ service, reasons }) => [service, reasons[0]?.reason]),
      [
        ['gone', 'refused'],
        ['hollow', 'closed'],
      ],
    );
    for (const gap of open) assert.ok(gap.failed >= 1 && gap.minMs <= gap.durationMs);
    for (const backend of [kept, hanging, hollow]) backend.down();
    await released(before);
    assert.equal(recording.all.length, emitted, 'nothing is emitted after the end');
  });
});
