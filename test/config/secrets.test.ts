import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { ConfigError } from '../../src/config/config-error.ts';
import { ConfigFolder } from './config-folder.ts';

const folder = new ConfigFolder();

/** Two words that occur in no message, with any character that may break a URL, a header or JSON between them. */
const secrets = fc
  .tuple(
    fc.string({ unit: fc.constantFrom('/', '@', ':', '#', '?', '%', '%4', '\\', ' ', '\n', 'é', '=', '[', '"', '&') }),
    fc.boolean(),
  )
  .map(([between, escaped]) => {
    const plain = `hunter2${between}zqtail`;
    return { plain, inUrl: escaped ? encodeURIComponent(plain) : plain };
  });

const places = fc.constantFrom(
  'url',
  'http url',
  'password',
  'username',
  'header',
  'body',
  'send',
  'token',
  'wrong kind',
  'target',
);
const forms = fc.constantFrom('itself', 'env', 'file', 'list', 'object');
const breakages = fc.constantFrom<Readonly<Record<string, unknown>>>(
  {},
  {},
  { interval: '0' },
  { prot: 1 },
  { tls: 'x' },
  { name: '' },
);

type Secret = { readonly plain: string; readonly inUrl: string };

/** A configuration that holds the secret at the place. */
function holding(place: string, form: string, secret: Secret, broken: object): Parameters<ConfigFolder['load']>[0] {
  const value = place.endsWith('url') ? `${place === 'url' ? 'redis' : 'http'}://me:${secret.inUrl}@h:1` : secret.plain;
  folder.write('secret.txt', value);
  const written = {
    itself: value,
    env: { env: 'KEY' },
    file: { file: 'secret.txt' },
    list: [value],
    object: { value },
  }[form];
  const services: Readonly<Record<string, unknown>> = {
    url: { type: 'redis', url: written },
    'http url': { type: 'http', url: written },
    password: { type: 'redis', host: 'h', password: written },
    username: { type: 'redis', host: 'h', username: written, password: 'x' },
    header: { type: 'http', url: 'http://h/', headers: { Authorization: written } },
    body: { type: 'http', url: 'http://h/', body: written },
    send: { type: 'tcp', host: 'h', port: 1, send: written },
    'wrong kind': { type: 'redis', url: { password: written } },
  };
  const service = services[place] ?? { type: 'tcp', host: 'h', port: 1 };
  return {
    json: { services: [{ name: 'a', ...service, ...broken }], feed: place === 'token' ? { token: written } : {} },
    targets: place === 'target' ? [`redis://me:${secret.inUrl}@h:1`, `http://me:${secret.inUrl}@h`] : [],
    env: { KEY: value },
  };
}

describe('a secret', () => {
  it('is in no message and in nothing that others may see', async () => {
    let accepted = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(places, forms, secrets, breakages, async (place, form, secret, broken) => {
        let seen: string;
        try {
          const { watched } = await folder.load(holding(place, form, secret, broken));
          seen = JSON.stringify(watched.map(({ service }) => service));
          accepted += 1;
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
          seen = `${error.stack ?? ''} ${JSON.stringify(error)} ${JSON.stringify(error.problems)}`;
          refused += 1;
        }
        assert.doesNotMatch(seen, /hunter2|zqtail/);
      }),
      { numRuns: 1500 },
    );
    assert.ok(accepted > 100 && refused > 100, `${String(accepted)} accepted, ${String(refused)} refused`);
  });

  it('that is kept elsewhere is named by its place', async () => {
    const service = { type: 'redis', url: { env: 'CACHE_URL' } };
    const problem = await folder.problem(service, { CACHE_URL: 'redis://me:hunter2@h:99999' });
    assert.match(
      problem,
      /^services\[0\]\.url: the URL that is kept there: its port is not a whole number from 1 to 65535/,
    );
  });
});
