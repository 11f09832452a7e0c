/** What the client of a feed reckons with: addresses as people write them, and other clocks. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

import { feedUrls } from '../../src/cli/options.ts';
import { OffsetMeter } from '../../src/client/clock-offset.ts';
import { parseFeedUrl } from '../../src/client/feed-url.ts';
import { ConfigError } from '../../src/config/config-error.ts';

describe('the address of a feed', () => {
  it('is taken in each of its forms', () => {
    const forms: [string, string][] = [
      ['ws://host:9720/feed', 'ws://host:9720/feed'],
      ['ws://host:9720', 'ws://host:9720/feed'],
      ['http://host:9720/', 'ws://host:9720/feed'],
      ['https://host/status/', 'wss://host/status/feed'],
      ['wss://host/feed?service=a&service=b', 'wss://host/feed?service=a&service=b'],
      ['host:9720', 'ws://host:9720/feed'],
      ['[::1]:9720', 'ws://[::1]:9720/feed'],
      ['9720', 'ws://127.0.0.1:9720/feed'],
      [':9720', 'ws://127.0.0.1:9720/feed'],
      ['9720/?service=a', 'ws://127.0.0.1:9720/feed?service=a'],
      ['localhost', 'ws://localhost:9720/feed'],
      [' 10.0.0.5 ', 'ws://10.0.0.5:9720/feed'],
      ['::1', 'ws://[::1]:9720/feed'],
      ['[::1]', 'ws://[::1]:9720/feed'],
      ['status.example.org/gapwatch', 'ws://status.example.org:9720/gapwatch/feed'],
      ['http://host:1/status', 'ws://host:1/status/feed'],
      ['https://host/index.html', 'wss://host/feed'],
      ['https://host/a/feed', 'wss://host/a/feed'],
      ['ws://host:1/other', 'ws://host:1/other'],
    ];
    for (const [text, url] of forms) assert.equal(parseFeedUrl(text)?.url.href, url, text);
    for (const text of [
      '',
      '99999',
      '0x:1',
      'http://9720/',
      'host:',
      'ftp://host',
      'ws://',
      'ws://host/#x',
      'ws://u:p@host/?token=q',
      'http://%zz@host/',
      'ws://host/feed?samples=1',
    ]) {
      assert.equal(parseFeedUrl(text), null, text);
    }
  });

  it('keeps its token apart', () => {
    const parsed = parseFeedUrl('https://host:1/x/?token=secret')!;
    assert.equal(parsed.token, 'secret');
    assert.equal(parsed.api.href, 'https://host:1/x/api/v1/');
    assert.doesNotMatch(parsed.shown + parsed.url.href, /secret/);
    for (const text of ['https://secret@host:1/x/', 'http://me:secret@host', 'secret@host:1', 'https://:secret@h/']) {
      const { token, shown, url, api } = parseFeedUrl(text)!;
      assert.equal(token, 'secret', text);
      assert.doesNotMatch(shown + url.href + api.href, /secret/);
    }
    assert.equal(parseFeedUrl('http://a%20b@host')?.token, 'a b');
  });
});

describe('the addresses of feeds on the command line', () => {
  const refusal = (text: string): string => {
    try {
      feedUrls([text]);
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      return error.message;
    }
    return assert.fail(`${text} was taken`);
  };

  it('are refused without a word of what may be secret in them', () => {
    for (const text of [
      'http://me:secret@h:1/#x',
      'http://secret@h:1/?token=other',
      'http://h:1/?access_token=secret',
      'http://h:1/#token=secret',
      'ws://h:1/feed?samples=1&token=secret',
      'ftp://h/?token=secret#secret',
      'me:secret@h:99999',
      'secret%0A@h',
      'http://h/?token=%0Asecret',
      'http://h/?token=secret%C3%A9',
      'http://h/?token=%20secret',
    ]) {
      assert.doesNotMatch(refusal(text), /secret/, text);
    }
  });

  it('are refused where their token can’t be sent, with the reason', () => {
    assert.match(refusal('h:1/?token='), /token=…?: its token can't be sent: it is blank/);
    assert.match(refusal('h:1/?token=%20'), /blank/);
    assert.match(refusal('h:1/?token=a%0Ab'), /line break/);
    assert.match(refusal('h:1/?token=a%00b'), /control/);
    assert.match(refusal('h:1/?token=%E4%B8%AD'), /not ASCII/);
    assert.match(refusal('h:1/?token=%C3%A9'), /not ASCII/);
    assert.match(refusal('h:1/?token=a%20'), /a blank stands before or behind it/);
    assert.equal(feedUrls(['h:1/?token=a%20b~!'])[0]?.token, 'a b~!');
  });

  it('get the token of --token where they have none: itself, from the environment, or from a file', (t) => {
    const tokens = (option: string): (string | null)[] =>
      feedUrls(['own@h:1', 'h:2', '9720'], option).map(({ token }) => token);
    assert.deepEqual(tokens('plain'), ['own', 'plain', 'plain']);
    process.env['GAPWATCH_TEST_TOKEN'] = 'of-env';
    t.after(() => delete process.env['GAPWATCH_TEST_TOKEN']);
    assert.deepEqual(tokens('env:GAPWATCH_TEST_TOKEN'), ['own', 'of-env', 'of-env']);
    const file = join(mkdtempSync(join(tmpdir(), 'gapwatch-token-')), 'token');
    t.after(() => {
      rmSync(dirname(file), { recursive: true });
    });
    writeFileSync(file, 'of-file\n');
    assert.deepEqual(tokens(`file:${file}`), ['own', 'of-file', 'of-file']);
    assert.throws(() => tokens('env:GAPWATCH_NO_TOKEN'), /--token env:GAPWATCH_NO_TOKEN: there is no token/);
    assert.throws(() => tokens(`file:${file}.none`), /token\.none: no such file/);
    assert.throws(
      () => tokens('secret\u00e9'),
      (error: Error) => !error.message.includes('secret'),
    );
  });
});

describe('the offset of a clock', () => {
  it('is what the least delayed message says, corrected by half of the fastest round trip', () => {
    const meter = new OffsetMeter();
    assert.equal(meter.offset(), null);
    for (const lateMs of [10, 10, 11, 500, 9]) meter.stamp(1000, 1000 - 200 + lateMs);
    assert.equal(meter.offset(), null);
    for (const tookMs of [20, 300, 22]) meter.roundTrip(tookMs);
    assert.deepEqual(meter.offset(), { offsetMs: 201, uncertaintyMs: 11 });
  });

  it('is not said to be exact where few messages came, and those late', () => {
    const meter = new OffsetMeter();
    for (const lateMs of [90, 12]) meter.stamp(1000, 1000 - 200 + lateMs);
    for (const tookMs of [20, 60]) meter.roundTrip(tookMs);
    const { offsetMs, uncertaintyMs } = meter.offset()!;
    assert.equal(offsetMs, 198);
    assert.equal(uncertaintyMs, 60 + 78);
  });

  it('is known to be that of a clock that was set, ahead or back, and not of one whose messages were late', () => {
    const stepOf = (...aheadMs: readonly number[]): number | undefined => {
      const meter = new OffsetMeter();
      meter.roundTrip(2);
      for (const ms of aheadMs) meter.stamp(ms, 0);
      return meter.offset()?.steppedMs;
    };
    assert.equal(stepOf(0, 0, 3_600_000), 3_600_000);
    assert.equal(stepOf(0, 0, -3_600_000), -3_600_000);
    // However long ago.
    const long = Array.from({ length: 100 }, () => -3_600_000);
    assert.equal(stepOf(0, 0, ...long), -3_600_000);
    assert.equal(stepOf(0, 0, ...long.map((ms) => -ms)), 3_600_000);
    // Three messages that waited for the network.
    assert.equal(stepOf(0, 0, -12_000, -7000, -2000, 0), undefined);
    assert.equal(stepOf(-1900, 0, -1900), undefined);
    // Slewed, not set.
    assert.equal(stepOf(...Array.from({ length: 1000 }, (_, n) => n)), undefined);
    assert.equal(stepOf(...Array.from({ length: 1000 }, (_, n) => -n)), undefined);
  });
});
