/** Moments as people write them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseMoment } from '../../src/core/duration.ts';

const NOW = new Date(2026, 10, 23, 14, 30).getTime();

describe('a moment', () => {
  it('is the last such time here: of today, or of yesterday where it is still to come', () => {
    assert.equal(parseMoment('15:00', NOW), new Date(2026, 10, 22, 15).getTime());
    assert.equal(parseMoment('14:30', NOW), NOW);
    assert.equal(parseMoment('04:00', new Date(2026, 11, 1, 1).getTime()), new Date(2026, 10, 30, 4).getTime());
    assert.equal(parseMoment('03:00', NOW), new Date(2026, 10, 23, 3).getTime());
    assert.equal(parseMoment('3:00:01.5', NOW), new Date(2026, 10, 23, 3, 0, 1, 500).getTime());
  });

  it('is a day or a time with its day, here where no zone stands behind it', () => {
    assert.equal(parseMoment('2026-11-20', NOW), new Date(2026, 10, 20).getTime());
    assert.equal(parseMoment('2026-11-20T03:04', NOW), new Date(2026, 10, 20, 3, 4).getTime());
    assert.equal(parseMoment('2026-11-20 03:04:05.25', NOW), new Date(2026, 10, 20, 3, 4, 5, 250).getTime());
    assert.equal(parseMoment('2026-11-20T03:04:05.25Z', NOW), Date.UTC(2026, 10, 20, 3, 4, 5, 250));
    assert.equal(parseMoment('2026-11-20T03:04+01:30', NOW), Date.UTC(2026, 10, 20, 1, 34));
  });

  it('is a duration back from the end', () => {
    assert.equal(parseMoment('24h', NOW - 5), NOW - 5 - 86_400_000);
  });

  it('is milliseconds since the epoch, as the API has them', () => {
    assert.equal(parseMoment('1795359012345', NOW), 1_795_359_012_345);
    assert.equal(parseMoment('1795359012345.25', NOW), 1_795_359_012_345.25);
    assert.equal(parseMoment('17953590', NOW), null);
  });

  it('is nothing else', () => {
    const wrong = ['', 'yesterday', '24', '2026-13-01', '2026-02-30', '25:00', '12:60', '2026-11-20T', '2026-11-20T03'];
    for (const text of wrong) assert.equal(parseMoment(text, NOW), null, text);
  });
});
