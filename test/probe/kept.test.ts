/** A connection that is kept: its break is reported at once, and a probe fails only if a new connection fails too. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ProbeSpec } from '../../src/probe/spec.ts';
import { certificate } from '../support/certificates.ts';
import { DIALECTS, good, type Dialect } from '../support/dialects.ts';
import { TestService } from '../support/test-service.ts';
import { AMPLE_MS, httpSpec, Probing, tcpSpec, tlsOf, verdict } from '../support/probing.ts';
import { held, released } from '../support/resources.ts';
import { closing, reset, serve, silent, type Behaviour, type TestServer } from '../support/servers.ts';

/** Runs a test with a server and a kept connection to it, and checks that nothing is left. */
async function withKept(
  behave: Behaviour,
  spec: (port: number) => ProbeSpec,
  test: (probing: Probing, server: TestServer) => Promise<void>,
): Promise<void> {
  const before = held();
  const server = await serve(behave);
  const probing = await Probing.of(spec(server.port), 'kept');
  try {
    await test(probing, server);
  } finally {
    probing.close();
    await server.idle();
    await server.close();
    await released(before);
  }
}

/** Answers the first connection's first requests well, what follows by `then`; later connections by `later`. */
function turning(dialect: Dialect, goodAnswers: number, then: Behaviour, later: Behaviour): Behaviour {
  let first = true;
  return (socket) => {
    if (!first) {
      later(socket);
      return;
    }
    first = false;
    let left = goodAnswers;
    socket.on('data', (data) => {
      for (const answer of dialect.answers(data.toString())) {
        if (left-- > 0) socket.write(answer);
        else then(socket);
      }
    });
  };
}

