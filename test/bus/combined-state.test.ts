/** Several vantages as one, the addresses of a bus, and its keys. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { busUrl, shownBusUrl } from '../../src/config/bus-url.ts';
import { type Entry, isAfter } from '../../src/bus/stream-entry.ts';
import { keysOf } from '../../src/bus/bus-connection.ts';
import { disagreementOf } from '../../src/core/vantage-views.ts';
import { combined, CombinedService, combinedTimeline, type Lane } from '../../src/bus/combined-service.ts';
import { MergedState } from '../../src/bus/merged-state.ts';
import { unobservedBoard } from '../../src/bus/unobserved.ts';
import { Board, BoardService } from '../../src/core/board.ts';
import { decodeValue } from '../../src/core/message-schema.ts';
import { infoOf, type State } from '../../src/core/model.ts';
import type { Message, ServiceSnapshot } from '../../src/core/messages.ts';
import { gap, hello, service, snapshot, transition } from '../support/builders.ts';

const seen = fc.constantFrom<State>('up', 'down', 'unobserved', 'unknown');

describe('the state over several vantages', () => {
  it('is up if all that see it say up, down if all say down, otherwise partial', () => {
    assert.equal(combined(['up', 'up']), 'up');
    assert.equal(combined(['up', 'unobserved', 'unknown']), 'up');
    assert.equal(combined(['down', 'unobserved']), 'down');
    assert.equal(combined(['up', 'down']), 'partial');
    assert.equal(combined(['unobserved', 'unknown']), 'unobserved');
    assert.equal(combined(['unknown']), 'unknown');
    assert.equal(combined([]), 'unknown');
  });

  it('does not depend on the order of the vantages', () => {
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 6 }), (states) => {
        assert.equal(combined(states), combined(states.toReversed()));
      }),
    );
  });

  it('is combined over time: at every moment as the vantages say then', () => {
    const timeline = fc
      .array(fc.record({ state: seen, from: fc.integer({ min: 0, max: 50 }) }), { minLength: 1, maxLength: 8 })
      .map((starts) => {
        const sorted = [...new Map(starts.map((start) => [start.from, start])).values()].sort(
          (a, b) => a.from - b.from,
        );
        return sorted.map(({ state, from }, index) => ({ state, from, to: sorted[index + 1]?.from ?? null }));
      });
    const at = (intervals: ReturnType<typeof combinedTimeline>, time: number): State =>
      intervals.findLast(({ from }) => from <= time)?.state ?? 'unknown';
    fc.assert(
      fc.property(fc.array(timeline, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 60 }), (each, time) => {
        assert.equal(at(combinedTimeline(each), time), combined(each.map((one) => at(one, time))));
      }),
    );
  });

  it('has the mean of what was planned, as of what was observed', () => {
    const now = 1_800_000_000_000;
    const seen = (vantage: string, planned?: ServiceSnapshot['planned']): Lane => {
      const share = { '1h': 0.9, '24h': 0.9, '90d': 0.9 };
      const observed = { '1h': 600_000, '24h': 600_000, '90d': 600_000 };
      const known = { uptime: share, observed, since: now - 600_000, ...(planned && { planned }) };
      return { vantage, monitor: vantage, service: BoardService.from(snapshot('web', known), now) };
    };
    const minute = { '1h': 60_000, '24h': 60_000, '90d': 60_000 };
    const web = new CombinedService('web', infoOf(service('web')), now);
    web.setLanes([seen('a', minute), seen('b', minute)]);
    assert.deepEqual(web.snapshot(now).planned, minute);
    web.setLanes([seen('a', minute), seen('b')]);
    assert.equal(web.snapshot(now).planned?.['24h'], 30_000);
    // What it counted itself is of one vantage, which may be gone.
    web.gap(gap('web', now - 60_000, now, { planned: true }));
    web.setLanes([seen('a'), seen('b')]);
    assert.equal(web.snapshot(now).planned, undefined);
  });

  it('counts no time twice, however far the clocks of its vantages are apart, and however late one delivers', () => {
    const change = fc.record({ vantage: fc.nat({ max: 1 }), to: seen, afterMs: fc.integer({ min: 1, max: 90_000 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.nat({ max: 3_600_000 }), (changes, lateMs) => {
        const began = 1_800_000_000_000;
        const web = new CombinedService('web', infoOf(service('web')), began);
        let now = began;
        let latest = began;
        for (const { vantage, to, afterMs } of changes) {
          now += afterMs;
          const at = Math.max(began, now - vantage * lateMs);
          latest = Math.max(latest, at);
          web.transition(transition('web', web.state, to, at));
        }
        const { upMs, downMs, unobservedMs } = web.totalsAt(latest);
        assert.ok(upMs + downMs + unobservedMs <= latest - began, String([upMs, downMs, unobservedMs, latest - began]));
      }),
    );
  });

  it('goes on counting where a clock that was far ahead was set back', () => {
    const began = 1_800_000_000_000;
    const web = new CombinedService('web', infoOf(service('web')), began);
    web.transition(transition('web', 'unknown', 'up', began + 3_600_000), began + 3_600_000);
    web.transition(transition('web', 'up', 'down', began + 1000), began + 1000);
    web.transition(transition('web', 'down', 'up', began + 61_000), began + 61_000);
    assert.equal(web.totalsAt(began + 61_000).downMs, 60_000);
  });

  it('has nothing in the future where the clock of a vantage is ahead', () => {
    const now = 1_800_000_000_000;
    const lanes = [0, 1000, 3_600_000, 172_800_000].map((aheadMs) => {
      const one = new BoardService('web', infoOf(service('web')), now - 5000 + aheadMs);
      one.transition(transition('web', 'unknown', aheadMs > 1000 ? 'down' : 'up', now - 10 + aheadMs));
      return { vantage: String(aheadMs), monitor: 'm', service: one };
    });
    const together = new CombinedService('web', infoOf(service('web')), now);
    together.setLanes(lanes);
    const { state, since, timeline, vantages } = together.snapshot(now);
    assert.equal(state, 'partial');
    assert.deepEqual(timeline.at(-1), { state, from: since, to: null });
    assert.ok(since <= now && timeline.every(({ from, to }) => from <= now && (to ?? 0) <= now));
    assert.ok(vantages?.every((view) => view.since <= now));
  });

  it('keeps the order of each vantage where its clock was set back, and ends as all see it now', () => {
    const timeline = fc
      .array(fc.record({ state: seen, from: fc.integer({ min: 0, max: 50 }) }), { minLength: 1, maxLength: 8 })
      .map((starts) => starts.map(({ state, from }) => ({ state, from, to: null })));
    fc.assert(
      fc.property(fc.array(timeline, { minLength: 1, maxLength: 4 }), (each) => {
        const together = combinedTimeline(each);
        assert.equal(together.at(-1)?.state, combined(each.map((one) => one.at(-1)?.state ?? 'unknown')));
        together.forEach(({ state, from, to }, index) => {
          const next = together[index + 1];
          assert.equal(to, next?.from ?? null);
          if (next !== undefined) assert.ok(next.from > from && next.state !== state);
        });
      }),
    );
    const states = (each: Parameters<typeof combinedTimeline>[0]): State[] =>
      combinedTimeline(each).map(({ state }) => state);
    const setBack = [
      { state: 'unknown', from: 100, to: 200 },
      { state: 'up', from: 200, to: 300 },
      { state: 'down', from: 300, to: 40 },
      { state: 'up', from: 40, to: null },
    ] as const;
    assert.deepEqual(states([setBack]), ['unknown', 'up', 'down', 'up']);
    assert.deepEqual(states([setBack, [{ state: 'up', from: 10, to: null }]]), ['up', 'partial', 'up']);
  });

  it('says where vantages disagree', () => {
    const views = (['down', 'up', 'up', 'unobserved'] as const).map((state, n) => ({
      vantage: `v${String(n)}`,
      state,
    }));
    assert.equal(disagreementOf(views), 'down from v0, up from v1 and v2');
    assert.equal(disagreementOf(views.slice(1)), null);
  });
});

describe('the status over several vantages', () => {
  const began = 1_800_000_000_000;
  /** Entries of one service from vantages of these `fall`s, whose statuses come from what is seen at random. */
  const play = (
    falls: readonly number[],
    steps: readonly { vantage: number; to: State; says: State | null }[],
  ): void => {
    const state = new MergedState();
    let seq = 0;
    const states = falls.map((): State => 'up');
    const numbers = (): Pick<Entry, 'id' | 'feed' | 'previous' | 'first' | 'newest'> => {
      seq += 1;
      return { id: `${String(began + seq)}-0`, feed: 'f', previous: seq - 1, first: seq, newest: seq };
    };
    const of = (n: number, more: Partial<Entry>): Entry => {
      const empty = { events: [], statuses: [], opening: null };
      return { ...numbers(), ...empty, monitor: `m${String(n)}`, vantage: `v${String(n)}`, ...more };
    };
    falls.forEach((fall, n) => {
      const web = snapshot('web', { fall, rise: fall, timeoutMs: fall * 1000, since: began });
      state.take(of(n, { opening: hello([web], { now: began }, { id: `m${String(n)}` }) }));
    });
    const greeted = (): Board => {
      const board = new Board();
      board.apply(hello(state.board.snapshot(began + seq), { now: began + seq }));
      return board;
    };
    const clients = [greeted()];
    const most = Math.max(...falls);
    const info = clients[0]?.services.get('web')?.info;
    assert.deepEqual([info?.fall, info?.rise, info?.timeoutMs], [most, most, most * 1000]);
    const check = (messages: readonly Message[]): void => {
      for (const client of clients) {
        for (const message of messages) client.apply(message);
        assert.equal(client.services.get('web')?.status, state.board.services.get('web')?.status);
      }
      clients.push(greeted());
    };
    for (const { vantage, to, says } of steps) {
      const n = vantage % falls.length;
      const from = states[n] ?? 'unknown';
      states[n] = to;
      const events = from === to ? [] : [transition('web', from, to, began + seq + 1)];
      const isDamped = (falls[n] ?? 1) > 1 && says !== null;
      const statuses = isDamped ? [{ type: 'status' as const, service: 'web', at: began + seq, status: says }] : [];
      const change = state.take(of(n, { events, statuses }));
      check([...change.events, ...change.statuses]);
    }
    if (falls.length === 1) return;
    // A hello follows, which leaves the status of what is as before.
    const told = state.forget('v0', began + seq);
    check([...told, hello(state.board.snapshot(began + seq), { now: began + seq })]);
  };
  const step = fc.record({
    vantage: fc.nat({ max: 2 }),
    to: seen,
    says: fc.constantFrom<(State | null)[]>('up', 'down', null),
  });

  it('is the same at a client that has all messages, however the vantages damp theirs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(1, 3), { minLength: 1, maxLength: 3 }),
        fc.array(step, { maxLength: 20 }),
        play,
      ),
    );
    const down = { vantage: 1, to: 'down', says: null } as const;
    play([3, 1], [down, { ...down, to: 'up' }, down]);
    play([1, 3], [down]);
  });
});

