import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  answersText,
  plannedText,
  connectionLabel,
  staleText,
  unreachableText,
  rowText,
  slowText,
  stripText,
  intervalText,
  showCause,
  showEvery,
} from '../../src/page/page-text.ts';

const NOW = new Date(2026, 10, 23, 4, 10, 0).getTime();
const GAP = {
  from: NOW - 9000,
  to: NOW - 8750,
  durationMs: 250,
  minMs: 199,
  maxMs: 352,
  failed: 3,
  reasons: [{ reason: 'refused', count: 3 }],
} as const;

const SLOW = { from: NOW - 4000, to: NOW - 3000, slowestMs: 930, count: 14 };
describe('the cause of a gap', () => {
  it('is what its main reason means, with what the first probe was answered where that is known', () => {
    assert.match(showCause(GAP), /^nothing is listening on the port: [^()]+$/);
    const reasons = [{ reason: 'status', count: 3, message: '503 Service Unavailable' }] as const;
    assert.match(
      showCause({ reasons }),
      /^answered with a status that is not accepted: .* \(503 Service Unavailable\)$/,
    );
    assert.equal(showCause({ reasons: [] }), '');
  });
});

describe('what was planned', () => {
  it('is beside the uptime without it, where there was any', () => {
    const uptime = { '1h': 1, '24h': 0.9, '90d': 0.99 };
    const observed = { '1h': 3_600_000, '24h': 100_000, '90d': 1_000_000 };
    assert.equal(plannedText({ uptime, observed }), null);
    assert.equal(plannedText({ uptime, observed, planned: { '1h': 0, '24h': 0, '90d': 0 } }), null);
    assert.equal(
      plannedText({ uptime, observed, planned: { '1h': 0, '24h': 10_000, '90d': 10_000 } }),
      '10.0 s of being down; without it up 100 % in 1 h, 100 % in 24 h, 100 % in 90 d',
    );
  });
});

describe('a row', () => {
  it('says state, for how long, and the last gap or the reason', () => {
    const up = { status: 'up', state: 'up', since: NOW - 8750, reason: null, gaps: [GAP] } as const;
    assert.deepEqual(rowText(up, NOW, { old: false, knowsPast: true }), {
      state: 'Up',
      lasts: 'for 8.75 s',
      note: 'last gap 0.25 s, 04:09:51',
    });
    const down = { status: 'down', state: 'down', since: NOW - 412, reason: 'refused', gaps: [] } as const;
    assert.deepEqual(rowText(down, NOW, { old: false, knowsPast: true }), {
      state: 'Down',
      lasts: 'for 0.41 s',
      note: 'connection refused',
    });
  });

  it('counts over short stalls, and says no more than is known of a connection on which nothing is sent', () => {
    const up = {
      status: 'up',
      state: 'up',
      since: NOW - 500,
      steadySince: NOW - 8750,
      reason: null,
      gaps: [],
    } as const;
    assert.equal(rowText(up, NOW, { old: false, knowsPast: true }).lasts, 'for 8.75 s');
    const held = { ...up, info: { asks: false } };
    assert.equal(rowText(held, NOW, { old: false, knowsPast: true }).state, 'Not broken');
    assert.equal(rowText(held, NOW, { old: true, knowsPast: true }).state, 'Was not broken');
    const down = { ...held, status: 'down', state: 'down' } as const;
    assert.equal(rowText(down, NOW, { old: false, knowsPast: true }).state, 'Down');
  });

  it('speaks of the past when the connection is broken, and claims no length', () => {
    const up = { status: 'up', state: 'up', since: NOW - 8750, reason: null, gaps: [] } as const;
    assert.deepEqual(rowText(up, NOW, { old: true, knowsPast: true }), {
      state: 'Was up',
      lasts: '',
      note: 'no gap seen',
    });
    const coarse = { ...up, info: { intervalMs: 1000 } };
    assert.equal(rowText(coarse, NOW, { old: false, knowsPast: false }).note, '');
    assert.equal(rowText(coarse, NOW, { old: false, knowsPast: true }).note, 'no gap seen by probes 1 s apart');
  });

  it('distinguishes a status that waits for more probes from the state', () => {
    const failing = { status: 'up', state: 'down', since: NOW - 500, reason: 'refused', gaps: [] } as const;
    assert.deepEqual(rowText(failing, NOW, { old: false, knowsPast: true }), {
      state: 'Up',
      lasts: '',
      note: 'failing since 04:09:59',
    });
  });

  it('says what the strip shows', () => {
    const timeline = [
      { state: 'up', from: NOW - 90_000, to: NOW - 9000 },
      { state: 'down', from: NOW - 9000, to: NOW - 8750 },
      { state: 'unobserved', from: NOW - 8750, to: NOW - 5000 },
      { state: 'up', from: NOW - 5000, to: null },
    ] as const;
    const words = stripText(timeline, '1 min', NOW - 60_000, NOW);
    assert.equal(words, 'Last 1 min: 1 gap, down for 0.25 s in all, not observed for 3.75 s');
    assert.equal(stripText(timeline, '1 s', NOW - 1000, NOW), 'Last 1 s: no gap');
    const slow = [SLOW, { ...SLOW, from: NOW - 99_000, to: NOW - 98_000 }];
    assert.match(stripText(timeline, '1 min', NOW - 60_000, NOW, slow), /not observed for 3\.75 s, slow 1 time$/);
  });
});

