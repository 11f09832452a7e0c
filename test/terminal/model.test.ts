import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { gapFacts, type Message, type ServiceSnapshot } from '../../src/core/messages.ts';
import type { Incident } from '../../src/core/incidents.ts';
import { ratio } from '../../src/core/uptime.ts';
import type { Lane } from '../../src/terminal/lane.ts';
import { Model, worstOf } from '../../src/terminal/dashboard-model.ts';
import { shifted } from '../../src/terminal/time-shift.ts';
import { SEEN } from '../../src/terminal/strip-cells.ts';
import { gap, NO_PHASES } from '../support/builders.ts';
import { lineWith, unknown, START, World } from './world.ts';

function laneOf({ model }: World, name = 'web', source = 0): Lane {
  const lane = model.sources[source]?.lanes.get(name);
  assert.ok(lane !== undefined);
  return lane;
}

/** What a lane shows second by second. */
function seconds(world: World, count: number): string {
  const cells = { from: START, stepMs: 1000, count };
  const letters: Readonly<Record<number, string>> = {
    0: '.',
    [SEEN.up]: 'u',
    [SEEN.down]: 'd',
    [SEEN.unobserved]: 'x',
  };
  return [...laneOf(world).cells(cells, world.now, world.now)].map((seen) => letters[seen] ?? '?').join('');
}

/** The newest first. */
function incidentsOf({ model }: World): Incident[] {
  return model.log.entries.flatMap((entry) => (entry.kind === 'incident' ? [entry.incident] : []));
}

function upWorld(): World {
  const world = new World(['here'], [unknown('web')]);
  world.change('web', 'unknown', 'up', 0);
  return world;
}

