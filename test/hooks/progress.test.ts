/** Which events a hook is due, and in which order. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import {
  eventStep,
  heldStep,
  lagBefore,
  type HookFilter,
  type HookState,
  type Lag,
  newHookState,
  pendingOf,
  withoutGone,
} from '../../src/hooks/hook-progress.ts';
import { type Event, timeOf } from '../../src/core/messages.ts';
import type { State } from '../../src/core/model.ts';
import { gap, transition } from '../support/builders.ts';

const ALL: HookFilter = { on: ['down', 'up', 'gap', 'unobserved', 'mark'], services: null, minMs: 0 };

/** What a hook is called for while these happen, until `now`. After each step its state goes over a restart. */
function due(
  filter: HookFilter,
  events: readonly Event[],
  now = Infinity,
  lag: Lag = () => 0,
): { due: Event[]; state: HookState } {
  let state = newHookState(0);
  const found: Event[] = [];
  const take = (step: ReturnType<typeof eventStep>): void => {
    if (step.event !== null) found.push(step.event);
    state = JSON.parse(JSON.stringify(step.next)) as HookState;
  };
  const hold = (until: number, lagThen: Lag): void => {
    const next = (): ReturnType<typeof heldStep> => heldStep(state, filter, until, lagThen);
    for (let step = next(); step !== null; step = next()) take(step);
  };
  for (const event of events) {
    hold(timeOf(event), lagBefore(event, lag));
    take(eventStep(state, filter, event));
  }
  hold(now, lag);
  assert.equal(pendingOf(newHookState(0), filter, events, now, lag), found.length);
  return { due: found, state };
}

/** A service that enters these states at these times. */
function story(name: string, states: readonly (readonly [at: number, to: State])[]): Event[] {
  let from: State = 'unknown';
  return states.map(([at, to]) => {
    const event = transition(name, from, to, at, { seq: at + 1 });
    from = to;
    return event;
  });
}

const words = (events: readonly Event[]): string[] =>
  events.map((event) =>
    event.type === 'transition' ? `${event.service} ${event.to} ${String(event.at)}` : event.type,
  );

