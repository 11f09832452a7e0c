/** Hooks against real receivers: an HTTP server on loopback, a real child process, a real history. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { pino } from 'pino';

import { Hooks, type HookStore } from '../../src/hooks/hooks.ts';
import { eventSentence } from '../../src/hooks/event-sentence.ts';
import { Heartbeats } from '../../src/hooks/heartbeat.ts';
import type { HookSettings } from '../../src/hooks/hook-settings.ts';
import { openHistory, withFolder } from '../history/open.ts';
import { type HookBody, HookReceiver } from '../support/hook-receiver.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { waitFor } from '../support/wait-for.ts';

const folder = mkdtempSync(join(tmpdir(), 'gapwatch-hooks-'));
const receivers: HookReceiver[] = [];
const running: Hooks[] = [];

async function receiver(): Promise<HookReceiver> {
  const started = await HookReceiver.start();
  receivers.push(started);
  return started;
}

function hook(to: HookReceiver | readonly [string, ...string[]], more: Partial<HookSettings> = {}): HookSettings {
  const usual = { place: 'hooks[0]', on: ['down', 'up', 'gap'] as const, services: null, minMs: 0 };
  const target =
    to instanceof HookReceiver
      ? ({ kind: 'post', url: to.url, headers: {}, secret: null } as const)
      : ({ kind: 'command', argv: to as [string, ...string[]], cwd: folder } as const);
  return { ...usual, to: target, ...more };
}

interface Run {
  readonly hooks: Hooks;
  readonly lines: string[];
}

/** Hooks that go on with a monitor; what they log is in `lines`. */
function start(
  monitor: ScriptedMonitor,
  settings: readonly HookSettings[],
  store: HookStore | null = null,
  patienceMs?: number,
): Run {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
  const hooks = new Hooks(monitor, store, log, patienceMs);
  hooks.apply(settings);
  running.push(hooks);
  return { hooks, lines };
}

after(async () => {
  for (const one of receivers) one.answer = 204;
  await Promise.all(running.map((hooks) => hooks.close()));
  await Promise.all(receivers.map((one) => one.close()));
  rmSync(folder, { recursive: true });
});

const outage = (monitor: ScriptedMonitor, name = 'web'): void => {
  monitor.change(name, 'down');
  monitor.change(name, 'up');
};

