/** TCP: how long a peer must stay, and what it must say. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Sample } from '../../src/core/model.ts';
import type { TcpSpec } from '../../src/probe/spec.ts';
import { AMPLE_MS, Probing, tcpSpec, verdict } from '../support/probing.ts';
import { held, released } from '../support/resources.ts';
import { pouring, saying, serve, silent, type Behaviour } from '../support/servers.ts';

async function found(behave: Behaviour, over: Partial<TcpSpec>, timeoutMs = AMPLE_MS): Promise<Sample> {
  const before = held();
  const server = await serve(behave);
  const probing = await Probing.of(tcpSpec(server.port, over));
  try {
    return await probing.probe(timeoutMs);
  } finally {
    await server.idle();
    await server.close();
    await released(before);
  }
}

describe('the hold of a TCP probe', () => {
  const leaving: Behaviour = (socket) => {
    socket.resume();
    setTimeout(() => socket.end(), 20);
  };

  it('finds a proxy that accepts with nothing behind it, and closes', async () => {
    assert.equal(verdict(await found(leaving, { holdMs: 10_000 })), 'closed');
  });

  it('is not fooled by what the proxy says before', async () => {
    const greeting: Behaviour = (socket) => {
      socket.write('welcome\n');
      leaving(socket);
    };
    assert.equal(verdict(await found(greeting, { holdMs: 10_000 })), 'closed');
  });

  it('lasts as long as it is set to', async () => {
    const sample = await found(silent, { holdMs: 50 });
    assert.equal(verdict(sample), 'up');
    const { sentAt, endedAt, heldMs = 0, phases } = sample;
    assert.ok(heldMs >= 49);
    // Nor is it taken for a part of the reply.
    assert.ok(Math.abs((phases.connectMs ?? 0) + (phases.replyMs ?? 0) + heldMs - (endedAt - sentAt)) < 1e-6);
    assert.equal(verdict(await found(silent, { holdMs: 0 })), 'up');
  });

  it('says of a connection that was kept for four times as long, and broke, that the service may have been up', async () => {
    const holdMs = 100;
    let closes = 0;
    const server = await serve((socket) => {
      socket.resume();
      // The later the peer closed, the longer it must stay open before it counts as up again.
      setTimeout(() => socket.end(), closes === 0 ? 0 : closes < 7 ? 250 : 600);
    });
    const probing = await Probing.of(tcpSpec(server.port, { holdMs }));
    let isFound = false;
    for (let turn = 0; turn < 40 && !isFound; turn += 1) {
      const { result, heldMs = 0, wasKept = false } = await probing.probe(AMPLE_MS);
      closes = result === 'up' ? 0 : closes + 1;
      if (result === 'up') continue;
      isFound = wasKept;
      assert.equal(wasKept, heldMs >= 4 * holdMs, `${String(heldMs)} ms`);
    }
    assert.ok(isFound);
    await server.close();
  });

  it('is no longer than needed after a process died, which broke all connections at one moment', async () => {
    const holdMs = 200;
    const server = await serve(silent);
    const probing = await Probing.of(tcpSpec(server.port, { holdMs }));
    // One that closes at once; from then on they must stay for four times the hold.
    const opened = server.nextConnection();
    const first = probing.probe(AMPLE_MS);
    (await opened).end();
    assert.equal(verdict(await first), 'closed');
    const dying: Promise<Sample>[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      dying.push(probing.probe(AMPLE_MS));
      await sleep(190);
    }
    for (const socket of server.open) socket.end();
    assert.deepEqual((await Promise.all(dying)).map(verdict), ['closed', 'closed', 'closed', 'closed']);
    const { heldMs = 0, ...sample } = await probing.probe(AMPLE_MS);
    assert.equal(verdict(sample), 'up');
    // It would be 1150 where the oldest of them counted.
    assert.ok(heldMs >= 4 * holdMs - 1 && heldMs < 5.5 * holdMs, `${String(heldMs)} ms`);
    await server.close();
  });

  it('is part of the deadline', async () => {
    assert.equal(verdict(await found(silent, { holdMs: 10_000 }, 100)), 'timeout-reply');
  });
});

describe('what a TCP service is expected to say', () => {
  const GREETING = { expect: /^220 .*ready/ };

  it('may come unasked, in pieces', async () => {
    const pieces: Behaviour = (socket) => {
      socket.setNoDelay(true);
      for (const piece of ['220 ma', 'il.example ', 'ready\r\n']) socket.write(piece);
      socket.resume();
    };
    assert.equal(verdict(await found(pieces, GREETING)), 'up');
  });

  it('may have characters that are cut between two pieces', async () => {
    const cut: Behaviour = (socket) => {
      socket.setNoDelay(true);
      socket.write(Buffer.from('c3', 'hex'), () => socket.write(Buffer.from('a9', 'hex')));
      socket.resume();
    };
    assert.equal(verdict(await found(cut, { expect: 'é' })), 'up');
  });

  it('is shown with what came instead, fit for a terminal', async () => {
    const behave: Behaviour = (socket) => socket.resume().end('\u001b[2Jgo away\r\n');
    const sample = await found(behave, GREETING);
    assert.equal(verdict(sample), 'body');
    assert.equal(sample.message, 'expected /^220 .*ready/, got "\\u001b[2Jgo away\\r\\n"');
  });

  it('is not shown with what was sent, which may be a secret', async () => {
    const sample = await found(saying('who is hunter2?'), { send: 'user hunter2\n', expect: 'hello' }, 100);
    assert.equal(verdict(sample), 'body');
    assert.equal(sample.message, 'expected "hello", got "who is ***?"');
  });

  it('is looked for in so much, and no more', async () => {
    let taken = 0;
    const behave = pouring('', 'no ', (bytes) => {
      taken = bytes;
    });
    const sample = await found(behave, { send: 'x', expect: 'yes' });
    assert.equal(verdict(sample), 'body');
    assert.ok(taken < 2 ** 25, `${String(taken)} bytes`);
  });
});
