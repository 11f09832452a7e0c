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
  if (form === 'file') folder.write('secret.txt', value);
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

/** The path of every value that is no object. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key]));
}

function get(value: unknown, path: readonly string[]): string {
  return String(path.reduce((inner, key) => (inner as Record<string, unknown>)[key], value));
}

function set(value: unknown, [key = '', ...rest]: readonly string[], to: unknown): void {
  const object = value as Record<string, unknown>;
  if (rest.length === 0) object[key] = to;
  else set(object[key], rest, to);
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

  it('that stands in a wrong field too is in no message', async () => {
    // Each is a secret of the configuration; none of them is valid where a duration, a type or a number is wanted.
    const env = { WORD: 'env hunter2-word', LINK: 'redis://me:hunter2-link@h:1' };
    folder.write('kept.txt', 'file\thunter2-kept\n');
    const whole = (): Record<string, unknown> => ({
      vantage: 'here',
      defaults: { interval: '1s', timeout: '1s', connection: 'new', family: 4, rise: 1, fall: 1 },
      services: [
        {
          name: 'page',
          type: 'http',
          url: 'https://me:hunter2-page@h/x',
          method: 'POST',
          headers: {
            'X-Key': 'hunter2-head/er',
            'X-Long': `hunter2-${'long'.repeat(40)}`,
            'X-Env': { env: 'WORD' },
            'X-Slashed': '/hunter2/token',
          },
          body: '{"hunter2":"body"}',
          expect: { status: ['2xx'], body: '/ok/i' },
          follow: 1,
          tls: { verify: true, servername: 'h', minDays: 1 },
          group: 'a',
          enabled: true,
        },
        {
          name: 'cache',
          type: 'redis',
          host: 'h',
          port: 1,
          username: 'hunter2me',
          password: 'hunter2:p@ss',
          db: 1,
          role: 'master',
        },
        { name: 'other', type: 'redis', url: { env: 'LINK' }, connection: 'both' },
        { name: 'port', type: 'tcp', host: 'h', port: 1, hold: '1ms', send: { file: 'kept.txt' }, expect: 'x' },
      ],
      feed: { listen: '127.0.0.1:1', token: 'hunter2token', public: false },
      history: { dir: '/x', keep: '90d' },
      bus: { url: 'redis://:hunter2-bus@h', stream: 'x' },
    });
    const values = [
      'https://me:hunter2-page@h/x',
      'hunter2-page',
      'hunter2-head/er',
      `hunter2-${'long'.repeat(40)}`,
      `${'x'.padEnd(50, '-')}hunter2token`,
      env.WORD,
      env.LINK,
      '{"hunter2":"body"}',
      'hunter2me',
      'hunter2:p@ss',
      '/hunter2/token',
      'file\thunter2-kept',
      'hunter2token',
      'redis://:hunter2-bus@h',
      'wss://elsewhere:hunter2@x/?a=b',
    ].flatMap((value): unknown[] => [value, [value], { [value]: value }, { env: value }, { file: value }]);
    await folder.load({ json: whole(), env });
    let refused = 0;
    for (const path of pathsOf(whole())) {
      for (const value of values) {
        const json = whole();
        set(json, path, value);
        // Nothing says that it is one where it stood in no other place.
        const before = get(whole(), path);
        const known: Record<string, string> = { 'kept.txt': 'kept', WORD: 'word', LINK: 'link' };
        const words = JSON.stringify(value).match(/hunter2[\w-]*/g) ?? [];
        if (words.some((word) => before.includes(word) || word.endsWith(known[before] ?? '-'))) continue;
        try {
          await folder.load({ json, env });
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
          refused += 1;
          assert.doesNotMatch(error.message, /hunter2/, `${path.join('.')} ${JSON.stringify(value)}`);
        }
      }
    }
    assert.ok(refused > 2000, String(refused));
  });

  it('that stands in a wrong field alone is not shown where it looks like one', async () => {
    for (const field of [
      'type',
      'name',
      'interval',
      'connection',
      'family',
      'rise',
      'enabled',
      'group',
      'tls',
      'role',
    ]) {
      for (const word of ['S3cretTok', 'redis://me:S3cretTok@h', 'me:S3cretTok@h', 'https://h/?token=S3cretTok']) {
        const service = { name: 'a', type: 'redis', host: 'h', [field]: word };
        try {
          await folder.load({ json: { services: [service, { name: 'b', type: 'tcp' }] } });
        } catch (error) {
          assert.doesNotMatch(String(error), /S3cretTok/);
        }
      }
    }
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
