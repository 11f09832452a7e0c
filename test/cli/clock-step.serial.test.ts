/** The whole program on a machine whose clock is wrong, or is set while it runs. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { decode } from '../../src/core/message-schema.ts';
import type { Message } from '../../src/core/messages.ts';
import { TestService, endServices } from '../support/test-service.ts';
import { waitFor } from '../support/wait-for.ts';
import { endPrograms, FOLDER, Program, run } from './program.ts';

const HOUR = 3_600_000;

/** The surroundings of a program whose clock is ahead of this one's; `set` steps it. */
function clockAhead(ms: number): { env: Record<string, string>; set: (ms: number) => void } {
  const folder = mkdtempSync(join(FOLDER, 'clock-'));
  const [file, preload] = [join(folder, 'ahead'), join(folder, 'preload.mjs')];
  const set = (ahead: number): void => {
    writeFileSync(file, String(ahead));
  };
  set(ms);
  writeFileSync(
    preload,
    `import { readFileSync } from 'node:fs';
    const real = Date.now;
    let ahead = 0, readAt = -Infinity;
    Date.now = () => {
      if (performance.now() - readAt > 50) {
        readAt = performance.now();
        ahead = Number(readFileSync(${JSON.stringify(file)}, 'utf8')) || ahead;
      }
      return real() + ahead;
    };`,
  );
  return { env: { NODE_OPTIONS: `--import ${pathToFileURL(preload).href}` }, set };
}

function readAll(program: Program): Message[] {
  return program.lines.map((line) => {
    const message = decode(line);
    assert.ok('type' in message, `${line}: ${JSON.stringify(message)}`);
    return message;
  });
}

after(async () => {
  await endPrograms();
  await endServices();
});

describe('a restart with the clock behind the history', { concurrency: true }, () => {
  for (const [words, aheadMs] of [
    ['1 s', 1000],
    ['60 s', 60_000],
    ['3 h', 3 * HOUR],
    ['2 days', 48 * HOUR],
  ] as const) {
    for (const state of ['down', 'up', 'unobserved'] as const) {
      it(`by ${words}, of a service that was ${state}`, async () => {
        const service = await TestService.start();
        const target = `web=${String(service.port)}`;
        const data = mkdtempSync(join(FOLDER, 'data-'));
        const args = ['watch', target, '--interval', '50ms', '--format', 'json', '--data', data];
        const first = new Program(args, { env: clockAhead(aheadMs).env });
        await first.line(/"to":"up"/);
        if (state === 'down') {
          service.down();
          await first.line(/"to":"down"/);
        }
        await first.end(state === 'unobserved' ? 'SIGKILL' : 'SIGTERM');
        if (state === 'up') service.down();

        const second = new Program(args);
        await second.line(state === 'up' ? /"to":"down"/ : /"type":"transition"/);
        if (state !== 'unobserved') {
          await service.up();
          await second.line(/"type":"gap"/);
        }
        await second.line(/"type":"heartbeat"/);
        await second.end();
        const messages = readAll(second);
        const latest = Date.now() + 5;
        for (const message of messages) {
          if (message.type === 'gap') {
            const { from, to, minMs, durationMs, maxMs } = message;
            assert.ok(from <= to && to <= latest && minMs >= 0 && minMs <= durationMs, JSON.stringify(message));
            assert.ok(maxMs === null || maxMs >= durationMs, JSON.stringify(message));
          } else if (message.type === 'transition') {
            assert.ok(message.at <= latest && message.notBefore <= message.notAfter, JSON.stringify(message));
          } else if (message.type === 'hello') {
            for (const one of message.services) {
              assert.ok(
                one.since <= latest && one.timeline.every(({ from, to }) => from <= latest && (to ?? 0) <= latest),
              );
              assert.ok(one.gaps.every(({ to }) => to <= latest));
              assert.ok(Object.values(one.observed).every((ms) => ms <= 90 * 24 * HOUR));
            }
          }
        }
        const seqs = messages.flatMap((message) =>
          'seq' in message && message.type !== 'hello' && message.type !== 'heartbeat' ? [message.seq] : [],
        );
        assert.deepEqual(
          seqs,
          seqs.toSorted((a, b) => a - b),
        );

        const report = await run(['report', '--data', data, '--since', '1h']);
        assert.equal(report.code, 0, report.stderr);
        assert.doesNotMatch(report.stdout, /-\d+(\.\d+)? m?s|NaN|Invalid|undefined/);
      });
    }
  }
});

describe('a clock that is set while the program runs', { concurrency: true }, () => {
  for (const [words, stepMs] of [
    ['back by 3 h', -3 * HOUR],
    ['back by 60 s', -60_000],
    ['forward by 3 h', 3 * HOUR],
  ] as const) {
    it(`${words}: no state begins in the future, and each has lasted`, async () => {
      const service = await TestService.start();
      const clock = clockAhead(1);
      const args = [
        'serve',
        `web=${String(service.port)}`,
        '--interval',
        '50ms',
        '--data',
        'off',
        '--listen',
        '127.0.0.1:0',
      ];
      const program = new Program(args, { env: clock.env });
      await program.said(/http:\/\/127\.0\.0\.1:\d+/);
      const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(program.stderr + program.stdout) ?? [];
      const status = async (): Promise<{
        now: number;
        services: { since: number; steadySince?: number; state: string }[];
      }> => (await (await fetch(`${url}/api/v1/status`)).json()) as never;
      const upForMs = async (): Promise<number> => {
        const { now, services } = await status();
        const { state, since = now, steadySince = since } = services[0] ?? {};
        return state === 'up' ? now - steadySince : 0;
      };
      // Longer than from one heartbeat to the next: that is how much of an age a step may take away.
      await waitFor(async () => (await upForMs()) > 6000);
      clock.set(stepMs);
      for (let turn = 0; turn < 24; turn++) {
        await sleep(250);
        const { now, services } = await status();
        assert.ok((services[0]?.since ?? Infinity) <= now, `${String(turn)}: ${JSON.stringify({ now, services })}`);
      }
      assert.ok((await upForMs()) > 5000, 'it has been up since before the step');
      await program.end();
    });
  }
});
