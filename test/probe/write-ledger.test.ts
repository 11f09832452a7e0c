/** The count of lost writes: exact for whatever order answers come in, held against a server that is simulated. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { WriteLedger } from '../../src/probe/write-ledger.ts';

const NEVER = Infinity;

/** Sends and acknowledges one write after the other. Returns the sum of what was found to be gone. */
function inOrder(ledger: WriteLedger, numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + ledger.acknowledge(ledger.send(0), number, 0), 0);
}

function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe('WriteLedger', () => {
  const CASES: readonly [name: string, before: readonly number[], after: readonly number[], gone: number][] = [
    ['nothing is lost', upTo(100), upTo(200, 101), 0],
    ['a failover lost some', upTo(100), upTo(95, 91), 10],
    ['it was flushed', upTo(100), [1], 100],
    ['it was flushed after more than are kept one by one', upTo(9999), [1], 9999],
    ['a backup of long ago was restored', upTo(9999), [12], 9988],
    ['one is lost', upTo(100), [100], 1],
    ['others that were not acknowledged are between', [1, 2, 5, 6, 9], [4], 3],
    ['what was not acknowledged is lost only', [1, 2, 3], [4], 0],
    ['it is lost twice', upTo(100), [...upTo(100, 91), ...upTo(110, 81)], 30],
    ['the counter was there before', upTo(5100, 5000), upTo(4101, 4100), 101],
    ['it was removed again and again', [], [1, 1, 1, 1], 3],
  ];
  for (const [name, before, after, gone] of CASES) {
    it(`counts ${String(gone)} where ${name}`, () => {
      const ledger = new WriteLedger(NEVER);
      assert.equal(inOrder(ledger, before), 0);
      assert.equal(inOrder(ledger, after), gone);
    });
  }

  it('forgets what has expired', () => {
    const ledger = new WriteLedger(1000);
    assert.equal(ledger.acknowledge(ledger.send(0), 100, 0), 0);
    assert.equal(ledger.acknowledge(ledger.send(999), 1, 999), 1);
    assert.equal(ledger.acknowledge(ledger.send(1999), 1, 1999), 0);
  });

  it('knows of a great many holes how many there were', () => {
    const ledger = new WriteLedger(NEVER);
    assert.equal(
      inOrder(
        ledger,
        Array.from({ length: 50_000 }, (_, index) => 2 * index + 1),
      ),
      0,
    );
    assert.equal(inOrder(ledger, [99_000]), 500);
    assert.equal(inOrder(ledger, [1]), 49_501);
  });

  /** What happens at each step; the number says to which of the writes that are under way. */
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant({ what: 'send', which: 0 } as const) },
    { weight: 5, arbitrary: fc.record({ what: fc.constant('execute' as const), which: fc.nat(7) }) },
    { weight: 5, arbitrary: fc.record({ what: fc.constant('answer' as const), which: fc.nat(7) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('fail' as const), which: fc.nat(7) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('lose' as const), which: fc.nat(20) }) },
  );

  it('is exact, whatever the order of answers', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const ledger = new WriteLedger(NEVER);
        /** The writes that the server has, in the order in which they were made. */
        let made: number[] = [];
        /** `number`: null before it was made. */
        const underWay: { readonly id: number; readonly sent: number; number: number | null }[] = [];
        const [answered, lost] = [new Set<number>(), new Set<number>()];
        let [sent, found] = [0, 0];
        const answer = ({ id, sent, number }: (typeof underWay)[number]): void => {
          if (number === null) return;
          underWay.splice(
            underWay.findIndex((one) => one.id === id),
            1,
          );
          answered.add(id);
          found += ledger.acknowledge(sent, number, 0);
        };
        for (const { what, which } of steps) {
          const write = underWay[which % Math.max(1, underWay.length)];
          if (what === 'send' && underWay.length < 8) {
            underWay.push({ id: sent, sent: ledger.send(0), number: null });
            sent += 1;
          } else if (what === 'lose') {
            for (const id of made.slice(which)) lost.add(id);
            made = made.slice(0, which);
          } else if (write === undefined) {
            continue;
          } else if (what === 'execute') {
            write.number ??= made.push(write.id);
          } else if (what === 'answer') {
            answer(write);
          } else if (what === 'fail' && write.number === null) {
            // It was not made: where one is made and its answer lost, a loss may be hidden.
            underWay.splice(underWay.indexOf(write), 1);
          }
        }
        // All that is under way comes to its end, and enough writes follow, one after the other, that any loss is seen.
        for (const write of [...underWay]) {
          write.number ??= made.push(write.id);
          answer(write);
        }
        for (let more = 0; more <= sent; more++) found += ledger.acknowledge(ledger.send(0), made.push(-1), 0);
        assert.equal(found, [...lost].filter((id) => answered.has(id)).length);
      }),
      { numRuns: 2000 },
    );
  });
});