describe('the words at the pointer', () => {
  it('shows a gap with its bounds and its reason', () => {
    const interval = { state: 'down', from: GAP.from, to: GAP.to } as const;
    assert.equal(
      intervalText(interval, [GAP], { now: NOW, knownUntil: NOW }),
      'Down for 0.25 s (0.19–0.36)\n04:09:51.000 – 04:09:51.250\nconnection refused',
    );
    assert.equal(intervalText(null, [], { now: NOW, knownUntil: NOW }), 'Not known');
  });

  it('shows slow answers, where they are near', () => {
    assert.equal(slowText([SLOW], NOW - 3500, 0), '\n14 slow answers within 1.00 s, the slowest after 0.93 s');
    assert.equal(slowText([SLOW], NOW - 2900, 50), '');
    assert.notEqual(slowText([SLOW], NOW - 2900, 150), '');
  });
});

describe('the words of the connection', () => {
  const broken = {
    status: 'broken',
    lastMessageAt: NOW - 12_300,
    problem: 'the monitor stops',
    retryAt: NOW + 3400,
  } as const;

  it('say how old what is shown is, why, and when the next attempt is made', () => {
    assert.equal(connectionLabel(broken, NOW), 'Not connected for 12 s');
    assert.equal(
      staleText(broken, NOW),
      'The connection to the monitor broke (the monitor stops). Showing the state of 04:09:47. Next attempt in 3 s.',
    );
    assert.equal(unreachableText({ ...broken, problem: '', retryAt: NOW }, NOW), 'Not connected yet. Retrying now.');
  });
});

describe('an interval', () => {
  it('is shown as it was configured', () => {
    assert.deepEqual([50, 1000, 1500, 90_000].map(showEvery), ['50 ms', '1 s', '1.5 s', '1 min 30 s']);
  });
});

describe('the words for answers', () => {
  it('are of the minute before the monitor said them', () => {
    const latency = { p50Ms: 0.91, p99Ms: 2.4, maxMs: 930 };
    assert.equal(
      answersText(latency, NOW - 5000, NOW),
      'p50 0.9 ms, p99 2.4 ms, slowest 0.93 s, in the minute before 04:09:55',
    );
    assert.equal(answersText(null, NOW, NOW), 'no good one in the minute before 04:10:00');
    assert.equal(answersText(undefined, NOW, NOW), 'how long they took is not known here');
  });
});
