/** What holds for every kind of probe and of connection: the right reason, within the deadline, and nothing left behind. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';

import { CONNECTIONS, type Connection, isSilent, type Sample } from '../../src/core/model.ts';
import type { TlsSpec } from '../../src/probe/spec.ts';
import { certificate, type Certificate } from '../support/certificates.ts';
import { DIALECTS, good, goodAnswer, type Dialect } from '../support/dialects.ts';
import { AMPLE_MS, Probing, tlsOf, verdict } from '../support/probing.ts';
import { held, released } from '../support/resources.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  closing,
  freePort,
  reset,
  resetting,
  saying,
  sayingLast,
  serve,
  silent,
  type Behaviour,
  type TestServer,
} from '../support/servers.ts';

/** The deadline of a probe that is to time out. */
const SHORT_MS = 150;

type Expected = string | Record<string, string>;

/** A server's conduct, and what the probes of each kind find. */
const CASES: readonly [
  name: string,
  behave: (dialect: Dialect) => Behaviour,
  expected: Expected,
  timeoutMs?: number,
][] = [
  ['a good server', good, 'up'],
  ['a server that closes what it accepts', () => closing, 'closed'],
  ['a server that resets what it accepts', () => resetting, 'reset'],
  ['a server that accepts and is silent', () => silent, 'timeout-reply', SHORT_MS],
  [
    'a reply that is cut off',
    (dialect) => sayingLast(goodAnswer(dialect).slice(0, -3)),
    { tcp: 'body', http: 'protocol', redis: 'protocol' },
  ],
  [
    'a reply that never ends',
    (dialect) => saying(goodAnswer(dialect).slice(0, -2)),
    { tcp: 'body', http: 'timeout-reply', redis: 'timeout-reply' },
    SHORT_MS,
  ],
  [
    'a reply by bytes, slower than the deadline',
    (dialect) => dripping(goodAnswer(dialect)),
    { tcp: 'body', http: 'timeout-reply', redis: 'timeout-reply' },
    SHORT_MS,
  ],
  [
    'a reply that is noise',
    () => saying(Buffer.from('00ff80c3280d0a0d0a', 'hex')),
    { tcp: 'body', http: 'protocol', redis: 'protocol' },
    SHORT_MS * 4,
  ],
  [
    'a reset in the middle of the reply',
    (dialect) => (socket) => {
      socket.once('data', () => {
        socket.write(goodAnswer(dialect).slice(0, -2), () => {
          reset(socket);
        });
      });
    },
    // Data and reset that arrive together libuv reports as data and an end.
    { tcp: 'body|reset', http: 'protocol|reset', redis: 'protocol|reset' },
  ],
];

function dripping(answer: string): Behaviour {
  return (socket) => {
    const bytes = answer.split(/(?=.)/s);
    const timer = setInterval(() => socket.write(bytes.shift() ?? ''), SHORT_MS / 2);
    socket.resume();
    socket.once('close', () => {
      clearInterval(timer);
    });
  };
}

function assertFound(sample: Sample, kind: string, expected: Expected): void {
  const allowed = (typeof expected === 'string' ? expected : (expected[kind] ?? '')).split('|');
  assert.ok(
    allowed.includes(verdict(sample)),
    `${verdict(sample)}, not ${allowed.join(' or ')}: ${String(sample.message)}`,
  );
  assert.equal(sample.message === null, sample.result === 'up');
}

for (const dialect of DIALECTS) {
  for (const connection of CONNECTIONS) {
    describe(`${dialect.kind}, connection ${connection}`, () => {
      conformance(dialect, connection);
    });
  }
}

