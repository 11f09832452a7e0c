/** The deadline over all phases, and the kernel's own second try. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';

import { childScript, endChild, startChild } from '../support/children.ts';
import { DIALECTS } from '../support/dialects.ts';
import { Probing, tcpSpec, verdict } from '../support/probing.ts';
import { held, released } from '../support/resources.ts';

/** Connections that a full queue holds at most: its length, and one more that the kernel lets in. */
const FILLERS = 4;

interface FullServer {
  readonly port: number;
  readonly child: ChildProcess;
}

/**
 * A server whose queue of connections is full: the kernel drops what else asks to connect.
 * @param afterMs how long after it is asked to (`child.stdin`) it accepts again
 */
async function fullServer(t: TestContext, afterMs: number): Promise<FullServer> {
  let port = 0;
  const child = await startChild(process.execPath, [childScript('full-backlog'), String(afterMs)], (line) => {
    port = Number(line);
    return true;
  });
  t.after(() => endChild(child));
  // Each waits until it is connected, or until the kernel has let the one before in and drops this one.
  const fillers: Socket[] = [];
  for (let count = 0; count < FILLERS; count++) {
    const filler = connect(port, '127.0.0.1').on('error', () => undefined);
    fillers.push(filler);
    await Promise.race([once(filler, 'connect'), new Promise((resolve) => setTimeout(resolve, 200))]);
  }
  t.after(() => {
    for (const filler of fillers) filler.destroy();
  });
  return { port, child };
}

describe('the deadline', () => {
  for (const dialect of DIALECTS) {
    it(`ends a probe whose packets are dropped (${dialect.kind})`, async (t) => {
      const { port } = await fullServer(t, 0);
      const before = held();
      const probing = await Probing.of(dialect.spec(port));
      const sample = await probing.probe(150);
      assert.equal(verdict(sample), 'timeout-connect');
      assert.ok((sample.phases.connectMs ?? 0) >= 149);
      assert.equal(sample.phases.replyMs, null);
      await released(before);
    });
  }

  it('does not let the kernel’s second try hide that the first was dropped', async (t) => {
    const { port, child } = await fullServer(t, 300);
    const probing = await Probing.of(tcpSpec(port, { holdMs: 0 }));
    const hidden = probing.probe(8000);
    child.stdin?.write('x');
    const sample = await hidden;
    assert.equal(verdict(sample), 'timeout-connect');
    assert.match(String(sample.message), /only at the second try/);
    // The service is well again since long.
    assert.equal(verdict(await probing.probe()), 'up');
  });
});
