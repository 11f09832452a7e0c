/** How each vantage sees a service, as the page and the dashboard show it of a hub's feed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { disagreement, Model, worstOf } from '../../src/terminal/dashboard-model.ts';
import { type Hello, type ServiceSnapshot, type Transition, PROTOCOL } from '../../src/core/messages.ts';
import type { State } from '../../src/core/model.ts';
import { gap } from '../support/builders.ts';
import { showFall, showRecovery } from '../../src/core/incidents.ts';
import { EventList } from '../../src/terminal/event-list.ts';
import { LinesFormat } from '../../src/terminal/lines-format.ts';
import { PageState } from '../../src/page/page-state.ts';

const NOW = 1_795_000_000_000;
const NONE = { '1h': null, '24h': null, '90d': null };

const view = (vantage: string, state: State) => ({ vantage, monitor: vantage, state, since: NOW - 5000, reason: null });
const web: ServiceSnapshot = {
  ...{ service: 'web', kind: 'tcp', target: 'tcp://h:1', connection: 'new', group: null, intervalMs: 100 },
  ...{ timeoutMs: 1000, rise: 1, fall: 1, state: 'up', status: 'up', since: NOW - 5000, reason: null },
  ...{ uptime: NONE, observed: { '1h': 0, '24h': 0, '90d': 0 }, timeline: [], gaps: [] },
  vantages: [view('here', 'up'), view('there', 'up')],
};
const hello: Hello = {
  ...{ type: 'hello', protocol: PROTOCOL, now: NOW, seq: 7, resumed: false, services: [web] },
  monitor: { id: 'feed', vantage: 'gapwatch', version: '0.0.0', startedAt: NOW - 9000 },
};
const turn = (seq: number, vantage: string, from: State, to: State, sees: 'up' | 'down'): Transition => ({
  ...{ type: 'transition', seq, service: 'web', from, to, at: NOW + seq, notBefore: NOW, notAfter: NOW + seq },
  ...{ reason: sees === 'down' ? 'refused' : null, message: null, vantage, monitor: vantage },
  seen: { from: sees === 'up' ? 'down' : 'up', to: sees },
});
const partial = turn(8, 'there', 'up', 'partial', 'down');
const down = turn(9, 'here', 'partial', 'down', 'down');

describe('where vantages disagree', () => {
  it('is shown by the dashboard that is attached to a hub', () => {
    const model = new Model(1);
    const said = (): string | null => disagreement(model.rows[0]!, NOW + 20);
    model.take(0, [hello], NOW, 0);
    assert.equal(said(), null);
    model.take(0, [partial], NOW + 8, 0);
    assert.equal(worstOf(model.rows[0]!, NOW + 20), 'partial');
    assert.equal(said(), 'down from there, up from here');
    model.take(0, [down], NOW + 9, 0);
    assert.equal(said(), null);
  });

  it('is shown by the page', () => {
    const picture = new PageState();
    picture.take(hello);
    // Known to the hello already: only news.
    picture.take({ ...partial, seq: 6 });
    assert.equal(picture.extras('web').disagreement, null);
    picture.take(partial);
    assert.equal(picture.services[0]?.status, 'partial');
    assert.equal(picture.extras('web').disagreement, 'down from there, up from here');
  });

  it('is one entry of the events, from the first vantage that sees it down to the last that sees it up again', () => {
    const list = new EventList();
    const ended = (vantage: string, lastsMs: number, seq: number): void => {
      list.take(gap('web', NOW, NOW + lastsMs, { seq, vantage, monitor: vantage }), 0);
    };
    const said = (): (string | null)[] =>
      list.entries.flatMap((entry) =>
        entry.kind === 'incident' ? [showFall(entry.incident), showRecovery(entry.incident)] : [],
      );
    list.take(partial, 0);
    assert.deepEqual(said(), ['web down from there', null]);
    list.take(turn(9, 'there', 'partial', 'up', 'up'), 0);
    ended('there', 2000, 10);
    assert.deepEqual(said(), ['web down from there', 'web up again after 2.00 s (1.90–2.10)']);
    // Both: one comes back long before the other.
    list.take(turn(5020, 'there', 'up', 'partial', 'down'), 0);
    list.take(turn(5021, 'here', 'partial', 'down', 'down'), 0);
    list.take(turn(5022, 'there', 'down', 'partial', 'up'), 0);
    ended('there', 2000, 5023);
    assert.equal(said()[1], null);
    list.take(turn(5024, 'here', 'partial', 'up', 'up'), 0);
    ended('here', 600_000, 5025);
    assert.match(said()[1] ?? '', /^web up again after 10 min/);
    assert.equal(list.entries.length, 2);
  });

  it('is no entry where a vantage only sees it up again, and ends where the one that saw it down is gone', () => {
    const list = new EventList();
    const open = (): number =>
      list.entries.filter((entry) => entry.kind === 'incident' && entry.incident.open > 0).length;
    // Attached in the middle of an outage.
    list.take(turn(9, 'there', 'down', 'partial', 'up'), 0);
    assert.equal(list.entries.length, 0);
    list.take(turn(10, 'here', 'partial', 'up', 'up'), 0);
    list.take(turn(11, 'there', 'up', 'partial', 'down'), 0);
    assert.equal(open(), 1);
    const gone = { ...turn(12, 'there', 'partial', 'up', 'up'), seen: { from: 'down', to: 'unobserved' } } as const;
    list.take(gone, 0);
    assert.deepEqual([open(), list.entries.length], [0, 1]);
    // It had only stalled, and is down still: the same outage, which ends as it says then.
    list.take({ ...turn(15, 'there', 'up', 'partial', 'down'), seen: { from: 'unobserved', to: 'down' } }, 0);
    assert.deepEqual([open(), list.entries.length], [1, 1]);
    list.take(gone, 0);
    list.take({ ...turn(16, 'there', 'up', 'up', 'up'), seen: { from: 'unobserved', to: 'up' } }, 0);
    list.take(gap('web', NOW + 11, NOW + 60_011, { seq: 17, vantage: 'there', monitor: 'there' }), 0);
    const [entry] = list.entries;
    assert.ok(entry?.kind === 'incident');
    assert.match(showRecovery(entry.incident) ?? '', /^web up again after 60\.00 s/);
    // What falls after a stall is no part of an outage that nobody saw the end of, once it was seen up since.
    list.take(turn(6000, 'there', 'up', 'partial', 'down'), 0);
    list.take({ ...gone, at: NOW + 6001 }, 0);
    list.take({ ...turn(6002, 'there', 'up', 'up', 'up'), seen: { from: 'unobserved', to: 'up' } }, 0);
    list.take({ ...turn(90_000, 'there', 'up', 'partial', 'down'), seen: { from: 'unobserved', to: 'down' } }, 0);
    assert.deepEqual([open(), list.entries.length], [1, 3]);
    list.take(turn(90_001, 'there', 'partial', 'up', 'up'), 0);
    list.take(gap('web', NOW + 90_000, NOW + 90_001, { seq: 90_002, vantage: 'there', monitor: 'there' }), 0);
    // Or the hub forgets it, and says so by a hello.
    list.take(turn(99_000, 'there', 'up', 'partial', 'down'), 0);
    assert.equal(open(), 1);
    list.catchUp(new Map([['web', web]]), false, NOW + 99, 0);
    assert.equal(open(), 0);
  });

  it('is shown in lines', () => {
    const format = new LinesFormat(false);
    format.line(hello);
    assert.match(format.line(partial) ?? '', /web +PARTIAL +refused, down from there$/);
  });
});
