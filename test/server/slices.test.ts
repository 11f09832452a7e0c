import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { nextSlice } from '../../src/server/slices.ts';

describe('slices of long work', () => {
  it('are one in each turn of the loop, of all that is worked at, by turns', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const worked: string[] = [];
    const work = async (name: string): Promise<void> => {
      for (let n = 0; n < 20; n++) {
        await nextSlice();
        worked.push(name);
      }
    };
    await Promise.all([work('a'), work('b'), work('c')]);
    isOver = true;
    assert.ok(turns >= 59, String(turns));
    assert.deepEqual(worked.slice(0, 6), ['a', 'b', 'c', 'a', 'b', 'c']);
  });
});
