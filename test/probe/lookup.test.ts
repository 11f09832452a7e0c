/** Look-ups: shared, in turn, and not held up by names whose servers are silent. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Sample } from '../../src/core/model.ts';
import { Attempt } from '../../src/probe/attempt.ts';
import { LookupQueue, type SystemLookup } from '../../src/probe/lookup.ts';
import { HOST, verdict } from '../support/probing.ts';

type Answer = Parameters<SystemLookup>[2];

/** A system whose answers the test gives: no real one can be made to hang. */
class Names {
  readonly asked: { host: string; answer: Answer }[] = [];

  readonly lookup: SystemLookup = (host, _, answer) => {
    this.asked.push({ host, answer });
  };

  get hosts(): string[] {
    return this.asked.map(({ host }) => host);
  }

  answer(host: string, address = '127.0.0.1'): void {
    const at = this.asked.findIndex((question) => question.host === host);
    const [question] = this.asked.splice(at, 1);
    question?.answer(null, address);
  }
}

/** Looks up for one attempt; resolves with the address, or with the reason of the failure. */
function lookUp(queue: LookupQueue, host: string, timeoutMs = 10_000): Promise<string> {
  return new Promise((resolve) => {
    const attempt = new Attempt(HOST, timeoutMs, (sample: Sample) => {
      resolve(verdict(sample));
    });
    queue.lookUp(attempt, host, null, (address) => {
      resolve(address);
      attempt.abort();
    });
  });
}

describe('look-ups', () => {
  it('of the same name at the same time are one, and later ones are asked again', async () => {
    const names = new Names();
    const queue = new LookupQueue(names.lookup, 2);
    const both = Promise.all([lookUp(queue, 'a'), lookUp(queue, 'a')]);
    assert.deepEqual(names.hosts, ['a']);
    names.answer('a', '127.0.0.9');
    assert.deepEqual(await both, ['127.0.0.9', '127.0.0.9']);
    const again = lookUp(queue, 'a');
    assert.deepEqual(names.hosts, ['a']);
    names.answer('a', '127.0.0.8');
    assert.equal(await again, '127.0.0.8');
  });

  it('that hang are asked anew where there is room, so that a name server that is back is seen', async () => {
    const names = new Names();
    const queue = new LookupQueue(names.lookup, 3);
    const first = lookUp(queue, 'a');
    await new Promise((resolve) => setTimeout(resolve, 550));
    const second = lookUp(queue, 'a');
    assert.deepEqual(names.hosts, ['a', 'a']);
    // A place is left for other names.
    const third = lookUp(queue, 'a');
    assert.deepEqual(names.hosts, ['a', 'a']);
    const [hanging] = names.asked.splice(0, 1);
    names.answer('a', '127.0.0.2');
    assert.deepEqual(await Promise.all([second, third]), ['127.0.0.2', '127.0.0.2']);
    hanging?.answer(null, '127.0.0.1');
    assert.equal(await first, '127.0.0.1');
    const last = lookUp(queue, 'a');
    assert.deepEqual(names.hosts, ['a']);
    names.answer('a');
    await last;
  });

  it('that time out are the name’s failure where they were asked, and no name’s where they were not', async () => {
    const names = new Names();
    const queue = new LookupQueue(names.lookup, 1);
    const hanging = lookUp(queue, 'hangs', 60);
    const waiting = lookUp(queue, 'waits', 60);
    assert.deepEqual(await Promise.all([hanging, waiting]), ['dns', 'resources']);
  });

  it('that no probe waits for any more are not asked', async () => {
    const names = new Names();
    const queue = new LookupQueue(names.lookup, 1);
    const first = lookUp(queue, 'a');
    await lookUp(queue, 'given up', 30);
    const last = lookUp(queue, 'b');
    names.answer('a');
    assert.deepEqual(names.hosts, ['b']);
    names.answer('b');
    await Promise.all([first, last]);
  });

  it('of names that hang never take the last place', async () => {
    const names = new Names();
    const queue = new LookupQueue(names.lookup, 3);
    const slow = ['slow 1', 'slow 2', 'slow 3'];
    const once = Promise.all(slow.map((host) => lookUp(queue, host)));
    await new Promise((resolve) => setTimeout(resolve, 600));
    for (const host of slow) names.answer(host);
    await once;
    const hanging = Promise.all(slow.map((host) => lookUp(queue, host)));
    assert.deepEqual(names.hosts, ['slow 1', 'slow 2']);
    const well = lookUp(queue, 'well');
    assert.deepEqual(names.hosts, ['slow 1', 'slow 2', 'well']);
    names.answer('well');
    assert.equal(await well, '127.0.0.1');
    for (const host of slow) names.answer(host);
    await hanging;
  });

  it('of the newest thousand names that hang never take the last place', async () => {
    const names = new Names();
    const queue = new LookupQueue(names.lookup, 1000);
    const hosts = Array.from({ length: 2000 }, (_, n) => `slow ${String(n)}`);
    const later = hosts.slice(1000);
    for (const some of [hosts.slice(0, 1000), later]) {
      const once = Promise.all(some.map((host) => lookUp(queue, host)));
      await new Promise((resolve) => setTimeout(resolve, 600));
      for (const host of some) names.answer(host);
      await once;
    }
    const hanging = Promise.all(later.map((host) => lookUp(queue, host)));
    const well = lookUp(queue, 'well');
    assert.ok(names.hosts.includes('well'));
    for (const host of ['well', ...later]) names.answer(host);
    await Promise.all([well, hanging]);
  });
});
