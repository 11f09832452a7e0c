import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { ConfigError } from '../../src/config/config-error.ts';
import { ConfigFolder } from './config-folder.ts';

const folder = new ConfigFolder();

/** The only problem of a target, as it is printed. */
async function refused(target: string): Promise<string> {
  const { message } = await folder.refusal({ targets: [target] });
  const [, problem, ...more] = message.split('\n');
  assert.deepEqual(more, []);
  return (problem ?? '').trim();
}

describe('targets', () => {
  it('are ports, hosts with ports, and URLs; without a name they are called what they are, less the password', async () => {
    const targets = {
      '8080': ['8080', 'tcp://127.0.0.1:8080'],
      'web=8080': ['web', 'tcp://127.0.0.1:8080'],
      'db.internal:5432': ['db.internal:5432', 'tcp://db.internal:5432'],
      '[::1]:80': ['[::1]:80', 'tcp://[::1]:80'],
      'tcp://h:1': ['tcp://h:1', 'tcp://h:1'],
      'http://127.0.0.1:8080/@a/b?q=1&r=x:2#top': [
        'http://127.0.0.1:8080/@a/b?q=1&r=x:2#top',
        'http://127.0.0.1:8080/@a/b?q=1&r=x:2',
      ],
      'https://u:pa%2Fss@h': ['https://u@h', 'https://h/'],
      'redis://:p@ss:1@h': ['redis://h', 'redis://h:6379'],
      'cache=REDISS://u:p@[::1]:7000/3': ['cache', 'rediss://[::1]:7000/3'],
      'redis+sentinel://me:pw@h/shop': ['redis+sentinel://me@h/shop', 'redis+sentinel://h:26379/shop'],
      'redis+sentinel://a:1,[::1]:2/shop/3': [
        'redis+sentinel://a:1,[::1]:2/shop/3',
        'redis+sentinel://a:1,[::1]:2/shop/3',
      ],
      'x=rediss+sentinel://:p%40@a,b:2/shop.1': ['x', 'rediss+sentinel://a:26379,b:2/shop.1'],
      'unix:/run/a.sock:/health?x=1': ['unix:/run/a.sock:/health?x=1', 'unix:/run/a.sock:/health?x=1'],
      'c=unix://run/a.sock': ['c', 'unix:/run/a.sock:/'],
      'd=unix://': ['d', 'unix:/:/'],
      'a b=http://münchen.example/': ['a b', 'http://xn--mnchen-3ya.example/'],
    };
    const { watched, file } = await folder.load({ targets: Object.keys(targets) });
    assert.equal(file, null);
    assert.deepEqual(
      watched.map(({ service }) => [service.name, service.target]),
      Object.values(targets),
    );
  });

  it('hand user and password of a URL to the probe alone', async () => {
    const { watched } = await folder.load({
      targets: ['a=http://me:s%C3%A9cret@h/', 'b=redis://:p%40ss@h', 'c=redis://me:x:y@h'],
    });
    const [http, password, both] = watched.map(({ probe }) => probe);
    assert.ok(http?.kind === 'http' && password?.kind === 'redis' && both?.kind === 'redis');
    assert.equal(http.url, 'http://h/');
    assert.deepEqual(http.headers, { Authorization: `Basic ${Buffer.from('me:sécret').toString('base64')}` });
    assert.deepEqual([password.username, password.password], [null, 'p@ss']);
    assert.deepEqual([both.username, both.password], ['me', 'x:y']);
  });

  it('take a request path and a socket of their own', async () => {
    const { watched } = await folder.load({ targets: ['unix:/run/a.sock:/health', 'b=unix:/run/b.sock'] });
    const specs = watched.map(({ probe }) => (probe.kind === 'http' ? [probe.socketPath, probe.url] : []));
    assert.deepEqual(specs, [
      ['/run/a.sock', 'http://localhost/health'],
      ['/run/b.sock', 'http://localhost/'],
    ]);
  });

  it('are refused with what is wrong and what would do', async () => {
    const expected: Readonly<Record<string, RegExp>> = {
      '70000': /^70000: 70000 is not a port; a whole number from 1 to 65535$/,
      'db=h:0': /^db=h:0: 0 is not a port/,
      localhost: /^localhost: its port is missing; HOST:PORT such as localhost:8080$/,
      'localhost:http': /^localhost:…: its port is not a whole number/,
      '::1:80': /^::1:80: an IPv6 address goes in brackets/,
      'ftp://h': /^ftp:\/\/h: ftp:\/\/ can't be probed; PORT, HOST:PORT, or a URL with tcp/,
      '=80': /^=80: "" is not a name; 1 to 100 characters/,
      'a\u001b[2J=80': /^a\\u001b\[2J=80: "a\\u001b\[2J" is not a name/,
      'x=': /^x=: this is no address; PORT/,
      '': /^"": this is no address; PORT/,
      'tcp://h': /: its port is missing; tcp:\/\/HOST:PORT$/,
      'tcp://u@h:1': /user or password, which TCP does not know/,
      'http://': /: its host is missing; http:\/\/HOST/,
      'http://a b/': /: its host is neither a name nor an address/,
      'http://3000/': /: its host is neither a name nor an address/,
      'redis+sentinel://h': /the master's name is missing behind the hosts; .*redis\+sentinel:\/\/HOST/,
      'redis+sentinel://h/': /the master's name is missing/,
      'redis+sentinel://h/a b': /the master's name is missing/,
      'redis+sentinel://h/shop/x': /what follows the master's name is not the number of a database/,
      'redis+sentinel://h:0/shop': /port/,
      'redis+sentinel://h,,i/shop': /its host is missing/,
      'redis+sentinel://me@h/shop': /a user without a password/,
      'redis+cluster://h:1': /redis\+cluster:\/\/ can't be probed/,
      'redis://h/x': /what follows the host is not the number of a database/,
      'redis://:a%zz@h': /holds a % that is no escape; a plain % is written %25/,
      'redis://u@h': /a user without a password/,
      'unix:run.sock': /its socket is not a path that begins with \//,
      [`unix:/${'x'.repeat(107)}`]: /longer than the 107 bytes/,
      [`http://${'x'.repeat(99)}/`]: /too long to be its own name \(at most 100 characters\); NAME=WHERE names it$/,
    };
    for (const [target, problem] of Object.entries(expected)) assert.match(await refused(target), problem);
  });

  it('say how to name what is named twice', async () => {
    const { problems } = await folder.refusal({ targets: ['8080', 'web=9090', '8080'] });
    assert.deepEqual(
      problems.map(({ message }) => message),
      ['the name "8080" is already taken by 8080; NAME=WHERE gives this one another'],
    );
    await folder.load({ targets: ['8080', 'again=8080'] });
  });

  it('keep their password out of every message, however they are mistyped', async () => {
    const mistyped = [
      'redis://me:hunter2@h:99999',
      'redis://:hun/ter2@h',
      'redis+sentinel://:hun/ter2@h/shop',
      'redis+sentinel://me:hunter2@h:99999/shop',
      'redis+sentinel://me:hunter2@h',
      'redis://me:hunter2?x@h',
      'redis://:hunter2#x@h',
      'c=redis://me:hunter2',
      'redis:/:hunter2@h',
      'me:hunter2@h:6379',
      'me:hunter2',
      'http://me:%hunter2@h/',
      'http://me:hunter2@',
      'tcp://me:hunter2@h:1',
      'mysql://me:hunter2@h/db',
      'c=http://me:hunter2@h:80:90/',
      'http://me:hunter2@h/zqter2@h',
    ];
    for (const target of mistyped) assert.doesNotMatch(await refused(target), /hunter2|ter2|hun\//, target);
  });

  it('become a configuration or a ConfigError, whatever is typed', async () => {
    const bits = fc.constantFrom(
      'redis://',
      'redis+sentinel://',
      'http://',
      'tcp://',
      'unix:',
      ':',
      '@',
      '/',
      '[::1]',
      '[',
      ']',
      '%',
      '%41',
      '=',
      '#',
      '?',
      '8080',
      'a',
      '.',
      ' ',
      '\n',
      '\u0000',
      'é',
      '-',
    );
    const typed = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(bits, { maxLength: 10 }).map((list) => list.join('')),
    );
    await fc.assert(
      fc.asyncProperty(typed, async (target) => {
        try {
          const { watched } = await folder.load({ targets: [target] });
          assert.equal(watched.length, 1);
          new URL(watched[0]!.service.target);
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
          assert.doesNotMatch(error.message.replaceAll('\n', ''), /\p{Cc}/u);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
