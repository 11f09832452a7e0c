/** What a service is shown: client certificates and tokens, and what makes them useless. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { certificate } from '../support/certificates.ts';
import { ConfigFolder } from './config-folder.ts';

const folder = new ConfigFolder();
const web = { type: 'http', url: 'https://h/' };

describe('a client certificate', () => {
  it('is read from two files, for each type of service', async () => {
    const { cert, key } = await certificate('DNS:client');
    folder.write('cert.pem', cert);
    folder.write('key.pem', key);
    const tls = { cert: 'cert.pem', key: 'key.pem' };
    for (const service of [web, { type: 'redis', host: 'h' }, { type: 'tcp', host: 'h', port: 1 }]) {
      const { probe } = await folder.only({ ...service, tls });
      const { client } = (probe.kind === 'http' ? probe.tls : probe.endpoint.tls)!;
      assert.deepEqual(client, { cert, key });
    }
  });

  it('is refused with the place and the reason, and nothing of the key', async () => {
    const [{ cert, key }, other] = await Promise.all([certificate('DNS:client'), certificate('DNS:other')]);
    const files = {
      'cert.pem': cert,
      'key.pem': key,
      'other.pem': other.key,
      'broken.pem': key.replace(/\n[A-Za-z0-9+/]{10}/, '\n%%%%%%%%%%'),
      'encrypted.pem': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
      'text.pem': 'hunter2',
    };
    for (const [name, content] of Object.entries(files)) folder.write(name, content);
    const refused: [object, RegExp][] = [
      [{ cert: 'cert.pem' }, /^services\[0\]\.tls\.cert: "key" is missing beside it/],
      [{ key: 'key.pem' }, /^services\[0\]\.tls\.key: "cert" is missing beside it/],
      [
        { cert: 'cert.pem', key: 'other.pem' },
        /^services\[0\]\.tls\.key: other\.pem: this is not the key of the certificate/,
      ],
      [{ cert: 'cert.pem', key: 'broken.pem' }, /^services\[0\]\.tls\.key: broken\.pem: the key in it is broken/],
      [{ cert: 'cert.pem', key: 'encrypted.pem' }, /encrypted\.pem: the key is encrypted/],
      [{ cert: 'cert.pem', key: 'text.pem' }, /text\.pem: there is no private key in it/],
      [{ cert: 'cert.pem', key: 'cert.pem' }, /cert\.pem: there is no private key in it/],
      [{ cert: 'key.pem', key: 'key.pem' }, /^services\[0\]\.tls\.cert: key\.pem: there is no certificate in it/],
      [{ cert: 'cert.pem', key: 'none.pem' }, /^services\[0\]\.tls\.key: none\.pem: no such file/],
      [{ cert: '', key: 'key.pem' }, /^services\[0\]\.tls\.cert: "" is not a path/],
    ];
    for (const [tls, message] of refused) {
      const problem = await folder.problem({ ...web, tls });
      assert.match(problem, message);
      assert.doesNotMatch(problem, /hunter2|PRIVATE KEY.*\n/);
    }
  });
});

describe('the token of the feed', () => {
  const refusal = async (token: unknown, env: Readonly<Record<string, string>> = {}): Promise<string> => {
    const services = [{ name: 'a', type: 'tcp', host: 'h', port: 1 }];
    const { problems } = await folder.refusal({ json: { services, feed: { token } }, env });
    assert.equal(problems.length, 1);
    return `${problems[0]!.place ?? ''}: ${problems[0]!.message}`;
  };

  it('is refused where no client could send it, with the reason and without it', async () => {
    folder.write('token.txt', 'hunter2\nhunter2\n');
    const refused: [unknown, RegExp][] = [
      ['   ', /^feed\.token: no client could send this token: it is blank/],
      ['hunter2\nx', /a line break/],
      ['hunter2\u0000', /control/],
      ['hunter2é', /not ASCII/],
      ['hunter2\u{1f600}', /not ASCII/],
      [' hunter2', /a blank stands before or behind it/],
      [{ env: 'TOKEN' }, /not ASCII/],
      [{ file: 'token.txt' }, /a line break/],
    ];
    for (const [token, message] of refused) {
      const problem = await refusal(token, { TOKEN: 'hunter2ü' });
      assert.match(problem, message);
      assert.doesNotMatch(problem, /hunter2/);
    }
  });

  it('may be any other text', async () => {
    const services = [{ name: 'a', type: 'tcp', host: 'h', port: 1 }];
    for (const token of ['x', 'a b', '~!"#$%&()', 'x'.repeat(500)]) {
      assert.equal((await folder.load({ json: { services, feed: { token } } })).feed.token, token);
    }
  });
});

describe('the zone of an IPv6 address', () => {
  it('is taken in every URL, with % or %25, and is shown', async () => {
    for (const zone of ['%lo', '%25lo']) {
      const { service, probe } = await folder.only({ type: 'http', url: `http://[::1${zone}]:8080/x?y` });
      assert.equal(service.target, 'http://[::1%lo]:8080/x?y');
      assert.deepEqual(probe.kind === 'http' && [probe.url, probe.zone], ['http://[::1]:8080/x?y', 'lo']);
      const tcp = await folder.only({ type: 'tcp', url: `tcp://[fe80::1${zone}]:1` });
      assert.equal(tcp.probe.kind === 'tcp' && tcp.probe.endpoint.host, 'fe80::1%lo');
      const redis = await folder.only({ type: 'redis', url: `redis://[fe80::1${zone}]` });
      assert.equal(redis.probe.kind === 'redis' && redis.probe.endpoint.host, 'fe80::1%lo');
    }
    assert.match(await folder.problem({ type: 'http', url: 'http://[::1%]/' }), /neither a name nor an address/);
    assert.match(
      await folder.problem({ type: 'http', url: 'http://[127.0.0.1%lo]/' }),
      /neither a name nor an address/,
    );
  });
});
