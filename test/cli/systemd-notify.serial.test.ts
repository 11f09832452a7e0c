/** What systemd is notified of, over a real datagram socket. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { pino } from 'pino';

import { notifySystemd } from '../../src/cli/systemd-notify.ts';
import { TestService, endServices } from '../support/test-service.ts';
import { requireTool } from '../support/tools.ts';
import { waitFor } from '../support/wait-for.ts';
import { endPrograms, FOLDER, Program } from './program.ts';

const receivers: ChildProcess[] = [];

/** The socket of something that keeps all that it is notified of, and what that is. */
async function receiver(): Promise<{ socket: string; received: () => string[] }> {
  const folder = mkdtempSync(join(FOLDER, 'notify-'));
  const [socket, file] = [join(folder, 'socket'), join(folder, 'received')];
  const keep = ['sh', '-c', 'exec cat <&3 >"$0"', file];
  receivers.push(spawn('systemd-socket-activate', ['--datagram', `--listen=${socket}`, ...keep], { stdio: 'ignore' }));
  await waitFor(() => existsSync(socket));
  // `systemd-notify` adds BARRIER=1 to be told that it was read.
  const received = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8') : '').match(/[A-Z]+=1/g) ?? [];
  return { socket, received: () => received().filter((state) => state !== 'BARRIER=1') };
}

/** Whether a program has a child that has not ended. */
function hasChildAtWork(pid: number): boolean {
  const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').match(/\d+/g) ?? [];
  return children.some((child) => !/\) [ZX] /.test(readFileSync(`/proc/${child}/stat`, 'utf8')));
}

describe('systemd', () => {
  after(() => {
    for (const one of receivers) one.kill('SIGKILL');
  });
  after(endServices);
  after(endPrograms);

  it('is notified by serve: that it is ready, at work, and ends', async (t) => {
    if (!requireTool(t, 'systemd-socket-activate')) return;
    const [backend, { socket, received }] = [await TestService.start(), await receiver()];
    const target = `web=tcp://127.0.0.1:${String(backend.port)}`;
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '2000000' };
    const args = ['serve', target, '--listen', '127.0.0.1:0', '--data', 'off'];
    const program = new Program(args, { env });
    await waitFor(() => received().length >= 3);
    assert.deepEqual(received().slice(0, 3), ['READY=1', 'WATCHDOG=1', 'WATCHDOG=1']);
    assert.match(program.stderr, /"msg":"started"/);
    // Not at work: nothing runs in it.
    program.signal('SIGSTOP');
    await waitFor(() => !hasChildAtWork(program.pid));
    const before = received().length;
    await sleep(2000);
    assert.equal(received().length, before);
    program.signal('SIGCONT');
    await waitFor(() => received().length > before);
    assert.equal(await program.end(), 143);
    await waitFor(() => received().at(-1) === 'STOPPING=1');
    assert.doesNotMatch(program.stderr, /systemd/);
  });

  it('is notified only while the probes are at work; no child has the socket', async (t) => {
    if (!requireTool(t, 'systemd-socket-activate')) return;
    const { socket, received } = await receiver();
    const { PATH } = process.env;
    const env = { PATH, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000', WATCHDOG_PID: String(process.pid) };
    const looks = { atWork: 0, idle: 0 };
    let isAtWork = false;
    const look = (): boolean => {
      looks[isAtWork ? 'atWork' : 'idle'] += 1;
      return isAtWork;
    };
    const idleFor = async (times: number): Promise<void> => {
      const from = looks.idle;
      await waitFor(() => looks.idle >= from + times);
    };
    const end = notifySystemd(env, look, pino({ enabled: false }));
    assert.deepEqual(env, { PATH });
    await idleFor(10);
    assert.deepEqual(received(), []);
    isAtWork = true;
    await waitFor(() => received().length > 2);
    isAtWork = false;
    await idleFor(14);
    end();
    await waitFor(() => received().at(-1) === 'STOPPING=1');
    assert.equal(received().length, looks.atWork + 1);
  });

  it('is not there, or has no systemd-notify: one line says so', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
    notifySystemd({ PATH: '/nowhere' }, () => true, log)();
    const env = { PATH: '/nowhere', NOTIFY_SOCKET: '/nowhere/socket', WATCHDOG_USEC: '40000' };
    const end = notifySystemd(env, () => true, log);
    await waitFor(() => lines.length > 0);
    end();
    await sleep(100);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /"level":40.*there is no systemd-notify.*systemd is not notified/);
  });
});
