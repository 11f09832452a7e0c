import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { ConfigError } from '../../src/config/config-error.ts';
import { parseDuration } from '../../src/cli/options.ts';
import { durationText } from '../../src/core/duration.ts';

describe('durations', () => {
  it('are a number and a unit, with a fraction where one is wanted', () => {
    const read = ['50ms', '1s', '5m', '12h', '90d', '1.5s', '0.25s', '1.001s', '0ms', '0.5ms'];
    assert.deepEqual(
      read.map((text) => parseDuration(text, '--for')),
      [50, 1000, 300_000, 43_200_000, 7_776_000_000, 1500, 250, 1001, 0, 0.5],
    );
  });

  it('come back from their text', () => {
    const ms = fc.oneof(
      fc.integer({ min: 0, max: 1e13 }),
      fc.integer({ min: 0, max: 1e9 }).map((thousandths) => thousandths / 1000),
      fc
        .tuple(fc.integer({ min: 0, max: 10_000 }), fc.constantFrom(1, 1000, 60_000, 3_600_000, 86_400_000))
        .map(([n, unit]) => n * unit),
    );
    fc.assert(fc.property(ms, (value) => parseDuration(durationText(value), 'x') === value));
  });

  it('are written in the longest unit that needs no fraction', () => {
    const written = [0, 0.5, 100, 1000, 1500, 90_000, 7_200_000, 86_400_000].map(durationText);
    assert.deepEqual(written, ['0ms', '0.5ms', '100ms', '1s', '1.5s', '90s', '2h', '1d']);
  });

  it('are refused with their place, and with what would be one', () => {
    for (const text of [
      '',
      '5',
      '-1s',
      '1 s',
      '1e3ms',
      '.5s',
      '5min',
      's',
      '1s ',
      '9'.repeat(400) + 'd',
      'Infinityms',
    ]) {
      assert.throws(
        () => parseDuration(text, '--for'),
        (error) => error instanceof ConfigError && /^ {2}--for: .*"50ms", "1s"/m.test(error.message),
        text,
      );
    }
    assert.throws(
      () => parseDuration('100', '--for'),
      /--for: 100 has no unit; a number with its unit, such as "50ms"/,
    );
  });

  it('are read or refused, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.]{1,5}[a-z]{1,2}$/)), (text) => {
        try {
          const ms = parseDuration(text, '--for');
          assert.ok(Number.isFinite(ms) && ms >= 0);
        } catch (error) {
          assert.ok(error instanceof ConfigError);
        }
      }),
    );
  });
});
