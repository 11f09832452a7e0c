import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { Clock } from '../../src/core/clock.ts';
import { ProbeCounters } from '../../src/core/probe-counters.ts';
import { Engine } from '../../src/monitor/engine.ts';
import { maxInFlight } from '../../src/monitor/grid.ts';
import { DIALECTS, good } from '../support/dialects.ts';
import { tcpSpec } from '../support/probing.ts';
import { held, released } from '../support/resources.ts';
import { closing, freePort, silent } from '../support/servers.ts';
import { Backend, endBackends, watched } from './backend.ts';
import { Hearing } from './hearing.ts';
import { placed, withEngine } from './watch.ts';

describe('Engine', { concurrency: true }, () => {
  after(endBackends);

  it('tells the first answer of each kind of service over each connection, from unknown to up', async () => {
    const backends = await Promise.all(DIALECTS.map((dialect) => Backend.start(good(dialect))));
    const services = DIALECTS.flatMap((dialect, index) =>
      (['new', 'kept'] as const).map((connection) =>
        watched(`${dialect.kind} ${connection}`, dialect.spec(backends[index]?.port ?? 0), { connection }),
      ),
    );
    await withEngine(services, async (hearing) => {
      for (const { service } of services) {
        await hearing.until(() => hearing.story(service.name).length > 0);
        assert.deepEqual(
          [hearing.of('transition', service.name)[0]?.from, hearing.story(service.name)],
          ['unknown', ['up']],
        );
      }
    });
  });

  it('tells nothing of a service before its first answer', async () => {
    const backend = await Backend.start(silent);
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    await withEngine([watched('mute', spec, { timeoutMs: 400 })], async (hearing) => {
      await hearing.nth(1, 'transition');
      const [sample] = hearing.of('sample');
      assert.ok((sample?.durationMs ?? 0) >= 399, 'the first probe was waited for');
      await hearing.until(() => hearing.story('mute').length > 0);
      assert.deepEqual(hearing.story('mute'), ['down timeout-reply']);
    });
  });

  it('gives a service that goes away and comes back one gap, whose bounds hold the truth', async () => {
    const backend = await Backend.start();
    const clock = new Clock();
    await withEngine(
      [backend.watched('api')],
      async (hearing) => {
        await hearing.nth(5, 'sample');
        const fellFrom = clock.epoch(clock.now());
        backend.down();
        const fellTo = clock.epoch(clock.now());
        const failed = hearing.of('sample').length;
        await hearing.until(() => hearing.of('sample').length > failed + 8);
        const roseFrom = clock.epoch(clock.now());
        await backend.up();
        const roseTo = clock.epoch(clock.now());
        const gap = await hearing.nth(1, 'gap');
        const more = hearing.of('sample').length + 5;
        await hearing.until(() => hearing.of('sample').length > more);

        assert.deepEqual(
          hearing.story('api').map((state) => state.split(' ')[0]),
          ['up', 'down', 'up'],
        );
        assert.equal(hearing.of('gap').length, 1);
        const down = hearing.of('transition').find(({ to }) => to === 'down');
        const up = hearing.of('transition').findLast(({ to }) => to === 'up');
        assert.ok(down !== undefined && up !== undefined);
        // The true edges are somewhere within the calls, so the bounds must meet those.
        assert.ok(down.notBefore <= fellTo && fellFrom <= down.notAfter);
        assert.ok(up.notBefore <= roseTo && roseFrom <= up.notAfter);
        assert.ok(gap.minMs <= roseTo - fellFrom && roseFrom - fellTo <= (gap.maxMs ?? 0));
        assert.ok(gap.minMs <= gap.durationMs && gap.durationMs <= (gap.maxMs ?? 0));
        assert.deepEqual([gap.from, gap.to], [down.at, up.at]);
        const lost = hearing.of('sample').filter(({ result }) => result === 'down').length;
        assert.equal(gap.failed, lost);
        // A connection that was accepted by the kernel alone is reset.
        assert.ok(gap.reasons.every(({ reason }) => reason === 'refused' || reason === 'reset'));
      },
      clock,
    );
  });

  it('keeps the cadence of a service that hangs on every probe, and of the others beside it', async () => {
    const [hanging, well] = [await Backend.start(silent), await Backend.start()];
    const spec = tcpSpec(hanging.port, { send: 'ping', expect: 'pong' });
    const services = [watched('hanging', spec, { timeoutMs: 300 }), well.watched('well')];
    let atOnce = 0;
    hanging.behave = (socket) => {
      silent(socket);
      atOnce = Math.max(atOnce, hanging.open.size);
    };
    await withEngine(services, async (hearing) => {
      await hearing.until(() => hearing.of('sample', 'hanging').length >= 40);
      const seen = hearing.of('sample', 'hanging').map(({ at }) => at);
      const spanMs = (seen.at(-1) ?? 0) - (seen[0] ?? 0);
      // Waiting for each probe's end would take 40 times 300 ms.
      assert.ok(spanMs < 40 * 100, `40 probes in ${String(spanMs)} ms`);
      assert.ok(hearing.of('sample', 'well').length >= 20);
      assert.deepEqual(hearing.story('well'), ['up']);
      assert.deepEqual(hearing.story('hanging'), ['down timeout-reply']);
      // One more may be on its way to a close.
      assert.ok(atOnce > 2 && atOnce <= maxInFlight(300, 20) + 1, `${String(atOnce)} at once`);
    });
  });

  it('judges probes in the order of sending: one that hangs while later ones are answered is no flapping', async () => {
    const backend = await Backend.start();
    const answer = (socket: Parameters<typeof silent>[0]): void => {
      socket.once('data', () => socket.write('pong'));
    };
    backend.behave = answer;
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    await withEngine([watched('api', spec, { timeoutMs: 400 })], async (hearing) => {
      await hearing.nth(5, 'sample');
      // One connection gets no answer; those after it do.
      backend.behave = (socket) => {
        backend.behave = answer;
        silent(socket);
      };
      const gap = await hearing.nth(1, 'gap');
      const after = hearing.of('sample').length + 5;
      await hearing.until(() => hearing.of('sample').length > after);
      const samples = hearing.of('sample').toSorted((a, b) => a.at - b.at);
      const lost = samples.findIndex(({ result }) => result === 'down');
      assert.deepEqual(hearing.story('api'), ['up', 'down timeout-reply', 'up']);
      assert.equal(gap.failed, 1);
      assert.deepEqual([gap.from, gap.to], [samples[lost]?.at, samples[lost + 1]?.at]);
      // It ended last, and was told when it had.
      const lastSeenAt = hearing.of('sample').findIndex(({ result }) => result === 'down');
      assert.ok(lastSeenAt > lost, 'later probes were answered before');
      assert.ok(gap.durationMs < 400, `${String(gap.durationMs)} ms`);
    });
  });

  it('takes late answers that overtake each other for what they are: answers', async () => {
    let turn = 0;
    const backend = await Backend.start((socket) => {
      const waits = turn++ % 3 === 0 ? 150 : 0;
      socket.once('data', () => setTimeout(() => socket.write('pong'), waits).unref());
    });
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    await withEngine([watched('api', spec, { timeoutMs: 5000 })], async (hearing) => {
      await hearing.nth(40, 'sample');
      const heard = hearing.of('sample').map(({ at }) => at);
      assert.notDeepEqual(
        heard,
        heard.toSorted((a, b) => a - b),
      );
      assert.deepEqual(hearing.story('api'), ['up']);
    });
  });

  it('goes on with what it watches while others come and go', async () => {
    const [stays, goes] = [await Backend.start(), await Backend.start()];
    await withEngine([stays.watched('stays'), goes.watched('goes')], async (hearing, engine) => {
      await hearing.until(() => hearing.of('sample', 'goes').length > 3 && hearing.of('sample', 'stays').length > 3);
      engine.remove(['goes', 'unheard of']);
      const left = hearing.of('sample', 'goes').length;
      const accepted = goes.accepted;
      await engine.add([placed(goes.watched('comes'))]);
      await hearing.nth(3, 'sample', 'comes');
      assert.equal(hearing.of('sample', 'goes').length, left);
      assert.ok(goes.accepted > accepted);
      assert.deepEqual(hearing.story('stays'), ['up']);
    });
  });

  it('counts every probe by what it found', async () => {
    const backend = await Backend.start();
    const hearing = new Hearing();
    const engine = new Engine(hearing);
    engine.samplesWanted = true;
    const place = placed(backend.watched('api'));
    await engine.add([place]);
    await hearing.nth(3, 'sample');
    backend.down();
    await hearing.nth(2, 'transition');
    engine.stop();
    for (const { result, reason, count } of new ProbeCounters(place.counters).counts()) {
      const heard = hearing.of('sample').filter((sample) => sample.result === result && sample.reason === reason);
      assert.deepEqual([reason, count], [reason, heard.length]);
    }
  });
});

describe('the end of an Engine', () => {
  it('tells the gaps that are open, and leaves nothing open', async () => {
    const before = held();
    const kept = await Backend.start();
    const hanging = await Backend.start(silent);
    const hollow = await Backend.start(closing);
    const spec = tcpSpec(hanging.port, { send: 'ping', expect: 'pong' });
    const services = [
      watched('gone', tcpSpec(await freePort())),
      watched('hanging', spec, { timeoutMs: 30_000, intervalMs: 1000 }),
      hollow.watched('hollow', {}, tcpSpec(hollow.port)),
      kept.watched('kept', { connection: 'kept' }),
    ];
    const hearing = new Hearing();
    const engine = new Engine(hearing);
    await engine.add(services.map(placed));
    await hearing.until(() => ['gone', 'hollow', 'kept'].every((name) => hearing.of('transition', name).length > 0));
    await hearing.until(() => hanging.accepted > 0);
    engine.stop();
    const told = hearing.all.length;
    const open = hearing.of('open-gap');
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
    assert.equal(hearing.all.length, told, 'nothing is told after the end');
  });
});
