import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { entryOf, snapshotOf } from '../../src/bus/stream-entry.ts';
import type { Hello } from '../../src/core/messages.ts';
import { transition } from '../support/builders.ts';

const NOW = Date.UTC(2026, 10, 23);

function helloSince(since: number): Hello {
  const up = {
    state: 'up',
    status: 'up',
    since,
    reason: null,
    timeline: [{ state: 'up', from: since, to: null }],
  } as const;
  const nothing = { '1h': null, '24h': null, '90d': null };
  const none = { '1h': 0, '24h': 0, '90d': 0 };
  const about = { kind: 'tcp', target: 'tcp://127.0.0.1:1', connection: 'new', group: null } as const;
  const manner = { intervalMs: 100, timeoutMs: 1000, rise: 1, fall: 1 };
  return {
    type: 'hello',
    protocol: 1,
    monitor: { id: 'm', vantage: 'here', version: '0', startedAt: NOW },
    now: NOW,
    seq: 1,
    resumed: false,
    services: [{ service: 'web', ...about, ...manner, ...up, uptime: nothing, observed: none, gaps: [] }],
  };
}

function opening(hello: Hello): ReturnType<typeof entryOf> {
  const fields = { f: 'feed', p: '0', n: '0', c: '0', m: 'm', v: 'here', o: JSON.stringify(hello) };
  return entryOf(['1-0', Object.entries(fields).flat()], NOW);
}

describe('what is known of a vantage', () => {
  it('is taken, unless it has times that are to come: then it says when it will be', () => {
    const [good, bad] = [helloSince(NOW - 1000), { ...helloSince(NOW - 1000), now: NOW + 60_001 }];
    const read = opening(good);
    assert.ok(!('problem' in read));
    assert.equal(read.opening?.services[0]?.since, NOW - 1000);
    const ahead = opening(bad);
    assert.ok('problem' in ahead);
    assert.equal(ahead.believedAt, NOW + 1);
    const stored = (hello: Hello): string => JSON.stringify({ top: '1-0', hello });
    assert.equal(snapshotOf(stored(good))?.top, '1-0');
    assert.deepEqual(
      [good, bad].map((hello) => snapshotOf(stored(hello))?.believedAt),
      [NOW - 60_000, NOW + 1],
    );
    const unreadable = entryOf(
      ['1-0', ['f', 'feed', 'p', '0', 'n', '1', 'c', '2', 'm', 'm', 'v', 'here', 'e', '[1,2]']],
      NOW,
    );
    assert.ok('problem' in unreadable);
    assert.equal(unreadable.believedAt, undefined);
  });

  it('is so of the first of its events too', () => {
    const events = [90_000, 70_000, 50_000].map((later) => transition('web', 'up', 'down', NOW + later));
    const fields = { f: 'feed', p: '0', n: '1', c: '3', m: 'm', v: 'here', e: JSON.stringify(events) };
    const read = entryOf(['1-0', Object.entries(fields).flat()], NOW);
    assert.ok('problem' in read);
    assert.equal(read.believedAt, NOW + 10_000);
    assert.deepEqual(
      read.entry?.events.map((event) => event !== null),
      [false, false, true],
    );
  });
});