describe('the model', () => {
  it('counts gaps, the open one too, and the share of the time that a service was up', () => {
    const world = upWorld();
    world.outage('web', 5000, 6000);
    world.change('web', 'up', 'down', 8000, 'refused');
    world.now = START + 10_000;
    const counts = laneOf(world).counts(world.now);
    assert.deepEqual([counts.gaps, counts.downMs, counts.upMs, ratio(counts)], [2, 3000, 7000, 0.7]);
    assert.equal(laneOf(world).openMs(world.now), 2000);
  });

  it('leaves what was not observed out of an open outage', () => {
    const world = upWorld();
    world.change('web', 'up', 'down', 1000, 'refused');
    world.change('web', 'down', 'unobserved', 2000, 'stalled');
    world.change('web', 'unobserved', 'down', 8000, 'refused');
    assert.equal(laneOf(world).openMs(START + 9000), 2000);
    assert.equal(laneOf(world).openFrom, START + 1000);
  });

  it('counts from a reset on', () => {
    const world = upWorld();
    world.outage('web', 5000, 6000);
    world.now = START + 10_000;
    world.model.reset(world.now);
    assert.deepEqual(laneOf(world).counts(world.now), { gaps: 0, upMs: 0, downMs: 0, unobservedMs: 0 });
    world.outage('web', 12_000, 13_000);
    assert.deepEqual(laneOf(world).counts(START + 14_000), {
      ...{ gaps: 1, upMs: 3000, downMs: 1000, unobservedMs: 0 },
    });
    assert.equal(laneOf(world).gaps.length, 1);
  });

  it('takes an event once, though it comes twice', () => {
    const world = upWorld();
    const mark: Message = { type: 'mark', seq: 50, at: START, text: 'once' };
    world.receive([mark]);
    world.receive([mark]);
    assert.equal(world.model.log.entries.filter(({ kind }) => kind === 'event').length, 1);
  });

  it('shows what happened before it came', () => {
    const timeline = [
      { state: 'up', from: START, to: START + 3000 },
      { state: 'down', from: START + 3000, to: START + 5000 },
      { state: 'up', from: START + 5000, to: null },
    ] as const;
    const world = new World(['here'], [unknown('web', { timeline, state: 'up', status: 'up', since: START + 5000 })]);
    world.now = START + 8000;
    assert.equal(seconds(world, 8), 'uuudduuu');
  });

  it('keeps what it knows when the list of services changes', () => {
    const world = upWorld();
    world.outage('web', 2000, 3000);
    world.now = START + 5000;
    const timeline = [{ state: 'up', from: START + 3000, to: null }] as const;
    const web = unknown('web', { timeline, state: 'up', status: 'up', since: START + 3000 });
    world.receive([world.hello('here', [web, unknown('new')])]);
    assert.equal(seconds(world, 5), 'uuduu');
    assert.deepEqual(
      world.model.rows.map(({ name }) => name),
      ['web', 'new'],
    );
    world.receive([world.hello('here', [unknown('new')])]);
    assert.deepEqual(
      world.model.rows.map(({ name }) => name),
      ['new'],
    );
  });

  it('shows the time in which a feed was not connected as unobserved where it can not be caught up', () => {
    const world = upWorld();
    world.now = START + 2000;
    world.receive([{ type: 'heartbeat', now: world.now, seq: 1, probes: 0, missed: 0, lateMs: 0, overloaded: false }]);
    world.now = START + 8000;
    const timeline = [{ state: 'up', from: START + 6000, to: null }] as const;
    const web = unknown('web', { timeline, state: 'up', status: 'up', since: START + 6000 });
    world.receive([world.hello('another life of the monitor', [web])]);
    assert.equal(seconds(world, 8), 'uuxxxxuu');
  });

  it('catches up with what a feed knows of the time in which it was not connected', () => {
    const world = upWorld();
    world.now = START + 2000;
    const timeline = [
      { state: 'up', from: START, to: START + 3000 },
      { state: 'down', from: START + 3000, to: START + 4000 },
      { state: 'up', from: START + 4000, to: null },
    ] as const;
    world.now = START + 6000;
    world.receive([
      world.hello('here', [unknown('web', { timeline, state: 'up', status: 'up', since: START + 4000 })]),
    ]);
    assert.equal(seconds(world, 6), 'uuuduu');
  });

  it('has the worst state of a row', () => {
    const world = new World(['here', 'second'], [unknown('web')]);
    world.change('web', 'unknown', 'up', 0, null, 0);
    const [row] = world.model.rows;
    assert.ok(row !== undefined);
    assert.equal(worstOf(row, START), 'unknown');
    world.change('web', 'unknown', 'down', 0, 'refused', 1);
    assert.equal(worstOf(row, START), 'down');
  });

  it('puts the times of a source whose clock is wrong right', () => {
    const model = new Model(1);
    const hello = new World(['far'], [unknown('web')]).hello('far', [unknown('web')]);
    model.take(0, [hello], START + 5000, 5000);
    model.take(0, [{ type: 'mark', seq: 1, at: START + 1000, text: 'x' }], START + 6000, 5000);
    assert.equal(model.log.entries.find(({ kind }) => kind === 'event')?.at, START + 6000);
    assert.equal(model.sources[0]?.lanes.get('web')?.board.since, START + 5000);
    const gap = { type: 'gap', seq: 2, service: 'web', from: 1, to: 2, durationMs: 1, minMs: 0, maxMs: 2 } as const;
    assert.deepEqual(shifted({ ...gap, failed: 1, reasons: [] }, 10), {
      ...gap,
      from: 11,
      to: 12,
      failed: 1,
      reasons: [],
    });
    const change = { type: 'identity', seq: 3, service: 'web', was: 'a', is: 'b', at: 5, notBefore: 3 } as const;
    assert.deepEqual(shifted(change, 10), { ...change, at: 15, notBefore: 13 });
  });
});

describe('the latency of a service', () => {
  it('is of the answer, also over TCP, and without the time for which a connection was held', () => {
    const { model, ...world } = upWorld();
    const phases = { ...NO_PHASES, replyMs: 80 };
    const sample = { type: 'sample', service: 'web', result: 'up', reason: null, message: null, phases } as const;
    for (let at = 0; at < 10; at++) {
      model.take(0, [{ ...sample, at: START + at * 100, durationMs: 95, answerMs: 82 }], world.now, 0);
    }
    const lane = model.sources[0]?.lanes.get('web');
    assert.equal(lane?.latency.now, 82);
    // An older source does not say it.
    for (let at = 10; at < 30; at++) {
      model.take(0, [{ ...sample, at: START + at * 100, durationMs: 95 }], world.now, 0);
    }
    assert.equal(lane.latency.now, 80);
  });
});

