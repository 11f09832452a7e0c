import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { decode } from '../../src/core/message-schema.ts';
import { gap } from '../support/builders.ts';

const AT = Date.UTC(2026, 10, 26);

describe('a gap that another monitor sent', () => {
  const reasonsOf = (message: unknown): unknown => {
    const reasons = [{ reason: 'status', count: 2, message }];
    const read = decode(JSON.stringify({ ...gap('web', AT, AT + 250), reasons }));
    assert.ok('type' in read && read.type === 'gap', JSON.stringify(read));
    return read.reasons;
  };

  it('has the first message of each reason, harmless to a terminal', () => {
    assert.deepEqual(reasonsOf('503 \x1b[31mOops'), [{ reason: 'status', count: 2, message: '503  [31mOops' }]);
  });

  it('is read all the same where that is left out, of another kind, or too long', () => {
    for (const message of [undefined, null, 7, {}, 'x'.repeat(5000)]) {
      assert.equal(JSON.stringify(reasonsOf(message)), '[{"reason":"status","count":2}]');
    }
  });
});
