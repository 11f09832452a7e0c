import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { stat } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { type ClockSource, Clock, systemClock } from '../../src/core/clock.ts';
import type { Watched } from '../../src/probe/spec.ts';
import { tcpSpec } from '../support/probing.ts';
import { silent } from '../support/servers.ts';
import { TestService, endServices, watched } from '../support/test-service.ts';
import type { Recording } from '../support/recording.ts';
import { withEngine } from './watch.ts';

const STALL_MS = 600;

/**
 * Keeps this thread from doing anything else, in a callback of I/O: timers have their turn after that, before sockets
 * are read.
 * @param before called there first
 */
function stall(ms: number, before: () => void = () => undefined): Promise<void> {
  return new Promise((resolve) => {
    stat('.', () => {
      before();
      const until = performance.now() + ms;
      while (performance.now() < until);
      resolve();
    });
  });
}

describe("a stall of the engine's own thread", () => {
  const script = fileURLToPath(new URL('./children/patient.js', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  let port = 0;

  before(async () => {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    port = Number(line);
  });
  after(() => {
    child.stdin.end();
  });

  /** A service that answers after `waitMs`. */
  const patient = (name: string, waitMs: number, over: Partial<Watched['service']> = {}): Watched =>
    watched(name, tcpSpec(port, { send: `wait ${String(waitMs)}\n`, expect: 'pong' }), over);

  /** Stalls once every service has a probe on its way. Returns when it began and ended, as labels. */
  const stallAmid = async (recording: Recording, clock: Clock): Promise<readonly [from: number, to: number]> => {
    await recording.waitFor(() => recording.of('sample', 'api').length >= 2);
    const from = clock.epoch(clock.now());
    await stall(STALL_MS);
    return [from, clock.epoch(clock.now())];
  };

  it('is unobserved time: missed, not made up for, and no outage of anybody', async () => {
    const clock = new Clock();
    const services = [patient('api', 0), patient('slow', 60, { timeoutMs: 200 })];
    await withEngine(
      services,
      async (recording) => {
        await recording.waitFor(() => recording.story('slow').length > 0);
        const [from, to] = await stallAmid(recording, clock);
        const missed = (): number => recording.seconds.reduce((sum, second) => sum + second.missed, 0);
        await recording.waitFor(() => missed() >= 2 * (STALL_MS / 20 - 4));
        for (const name of ['api', 'slow']) {
          await recording.waitFor(() => recording.of('transition', name).some(({ at }) => at >= to - 1));
          const transitions = recording.of('transition', name);
          const seen = transitions.findIndex(({ at }) => at >= to - 1);
          const [blind, back] = [transitions[seen - 1], transitions[seen]];
          // From the first slot that was not used until the first probe after it.
          assert.deepEqual([blind?.to, blind?.reason, back?.to], ['unobserved', 'stalled', 'up'], name);
          assert.ok((blind?.at ?? Infinity) <= from + 21, name);
          assert.deepEqual(recording.story(name), ['up']);
          assert.equal(recording.of('sample', name).filter(({ result }) => result === 'down').length, 0);
          // One slot late, and then the grid as before: the first 100 ms have room for six.
          const soon = recording.of('sample', name).filter(({ at }) => at >= to - 1 && at < to + 100);
          assert.ok(soon.length <= 7, `${String(soon.length)} probes in the 100 ms after it`);
        }
        assert.deepEqual(recording.of('gap'), []);
      },
      clock,
    );
  });

  it('does not hide the answers that came meanwhile', async () => {
    const clock = new Clock();
    // Answered after 150 ms of the stall, due after 300: the deadline passes before anybody can look.
    const services = [patient('api', 0), patient('slow', 150, { timeoutMs: 300, intervalMs: 60_000 })];
    await withEngine(
      services,
      async (recording) => {
        await stallAmid(recording, clock);
        const sample = await recording.nth(1, 'sample', 'slow');
        assert.deepEqual([sample.result, sample.reason], ['up', null]);
        assert.ok(sample.durationMs > 300, 'it was restored its deadline');
      },
      clock,
    );
  });

  for (const [stallMs, found] of [
    [80, ['down', 'closed']],
    // So long that a healthy peer may have lost patience.
    [400, ['unobserved', 'stalled']],
  ] as const) {
    it(`does not pass for the time that an accepted connection stayed open: ${String(stallMs)} ms`, async () => {
      const hollow = await TestService.start((socket) => {
        setTimeout(() => {
          void stall(stallMs, () => socket.destroy());
        }, 5);
      });
      const probe = tcpSpec(hollow.port, { holdMs: stallMs * 0.75 });
      await withEngine([hollow.watched('hollow', { intervalMs: 60_000 }, probe)], async (recording) => {
        const sample = await recording.nth(1, 'sample');
        assert.deepEqual([sample.result, sample.reason], found);
      });
      await endServices();
    });
  }

  it('does not excuse a silence, or a close, where the question had left before', async () => {
    const clock = new Clock();
    const dropped = tcpSpec(port, { send: 'drop 200\n', expect: 'pong' });
    const services = [
      patient('api', 0),
      patient('mute', 60_000, { timeoutMs: 500, intervalMs: 60_000 }),
      watched('dropped', dropped, { timeoutMs: 500, intervalMs: 60_000 }),
    ];
    await withEngine(
      services,
      async (recording) => {
        await stallAmid(recording, clock);
        for (const [name, reason] of [
          ['mute', 'timeout-reply'],
          ['dropped', 'closed'],
        ] as const) {
          const sample = await recording.nth(1, 'sample', name);
          assert.deepEqual([sample.result, sample.reason], ['down', reason]);
        }
      },
      clock,
    );
  });
});

/** The clocks of this machine, with hands that a test can move. */
class Hands implements ClockSource {
  stepMs = 0;
  sleptMs = 0;

  monotonic(): number {
    return systemClock.monotonic();
  }

  wall(): number {
    return systemClock.wall() + this.stepMs + this.sleptMs;
  }

  boot(): number {
    return systemClock.boot() + this.sleptMs;
  }
}

describe('a clock that steps', () => {
  afterEach(endServices);

  for (const stepMs of [3_600_000, -3_600_000]) {
    it(`gives new labels and changes no state and no length: by ${String(stepMs)} ms`, async () => {
      const hands = new Hands();
      const backend = await TestService.start();
      await withEngine(
        [backend.watched('api')],
        async (recording) => {
          await recording.nth(5, 'sample');
          backend.down();
          await recording.waitFor(() => recording.story('api').length > 1);
          hands.stepMs = stepMs;
          const seen = recording.of('sample').length + 10;
          await recording.waitFor(() => recording.of('sample').length > seen);
          await backend.up();
          const gap = await recording.nth(1, 'gap');
          assert.deepEqual(recording.outline('api'), ['up', 'down', 'up']);
          assert.ok(gap.durationMs > 150 && gap.durationMs < 60_000, `${String(gap.durationMs)} ms`);
          assert.ok(gap.minMs <= gap.durationMs && gap.durationMs <= (gap.maxMs ?? 0));
          const last = await recording.nth(seen + 20, 'sample');
          assert.ok(Math.abs(last.at - hands.wall()) < 60_000, 'labelled by the clock as it stands now');
        },
        new Clock(hands),
      );
    });
  }
});

describe('a machine that sleeps', () => {
  afterEach(endServices);
  const HOUR_MS = 3_600_000;

  it('was not observing: every service is reported so, however many there are', async () => {
    const hands = new Hands();
    const backend = await TestService.start();
    const names = Array.from({ length: 80 }, (_, index) => `s${String(index)}`);
    const services = names.map((name) => backend.watched(name, { intervalMs: 100 }));
    await withEngine(
      services,
      async (recording) => {
        await recording.waitFor(() => names.every((name) => recording.of('sample', name).length > 0));
        hands.sleptMs = HOUR_MS;
        /** The transition to the hour that a service was not seen, and how long that was. */
        const hour = (name: string): readonly [reason: string | null, ms: number] | undefined =>
          recording
            .of('transition', name)
            .map(({ reason, at }, index, all) => [reason, (all[index + 1]?.at ?? at) - at] as const)
            .find(([, ms]) => ms > HOUR_MS - 10_000);
        await recording.waitFor(() => names.every((name) => hour(name) !== undefined));
        for (const name of names) {
          const lastedMs = hour(name)?.[1] ?? 0;
          assert.ok(lastedMs < HOUR_MS + 60_000, `${name}: ${String(lastedMs)} ms`);
          assert.ok(!recording.story(name).some((state) => state.startsWith('down')), name);
        }
        // Where this machine is busy some may have been unobserved before.
        assert.ok(names.filter((name) => hour(name)?.[0] === 'suspended').length > 60);
      },
      new Clock(hands),
    );
  });

  it('does not blame a service for the probes that were on their way', async () => {
    const hands = new Hands();
    const backend = await TestService.start(silent);
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    await withEngine(
      [watched('api', spec, { intervalMs: 60_000, timeoutMs: 60_000 })],
      async (recording) => {
        await backend.nextConnection();
        hands.sleptMs = HOUR_MS;
        // The peer has given up too, as far as anybody sees.
        const later = setTimeout(() => {
          backend.cut();
        }, 500);
        const sample = await recording.nth(1, 'sample');
        clearTimeout(later);
        assert.deepEqual([sample.result, sample.reason], ['unobserved', 'suspended']);
        assert.deepEqual(recording.states('api'), ['unobserved suspended']);
      },
      new Clock(hands),
    );
  });
});
