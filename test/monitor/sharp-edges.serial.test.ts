/** Probes beside the grid, and the idle connection that says when to look. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Watched } from '../../src/probe/spec.ts';
import { takeHighestPriority } from '../support/highest-priority.ts';
import { tcpSpec } from '../support/probing.ts';
import type { Recording } from '../support/recording.ts';
import { endServices, TestService, watched } from '../support/test-service.ts';
import { withEngine } from './watch.ts';

// The services run in this thread too: where it is starved, they are slow.
takeHighestPriority();
afterEach(endServices);

const downs = (recording: Recording, name: string): number[] =>
  recording
    .of('sample', name)
    .filter(({ result }) => result === 'down')
    .map(({ at }) => at);

describe('rechecks', () => {
  const sharp = (backend: TestService, over: Partial<Watched['service']> = {}): Watched => ({
    ...backend.watched('sharp', { intervalMs: 600, ...over }),
    recheckMs: 30,
  });

  it('find the end of a gap long before the next slot', async () => {
    const backend = await TestService.start();
    const services = [sharp(backend), backend.watched('plain', { intervalMs: 600 })];
    await withEngine(services, async (recording) => {
      await recording.waitFor(() => services.every(({ service }) => recording.story(service.name).length > 0));
      backend.down();
      await recording.waitFor(() => downs(recording, 'sharp').length > 6);
      await backend.up();
      await recording.waitFor(() => recording.of('gap').length === 2);
      const [gap] = recording.of('gap', 'sharp');
      const [plain] = recording.of('gap', 'plain');
      assert.ok((gap?.failed ?? 0) > 6 && (plain?.failed ?? 0) <= 2, 'only the one is rechecked');
      assert.ok((gap?.to ?? Infinity) < (plain?.to ?? 0), 'it saw the end first');
      // And no more once it is up.
      const ended = recording.of('sample', 'sharp').length;
      await sleep(300);
      assert.ok(recording.of('sample', 'sharp').length - ended <= 2);
    });
  });

  it('do not count for rise and fall', async () => {
    const backend = await TestService.start();
    await withEngine([sharp(backend, { fall: 3, rise: 2 })], async (recording) => {
      await recording.waitFor(() => recording.story('sharp').length > 0);
      backend.down();
      await recording.waitFor(() => recording.of('status').some(({ status }) => status === 'down'));
      const [failed = 0] = downs(recording, 'sharp');
      const status = recording.of('status').find((one) => one.status === 'down')?.at ?? 0;
      // Two slots later. The first of them may have been sent late, by almost an interval; three rechecks take 90 ms.
      assert.ok(status - failed >= 600, `after ${String(status - failed)} ms`);
    });
  });

  it('are bounded for all services together: with a thousand down the grid is as before', async () => {
    const backend = await TestService.start();
    backend.down();
    const services = Array.from({ length: 1000 }, (_, index): Watched => ({
      ...backend.watched(`s${String(index)}`, { intervalMs: 1000 }),
      recheckMs: 10,
    }));
    await withEngine(services, async (recording) => {
      await recording.waitFor(() => recording.seconds.length >= 4);
      // What one second sends late is counted in the next, once at most for each service.
      const sent = recording.seconds.slice(1, 4).reduce((sum, second) => sum + second.sent, 0);
      const all = recording.of('sample').length;
      const elapsedMs = (recording.of('sample').at(-1)?.at ?? 0) - (recording.of('sample')[0]?.at ?? 0);
      // A thousand a second are of the grid.
      assert.ok(all / (elapsedMs / 1000) < 2500, `${String(all)} probes in ${String(elapsedMs)} ms`);
      const tookMs = (recording.secondsAt[3] ?? 0) - (recording.secondsAt[0] ?? 0);
      assert.ok(sent <= 1000 * (tookMs / 1000 + 1), `${String(sent)} of the grid in ${String(tookMs)} ms`);
    });
  });

  it('become rarer while a service is silent, and leave no more than a few questions with it', async () => {
    const backend = await TestService.start((socket) => {
      socket.on('data', () => backend.isSilent || socket.write('pong'));
    });
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    await withEngine([{ ...backend.watched('sharp', { intervalMs: 300 }, spec), recheckMs: 30 }], async (recording) => {
      await recording.nth(4, 'sample');
      backend.isSilent = true;
      const before = backend.accepted;
      await sleep(3000);
      const asked = backend.accepted - before;
      // 10 slots; every 30 ms it would be 100 more.
      assert.ok(asked > 20 && asked < 90, `${String(asked)} questions`);
      assert.ok(backend.open.size <= 16, `${String(backend.open.size)} at once`);
      backend.isSilent = false;
      const gap = await recording.nth(1, 'gap');
      assert.ok(gap.silenceMs !== null && (gap.silenceMs ?? 0) > 2900);
    });
  });
});

describe('the sentinel', () => {
  const guarded = (backend: TestService, over: Partial<Watched> = {}): Watched => ({
    ...backend.watched('web', { intervalMs: 1000 }),
    sentinel: true,
    recheckMs: 20,
    ...over,
  });

  it('shows at once that the process died, and is no event of its own', async () => {
    const backend = await TestService.start();
    await withEngine([guarded(backend)], async (recording, engine) => {
      await recording.nth(2, 'sample');
      await sleep(300);
      const before = engine.clock.epoch(engine.now());
      backend.down();
      await recording.waitFor(() => recording.states('web').includes('down refused'));
      const fell = recording.of('transition').find(({ to }) => to === 'down');
      assert.ok((fell?.at ?? Infinity) - before < 150, `${String((fell?.at ?? 0) - before)} ms later`);
      assert.deepEqual(recording.of('connection-lost'), []);
      await backend.up();
      const gap = await recording.nth(1, 'gap');
      assert.ok(Math.abs(gap.from - before) < 150);
    });
  });

  /** Connections over which nothing was asked. */
  const idle = (asked: Set<Socket>, all: Set<Socket>): Socket[] => [...all].filter((socket) => !asked.has(socket));

  it('does not bother a server that closes idle connections', async () => {
    const [asked, all] = [new Set<Socket>(), new Set<Socket>()];
    const backend = await TestService.start((socket) => {
      all.add(socket);
      socket.on('data', () => {
        asked.add(socket);
        socket.end('pong');
      });
      // Counted in looks of its own: a thread that was away finds the time over, and what came meanwhile not yet read.
      let looks = 0;
      const look = setInterval(() => {
        if (++looks === 10) socket.end();
      }, 10);
      for (const event of ['data', 'close'])
        socket.once(event, () => {
          clearInterval(look);
        });
    });
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    const service = { ...backend.watched('web', { intervalMs: 50 }, spec), sentinel: true };
    await withEngine([service], async (recording) => {
      await recording.nth(40, 'sample');
      assert.equal(idle(asked, all).length, 1);
      assert.deepEqual(recording.story('web'), ['up']);
    });
  });

  it('is not given up because this thread was away while it was on trial', async () => {
    const [asked, all] = [new Set<Socket>(), new Set<Socket>()];
    let stalls = 3;
    const backend = await TestService.start((socket) => {
      all.add(socket);
      socket.on('data', () => {
        asked.add(socket);
        const isOnTrial = idle(asked, all).length > 0;
        if (isOnTrial && stalls-- > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        socket.end('pong');
      });
    });
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    const service = { ...backend.watched('web', { intervalMs: 50 }, spec), sentinel: true };
    await withEngine([service], async (recording) => {
      await recording.waitFor(() => stalls < 0);
      await recording.nth(recording.of('sample').length + 5, 'sample');
      const [sentinel, ...others] = idle(asked, all);
      assert.deepEqual([sentinel?.destroyed, others.length], [false, 0]);
    });
  });

  it('gives way where a server serves one connection at a time, before that is an outage', async () => {
    const queue: Socket[] = [];
    const asked = new Set<Socket>();
    const all = new Set<Socket>();
    const serveNext = (): void => {
      const socket = queue[0];
      if (socket === undefined) return;
      socket.on('data', () => {
        asked.add(socket);
        socket.end('pong');
      });
      socket.once('close', () => {
        queue.shift();
        serveNext();
      });
      socket.resume();
    };
    const backend = await TestService.start((socket) => {
      all.add(socket);
      socket.pause();
      queue.push(socket);
      if (queue.length === 1) serveNext();
    });
    const spec = tcpSpec(backend.port, { send: 'ping', expect: 'pong' });
    const service = watched('web', spec, { intervalMs: 100, timeoutMs: 1000 });
    await withEngine([{ ...service, sentinel: true, recheckMs: 10 }], async (recording) => {
      await recording.nth(25, 'sample');
      assert.deepEqual(recording.story('web'), ['up']);
      assert.equal(idle(asked, all).length, 1, 'it was tried once, and not again so soon');
    });
  });
});

describe('a peer that has just closed', () => {
  it('must hold longer before it counts as up again, where it closes late', async () => {
    let closeAfterMs: number | null = null;
    const backend = await TestService.start((socket) => {
      if (closeAfterMs !== null) setTimeout(() => socket.destroy(), closeAfterMs);
    });
    const service = backend.watched('hollow', { intervalMs: 50 }, tcpSpec(backend.port, { holdMs: 25 }));
    await withEngine([service], async (recording) => {
      await recording.nth(3, 'sample');
      closeAfterMs = 0;
      await recording.waitFor(() => recording.states('hollow').includes('down closed'));
      // Longer than what counts as up otherwise.
      closeAfterMs = 60;
      const seen = recording.of('sample').length;
      await recording.nth(seen + 20, 'sample');
      assert.deepEqual(recording.of('gap'), []);
      closeAfterMs = null;
      await recording.nth(1, 'gap');
      assert.deepEqual(recording.story('hollow'), ['up', 'down closed', 'up']);
      assert.equal(recording.of('gap').length, 1);
    });
  });
});