for (const dialect of DIALECTS) {
  // The first Redis probe asks who answers, too.
  const answersToOpen = dialect.kind === 'redis' ? 2 : 1;

  describe(`a kept ${dialect.kind} connection`, () => {
    const spec = (port: number): ProbeSpec => dialect.spec(port);

    it('carries all probes', async () => {
      await withKept(good(dialect), spec, async (probing, server) => {
        for (let sent = 0; sent < 20; sent++) assert.equal(verdict(await probing.probe()), 'up');
        assert.equal(server.accepted, 1);
        assert.deepEqual(probing.lost, []);
      });
    });

    it('carries one probe at a time: others go beside it, over connections of their own', async () => {
      await withKept(good(dialect), spec, async (probing, server) => {
        await probing.probe();
        const together = await Promise.all(Array.from({ length: 20 }, () => probing.probe()));
        assert.deepEqual(new Set(together.map(verdict)), new Set(['up']));
        assert.equal(server.accepted, 20);
        assert.equal(verdict(await probing.probe()), 'up');
        assert.equal(server.accepted, 20);
        assert.deepEqual(probing.lost, []);
      });
    });

    it('is what counts: while it answers, it does not matter that a new one can not be had', async () => {
      let first: Socket | null = null;
      const late: Behaviour = (socket) => {
        if (first !== null) {
          reset(socket);
          return;
        }
        first = socket;
        let answers = 0;
        socket.on('data', (data) => {
          for (const answer of dialect.answers(data.toString())) {
            answers += 1;
            setTimeout(() => socket.write(answer), answers > answersToOpen ? 200 : 0);
          }
        });
      };
      await withKept(late, spec, async (probing) => {
        assert.equal(verdict(await probing.probe()), 'up');
        const carried = probing.probe();
        const beside = probing.probe();
        assert.deepEqual([verdict(await beside), verdict(await carried)], ['stopped', 'up']);
        assert.deepEqual(probing.lost, []);
      });
    });

    it('is lost in idle: reported at once, and the next probe opens another', async () => {
      for (const end of [(socket: Socket) => socket.end(), reset]) {
        await withKept(good(dialect), spec, async (probing, server) => {
          await probing.probe();
          const loss = probing.nextLoss();
          for (const socket of server.open) end(socket);
          assert.equal((await loss).reason, end === reset ? 'reset' : 'closed');
          assert.equal(verdict(await probing.probe()), 'up');
          assert.equal(server.accepted, 2);
          assert.equal(probing.lost.length, 1);
        });
      }
    });

    it('is lost under probes: each is sent once more, and one new connection is kept', async () => {
      const behave = turning(dialect, answersToOpen, reset, good(dialect));
      await withKept(behave, spec, async (probing, server) => {
        await probing.probe();
        const together = await Promise.all([probing.probe(), probing.probe(), probing.probe()]);
        assert.deepEqual(together.map(verdict), ['up', 'up', 'up']);
        assert.equal(probing.lost.length, 1);
        assert.equal(server.accepted, 4);
        await probing.probe();
        assert.equal(server.accepted, 4, 'one of the new ones is kept');
      });
    });

    it('is lost, and the service is down where a new connection fails too', async () => {
      const behave = turning(dialect, answersToOpen, reset, closing);
      await withKept(behave, spec, async (probing, server) => {
        await probing.probe();
        assert.equal(verdict(await probing.probe()), 'closed');
        assert.deepEqual(
          probing.lost.map(({ reason }) => reason),
          ['reset'],
        );
        assert.equal(server.accepted, 2, 'sent once more, and not again');
      });
    });

    it('is given up when a probe on it is not answered in time', async () => {
      const behave = turning(dialect, answersToOpen, silent, good(dialect));
      await withKept(behave, spec, async (probing) => {
        await probing.probe();
        const loss = probing.nextLoss();
        const late = probing.probe(100);
        const behind = probing.probe();
        assert.equal(verdict(await late), 'timeout-reply');
        assert.equal((await loss).reason, 'timeout-reply');
        assert.equal(verdict(await behind), 'up', 'what waited behind it goes over a new one');
      });
    });

    it('is given up without a word where this process itself was too busy to read the answer', async () => {
      const behave = turning(dialect, answersToOpen, silent, good(dialect));
      await withKept(behave, spec, async (probing) => {
        await probing.probe();
        let stalled = 0;
        const host = {
          now: () => performance.now(),
          stalledMs: () => (stalled += 80),
          lastFreeAt: () => performance.now(),
        };
        assert.equal(verdict(await probing.probe(100, host)), 'stalled');
        assert.deepEqual(probing.lost, []);
        assert.equal(verdict(await probing.probe()), 'up');
      });
    });

    it('is over TLS too', async () => {
      const { cert, key } = await certificate('IP:127.0.0.1');
      const server = await serve(good(dialect), { cert, key });
      const probing = await Probing.of(dialect.spec(server.port, { tls: tlsOf({ ca: cert }) }), 'kept');
      for (let sent = 0; sent < 3; sent++) assert.equal(verdict(await probing.probe()), 'up');
      assert.equal(server.accepted, 1);
      const loss = probing.nextLoss();
      for (const socket of server.open) socket.destroy();
      assert.match((await loss).reason, /^(closed|reset)$/);
      probing.close();
      await server.close();
    });

    it('ends with the watch', async () => {
      await withKept(good(dialect), spec, async (probing, server) => {
        await probing.probe();
        probing.close();
        await server.idle();
        assert.deepEqual(probing.lost, []);
      });
    });
  });
}