function conformance(dialect: Dialect, connection: Connection): void {
  const { kind } = dialect;

  /** Probes a server once; then checks that nothing is left of the probe. */
  const found = async (
    behave: Behaviour,
    timeoutMs: number,
    over?: Parameters<Dialect['spec']>[1],
    tls?: Certificate,
  ): Promise<{ sample: Sample; server: TestServer }> => {
    const before = held();
    const server = await serve(behave, tls);
    const probing = await Probing.of(dialect.spec(server.port, over), connection);
    try {
      const sample = await probing.probe(timeoutMs);
      return { sample, server };
    } finally {
      probing.close();
      await server.idle();
      await server.close();
      await released(before);
    }
  };

  for (const [name, behave, expected, timeoutMs] of CASES) {
    it(`finds ${name}`, async () => {
      const { sample, server } = await found(behave(dialect), timeoutMs ?? AMPLE_MS);
      assertFound(sample, kind, expected);
      assert.equal(server.accepted, 1, 'one probe is one connection');
    });
  }

  it('times its phases, which are all of its time', async () => {
    const { sample } = await found(good(dialect), AMPLE_MS);
    const { dnsMs, connectMs, tlsMs, replyMs } = sample.phases;
    assert.deepEqual([dnsMs, tlsMs], [null, null]);
    assert.ok(connectMs !== null && connectMs > 0 && replyMs !== null && replyMs > 0);
    const took = sample.endedAt - sample.sentAt;
    assert.ok(Math.abs(connectMs + replyMs - took) < 1e-6);
  });

  it('finds that nothing listens', async () => {
    const probing = await Probing.of(dialect.spec(await freePort()), connection);
    const sample = await probing.probe();
    assertFound(sample, kind, 'refused');
    assert.match(String(sample.message), /127\.0\.0\.1:\d+/);
    probing.close();
  });

  it('finds that a name does not resolve', async () => {
    const before = held();
    const probing = await Probing.of(dialect.spec(1, { host: 'nope.invalid' }), connection);
    const sample = await probing.probe();
    assertFound(sample, kind, 'dns');
    assert.notEqual(sample.phases.dnsMs, null);
    assert.equal(sample.phases.connectMs, null);
    probing.close();
    await released(before);
  });

  it('goes to one address of localhost, and says which', async () => {
    const { sample } = await found(good(dialect), AMPLE_MS, { host: 'localhost' });
    assert.equal(verdict(sample), 'up');
    const other = await found(good(dialect), AMPLE_MS, { host: 'localhost', family: 6 });
    assert.match(String(other.sample.message), /\[::1\]:/);
    assert.equal(other.server.accepted, 0);
  });

  it('opens no second connection by itself after a failure', async () => {
    const server = await serve(closing);
    const probing = await Probing.of(dialect.spec(server.port), connection);
    for (let sent = 1; sent <= 3; sent++) {
      assertFound(await probing.probe(), kind, 'closed');
      assert.equal(server.accepted, sent);
    }
    probing.close();
    assert.deepEqual(probing.lost, [], 'what was never open is not lost');
    await server.close();
  });

  it('does not wait for a probe that hangs', async () => {
    let first = true;
    const behave: Behaviour = (socket) => {
      if (!first) good(dialect)(socket);
      first = false;
    };
    const server = await serve(behave);
    const probing = await Probing.of(dialect.spec(server.port), connection);
    const hanging = probing.probe();
    await server.nextConnection();
    assert.equal(verdict(await probing.probe()), 'up');
    probing.close();
    assert.equal(verdict(await hanging), 'stopped');
    await server.close();
  });

  describe('with TLS', () => {
    let certificates: Record<'here' | 'elsewhere' | 'ending', Certificate>;

    before(async () => {
      const [here, elsewhere, ending] = await Promise.all([
        certificate('IP:127.0.0.1'),
        certificate('DNS:elsewhere.example'),
        certificate('IP:127.0.0.1', 7),
      ]);
      certificates = { here, elsewhere, ending };
    });

    const CERTIFICATES: readonly [
      name: string,
      which: 'here' | 'elsewhere' | 'ending',
      trusted: boolean,
      over: Partial<TlsSpec>,
      expected: string,
    ][] = [
      ['a certificate that is trusted', 'here', true, {}, 'up'],
      ['a self-signed certificate', 'here', false, {}, 'tls'],
      ['a self-signed certificate that need not be trusted', 'here', false, { verify: false }, 'up'],
      ['a certificate for another name', 'elsewhere', true, {}, 'tls'],
      ['a certificate for the name that is asked for', 'elsewhere', true, { servername: 'elsewhere.example' }, 'up'],
      ['a certificate that ends too soon', 'ending', true, { minDays: 14 }, 'tls'],
      ['a certificate that lasts long enough', 'here', true, { minDays: 14 }, 'up'],
    ];
    for (const [name, which, trusted, over, expected] of CERTIFICATES) {
      it(`finds ${name}`, async () => {
        const shown = certificates[which];
        const tls = tlsOf({ ca: trusted ? shown.cert : null, ...over });
        const { sample } = await found(good(dialect), AMPLE_MS, { tls }, shown);
        assertFound(sample, kind, expected);
        assert.notEqual(sample.phases.tlsMs, null);
      });
    }

    it('asks for the certificate again with every connection', async () => {
      const { cert } = certificates.here;
      const server = await serve(good(dialect), certificates.here);
      const probing = await Probing.of(dialect.spec(server.port, { tls: tlsOf({ ca: cert, minDays: 1 }) }), connection);
      for (let sent = 0; sent < 3; sent++) assert.equal(verdict(await probing.probe()), 'up');
      probing.close();
      await server.close();
    });

    if (connection === 'kept') {
      it('does not outlive a certificate that does not last as long any more as is asked for', async () => {
        const shown = await certificate('DNS:localhost,IP:127.0.0.1');
        const leftMs = Date.parse(new X509Certificate(shown.cert).validTo) - Date.now();
        const server = await serve(good(dialect), shown);
        const tls = tlsOf({ ca: shown.cert, minDays: (leftMs - 2000) / 86_400_000 });
        const probing = await Probing.of(dialect.spec(server.port, { tls }), connection);
        assert.equal(verdict(await probing.probe()), 'up');
        await waitFor(async () => verdict(await probing.probe()) === 'tls', 'it is not good enough any more');
        probing.close();
        await server.close();
      });
    }

    const HANDSHAKES: readonly [name: string, behave: Behaviour, timeoutMs: number][] = [
      ['a plain server', saying('HTTP/1.1 400 Bad Request\r\n\r\n'), AMPLE_MS],
      ['a close', closing, AMPLE_MS],
      [
        'a reset',
        (socket) =>
          socket.once('data', () => {
            reset(socket);
          }),
        AMPLE_MS,
      ],
      ['silence', silent, SHORT_MS],
    ];
    for (const [name, behave, timeoutMs] of HANDSHAKES) {
      it(`finds ${name} in the handshake`, async () => {
        const { sample, server } = await found(behave, timeoutMs, { tls: tlsOf({}) });
        assertFound(sample, kind, 'tls');
        assert.equal(isSilent(sample), behave === silent);
        assert.equal(server.accepted, 1);
      });
    }
  });
}
