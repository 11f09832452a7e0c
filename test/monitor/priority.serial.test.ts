/** The priority of the engine's thread, and of no other. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { after, describe, it } from 'node:test';

import { Monitor } from '../../src/monitor/monitor.ts';
import { TestService, endServices } from '../support/test-service.ts';

/** The nice values of this process's threads: proc(5), `stat`. */
function niceValues(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });
}

const isLinux = process.platform === 'linux';
const mayRaise = isLinux && process.getuid?.() === 0;

describe('the priority of the engine', () => {
  after(endServices);

  it('is raised in its own threads alone', { skip: mayRaise ? false : 'needs Linux and root' }, async () => {
    const backend = await TestService.start();
    const before = niceValues();
    assert.ok(before.every((nice) => nice === 0));
    const watched = ['a', 'b'].map((name) => backend.watched(name));
    const monitor = new Monitor({ vantage: 'here', version: '0', watched, workers: 2 });
    while (monitor.diagnostics.some(({ isRaised }) => isRaised === null)) await new Promise(setImmediate);
    assert.deepEqual(
      monitor.diagnostics.map(({ isRaised }) => isRaised),
      [true, true],
    );
    assert.equal(niceValues().filter((nice) => nice === -15).length, 2);
    assert.equal(getPriority(process.pid), 0);
    await monitor.stop();
  });
});
