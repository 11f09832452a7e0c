/** What is said of services whose thread does not answer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Reason, State } from '../../src/core/model.ts';
import { Silences } from '../../src/monitor/silences.ts';
import { gap, transition } from '../support/builders.ts';

const known = (state: State, reason: Reason | null = null): { state: State; reason: Reason | null; since: number } => ({
  state,
  reason,
  since: 10,
});
const thread = (lastSeenAt: number): { lastSeenAt: number } => ({ lastSeenAt });

describe('a thread that does not answer', () => {
  it('changes what is known of a service, unless that is nothing', () => {
    const silences = new Silences();
    const changes = (['up', 'down', 'unobserved', 'unknown'] as const).filter((state) =>
      silences.begin(state, known(state), thread(20)),
    );
    assert.deepEqual(changes, ['up', 'down']);
    assert.equal(silences.problem, '2 services are not probed: the thread is stuck');
    silences.forget('down');
    assert.deepEqual([silences.has('up'), silences.has('down')], [true, false]);
    assert.equal(silences.problem, '1 service is not probed: the thread is stuck');
    assert.deepEqual([silences.before('up')?.state, silences.before('down')], ['up', null]);
  });

  it('leaves a service as it was where it answers again and has nothing to say of it', () => {
    const silences = new Silences();
    const stuck = thread(20);
    silences.begin('web', known('down', 'refused'), stuck);
    stuck.lastSeenAt = 30;
    const edge = { at: 30, notBefore: 30, notAfter: 30 };
    const back = { type: 'transition', service: 'web', from: 'unobserved', to: 'down', ...edge } as const;
    assert.deepEqual(silences.end('web', stuck), { ...back, reason: 'refused', message: null });
    assert.equal(silences.problem, null);
    assert.equal(silences.end('web', stuck), null);
  });

  it('leaves it unobserved where another took its place that has not seen it', () => {
    const silences = new Silences();
    silences.begin('web', known('up'), thread(20));
    assert.equal(silences.end('web', thread(20)), null);
    assert.equal(silences.problem, null);
  });

  it('has said already that it is unobserved; what is reported next ends that', () => {
    const silences = new Silences();
    silences.begin('web', known('up'), thread(20));
    const of = (to: State, service = 'web') => transition(service, 'up', to, 25);
    assert.equal(silences.follow(of('unobserved')), null);
    assert.deepEqual(silences.follow(of('unobserved', 'api')), of('unobserved', 'api'));
    assert.deepEqual(silences.follow(gap('web', 5, 8)), gap('web', 5, 8));
    assert.ok(silences.has('web'));
    assert.deepEqual(silences.follow(of('down')), { ...of('down'), from: 'unobserved' });
    assert.deepEqual(silences.follow(of('up')), of('up'));
    assert.equal(silences.problem, null);
  });
});