describe('a hook', () => {
  it('is called for what it names, once a service fell', () => {
    const web = story('web', [
      [10, 'up'],
      [20, 'down'],
      [30, 'up'],
      [40, 'unobserved'],
      [50, 'up'],
    ]);
    assert.deepEqual(words(due(ALL, web).due), ['web down 20', 'web up 30', 'web unobserved 40', 'web up 50']);
    assert.deepEqual(words(due({ ...ALL, on: ['up'] }, web).due), ['web up 30']);
    assert.deepEqual(words(due({ ...ALL, on: ['down', 'up'] }, web).due), ['web down 20', 'web up 30']);
    assert.deepEqual(words(due({ ...ALL, on: ['gap'] }, web).due), []);
    assert.equal(due(ALL, web).state.after, 51);
  });

  it('is called once for an outage of which a part was not observed', () => {
    const web = story('web', [
      [10, 'down'],
      [20, 'unobserved'],
      [30, 'down'],
      [40, 'up'],
    ]);
    assert.deepEqual(words(due({ ...ALL, on: ['down', 'up'] }, web).due), ['web down 10', 'web up 40']);
    assert.deepEqual(words(due({ ...ALL, on: ['down', 'up'], minMs: 25 }, web).due), ['web down 10', 'web up 40']);
    const unseen = story('web', [
      [10, 'up'],
      [20, 'unobserved'],
      [30, 'down'],
      [40, 'up'],
    ]);
    assert.deepEqual(words(due(ALL, unseen).due), ['web unobserved 20', 'web down 30', 'web up 40']);
  });

  it('with minMs is called when a service has been down for so long, and that it is back only then', () => {
    const filter = { ...ALL, minMs: 100 };
    const web = story('web', [
      [1000, 'down'],
      [1099, 'up'],
      [2000, 'down'],
      [2100, 'up'],
    ]);
    assert.deepEqual(words(due(filter, web).due), ['web down 2000', 'web up 2100']);
    const open = web.slice(2, 3);
    assert.deepEqual(words(due(filter, open, 2099).due), []);
    assert.deepEqual(words(due(filter, open, 2100).due), ['web down 2000']);
    const gaps = [gap('web', 1000, 1099, { seq: 1 }), gap('web', 2000, 2100, { seq: 2 })];
    assert.deepEqual(due(filter, gaps).due, [gaps[1]]);
    // Not observed for the rest: whether it was down for so long is not known.
    const unseen = story('web', [
      [1000, 'down'],
      [1050, 'unobserved'],
    ]);
    assert.deepEqual(words(due({ ...filter, on: ['down'] }, unseen).due), []);
  });

  it('with minMs waits for the end of a silence, which is known a timeout later, whatever else happens meanwhile', () => {
    const filter: HookFilter = { on: ['down', 'up'], services: null, minMs: 5000 };
    const lag: Lag = ({ service }) => (service === 'web' ? 11_000 : 0);
    // In the order in which they are known: that web was back at 2 s is known after 12.
    const events = [
      transition('web', 'up', 'down', 0, { seq: 1, reason: 'timeout-reply' }),
      transition('api', 'up', 'down', 9900, { seq: 2 }),
      transition('web', 'down', 'up', 2000, { seq: 3 }),
      transition('api', 'down', 'up', 9950, { seq: 4 }),
    ];
    assert.deepEqual(words(due(filter, events, 30_000, lag).due), []);
    assert.deepEqual(words(due(filter, events.slice(0, 2), 14_899, lag).due), []);
    assert.deepEqual(words(due(filter, events.slice(0, 2), 15_999, lag).due), ['api down 9900']);
    assert.deepEqual(words(due(filter, events.slice(0, 2), 16_000, lag).due), ['api down 9900', 'web down 0']);
    const lost = { type: 'connection-lost', service: 'web', reason: 'closed', message: null } as const;
    const beside = [events[0]!, { ...lost, seq: 2, at: 11_000 }, events[2]!];
    assert.deepEqual(words(due({ ...filter, on: ['down', 'up'] }, beside, 30_000, lag).due), []);
    // It was down for longer than that: its own end says so.
    const longer = [
      transition('web', 'up', 'down', 0, { seq: 1, reason: 'timeout-reply' }),
      transition('web', 'down', 'up', 6000, { seq: 2 }),
    ];
    assert.deepEqual(words(due(filter, longer, 30_000, lag).due), ['web down 0', 'web up 6000']);
  });

  it('with minMs is called in the order in which services were down for so long, however late it is called', () => {
    const events = [
      ...story('a', [[1000, 'down']]),
      ...story('b', [
        [1010, 'down'],
        [1050, 'up'],
      ]),
      ...story('c', [[1060, 'down']]),
      transition('a', 'down', 'up', 1105, { seq: 1106 }),
    ];
    const filter = { ...ALL, minMs: 100 };
    assert.deepEqual(words(due(filter, events).due), ['a down 1000', 'a up 1105', 'c down 1060']);
  });

  it('takes a service that was removed while it was down, and is added again, for a new one', () => {
    const filter = { ...ALL, minMs: 100 };
    const { state } = due(filter, [...story('a', [[10, 'down']]), ...story('b', [[150, 'down']])], 200);
    assert.deepEqual([Object.keys(state.open), state.held.length], [['a'], 1]);
    assert.equal(
      withoutGone(state, () => true),
      state,
    );
    const { open, held, ...rest } = withoutGone(state, () => false);
    assert.deepEqual([open, held], [{}, []]);
    assert.deepEqual(rest, { after: state.after, failingSince: null });
  });

  it('is called for its services only, and for what is of no service', () => {
    const filter = { ...ALL, services: ['web'] };
    const mark: Event = { type: 'mark', seq: 99, at: 99, text: 'deployed' };
    const events = [...story('web', [[10, 'down']]), ...story('api', [[20, 'down']]), mark];
    assert.deepEqual(words(due(filter, events).due), ['web down 10', 'mark']);
  });

  it('never says that a service is back without having said that it fell, and never twice that it fell', () => {
    const states: readonly State[] = ['up', 'down', 'unobserved'];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.constantFrom(...states)), { maxLength: 40 }),
        fc.constantFrom(0, 50, 100),
        (steps, minMs) => {
          let at = 1000;
          const changes = steps.map(([tookMs, to]) => [(at += tookMs), to] as const);
          const web = story(
            'web',
            changes.filter(([, to], n) => to !== changes[n - 1]?.[1]),
          );
          let isDown = false;
          for (const event of due({ on: ['down', 'up'], services: null, minMs }, web).due) {
            assert.ok(event.type === 'transition');
            assert.equal(event.to === 'down', !isDown);
            isDown = !isDown;
          }
        },
      ),
    );
  });
});