describe('a feed that is back without what was missed', () => {
  const up = { state: 'up', from: START, to: START + 1000 } as const;
  const again = { state: 'up', status: 'up', since: START + 2000 } as const;
  const last = { state: 'up', from: START + 2000, to: null } as const;

  it('ends the incident of a service that is up again: by its gap, or by when it was up, or by now', () => {
    const timeline = [up, { state: 'down', from: START + 1000, to: START + 2000 }, last] as const;
    const past = gapFacts(gap('web', START + 1004, START + 2004));
    const ends = (more: Partial<ServiceSnapshot>): [number, number | undefined] => {
      const world = upWorld();
      world.change('web', 'up', 'down', 1000, 'refused');
      world.now = START + 60_000;
      world.receive([world.hello('here', [unknown('web', more)])]);
      const [incident] = incidentsOf(world);
      const to = incident?.gaps.get('web')?.to;
      assert.equal(incidentsOf(world).length, 1);
      return [incident?.open ?? -1, to === undefined ? to : to - START];
    };
    assert.deepEqual(ends({ ...again, timeline, gaps: [past] }), [0, 2004]);
    assert.deepEqual(ends({ ...again, timeline }), [0, 2000]);
    const recent = { state: 'up', from: START + 50_000, to: null } as const;
    assert.deepEqual(ends({ ...again, since: recent.from, timeline: [recent] }), [0, 50_000]);
    const down = { state: 'down', from: START + 1000, to: null } as const;
    assert.deepEqual(ends({ state: 'down', status: 'down', since: down.from, timeline: [up, down] }), [1, undefined]);
    assert.deepEqual(ends({ state: 'unobserved', since: START + 50_000, timeline: [] }), [0, 60_000]);
  });

  it('ends it by the first answer of a source that began anew, and a later fall is another one', () => {
    const world = upWorld();
    world.change('web', 'up', 'down', 1000, 'refused');
    world.now = START + 5000;
    world.receive([world.hello('another life', [unknown('web', { since: world.now })])]);
    assert.equal(incidentsOf(world)[0]?.open, 1);
    world.change('web', 'unknown', 'up', 6000);
    assert.equal(incidentsOf(world)[0]?.open, 0);
    assert.ok(lineWith(world.lines({ width: 120, height: 30 }), 'web down, the end was not seen'));
    world.change('web', 'up', 'down', 20_000, 'refused');
    assert.deepEqual(
      incidentsOf(world).map(({ open }) => open),
      [1, 0],
    );
  });

  it('ends what was not observed, and what is of services that are gone', () => {
    const world = new World(['here'], [unknown('web'), unknown('api'), unknown('old')]);
    for (const name of ['web', 'api', 'old']) world.change(name, 'unknown', 'up', 0);
    for (const name of ['web', 'api']) world.change(name, 'up', 'unobserved', 1000, 'stalled');
    world.change('old', 'up', 'down', 1500, 'refused');
    world.now = START + 60_000;
    const unseen = [up, { state: 'unobserved', from: START + 1000, to: null }] as const;
    const seen = [up, { state: 'unobserved', from: START + 1000, to: START + 2000 }, last] as const;
    const api = unknown('api', { state: 'unobserved', since: START + 1000, timeline: unseen });
    world.receive([world.hello('here', [unknown('web', { ...again, timeline: seen }), api])]);
    const span = world.model.log.entries.flatMap((entry) => (entry.kind === 'unobserved' ? [entry.span] : []))[0];
    assert.deepEqual([...(span?.open ?? [])], ['api']);
    assert.equal(span?.to, START + 2000);
    assert.equal(incidentsOf(world)[0]?.open, 0);
    world.receive([world.hello('here', [])]);
    assert.equal(span.open.size, 0);
    assert.equal(span.to, world.now);
  });
});

describe('what a source kept', () => {
  it('is drawn before what was received, and its gaps are listed before those', () => {
    const world = upWorld();
    world.outage('web', 5000, 6000);
    world.now = START + 8000;
    const from = START - 10_000;
    const gap = { durationMs: 1000, minMs: 900, maxMs: 1100, failed: 10, reasons: [] };
    world.model.restore(0, [
      {
        service: 'web',
        timeline: [
          { state: 'up', from, to: from + 2000 },
          { state: 'down', from: from + 2000, to: from + 3000 },
          { state: 'unobserved', from: from + 3000, to: START },
          // What was received replaces it.
          { state: 'up', from: START, to: null },
        ],
        gaps: [{ ...gap, from: from + 2000, to: from + 3000 }],
      },
    ]);
    const cells = { from, stepMs: 1000, count: 18 };
    const seen = [...laneOf(world).cells(cells, world.now, world.now)];
    const { up, down, unobserved } = SEEN;
    assert.deepEqual(seen.slice(0, 4), [up, up, down, unobserved]);
    assert.equal(seen[9], unobserved);
    assert.deepEqual(seen.slice(10), [up, up, up, up, up, down, up, up]);
    assert.deepEqual(
      laneOf(world).gaps.map((one) => one.from),
      [from + 2000, START + 5000],
    );
  });
});