describe('a kept TCP connection on which nothing is said', () => {
  for (const holdMs of [0, 25]) {
    it(`is up while it is open, and its loss is reported (hold ${String(holdMs)} ms)`, async () => {
      await withKept(
        silent,
        (port) => tcpSpec(port, { holdMs }),
        async (probing, server) => {
          for (let sent = 0; sent < 3; sent++) assert.equal(verdict(await probing.probe()), 'up');
          assert.equal(server.accepted, 1);
          const loss = probing.nextLoss();
          for (const socket of server.open) socket.end();
          assert.equal((await loss).reason, 'closed');
        },
      );
    });
  }

  it('is not had again by one that shuts down, which may wait for it, but by the next process', async () => {
    const server = await TestService.start();
    const probing = await Probing.of(tcpSpec(server.port, { holdMs: 0 }), 'kept');
    assert.equal(verdict(await probing.probe()), 'up');
    const loss = probing.nextLoss();
    for (const socket of server.open) socket.end();
    await loss;
    const first = server.accepted;
    for (let sent = 0; sent < 3; sent++) assert.equal(verdict(await probing.probe()), 'up');
    assert.equal(server.accepted, first + 3);
    server.down();
    assert.equal(verdict(await probing.probe()), 'refused');
    await server.up();
    const before = server.accepted;
    for (let sent = 0; sent < 3; sent++) assert.equal(verdict(await probing.probe()), 'up');
    assert.equal(server.accepted, before + 1);
    probing.close();
    server.down();
  });

  it('is not answered by what was said before it was asked', async () => {
    const behave: Behaviour = (socket) => {
      const answers = ['pong\npong\n', 'no\n'];
      socket.on('data', () => socket.write(answers.shift() ?? ''));
    };
    const spec = (port: number): ProbeSpec => tcpSpec(port, { send: 'ping\n', expect: 'pong\n' });
    await withKept(behave, spec, async (probing) => {
      assert.equal(verdict(await probing.probe()), 'up');
      assert.equal(verdict(await probing.probe(100)), 'body');
    });
  });
});

/** A server whose queue of connections is full after a few, and which prints its port. */
const SHORT_QUEUE = `const server = require('node:http').createServer((ask, answer) => answer.end('ok'));
server.keepAliveTimeout = 60000;
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;

describe('a kept connection that is free again', () => {
  it('carries the next probe, whatever still waits for a connection beside it', async () => {
    const server = spawn(process.execPath, ['--eval', SHORT_QUEUE], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [port] = (await once(server.stdout, 'data')) as [Buffer];
      const probing = await Probing.of(httpSpec(`http://127.0.0.1:${port.toString().trim()}/`), 'kept');
      assert.equal(verdict(await probing.probe()), 'up');
      server.kill('SIGSTOP');
      const carried = probing.probe(3000);
      // Its kernel takes some of these, and drops what asks for the other connections: that is asked again after a second.
      const beside = Array.from({ length: 8 }, () => probing.probe(3000));
      await sleep(600);
      server.kill('SIGCONT');
      assert.equal(verdict(await carried), 'up');
      // Those that were taken are being answered; the others come to be at the second SYN only.
      let found = '';
      for (let tries = 0; tries < 5 && found !== 'up'; tries += 1) {
        await sleep(20);
        found = verdict(await probing.probe(3000));
      }
      assert.equal(found, 'up');
      await Promise.all(beside);
      probing.close();
    } finally {
      server.kill('SIGKILL');
    }
  });
});