describe('services of which the bus delivers nothing', () => {
  it('are not observed, and have the notes that are known', () => {
    const board = new Board();
    board.apply(hello([snapshot('web')], { now: 5000 }));
    const about = { kind: 'maintenance', text: 'Docker upgrade', from: 1000, to: null, services: [] } as const;
    board.apply({ type: 'note', seq: 1, at: 1000, id: 'n', ...about });
    const away = unobservedBoard(board, 6000, 9000);
    assert.equal(away.services.get('web')?.state, 'unobserved');
    assert.equal(away.notes.get('n')?.text, 'Docker upgrade');
  });
});

describe('an event that a hub can not read', () => {
  it('is a mark of the time at which Redis took it, which every client can read', () => {
    const [state, at] = [new MergedState(), 1_800_000_000_000];
    const numbers = { feed: 'f', previous: 0, first: 1, newest: 1 };
    const entry = { id: `${String(at)}-0`, ...numbers, monitor: 'm', vantage: 'v', statuses: [], opening: null };
    const [mark] = state.take({ ...entry, events: [null] }).events;
    assert.ok(mark?.type === 'mark' && mark.at === at);
    assert.ok('type' in decodeValue(mark));
  });
});

describe('the address of a bus', () => {
  const whereOf = (text: string): ReturnType<typeof busUrl> => busUrl(text);

  it('is one Redis, a cluster, or a master that sentinels know', () => {
    const shown = [
      ['redis://h', 'redis://h:6379'],
      ['rediss://u:p@h:1/2', 'rediss://h:1/2'],
      ['redis+cluster://:secret@a:1,b:2', 'redis+cluster://a:1,b:2'],
      ['redis+sentinel://:secret@a,b:2/mymaster/3', 'redis+sentinel://a:26379,b:2/mymaster'],
      ['redis+cluster://[::1]:7000,[::1]:7001', 'redis+cluster://[::1]:7000,[::1]:7001'],
    ] as const;
    for (const [text, words] of shown) {
      const parsed = whereOf(text);
      assert.ok('value' in parsed, text);
      assert.equal(parsed.value.shown, words);
    }
    const sentinel = whereOf('redis+sentinel://:secret@a,b:2/mymaster/3');
    assert.ok('value' in sentinel);
    assert.deepEqual([sentinel.value.master, sentinel.value.db, sentinel.value.password], ['mymaster', 3, 'secret']);
  });

  it('is refused with a reason that shows no secret', () => {
    for (const text of [
      'http://h',
      'redis+cluster://:secret@a:1/3',
      'redis+sentinel://:secret@a',
      'redis://:secret@',
      'redis+cluster://:secret@a:99999',
    ]) {
      const parsed = whereOf(text);
      assert.ok('problem' in parsed, text);
      assert.doesNotMatch(parsed.problem + shownBusUrl(text), /secret/);
    }
  });
});

describe('the keys', () => {
  it('are in one slot of a cluster', () => {
    const { stream, ...others } = keysOf('gapwatch');
    assert.equal(stream, 'gapwatch');
    assert.ok(Object.values(others).every((key) => key.startsWith('{gapwatch}:')));
    assert.ok(Object.values<string>({ ...keysOf('a{b}c') }).every((key) => key.includes('{b}')));
  });

  it('of entries are in order', () => {
    assert.ok(isAfter('2-0', '1-9') && isAfter('1-10', '1-9') && !isAfter('1-1', '1-1'));
    assert.ok(isAfter('18446744073709551615-1', '18446744073709551614-2'));
  });
});
