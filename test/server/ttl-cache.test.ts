import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { TtlCache } from '../../src/server/ttl-cache.ts';

describe('answers that are kept for a moment', () => {
  it('are made once for all who ask meanwhile, however long that takes, and again when they are too old', async () => {
    const cache = new TtlCache<number>(20);
    let made = 0;
    const make = async (): Promise<number> => {
      await sleep(60);
      return ++made;
    };
    const first = cache.get('gaps', make);
    await sleep(40);
    assert.deepEqual(await Promise.all([first, cache.get('gaps', make), cache.get('days', () => 7)]), [1, 1, 7]);
    await sleep(40);
    assert.equal(await cache.get('gaps', make), 2);
  });

  it('are not kept where they fail', async () => {
    const cache = new TtlCache<number>(10_000);
    await assert.rejects(cache.get('gaps', () => Promise.reject(new Error('no'))));
    assert.equal(await cache.get('gaps', () => 1), 1);
  });

  it('are a few hundred at most, of which the oldest goes first', async () => {
    const cache = new TtlCache<number>(10_000);
    for (let n = 0; n < 300; n++) await cache.get(`gaps ${String(n)}`, () => n);
    assert.equal(await cache.get('gaps 299', () => -1), 299);
    assert.equal(await cache.get('gaps 0', () => -1), -1);
  });
});
