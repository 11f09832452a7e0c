import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Gap, Hello, ServiceSnapshot, Transition } from '../../src/core/messages.ts';
import type { State } from '../../src/core/model.ts';
import { PageState } from '../../src/page/page-state.ts';
import { receive } from '../../src/page/page-messages.ts';

const MONITOR = { id: 'm', vantage: 'here', version: '0', startedAt: 0 };

function snapshot(service: string, more: Partial<ServiceSnapshot> = {}): ServiceSnapshot {
  return {
    service,
    kind: 'tcp',
    target: '',
    connection: 'new',
    group: null,
    intervalMs: 100,
    timeoutMs: 500,
    rise: 1,
    fall: 1,
    state: 'up',
    status: 'up',
    since: 1000,
    reason: null,
    uptime: { '1h': 1, '24h': 1, '90d': 1 },
    observed: { '1h': 0, '24h': 0, '90d': 0 },
    timeline: [{ state: 'up', from: 1000, to: null }],
    gaps: [],
    ...more,
  };
}

function hello(seq: number, resumed: boolean, services: readonly ServiceSnapshot[], id = 'm'): Hello {
  return { type: 'hello', protocol: 1, monitor: { ...MONITOR, id }, now: 100_000, seq, resumed, services };
}

function transition(seq: number, service: string, from: State, to: State, at: number): Transition {
  const reason = to === 'down' ? 'refused' : to === 'unobserved' ? 'stalled' : null;
  return { type: 'transition', seq, service, from, to, at, notBefore: at, notAfter: at, reason, message: null };
}

function gap(seq: number, service: string, from: number, to: number): Gap {
  const facts = { from, to, durationMs: to - from, minMs: 0, maxMs: null, failed: 2 };
  return { type: 'gap', seq, service, ...facts, reasons: [{ reason: 'refused', count: 2 }] };
}

function told(state: PageState): string[] {
  return state.news.entries([], 100_000, 100).map(({ who, what }) => `${who} ${what}`.trim());
}

describe('the state', () => {
  it('changes with the events', () => {
    const state = new PageState();
    state.take(hello(4, false, [snapshot('web'), snapshot('api')]));
    assert.deepEqual(state.take(transition(5, 'web', 'up', 'down', 5000)), [{ service: 'web', to: 'down' }]);
    assert.deepEqual(
      state.open().map(({ service, at }) => [service, at]),
      [['web', 5000]],
    );
    state.take(transition(6, 'web', 'down', 'up', 5200));
    state.take(gap(7, 'web', 5000, 5200));
    assert.deepEqual(told(state), ['web down for 0.20 s (at least 0 ms)']);
    assert.deepEqual(state.position, { after: 7, monitor: 'm' });
  });

  it('takes what it missed as news, and what is from the hello', () => {
    const state = new PageState();
    state.take(hello(4, false, [snapshot('web')]));
    state.take(hello(7, true, [snapshot('web', { state: 'down', status: 'down', since: 9000, reason: 'reset' })]));
    for (const event of [
      transition(5, 'web', 'up', 'down', 5000),
      transition(6, 'web', 'down', 'up', 5200),
      gap(7, 'web', 5000, 5200),
    ]) {
      assert.deepEqual(state.take(event), []);
    }
    assert.equal(state.services[0]?.status, 'down');
    assert.equal(told(state).length, 1);
    assert.equal(state.position?.after, 7);
  });

  it('takes no event twice', () => {
    const state = new PageState();
    state.take(hello(4, false, [snapshot('web')]));
    state.take(gap(5, 'web', 2000, 2200));
    state.take(gap(5, 'web', 3000, 3200));
    assert.equal(told(state).length, 1);
  });

  it('tells what several services did within a second as one', () => {
    const state = new PageState();
    state.take(
      hello(
        0,
        false,
        ['web', 'api', 'db'].map((name) => snapshot(name)),
      ),
    );
    state.take(gap(1, 'web', 5000, 5200));
    state.take(gap(2, 'api', 5100, 5900));
    state.take(gap(3, 'db', 9000, 9100));
    const entries = state.news.entries([], 100_000, 10);
    assert.deepEqual(
      entries.map(({ who, why }) => [who, why]),
      [
        ['db', 'nothing is listening on the port: the process, or the proxy in front of it, is not running'],
        ['2 services', 'web, api'],
      ],
    );
    assert.match(entries[1]?.what ?? '', /^down, the longest for 0\.80 s/);
  });

  it('tells how long nobody looked, live and from the past', () => {
    const state = new PageState();
    const timeline = [
      { state: 'up', from: 1000, to: 2000 },
      { state: 'unobserved', from: 2000, to: 4000 },
      { state: 'up', from: 4000, to: null },
    ] as const;
    state.take(hello(2, true, [snapshot('web', { timeline, since: 4000 })]));
    state.take(transition(1, 'web', 'up', 'unobserved', 2000));
    state.take(transition(2, 'web', 'unobserved', 'up', 4000));
    state.take(transition(3, 'web', 'up', 'unobserved', 20_000));
    assert.deepEqual(told(state), ['web not observed', 'web not observed for 2.00 s']);
    state.take(transition(4, 'web', 'unobserved', 'up', 23_000));
    assert.deepEqual(told(state), ['web not observed for 3.00 s', 'web not observed for 2.00 s']);
  });

  it('says that another monitor answers, or that this one does not know all', () => {
    const state = new PageState();
    state.take(hello(4, false, [snapshot('web')]));
    state.take(hello(900, false, [snapshot('web')]));
    state.take(hello(0, false, [snapshot('web')], 'other'));
    assert.deepEqual(told(state).sort(), [
      'some events were missed while this page was not connected',
      'the monitor was restarted without a history: what it saw before is lost',
    ]);
    assert.deepEqual(state.position, { after: 0, monitor: 'other' });
  });

  it('begins with the status, and asks for the last hundred events', () => {
    const state = new PageState();
    const status = snapshot('web', { uptime: { '1h': 0.5, '24h': null, '90d': 1 } });
    state.begin({ monitor: MONITOR, now: 5000, seq: 250, newsAfter: 150, services: [status] });
    assert.deepEqual(state.position, { after: 150, monitor: 'm' });
    assert.equal(state.extras('web').uptime['1h'], 0.5);
    state.take(hello(250, true, [snapshot('web', { gaps: [gap(0, '', 1500, 1700)] })]));
    assert.equal(state.services[0]?.gaps.length, 1);
    assert.equal(told(state).length, 1);
  });
});

describe('what is received', () => {
  it('has what the public view leaves out, empty', () => {
    const open = { ...snapshot('web'), target: undefined };
    const message = receive(JSON.stringify({ ...hello(1, false, []), services: [open] }));
    assert.ok(message?.type === 'hello');
    assert.equal(message.services[0]?.target, '');
    assert.deepEqual(receive('{"type":"mark","seq":1,"at":2}'), { type: 'mark', seq: 1, at: 2, text: '' });
    assert.deepEqual(receive('{"type":"identity","seq":1,"service":"a","at":2}'), {
      type: 'identity',
      seq: 1,
      service: 'a',
      at: 2,
      was: '',
      is: '',
    });
  });

  it('is passed over where its type is not known', () => {
    assert.equal(receive('{"type":"tomorrow"}'), null);
    assert.equal(receive('{}'), null);
  });
});
