/** The guard before the Redis decoder: what it lets through does not depend on how the bytes are cut. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { ReplyGuard } from '../../src/probe/redis-reply-guard.ts';

const line = fc.stringMatching(/^[^\r\n]{0,40}$/);
const { reply } = fc.letrec<{ reply: string; array: string }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 3 },
    fc.constant('+PONG\r\n'),
    line.map((text) => `+${text}\r\n`),
    line.map((text) => `-ERR ${text}\r\n`),
    fc.integer().map((number) => `:${String(number)}\r\n`),
    fc.constantFrom('$-1\r\n', '*-1\r\n'),
    fc.string({ unit: 'binary-ascii' }).map((text) => `$${String(text.length)}\r\n${text}\r\n`),
    tie('array'),
  ),
  array: fc.array(tie('reply'), { maxLength: 4 }).map((items) => `*${String(items.length)}\r\n${items.join('')}`),
}));

/** The bytes, cut where the numbers say. */
function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const edges = [0, ...at.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

function check(expected: number, pieces: readonly Buffer[]): boolean {
  const guard = new ReplyGuard();
  for (let count = 0; count < expected; count++) guard.expect();
  return pieces.every((piece) => guard.check(piece) === null);
}

describe('the guard of Redis replies', () => {
  it('lets through as many replies as were asked for, and not one more', () => {
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 4 }), fc.array(fc.nat()), (replies, at) => {
        const pieces = cut(Buffer.from(replies.join(''), 'latin1'), at);
        assert.equal(check(replies.length, pieces), true);
        assert.equal(check(replies.length - 1, pieces), false);
      }),
    );
  });

  it('says the same of any bytes however they are cut', () => {
    const bytes = fc.stringMatching(/^[+\-:$*>_19\r\nx]*$/).map((text) => Buffer.from(text));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat()), fc.nat(3), (said, at, expected) => {
        assert.equal(check(expected, cut(said, at)), check(expected, [said]));
      }),
      { numRuns: 2000 },
    );
  });
});
