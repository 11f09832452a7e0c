import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { entryOf, snapshotOf } from '../../src/bus/stream-entry.ts';
import type { Hello } from '../../src/core/messages.ts';

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
  it('is taken, unless it has times that are to come', () => {
    const [good, bad] = [helloSince(NOW - 1000), helloSince(8e15)];
    const read = opening(good);
    assert.ok(!('problem' in read));
    assert.equal(read.opening?.services[0]?.since, NOW - 1000);
    assert.ok('problem' in opening(bad));
    const stored = (hello: Hello): string => JSON.stringify({ top: '1-0', hello });
    assert.equal(snapshotOf(stored(good), NOW)?.top, '1-0');
    assert.equal(snapshotOf(stored(bad), NOW), null);
  });
});
