import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Status } from '../../src/core/rise-and-fall.ts';

describe('Status', () => {
  it('changes only after as many results in a row as it is set to', () => {
    const status = new Status(2, 3);
    const results = ['up', 'up', 'down', 'down', 'up', 'down', 'down', 'down', 'up', 'up'] as const;
    assert.deepEqual(
      results.map((result) => status.add(result)),
      [null, 'up', null, null, null, null, null, 'down', null, 'up'],
    );
  });

  it('takes unobserved time neither for a failure nor for an end of what was', () => {
    const status = new Status(3, 2);
    for (const result of ['up', 'up', 'up'] as const) status.add(result);
    assert.equal(status.add('down'), null);
    assert.equal(status.add('unobserved'), null);
    assert.equal(status.current, 'up');
    assert.equal(status.add('up'), null);
    assert.equal(status.add('down'), null);
    assert.equal(status.add('unobserved'), null);
    assert.equal(status.add('down'), null);
    assert.equal(status.add('down'), 'down');
  });
});
