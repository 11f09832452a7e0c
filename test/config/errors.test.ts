import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { ConfigError } from '../../src/config/config-error.ts';
import { ConfigFolder } from './config-folder.ts';

const folder = new ConfigFolder();
const tcp = { type: 'tcp', host: 'h', port: 1 };
const http = { type: 'http', url: 'http://h/' };
const redis = { type: 'redis', host: 'h' };

describe('a file that is no configuration', () => {
  it('is reported with line and column where it is not JSON', async () => {
    const texts: Readonly<Record<string, RegExp>> = {
      '{\n  "services": [\n    { "name": web }\n  ]\n}':
        /^ {2}services\.json:3:15: this is not a value; text needs double quotes$/m,
      '{"vantage": "a"\n "feed": {}}': /services\.json:2:2: a comma is missing before this/,
      '{"services": [': /services\.json:1:15: a closing \] is missing here/,
      '{"vantage": "a': /services\.json:1:13: a text is not closed/,
      '{"vantage": "a"} {}': /services\.json:1:18: the file continues here after its end/,
      '': /services\.json:1:1: the file is empty/,
      '// only this': /services\.json:1:1: the file is empty/,
      '[]': /services\.json:1:1: a list is not a configuration/,
      '{"services":[{"name":"a",\n"name":"b"}]}':
        /services\.json:2:1 {2}services\[0\]\.name: this field is given twice/,
    };
    for (const [json, expected] of Object.entries(texts))
      assert.match((await folder.refusal({ json })).message, expected);
    assert.match((await folder.refusal({ json: '['.repeat(200_000) })).message, /are nested too deeply/);
    const utf16 = Uint8Array.from([0xff, 0xfe, 0x7b, 0, 0x7d, 0]);
    assert.match((await folder.refusal({ json: utf16 })).message, /services\.json: this is not UTF-8 text/);
  });

  it('is reported where it is missing, or a folder', async () => {
    const missing = await folder.refusal({ file: 'none.json', targets: ['8080'] });
    assert.deepEqual([missing.code, missing.message.split('\n')[1]], ['unreadable', '  none.json: no such file']);
    assert.match((await folder.refusal({ file: '.' })).message, /\.: this is a folder, not a file/);
  });

  it('names nothing: the message says how to name a service, and names the demo', async () => {
    const nothing = await folder.refusal({});
    assert.equal(nothing.code, 'no-services');
    assert.match(nothing.message, /^No service to watch\.[^]*gapwatch web=8080[^]*services\.json[^]*gapwatch demo/);
    assert.match((await folder.refusal({ json: { services: [] } })).message, /services\.json names none/);
  });
});

