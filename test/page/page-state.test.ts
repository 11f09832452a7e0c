import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { PageState } from '../../src/page/page-state.ts';
import { receive } from '../../src/page/page-messages.ts';
import { whatOf, whoOf, whyOf } from '../../src/page/stories.ts';
import { gap, hello, snapshot, transition } from '../support/builders.ts';

function newsOf(state: PageState): string[] {
  return state.news.entries(100_000, 100).map(({ who, what }) => `${who} ${what}`.trim());
}

function storiesOf(state: PageState): string[] {
  return state.stories.of(0, []).map((story) => `${whoOf(story.services)} ${whatOf(story)}`);
}

describe('the state', () => {
  it('changes with the events', () => {
    const state = new PageState();
    state.take(hello([snapshot('web'), snapshot('api')], { seq: 4 }));
    assert.deepEqual(state.take(transition('web', 'up', 'down', 5000, { seq: 5 })), [{ service: 'web', to: 'down' }]);
    assert.deepEqual(
      state.open(5100).map(({ service, from, downMs }) => [service, from, downMs]),
      [['web', 5000, 100]],
    );
    state.take(transition('web', 'down', 'up', 5200, { seq: 6 }));
    state.take(gap('web', 5000, 5200, { seq: 7 }));
    assert.deepEqual(storiesOf(state), ['web down for 0.20 s (0.10–0.30)']);
    assert.deepEqual(state.position, { after: 7, monitor: 'm' });
  });

  it('has one outage where the monitor was restarted in it', () => {
    const state = new PageState();
    const timeline = [
      { state: 'up', from: 0, to: 5000 },
      { state: 'down', from: 5000, to: 6000 },
      { state: 'unobserved', from: 6000, to: 9000 },
      { state: 'down', from: 9000, to: null },
    ] as const;
    const down = { state: 'down', status: 'down', since: 9000, reason: 'refused' } as const;
    state.take(hello([snapshot('web', { ...down, timeline }), snapshot('api')], { seq: 4, now: 9500 }));
    assert.deepEqual(state.open(9500), [{ service: 'web', from: 5000, downMs: 1500, reason: 'refused' }]);
  });

  it('takes what it missed as news, and what is from the hello', () => {
    const state = new PageState();
    state.take(hello([snapshot('web')], { seq: 4 }));
    state.take(
      hello([snapshot('web', { state: 'down', status: 'down', since: 9000, reason: 'reset' })], {
        seq: 7,
        resumed: true,
      }),
    );
    for (const event of [
      transition('web', 'up', 'down', 5000, { seq: 5 }),
      transition('web', 'down', 'up', 5200, { seq: 6 }),
      gap('web', 5000, 5200, { seq: 7 }),
    ]) {
      assert.deepEqual(state.take(event), []);
    }
    assert.equal(state.services[0]?.status, 'down');
    assert.equal(storiesOf(state).length, 1);
    assert.equal(state.position?.after, 7);
  });

  it('keeps how long answers took, and where they were slow', () => {
    const state = new PageState();
    const latency = { p50Ms: 1, p99Ms: 2, maxMs: 3 };
    state.take(hello([snapshot('web', { latency }), snapshot('api')], { seq: 4, now: 90_000 }));
    assert.deepEqual([state.extras('web').latency, state.extras('web').at], [latency, 90_000]);
    assert.deepEqual([state.extras('api').latency, state.extras('api').slow], [undefined, []]);
    for (let n = 1; n <= 150; n += 1) {
      const from = n * 1000;
      state.take({ type: 'slow', seq: 4 + n, service: 'web', from, to: from + 500, slowestMs: 300, count: 5 });
    }
    const { slow } = state.extras('web');
    assert.deepEqual([slow.length, slow.at(-1)?.from], [100, 150_000]);
    state.refresh({ ...hello([snapshot('web', { latency: null })]), now: 150_000, newsAfter: 0 });
    assert.deepEqual([state.extras('web').latency, state.extras('web').at], [null, 150_000]);
  });

  it('has the notes of a status, also of one that has none, or not all of their fields', () => {
    const state = new PageState();
    const status = { ...hello([snapshot('web')]), now: 5000, newsAfter: 0 };
    state.begin(status);
    assert.deepEqual(state.notes, []);
    state.refresh({ ...status, notes: [{ id: 'a', kind: 'maintenance', from: 1000, text: 'ours' }] });
    const notes = state.notes;
    assert.deepEqual(notes, [{ id: 'a', kind: 'maintenance', from: 1000, to: null, services: [], text: 'ours' }]);
    assert.deepEqual([state.isMaintained('web', 500), state.isMaintained('web', 2000)], [false, true]);
    state.refresh({ ...status, notes: [{ id: 'a', kind: 'maintenance', from: 1000, text: 'ours' }] });
    assert.equal(state.notes, notes);
  });

  it('takes no event twice', () => {
    const state = new PageState();
    state.take(hello([snapshot('web')], { seq: 4 }));
    state.take(gap('web', 2000, 2200, { seq: 5 }));
    state.take(gap('web', 3000, 3200, { seq: 5 }));
    assert.equal(storiesOf(state).length, 1);
  });

  it('shows what several services did within a second as one', () => {
    const state = new PageState();
    state.take(hello(['web', 'api', 'db'].map((name) => snapshot(name))));
    state.take(gap('web', 5000, 5200, { seq: 1 }));
    state.take(gap('api', 5100, 5900, { seq: 2 }));
    state.take(gap('db', 9000, 9100, { seq: 3 }));
    assert.deepEqual(storiesOf(state), [
      'db down for 0.10 s (0.00–0.20)',
      'web and api down, the longest for 0.80 s (0.70–0.90)',
    ]);
    assert.deepEqual(state.stories.of(0, []).map(whyOf), ['connection refused', 'connection refused']);
  });

  it('shows how long it was not observed, live and from the past', () => {
    const state = new PageState();
    const timeline = [
      { state: 'up', from: 1000, to: 2000 },
      { state: 'unobserved', from: 2000, to: 4000 },
      { state: 'up', from: 4000, to: null },
    ] as const;
    state.take(hello([snapshot('web', { timeline, since: 4000 })], { seq: 2, resumed: true }));
    state.take(transition('web', 'up', 'unobserved', 2000, { seq: 1 }));
    state.take(transition('web', 'unobserved', 'up', 4000, { seq: 2 }));
    state.take(transition('web', 'up', 'unobserved', 20_000, { seq: 3 }));
    assert.deepEqual(newsOf(state), ['web not observed', 'web not observed for 2.00 s']);
    state.take(transition('web', 'unobserved', 'up', 23_000, { seq: 4 }));
    assert.deepEqual(newsOf(state), ['web not observed for 3.00 s', 'web not observed for 2.00 s']);
  });

  it('shows another role, another master, and lost writes', () => {
    const state = new PageState();
    state.take(hello([snapshot('cache')], { seq: 1 }));
    const of = { type: 'identity', service: 'cache' } as const;
    state.take({ ...of, seq: 2, at: 5000, was: 'master', is: 'replica', what: 'role' });
    state.take({ ...of, seq: 3, at: 7000, was: '10.0.0.1:1', is: '10.0.0.2:1', what: 'master' });
    state.take({ type: 'lost-writes', seq: 4, service: 'cache', at: 9000, count: 12 });
    assert.deepEqual(
      state.news.entries(100_000, 10).map(({ who, what, why }) => [who, what, why]),
      [
        ['cache', '12 acknowledged writes are gone', ''],
        ['cache', 'another master now', 'was 10.0.0.1:1, is 10.0.0.2:1'],
        ['cache', 'another role now', 'was master, is replica'],
      ],
    );
  });

  it('says that another monitor answers, or that this one does not know all', () => {
    const state = new PageState();
    state.take(hello([snapshot('web')], { seq: 4 }));
    state.take(hello([snapshot('web')], { seq: 900 }));
    state.take(hello([snapshot('web')], {}, { id: 'other' }));
    assert.deepEqual(newsOf(state).sort(), [
      'some events were missed while this page was not connected',
      'the monitor was restarted without a history: what it saw before is lost',
    ]);
    assert.deepEqual(state.position, { after: 0, monitor: 'other' });
  });

  it('begins with the status, and asks for the last hundred events', () => {
    const state = new PageState();
    const status = snapshot('web', { uptime: { '1h': 0.5, '24h': null, '90d': 1 } });
    state.begin({ monitor: hello([]).monitor, now: 5000, seq: 250, newsAfter: 150, services: [status] });
    assert.deepEqual(state.position, { after: 150, monitor: 'm' });
    assert.equal(state.extras('web').uptime['1h'], 0.5);
    // Where no websocket comes through, the gaps that are fetched are all that is known.
    assert.equal(state.knowsPast, false);
    state.takeGaps([gap('web', 3000, 3200), gap('web', 1500, 1700), gap('gone', 1, 2)]);
    assert.deepEqual(
      state.services[0]?.gaps.map(({ from }) => from),
      [1500, 3000],
    );
    state.take(hello([snapshot('web', { gaps: [gap('', 1500, 1700, { seq: 0 })] })], { seq: 250, resumed: true }));
    assert.deepEqual(
      state.services.map(({ gaps }) => gaps.length),
      [1],
    );
    assert.equal(state.knowsPast, true);
  });
});

describe('what is received', () => {
  it('has what the public view leaves out, empty', () => {
    const open = { ...snapshot('web'), target: undefined };
    const message = receive(JSON.stringify({ ...hello([]), services: [open] }));
    assert.ok(message?.type === 'hello');
    assert.equal(message.services[0]?.target, '');
    assert.deepEqual(receive('{"type":"mark","seq":1,"at":2}'), { type: 'mark', seq: 1, at: 2, text: '' });
    const lost = { type: 'lost-writes', seq: 1, service: 'a', at: 2, count: 3 };
    assert.deepEqual(receive(JSON.stringify(lost)), lost);
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
