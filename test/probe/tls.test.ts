/** TLS: client certificates, and that what goes wrong is said in words, on one line. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { TlsOptions } from 'node:tls';

import type { Sample } from '../../src/core/model.ts';
import type { TlsSpec } from '../../src/probe/spec.ts';
import { certificate, type Certificate } from '../support/certificates.ts';
import { DIALECTS, good, type Dialect } from '../support/dialects.ts';
import { AMPLE_MS, Probing, tlsOf, verdict } from '../support/probing.ts';
import { closing, reset, saying, serve, type Behaviour } from '../support/servers.ts';

let server: Certificate;
let client: Certificate;
let stranger: Certificate;

before(async () => {
  [server, client, stranger] = await Promise.all([
    certificate('IP:127.0.0.1'),
    certificate('DNS:client.example'),
    certificate('DNS:stranger.example'),
  ]);
});

async function found(
  dialect: Dialect,
  behave: Behaviour,
  tls: TlsOptions | null,
  spec: Partial<TlsSpec>,
): Promise<Sample> {
  const running = await serve(behave, tls ?? undefined);
  const probing = await Probing.of(dialect.spec(running.port, { tls: tlsOf({ ca: server.cert, ...spec }) }));
  try {
    return await probing.probe(AMPLE_MS);
  } finally {
    probing.close();
    await running.close();
  }
}

const alert = (number: number): Behaviour => saying(Buffer.of(21, 3, 3, 0, 2, 2, number));

for (const dialect of DIALECTS) {
  describe(`TLS with ${dialect.kind}`, () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const asking = (): TlsOptions => ({
        ...server,
        requestCert: true,
        rejectUnauthorized: true,
        ca: client.cert,
        minVersion: version,
        maxVersion: version,
      });

      it(`shows the client certificate to a server that asks for one (${version})`, async () => {
        const sample = await found(dialect, good(dialect), asking(), { client });
        assert.equal(verdict(sample), 'up', String(sample.message));
      });

      it(`is down without one (${version})`, async () => {
        const sample = await found(dialect, good(dialect), asking(), {});
        assert.equal(verdict(sample), 'tls');
        assert.match(
          String(sample.message),
          /^the server (wants|refuses.* may want) a client certificate.* \(127[\d.:]+\)$/,
        );
      });

      it(`is down with another one (${version})`, async () => {
        const sample = await found(dialect, good(dialect), asking(), { client: stranger });
        // Node's servers close without a word.
        assert.match(verdict(sample), /^(tls|closed|reset)$/);
      });
    }

    const PROBLEMS: readonly [
      name: string,
      behave: Behaviour,
      tls: (() => TlsOptions) | null,
      spec: Partial<TlsSpec>,
      says: RegExp,
    ][] = [
      ['an HTTP server', saying('HTTP/1.1 400 Bad Request\r\n\r\n'), null, {}, /^no TLS is spoken there \(/],
      ['a Redis', saying('-ERR unknown command\r\n'), null, {}, /^no TLS is spoken there \(/],
      ['zeros', saying(Buffer.alloc(100)), null, {}, /^no TLS is spoken there \(/],
      ['a close', closing, null, {}, /^closed during the TLS handshake \(/],
      [
        'a reset',
        (socket) =>
          socket.once('data', () => {
            reset(socket);
          }),
        null,
        {},
        /^the peer reset the connection/,
      ],
      [
        'an old version',
        good(dialect),
        () => ({ ...server, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
        {},
        /^the server does not accept our versions of TLS/,
      ],
      [
        'a certificate that nothing vouches for',
        good(dialect),
        () => server,
        { ca: null },
        /^the certificate is signed by itself, and not trusted \(/,
      ],
      [
        'a certificate for another name',
        good(dialect),
        () => server,
        { servername: 'other.example' },
        /^the certificate is for another name: .*gapwatch test/,
      ],
      ['an unknown name', alert(112), null, {}, /^the server does not know the name/],
      ['no protocol in common', alert(120), null, {}, /ALPN/],
      ['an internal error', alert(80), null, {}, /internal error/],
      ['a certificate that is revoked', alert(44), null, {}, /client certificate: it is revoked/],
      ['an alert without words', alert(50), null, {}, /^the TLS handshake failed: decode error \(/],
    ];
    for (const [name, behave, tls, spec, says] of PROBLEMS) {
      it(`names ${name} in words`, async () => {
        const { reason, message } = await found(dialect, behave, tls?.() ?? null, spec);
        assert.equal(reason, 'tls');
        assert.match(String(message), says);
        assert.doesNotMatch(String(message), /\p{Cc}|SSL routines|\.c:/u);
      });
    }
  });
}

describe('the name that is asked for', () => {
  it('has no dot at its end, wherever one is written', async () => {
    const names: string[] = [];
    const { cert } = await certificate('DNS:localhost');
    for (const dialect of DIALECTS) {
      const running = await serve(good(dialect), {
        ...server,
        SNICallback: (name, done) => {
          names.push(name);
          done(null);
        },
      });
      const spec = dialect.spec(running.port, { host: 'localhost.', tls: tlsOf({ ca: cert, verify: false }) });
      const probing = await Probing.of(spec);
      const sample = await probing.probe();
      assert.equal(verdict(sample), 'up', String(sample.message));
      probing.close();
      await running.close();
    }
    assert.deepEqual(names, ['localhost', 'localhost', 'localhost']);
  });
});