describe('a kept HTTP connection', () => {
  const answering = (...answers: string[]): Behaviour => {
    return (socket) => {
      socket.on('data', () => socket.write(answers.shift() ?? ''));
    };
  };
  const spec = (port: number): ProbeSpec => httpSpec(`http://127.0.0.1:${String(port)}/`);

  it('outlives bad answers', async () => {
    const behave = answering(
      'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    );
    await withKept(behave, spec, async (probing, server) => {
      assert.equal(verdict(await probing.probe()), 'status');
      assert.equal(verdict(await probing.probe()), 'up');
      assert.equal(server.accepted, 1);
    });
  });

  it('is not lost where the server says that it ends it', async () => {
    const ending = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
    const behave: Behaviour = (socket) => socket.on('data', () => socket.end(ending));
    await withKept(behave, spec, async (probing, server) => {
      for (let sent = 1; sent <= 3; sent++) {
        assert.equal(verdict(await probing.probe()), 'up');
        assert.equal(server.accepted, sent);
      }
      await server.idle();
      assert.deepEqual(probing.lost, []);
    });
  });

  it('is kept as long as the server keeps it, whatever it hints', async () => {
    const hinting = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n';
    await withKept(answering(hinting, hinting), spec, async (probing, server) => {
      await probing.probe();
      await probing.probe();
      assert.equal(server.accepted, 1);
    });
  });

  it('is kept after HEAD', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
    const headSpec = (port: number): ProbeSpec => httpSpec(`http://127.0.0.1:${String(port)}/`, { method: 'HEAD' });
    await withKept(answering(head, head), headSpec, async (probing, server) => {
      assert.equal(verdict(await probing.probe()), 'up');
      assert.equal(verdict(await probing.probe()), 'up');
      assert.equal(server.accepted, 1);
    });
  });

  it('ends without a word after a body that is too long to read', async () => {
    const long = `HTTP/1.1 200 OK\r\nContent-Length: ${String(2 ** 22)}\r\n\r\n${'x'.repeat(2 ** 22)}`;
    const short = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx';
    await withKept(answering(short, long, short), spec, async (probing, server) => {
      for (let sent = 0; sent < 3; sent++) assert.equal(verdict(await probing.probe(AMPLE_MS)), 'up');
      assert.equal(server.accepted, 2);
      assert.deepEqual(probing.lost, []);
    });
  });

  it('is lost by a reply that was not asked for', async () => {
    const one = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    await withKept(answering(one), spec, async (probing, server) => {
      await probing.probe();
      const loss = probing.nextLoss();
      for (const socket of server.open) socket.write(one);
      assert.equal((await loss).reason, 'protocol');
    });
  });

  it('is closed by a 408 that crosses a request: that is no answer to it', async () => {
    const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    const late = 'HTTP/1.1 408 Request Time-out\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
    let accepted = 0;
    const behave: Behaviour = (socket) => {
      const answers = accepted++ === 0 ? [ok, late] : [ok, ok];
      socket.on('data', () => socket.write(answers.shift() ?? ''));
    };
    await withKept(behave, spec, async (probing, server) => {
      for (let sent = 0; sent < 3; sent++) assert.equal(verdict(await probing.probe()), 'up');
      assert.equal(server.accepted, 2);
      assert.deepEqual(
        probing.lost.map(({ reason, message }) => [reason, /408/.test(message)]),
        [['closed', true]],
      );
    });
  });

  it('is down where a new connection is answered by 408', async () => {
    const late = 'HTTP/1.1 408 Request Time-out\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
    await withKept(answering(late), spec, async (probing) => {
      assert.equal(verdict(await probing.probe()), 'status');
    });
  });

  it('fails as the new connection does, whatever had come over the lost one', async () => {
    const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    const cutOff = 'HTTP/1.1 503 Busy\r\nContent-Length: 10\r\n\r\nnot';
    let accepted = 0;
    const behave: Behaviour = (socket) => {
      if (accepted++ > 0) {
        reset(socket);
        return;
      }
      const answers = [ok, cutOff];
      socket.on('data', () => {
        socket.write(answers.shift() ?? '');
        if (answers.length === 0) setTimeout(() => socket.end(), 50);
      });
    };
    await withKept(behave, spec, async (probing) => {
      assert.equal(verdict(await probing.probe()), 'up');
      assert.equal(verdict(await probing.probe()), 'reset');
    });
  });

  it('follows redirects beside it', async () => {
    const there = await serve(good(DIALECTS[1]!));
    const redirect = `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${String(there.port)}/\r\nContent-Length: 0\r\n\r\n`;
    const following = (port: number): ProbeSpec =>
      httpSpec(`http://127.0.0.1:${String(port)}/`, { follow: 1, expectBody: 'ok' });
    await withKept(answering(redirect, redirect), following, async (probing, server) => {
      assert.equal(verdict(await probing.probe()), 'up');
      assert.equal(verdict(await probing.probe()), 'up');
      assert.deepEqual([server.accepted, there.accepted], [1, 2]);
    });
    await there.close();
  });
});