describe('hooks', { concurrency: true }, () => {
  describe('a hook that posts', { concurrency: true }, () => {
    it('sends each event as JSON with a sentence, a key, its headers and a signature of the body', async () => {
      const to = await receiver();
      const monitor = new ScriptedMonitor({ names: ['web'] });
      monitor.change('web', 'up');
      const target = { kind: 'post', url: to.url, headers: { Authorization: 'Bearer x' }, secret: 'secret' } as const;
      start(monitor, [hook(to, { to: target })]);
      outage(monitor);
      monitor.gap('web', monitor.now() - 400, monitor.now());
      await to.waitFor(() => to.taken.length === 3);
      const [down, up, gap] = to.bodies;
      assert.deepEqual(
        to.bodies.map(({ event }) => (event.type === 'transition' ? event.to : event.type)),
        ['down', 'up', 'gap'],
      );
      assert.match(
        down!.text,
        /^web is down since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC: nothing is listening .*\(refused\)$/,
      );
      assert.match(up!.text, /^web answers again since .* UTC$/);
      assert.match(
        gap!.text,
        /^web was down for 0\.40 s \(0\.30–0\.50\) until .* UTC: 4 probes failed \(refused ×4\)$/,
      );
      for (const { body, headers, method, path } of to.taken) {
        const { text, content, monitor: id, vantage, event } = JSON.parse(body) as HookBody;
        assert.deepEqual([method, path, content, id, vantage], ['POST', '/hook', text, 'scripted', 'here']);
        assert.equal(headers['idempotency-key'], `scripted:${String(event.seq)}`);
        assert.equal(headers['content-type'], 'application/json');
        assert.equal(headers.authorization, 'Bearer x');
        const signature = createHmac('sha256', 'secret').update(body).digest('hex');
        assert.equal(headers['x-gapwatch-signature'], `sha256=${signature}`);
      }
    });

    it('says what changed where a service has another master, or another role', () => {
      const change = { type: 'identity', seq: 1, service: 'cache', at: 0, was: 'a', is: 'b' } as const;
      const sentence = (what?: 'role' | 'master'): string => eventSentence({ ...change, ...(what && { what }) });
      assert.match(sentence('master'), /^cache has another master since/);
      assert.match(sentence('role'), /^cache has another role since/);
      assert.match(sentence(), /^cache is another process since/);
    });

    it('tries again until an event has arrived, and keeps the order; its log has no path, user or password', async () => {
      const to = await receiver();
      const monitor = new ScriptedMonitor({ names: ['web'] });
      monitor.change('web', 'up');
      const url = to.url.replace('//', '//me:pw-of-mine@').replace('hook', 'T0K3N?key=q-of-mine');
      const { hooks, lines } = start(monitor, [
        hook(to, { to: { kind: 'post', url, headers: {}, secret: 's-of-mine' } }),
      ]);
      to.answer = 503;
      outage(monitor);
      outage(monitor);
      await to.waitFor(() => to.deliveries.length >= 2);
      const [{ pending, hook: name } = { pending: 0, hook: '' }] = hooks.figures;
      assert.deepEqual([pending, name], [4, 'hooks[0]']);
      to.answer = 204;
      await to.waitFor(() => to.taken.length === 4);
      assert.deepEqual(
        to.bodies.map(({ event }) => event.to),
        ['down', 'up', 'down', 'up'],
      );
      const keys = to.deliveries.map(({ headers }) => headers['idempotency-key']);
      assert.equal(new Set(keys).size, 4);
      assert.equal(keys[0], keys[1]);
      await waitFor(() => lines.some((line) => line.includes('works again')));
      await waitFor(() => hooks.figures[0]?.pending === 0);
      const { delivered, failed, givenUp } = hooks.figures[0]!;
      assert.deepEqual([delivered, givenUp], [4, 0]);
      assert.ok(failed >= 1);
      assert.match(lines.join(''), /"hook":"hooks\[0\] \(http:\/\/127\.0\.0\.1:\d+\)","seq":\d+,"why":"HTTP 503"/);
      assert.doesNotMatch(lines.join(''), /T0K3N|of-mine/);
    });

    it('follows no redirect: what it sends is for the receiver that was named', async () => {
      const [to, other] = [await receiver(), await receiver()];
      const monitor = new ScriptedMonitor({ names: ['web'] });
      const { lines } = start(monitor, [hook(to, { on: ['mark'] })]);
      to.answer = (response) => {
        response.writeHead(307, { location: other.url }).end();
      };
      monitor.mark('now');
      await waitFor(() => lines.some((line) => line.includes('HTTP 307: a redirect is not followed')));
      assert.equal(other.deliveries.length, 0);
    });

    it('that hangs delays no other, and is given up after 10 s', async () => {
      const [hanging, well] = [await receiver(), await receiver()];
      hanging.answer = null;
      const monitor = new ScriptedMonitor({ names: ['web'] });
      const { lines } = start(monitor, [
        hook(hanging, { on: ['mark'] }),
        hook(well, { on: ['mark'], place: 'hooks[1]' }),
      ]);
      const began = performance.now();
      for (let n = 0; n < 20; n++) monitor.mark(`mark ${String(n)}`);
      await well.waitFor(() => well.taken.length === 20);
      assert.ok(!lines.some((line) => line.includes('no answer within 10 s')));
      await waitFor(() => lines.some((line) => line.includes('no answer within 10 s')));
      assert.ok(performance.now() - began > 9900);
      assert.equal(new Set(hanging.deliveries.map(({ headers }) => headers['idempotency-key'])).size, 1);
    });

    it('waits as long as the receiver asks', async () => {
      const to = await receiver();
      const monitor = new ScriptedMonitor();
      start(monitor, [hook(to, { on: ['mark'] })]);
      to.answer = (response) => {
        to.answer = 204;
        response.writeHead(429, { 'retry-after': '3' }).end();
      };
      const began = performance.now();
      monitor.mark('now');
      await to.waitFor(() => to.taken.length === 1);
      assert.ok(performance.now() - began >= 2990);
    });

    it('with minMs comes when a service has been down for so long', async () => {
      const to = await receiver();
      const monitor = new ScriptedMonitor({ names: ['web'] });
      monitor.change('web', 'up');
      start(monitor, [hook(to, { minMs: 400 })]);
      outage(monitor);
      await sleep(600);
      assert.equal(to.deliveries.length, 0);
      const began = Date.now();
      monitor.change('web', 'down');
      await to.waitFor(() => to.taken.length === 1);
      assert.ok(Date.now() - began >= 399);
      monitor.change('web', 'up');
      await to.waitFor(() => to.taken.length === 2);
      assert.deepEqual(
        to.bodies.map(({ event }) => event.to),
        ['down', 'up'],
      );
    });

    it('with minMs waits for what is seen late: a silence shows a timeout after it began, and so does its end', async () => {
      const to = await receiver();
      const monitor = new ScriptedMonitor({ names: ['web'] });
      monitor.change('web', 'up');
      start(monitor, [hook(to, { on: ['down', 'up', 'mark'], minMs: 400 })]);
      const at = monitor.now() - 1000;
      monitor.change('web', 'down', { at, reason: 'timeout-reply' });
      await sleep(100);
      monitor.change('web', 'up', { at: at + 300 });
      monitor.mark('later');
      await to.waitFor(() => to.taken.length === 1);
      assert.equal(to.bodies[0]?.event.type, 'mark');
    });
  });

  describe('a hook that runs a command', { concurrency: true }, () => {
    it('gives it each event on its standard input, without a shell', async () => {
      const monitor = new ScriptedMonitor();
      const code =
        "let s='';process.stdin.on('data',c=>s+=c).on('end',()=>require('fs').appendFileSync(process.argv[1],s))";
      start(monitor, [hook([process.execPath, '-e', code, 'events.txt; exit 1'], { on: ['mark'] })]);
      monitor.mark('first "one" $(id)');
      monitor.mark('second');
      const file = join(folder, 'events.txt; exit 1');
      await waitFor(() => existsSync(file) && readFileSync(file, 'utf8').split('\n').length === 3);
      const texts = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { event: { text: string } }).event.text);
      assert.deepEqual(texts, ['first "one" $(id)', 'second']);
    });

    it('tries again where it fails, is not found or reads nothing; one that hangs is ended with what it started', async () => {
      const monitor = new ScriptedMonitor();
      const failing = start(monitor, [
        hook(['/bin/sh', '-c', 'test -e here || { touch here; exit 3; }'], { on: ['mark'] }),
      ]);
      const missing = start(monitor, [hook(['no-such-program'], { on: ['mark'] })]);
      writeFileSync(join(folder, 'file'), '');
      const inNoFolder = start(monitor, [hook([join(folder, 'file', 'x')], { on: ['mark'] })]);
      const withNul = start(monitor, [hook(['true', 'a\0b'], { on: ['mark'] })]);
      const hanging = start(monitor, [hook(['/bin/sh', '-c', 'sleep 60 & echo $! > pid; wait'], { on: ['mark'] })]);
      monitor.mark('x'.repeat(200));
      const said = (run: Run, words: string): Promise<void> =>
        waitFor(() => run.lines.some((line) => line.includes(words)));
      await said(failing, '"why":"exit code 3"');
      await said(failing, 'works again');
      await said(missing, 'it could not be started: ENOENT');
      // Those Node throws.
      await said(inNoFolder, 'it could not be started: ENOTDIR');
      await said(withNul, 'it could not be started: ERR_INVALID_ARG_VALUE');
      await waitFor(() => (inNoFolder.hooks.figures[0]?.failed ?? 0) >= 2);
      await said(hanging, 'no answer within 10 s');
      const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
      await waitFor(
        () => !existsSync(`/proc/${String(pid)}`) || readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z'),
      );
    });
  });

  describe('hooks over restarts', { concurrency: true }, () => {
    it('go on where they were, with what happened while their receiver was away; a new one begins now', async () => {
      const to = await receiver();
      const late = await receiver();
      await withFolder(async (dir) => {
        const session = async (settings: HookSettings[], body: (monitor: ScriptedMonitor) => Promise<void>) => {
          const history = await openHistory(dir);
          const monitor = new ScriptedMonitor({ names: ['web'], restored: history.restored });
          history.record(monitor);
          const { hooks } = start(monitor, settings, history);
          await body(monitor);
          await hooks.close();
          await history.close();
        };
        await session([hook(to, { on: ['mark'] })], async (monitor) => {
          monitor.mark('one');
          await to.waitFor(() => to.taken.length === 1);
          to.answer = 500;
          monitor.mark('two');
          monitor.mark('three');
        });
        to.answer = 204;
        await session([hook(to, { on: ['mark'] }), hook(late, { on: ['mark'] })], async (monitor) => {
          await to.waitFor(() => to.taken.length === 3);
          monitor.mark('four');
          await Promise.all([to.waitFor(() => to.taken.length === 4), late.waitFor(() => late.taken.length === 1)]);
        });
        const texts = to.taken.map(({ body }) => (JSON.parse(body) as { event: { text: string } }).event.text);
        assert.deepEqual(texts, ['one', 'two', 'three', 'four']);
        assert.match(late.taken[0]!.body, /four/);
        // Taken out of the configuration and put back, it begins again.
        await session([hook(late, { on: ['mark'] })], async (monitor) => {
          monitor.mark('five');
          await late.waitFor(() => late.taken.length === 2);
        });
        await session([hook(to, { on: ['mark'] })], async (monitor) => {
          monitor.mark('six');
          await to.waitFor(() => to.taken.length === 5);
        });
        assert.match(to.taken[4]!.body, /six/);
      });
    });

    for (const answer of ['refuses', 'hangs'] as const) {
      it(`begin with what happens now where the disk ${answer} for some seconds, and write nothing over what was kept before`, async () => {
        const to = await receiver();
        const monitor = new ScriptedMonitor({ names: ['web'] });
        const written: string[] = [];
        const store: HookStore = {
          hookStates: () => (answer === 'hangs' ? new Promise(() => undefined) : Promise.reject(new Error('away'))),
          keepHookState: (_, state) => written.push(String(state)),
        };
        const stopped = start(monitor, [hook(to, { on: ['mark'] })], store, 60_000);
        monitor.mark('before its end');
        await stopped.hooks.close();
        assert.deepEqual([written, to.taken.length], [[], 0]);
        const { lines } = start(monitor, [hook(to, { on: ['mark'] })], store, 1500);
        monitor.mark('now');
        await to.waitFor(() => to.taken.length === 1);
        assert.match(to.taken[0]!.body, /"now"/);
        assert.match(lines.join(), /what was kept of the hooks can't be read/);
      });
    }

    it('hold what is not due yet, and know of what they were called for', async () => {
      const to = await receiver();
      await withFolder(async (dir) => {
        const open = async (body: (monitor: ScriptedMonitor) => Promise<void>): Promise<void> => {
          const history = await openHistory(dir);
          const monitor = new ScriptedMonitor({ names: ['web', 'api'], restored: history.restored });
          history.record(monitor);
          const { hooks } = start(monitor, [hook(to, { minMs: 1500 })], history);
          await body(monitor);
          await hooks.close();
          await history.close();
        };
        await open(async (monitor) => {
          monitor.change('web', 'down');
          await Promise.resolve();
        });
        assert.equal(to.taken.length, 0);
        await open(async (monitor) => {
          // As it comes back it is down still.
          monitor.change('web', 'down');
          await to.waitFor(() => to.taken.length === 1);
        });
        await open(async (monitor) => {
          monitor.change('web', 'down');
          monitor.change('web', 'up');
          await to.waitFor(() => to.taken.length === 2);
        });
        assert.deepEqual(
          to.bodies.map(({ event }) => [event.service, event.to]),
          [
            ['web', 'down'],
            ['web', 'up'],
          ],
        );
      });
    });

    it('forget a service that is not watched any more, and know one whose settings changed', async () => {
      const to = await receiver();
      const monitor = new ScriptedMonitor({ names: ['web', 'api'] });
      const kept: string[] = [];
      const store = {
        hookStates: () => Promise.resolve(new Map<string, string>()),
        keepHookState: (_: string, state: string | null) => void kept.push(state ?? ''),
      };
      start(monitor, [hook(to, { on: ['down'] })], store);
      monitor.change('web', 'down');
      monitor.change('api', 'down');
      await to.waitFor(() => to.taken.length === 2);
      monitor.change('api', 'unobserved', { reason: 'stopped' });
      monitor.watch('api');
      await waitFor(() => kept.at(-1)?.includes('"open":{"api":"down"}') === true);
      monitor.watch('web', 'api');
      monitor.change('api', 'down');
      monitor.change('web', 'down');
      await to.waitFor(() => to.taken.length === 3);
      assert.deepEqual(
        to.bodies.map(({ event }) => event.service),
        ['web', 'api', 'web'],
      );
    });

    it('take a service that was taken out and put back for a new one, also while their receiver is away', async () => {
      const to = await receiver();
      const monitor = new ScriptedMonitor({ names: ['web', 'api'] });
      start(monitor, [hook(to, { on: ['down', 'mark'] })]);
      monitor.change('web', 'down');
      await to.waitFor(() => to.taken.length === 1);
      to.answer = 500;
      monitor.mark('first');
      await to.waitFor(() => to.deliveries.length === 2);
      monitor.watch('api');
      monitor.watch('web', 'api');
      monitor.change('web', 'down');
      to.answer = 204;
      await to.waitFor(() => to.taken.length === 3);
      assert.deepEqual(
        to.bodies.map(({ event }) => event.service ?? event.type),
        ['web', 'mark', 'web'],
      );
    });

    it('change with the configuration: a new secret changes none, one that is gone is not called any more', async () => {
      const [to, other] = [await receiver(), await receiver()];
      const monitor = new ScriptedMonitor();
      const { hooks } = start(monitor, [hook(to, { on: ['mark'] })]);
      monitor.mark('one');
      await to.waitFor(() => to.taken.length === 1);
      to.answer = 500;
      monitor.mark('two');
      await to.waitFor(() => to.deliveries.length === 2);
      const signed = { kind: 'post', url: to.url, headers: {}, secret: 'new' } as const;
      hooks.apply([hook(to, { on: ['mark'], to: signed }), hook(other, { on: ['mark'], place: 'hooks[1]' })]);
      to.answer = 204;
      await to.waitFor(() => to.taken.length === 2);
      assert.match(to.taken[1]!.body, /two/);
      assert.ok(to.taken[1]!.headers['x-gapwatch-signature'] !== undefined);
      hooks.apply([hook(other, { on: ['mark'] })]);
      monitor.mark('three');
      await other.waitFor(() => other.taken.length === 1);
      assert.match(other.taken[0]!.body, /three/);
      assert.equal(to.deliveries.length, 3);
    });
  });

  describe('a heartbeat', { concurrency: true }, () => {
    it('comes while the monitor is well, and what fails is logged once', async () => {
      const to = await receiver();
      const lines: string[] = [];
      let isWell = true;
      const looks = { well: 0, unwell: 0 };
      const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
      const heartbeats = new Heartbeats(() => {
        looks[isWell ? 'well' : 'unwell'] += 1;
        return isWell;
      }, log);
      heartbeats.apply({ url: to.url, headers: { 'User-Agent': 'mine' }, intervalMs: 50 });
      await to.waitFor(() => to.taken.length >= 3);
      assert.ok(to.taken.every(({ headers }) => headers['user-agent'] === 'mine'));
      assert.ok(to.taken.every(({ method, body }) => method === 'GET' && body === ''));
      isWell = false;
      await waitFor(() => lines.some((line) => line.includes('not well')));
      await waitFor(() => looks.unwell > 5);
      const sent = looks.well;
      await to.waitFor(() => to.deliveries.length >= sent);
      assert.equal(to.deliveries.length, sent);
      assert.equal(lines.filter((line) => line.includes('not well')).length, 1);
      isWell = true;
      to.answer = 500;
      await to.waitFor(() => to.deliveries.length > sent + 3);
      to.answer = 204;
      await waitFor(() => lines.some((line) => line.includes('arrives again')));
      assert.equal(lines.filter((line) => line.includes('does not arrive')).length, 1);
      assert.ok(lines.every((line) => !line.includes('/hook')));
      heartbeats.close();
      const atEnd = to.deliveries.length;
      await sleep(200);
      assert.ok(to.deliveries.length <= atEnd + 1);
    });

    it('begins anew with other settings: what was before them says nothing of it', async (t) => {
      const [hanging, failing, good] = [await receiver(), await receiver(), await receiver()];
      [hanging.answer, failing.answer] = [null, 500];
      const lines: string[] = [];
      const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
      const count = (words: string): number => lines.filter((line) => line.includes(words)).length;
      let isWell = true;
      const heartbeats = new Heartbeats(() => isWell, log);
      t.after(() => {
        heartbeats.close();
      });
      const apply = (to: HookReceiver): void => {
        heartbeats.apply({ url: to.url, headers: {}, intervalMs: 50 });
      };
      apply(hanging);
      await hanging.waitFor(() => hanging.deliveries.length >= 2);
      apply(failing);
      await failing.waitFor(() => failing.deliveries.length >= 4);
      assert.equal(count('does not arrive'), 1);
      assert.ok(lines[0]?.includes(new URL(failing.url).origin));
      apply(good);
      await good.waitFor(() => good.taken.length >= 4);
      assert.equal(lines.length, 1);
      isWell = false;
      await waitFor(() => count('not well') === 1);
      apply(failing);
      await waitFor(() => count('not well') === 2);
      assert.equal(count('does not arrive'), 1);
    });
  });
});