describe('a field that is wrong', () => {
  it('is reported with its place, what is there and what is allowed', async () => {
    const services = [
      { name: 'a', ...tcp },
      { name: 'b', ...tcp, port: 70_000 },
    ];
    const { message, problems } = await folder.refusal({ json: { services } });
    assert.equal(
      message,
      `The configuration can't be used:\n  services.json:13:15  services[1].port: 70000 is not a port; a whole number from 1 to 65535`,
    );
    const [problem] = problems;
    assert.deepEqual(
      [problem?.file, problem?.line, problem?.column, problem?.place],
      ['services.json', 13, 15, 'services[1].port'],
    );
  });

  it('is reported together with all others, in the order of the file', async () => {
    const services = [{ name: 'a', ...tcp, port: '80' }, { name: 'b', type: 'tpc' }, { ...tcp }, 5];
    const { message } = await folder.refusal({
      json: { services, vantge: 'x' },
      options: { interval: '0' },
      targets: ['x'],
    });
    assert.match(
      message,
      /^The configuration can't be used \(7 problems\):\n.*services\[0\]\.port: "80" is not a port.*\n.*services\[1\]\.type: "tpc".*did you mean "tcp"\?.*\n.*services\[2\]\.name: missing; 1 to 100 characters.*\n.*services\[3\]: 5 is not a service.*\n.*vantge: unknown field, did you mean "vantage"\?.*\n {2}--interval: "0" is too short.*\n {2}x: its port is missing/,
    );
  });

  it('prints no more than twenty, and how many more there are', async () => {
    const { message, problems } = await folder.refusal({ json: { services: Array.from({ length: 30 }, () => 1) } });
    assert.equal(problems.length, 30);
    assert.equal(message.split('\n').length, 22);
    assert.match(message, /… and 10 more$/);
  });

  it('is reported in the words of its field', async () => {
    const problems: readonly [Readonly<Record<string, unknown>>, RegExp][] = [
      [
        { ...tcp, prot: 1 },
        /^services\[0\]\.prot: unknown field, did you mean "port"\? Allowed here: name, type, host, port, /,
      ],
      [{ ...tcp, headers: {} }, /\.headers: unknown field\. Allowed here: /],
      [{ ...tcp, interval: 0 }, /\.interval: 0 is too short for an interval; from 10ms to 1d: faster probes/],
      [{ ...tcp, interval: '0ms' }, /\.interval: "0ms" is too short for an interval/],
      [{ ...tcp, interval: '2d' }, /\.interval: "2d" is too long for an interval/],
      [{ ...tcp, interval: 100 }, /\.interval: 100 has no unit; a number with its unit, such as "50ms"/],
      [{ ...tcp, interval: 'fast' }, /\.interval: "fast" is not a duration/],
      [{ ...tcp, timeout: '0.5ms' }, /\.timeout: "0\.5ms" is too short for a timeout; from 1ms/],
      [
        { ...tcp, timeout: '7s' },
        /\.timeout: a timeout of 7s at an interval of 100ms lets 70 probes hang at once; at most 64 may: a timeout up to 6\.4s, or an interval from 110ms/,
      ],
      [{ ...tcp, interval: '10ms' }, /\.interval: a timeout of 1s at an interval of 10ms lets 100 probes/],
      [
        { ...tcp, connection: 'keep' },
        /\.connection: "keep" is not a kind of connection, did you mean "kept"\? Allowed: "new", "kept" or "both"/,
      ],
      [{ ...tcp, family: 5 }, /\.family: 5 is not an address family; 4 or 6/],
      [{ ...tcp, host: '::1', family: 4 }, /"family" is 4, but ::1 is an address of family 6/],
      [{ ...tcp, rise: 0 }, /\.rise: 0 is not a number of probes; a whole number from 1 to 100/],
      [{ ...tcp, fall: 1.5 }, /\.fall: 1\.5 is not a number of probes/],
      [{ ...tcp, enabled: 'no' }, /\.enabled: "no" is neither true nor false/],
      [{ ...tcp, name: '' }, /\.name: "" is not a name/],
      [{ ...tcp, name: '\ud800' }, /\.name: "\\ud800" is not a name/],
      [{ ...tcp, name: 'x'.repeat(101) }, /\.name: "x+…" is not a name; 1 to 100 characters/],
      [{ ...tcp, host: 'h:80' }, /\.host: "h:80" is not a host/],
      [{ ...tcp, url: 'tcp://h:1', port: undefined }, /\.host: conflicts with "url"/],
      [{ type: 'tcp' }, /^services\[0\]: no address; "host" and "port", or "url"/],
      [{ type: 'tcp', host: 'h' }, /no port; "port" is missing beside "host"/],
      [{ type: 'redis' }, /no address; "host", or "url"/],
      [{ type: 'http' }, /\.url: missing; text in double quotes/],
      [{}, /\.type: missing; "tcp", "http" or "redis"/],
      [{ ...tcp, hold: '1s' }, /\.hold: 1s does not fit into the timeout of 1s/],
      [{ ...tcp, expect: '/(/' }, /\.expect: "\/\(\/" is not a regular expression \(Unterminated group\)/],
      [{ ...tcp, expect: '/a/g' }, /\.expect: "g" after the last slash are not flags; i, m, s, u and v are/],
      [{ ...tcp, tls: false }, /\.tls: false is not TLS settings; true, or an object with verify/],
      [{ ...tcp, tls: { verifi: true } }, /\.tls\.verifi: unknown field, did you mean "verify"\?/],
      [{ ...tcp, tls: { minDays: -1 } }, /\.tls\.minDays: -1 is not a number of days/],
      [{ ...tcp, tls: { ca: 'none.pem' } }, /\.tls\.ca: none\.pem: no such file/],
      [{ ...tcp, tls: { ca: 'services.json' } }, /\.tls\.ca: services\.json: there is no certificate in it/],
      [
        { ...http, url: 'ftp://h/' },
        /\.url: "ftp:\/\/h\/": its scheme is not one for this type of service; http:\/\/HOST/,
      ],
      [
        { ...http, url: 'http://h:70000/' },
        /\.url: "http:\/\/h:70000\/": its port is not a whole number from 1 to 65535/,
      ],
      [{ ...http, method: 'get' }, /\.method: "get" is not a method, did you mean "GET"\?/],
      [{ ...http, follow: -1 }, /\.follow: -1 is not a number of redirects; a whole number from 0 to 20/],
      [{ ...http, headers: { 'Bad: name': 'x' } }, /^services\[0\]\.headers: this is not the name of a header/],
      [{ ...http, headers: { Connection: 'close' } }, /\.headers\.Connection: gapwatch sends this header itself/],
      [{ ...http, headers: { A: '1', a: '2' } }, /\.headers\.a: this header is given twice/],
      [{ ...http, headers: { A: 'a\nb' } }, /\.headers\.A: its value holds a character that a header can't have/],
      [
        { ...http, url: 'http://u:p@h', headers: { authorization: 'x' } },
        /\.headers\.authorization: conflicts with the user/,
      ],
      [{ ...http, expect: { status: 700 } }, /\.expect\.status: 700 is not a status; from 100 to 599/],
      [
        { ...http, expect: { status: ['2xx', 'ok'] } },
        /\.expect\.status\[1\]: "ok" is not a status; a number such as 200/,
      ],
      [{ ...http, expect: { status: '300-200' } }, /300-200 is not a status; from 100 to 599, the lower one first/],
      [{ ...http, expect: { body: 'x' }, method: 'HEAD' }, /a HEAD request is answered without a body/],
      [{ ...http, tls: {} }, /\.tls: conflicts with a URL without TLS/],
      [{ ...redis, db: -1 }, /\.db: -1 is not the number of a database/],
      [
        { ...redis, write: '' },
        /\.write: "" is not a key; the name of a key of gapwatch's own, such as "gapwatch:write"/,
      ],
      [{ ...redis, write: 1 }, /\.write: 1 is not a key/],
      [{ type: 'tcp', host: 'h', port: 1, write: 'k' }, /unknown field/],
      [
        { type: 'redis', url: 'redis+sentinel://h/shop', role: 'replica' },
        /\.role: "replica" conflicts with "url": sentinels/,
      ],
      [{ type: 'redis', url: 'redis+sentinel://h/shop/1', db: 2 }, /\.db: conflicts with "url"/],
      [
        { type: 'redis', url: 'redis+sentinel://127.0.0.1,[::1]/shop', family: 6 },
        /"family" is 6, but 127\.0\.0\.1 is/,
      ],
      [{ ...redis, role: 'slave' }, /\.role: "slave" is not a role; "master" or "replica"/],
      [{ ...redis, username: 'me' }, /\.username: a user without a password/],
      [{ type: 'redis', url: 'redis://h/1', db: 1 }, /\.db: conflicts with "url"/],
      [
        { ...redis, password: 5 },
        /\.password: a number is not allowed here; it takes text in double quotes, \{ "env": NAME \}/,
      ],
      [{ ...redis, password: '' }, /\.password: it is empty/],
      [{ ...redis, password: { env: 'NOT_SET' } }, /\.password: the environment variable NOT_SET is not set/],
      [{ ...redis, password: { file: 'none.txt' } }, /\.password\.file: none\.txt: no such file/],
      [{ ...redis, password: { file: '.' } }, /\.password\.file: \.: this is a folder/],
      [{ ...redis, password: { enw: 'X' } }, /\.password: an object is not allowed here; it takes/],
    ];
    for (const [service, expected] of problems) assert.match(await folder.problem(service), expected);
  });

  it('is reported where it can not say who answered, or what is slow', async () => {
    const cases: [service: object, words: RegExp][] = [
      [{ ...http, identity: {} }, /identity: one of "header" and "body" says who answered; exactly one/],
      [{ ...http, identity: { header: 'A', body: '/(a)/' } }, /identity: one of "header" and "body"/],
      [{ ...http, identity: { header: 'not a name' } }, /identity\.header: "not a name" is not the name of a header/],
      [{ ...http, identity: { body: 'text' } }, /identity\.body: .* has 0 groups/],
      [{ ...http, identity: { body: '/a/' } }, /identity\.body: .* has 0 groups; .* with one group/],
      [{ ...http, identity: { body: '/(a)(b)/' } }, /has 2 groups/],
      [{ ...http, identity: { body: '/(a+)+?(?=b)/' } }, /can't be used/],
      [{ ...tcp, identity: { body: '/(a)/' } }, /identity: nothing is read without "expect"/],
      [{ ...tcp, identity: { header: 'A' } }, /header/],
      [{ ...redis, identity: { body: '/(a)/' } }, /identity/],
      [{ ...tcp, slow: 5 }, /slow: 5 has no unit/],
      [{ ...tcp, slow: '0ms' }, /slow: "0ms" is too short for a limit for slow answers/],
    ];
    for (const [service, words] of cases) {
      const { message } = await folder.refusal({ json: { services: [{ name: 'a', ...service }] } });
      assert.match(message, words, JSON.stringify(service));
    }
  });

  it('is reported for the feed, the history and the defaults too', async () => {
    const { message } = await folder.refusal({
      json: {
        services: [{ name: 'a', ...tcp }],
        defaults: { hold: '1s', interval: '1x' },
        feed: {
          ...{ listen: '9720', token: '', public: 1 },
          origins: ['https://a.example/'],
          embed: 'https://b.example',
          proxies: ['10.0.0.0/33', 'proxy.internal'],
        },
        history: { keep: '1s', dir: 5 },
      },
    });
    assert.match(message, /defaults\.hold: unknown field\. Allowed here: interval, timeout/);
    assert.match(message, /defaults\.interval: "1x" is not a duration/);
    assert.match(
      message,
      /feed\.origins\[0\]: "https:\/\/a\.example\/" is not an origin; .* without a path or a slash/,
    );
    assert.match(message, /feed\.embed: "https:\/\/b\.example" is not a list of origins; a list such as/);
    assert.match(message, /feed\.proxies\[0\]: "10\.0\.0\.0\/33" is not a proxy; an address or a network/);
    assert.match(message, /feed\.proxies\[1\]: "proxy\.internal" is not a proxy/);
    assert.match(message, /feed\.listen: "9720" is not an address to listen on; HOST:PORT such as "127\.0\.0\.1:9720"/);
    assert.match(message, /feed\.token: it is empty/);
    assert.match(message, /feed\.public: 1 is neither true nor false/);
    assert.match(message, /history\.keep: "1s" is too short for a time to keep/);
    assert.match(message, /history\.dir: 5 is not a path/);
  });

  it('is reported on the command line by the name of the option', async () => {
    const options = { interval: '5', timeout: 'x', connection: 'old', vantage: '' };
    const { message } = await folder.refusal({ targets: ['8080'], options });
    assert.match(message, /^ {2}--interval: 5 has no unit/m);
    assert.match(message, /^ {2}--timeout: "x" is not a duration/m);
    assert.match(message, /^ {2}--connection: "old" is not a kind of connection; "new", "kept" or "both"/m);
    assert.match(message, /^ {2}--vantage: "" is not a vantage/m);
  });
});

describe('a name that is taken', () => {
  it('is reported with its owner', async () => {
    const services = [
      { name: 'a', ...tcp },
      { name: 'a', ...tcp, enabled: false },
    ];
    const { problems } = await folder.refusal({ json: { services }, targets: ['a=1'] });
    assert.deepEqual(
      problems.map(({ place, message }) => [place, message]),
      [
        ['services[1].name', 'the name "a" is already taken by services[0]; every service needs its own name'],
        ['a=1', 'the name "a" is already taken by services[0]; NAME=WHERE gives this one another'],
      ],
    );
  });

  it('may be one that "both" makes', async () => {
    const services = [
      { name: 'a (kept)', ...tcp },
      { name: 'a', ...tcp, connection: 'both' },
    ];
    assert.match(
      (await folder.refusal({ json: { services } })).message,
      /services\[1\]\.name: the name "a \(kept\)" is already taken/,
    );
  });
});

describe('any file', () => {
  it('becomes a configuration or a ConfigError', async () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('1s', 'http://h/', 'redis://h', 'tcp', { env: 'X' }),
    );
    const names = [
      'host',
      'port',
      'url',
      'tls',
      'interval',
      'expect',
      'headers',
      'password',
      'hold',
      'name',
      '__proto__',
      'constructor',
    ];
    const service = fc
      .tuple(fc.constantFrom('tcp', 'http', 'redis'), fc.dictionary(fc.constantFrom(...names), value))
      .map(([type, fields]) => ({ name: 'a', type, ...fields }));
    const file = fc.oneof(
      value,
      fc.record({ services: fc.array(service) }),
      fc.dictionary(fc.constantFrom('services', 'feed', 'history', 'defaults', 'vantage'), value),
    );
    await fc.assert(
      fc.asyncProperty(file, fc.nat(300), async (json, cut) => {
        const text = JSON.stringify(json);
        for (const written of [text, text.slice(0, cut)]) {
          await folder.load({ json: written }).catch((error: unknown) => {
            assert.ok(error instanceof ConfigError, String(error));
          });
        }
      }),
      { numRuns: 500 },
    );
  });
});
