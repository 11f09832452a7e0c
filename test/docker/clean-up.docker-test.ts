import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { endChild, startChild } from '../support/children.ts';
import type { Daemon } from './daemon.ts';
import { startDocker } from './docker.ts';
import { requireDocker } from './needs.ts';
import { groupsNamed, sweep } from './sweep.ts';

const PATIENCE_MS = 10_000;

/** The processes that are in a network. */
function inNetworkOf(network: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && networkOf(pid) === network);
}

function networkOf(pid: number | string): string | null {
  try {
    return readlinkSync(`/proc/${String(pid)}/ns/net`);
  } catch {
    return null;
  }
}

/** A Docker host of another process. */
async function startElsewhere(): Promise<{ child: ChildProcess; daemon: Daemon; network: string }> {
  let told = '';
  const script = fileURLToPath(new URL('./docker-child.js', import.meta.url));
  const child = await startChild(process.execPath, [script], (line) => {
    told = line;
    return true;
  });
  const daemon = JSON.parse(told) as Daemon;
  const network = networkOf(daemon.pid);
  assert.ok(network !== null && inNetworkOf(network).length > 1);
  return { child, daemon, network };
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds()) {
    assert.ok(performance.now() < end, what);
    await sleep(20);
  }
}

describe('a Docker host of the tests', () => {
  it('leaves nothing behind', async (t) => {
    if (!requireDocker(t)) return;
    const { daemon, close } = await startDocker({ liveRestore: true, userlandProxy: true });
    const network = networkOf(daemon.pid);
    assert.ok(network !== null && network !== networkOf('self'));
    assert.notDeepEqual(groupsNamed(daemon.folder), []);
    await close();
    assert.deepEqual(inNetworkOf(network), []);
    assert.ok(!existsSync(daemon.folder));
    assert.deepEqual(groupsNamed(daemon.folder), []);
  });

  it('ends with its process, though that be killed; the next one clears its folder', async (t) => {
    if (!requireDocker(t)) return;
    const { child, daemon, network } = await startElsewhere();
    await endChild(child);
    await until(() => inNetworkOf(network).length === 0, 'the daemon and its containers outlive their test');
    assert.ok(existsSync(daemon.folder));
    sweep();
    assert.ok(!existsSync(daemon.folder));
    assert.deepEqual(groupsNamed(daemon.folder), []);
  });

  it('is cleared away when a signal ends its process', async (t) => {
    if (!requireDocker(t)) return;
    const { child, daemon, network } = await startElsewhere();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    assert.deepEqual(inNetworkOf(network), []);
    assert.ok(!existsSync(daemon.folder));
    assert.deepEqual(groupsNamed(daemon.folder), []);
  });
});
