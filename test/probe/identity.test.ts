import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Attempt } from '../../src/probe/attempt.ts';
import { IdentityQuestion } from '../../src/probe/redis-connector.ts';

function attemptAt(now: number): Attempt {
  return new Attempt(
    { now: () => now, stalledMs: () => 0, lastFreeAt: () => performance.now() },
    1000,
    () => undefined,
  );
}

describe('who a Redis is', () => {
  it('is asked once a second over a kept connection, also of one that does not say', () => {
    const identity = new IdentityQuestion({ identity: () => undefined });
    const asked = [0, 100, 999, 1000, 1100].map((at, index) => identity.askedBy(attemptAt(at), index === 0) !== null);
    assert.deepEqual(asked, [true, false, false, true, false]);
  });

  it('is asked again at once where the question was not answered, otherwise once a second', () => {
    const identities: string[] = [];
    const identity = new IdentityQuestion({ identity: (id) => identities.push(id) });
    const attempts = [0, 100, 200, 1150].map(attemptAt);
    const [first, second, third, fourth] = attempts.map((attempt, index) => {
      const answer = identity.askedBy(attempt);
      // A proxy accepted the first one for a server that was not there yet.
      if (index !== 0) answer?.(String(index));
      return answer;
    });
    for (const attempt of attempts) attempt.abort();
    assert.ok(first !== null && second !== null && fourth !== null);
    assert.equal(third, null);
    assert.deepEqual(identities, ['1', '3']);
  });
});
