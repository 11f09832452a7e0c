import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { currentNotes, type Note, ongoing, Stories, whatOf, whoOf, whyOf } from '../../src/page/stories.ts';
import { gap } from '../support/builders.ts';

const DAY = 86_400_000;
const NOON = 20_000 * DAY + DAY / 2;

function linesOf(stories: Stories, notes: readonly Note[] = []): string[] {
  return stories
    .of(NOON - DAY / 2, notes)
    .map((story) => `${whoOf(story.services)} ${whatOf(story)}${story.isPlanned ? ' planned' : ''}`);
}

function maintenance(from: number, to: number | null, ...services: string[]): Note {
  return { id: 'm', kind: 'maintenance', from, to, services, text: 'Docker upgrade' };
}

describe('stories', () => {
  it('are of services that fell together, the newest first, each gap once', () => {
    const stories = new Stories();
    for (const [seq, name, at, ms] of [
      [1, 'web', 0, 400],
      [2, 'api', 900, 3000],
      [3, 'db', 1100, 200],
      [4, 'web', 60_000, 250],
    ] as const) {
      const one = gap(name, NOON + at, NOON + at + ms, { seq });
      stories.add(one);
      stories.add(one);
    }
    assert.deepEqual(linesOf(stories), [
      'web down for 0.25 s (0.15–0.35)',
      'db down for 0.20 s (0.10–0.30)',
      'web and api down, the longest for 3.00 s (2.90–3.10)',
    ]);
    assert.equal(stories.count(NOON - DAY / 2), 4);
    assert.deepEqual(
      stories.of(NOON - DAY / 2, []).map(({ key }) => key),
      ['4', '3', '1'],
    );
  });

  it('have one line for what flaps, however many gaps and services', () => {
    const stories = new Stories();
    for (let n = 0; n < 214; n += 1) {
      const at = NOON + n * 10_000;
      stories.add(gap('web', at, at + 100, { seq: 1000 + n }));
      if (n % 2 === 0) stories.add(gap('api', at + 3000, at + 3100, { seq: 2000 + n }));
    }
    stories.add(gap('db', NOON, NOON + 500, { seq: 1 }));
    assert.deepEqual(linesOf(stories), [
      'web and api flapping: 321 gaps, down for 32.1 s in all',
      'db down for 0.50 s (0.40–0.60)',
    ]);
  });

  it('stand by their newest gap: what flaps now is above what was down once since it began', () => {
    const stories = new Stories();
    for (let n = 0; n < 20; n += 1)
      stories.add(gap('web', NOON + n * 60_000, NOON + n * 60_000 + 100, { seq: 100 + n }));
    for (const [n, name] of ['db', 'api', 'mq'].entries())
      stories.add(gap(name, NOON + 90_000 + n * 60_000, NOON + 90_500 + n * 60_000, { seq: n }));
    stories.add(gap('last', NOON + 1_200_000, NOON + 1_200_500, { seq: 50 }));
    const found = stories.of(NOON - DAY / 2, []);
    assert.deepEqual(
      found.map(({ services }) => services.join()),
      ['last', 'web', 'mq', 'api', 'db'],
    );
    assert.deepEqual([found[1]?.from, found[1]?.newest], [NOON, NOON + 19 * 60_000]);
  });

  it('belong to the day on which they ended, of which the newest thousand gaps are kept', () => {
    const stories = new Stories();
    const midnight = NOON + DAY / 2;
    stories.add(gap('web', midnight - 5000, midnight + 5000, { seq: 1 }));
    assert.deepEqual([stories.count(NOON - DAY / 2), stories.count(midnight)], [0, 1]);
    for (let n = 0; n < 3000; n += 1) stories.add(gap('web', NOON + n, NOON + n + 1, { seq: n }));
    // What was fetched comes after what came live, and is older.
    stories.add(gap('web', NOON - 5000, NOON - 4999, { seq: 9999 }));
    assert.ok(stories.of(NOON - DAY / 2, []).every(({ from }) => from >= NOON + 2000));
    assert.equal(stories.count(NOON - DAY / 2), 1000);
    for (let day = 0; day < 300; day += 1) stories.add(gap('web', day * DAY, day * DAY + 1, { seq: day }));
    assert.equal(stories.of(0, []).length, 0);
  });

  it('are planned where a gap began inside a maintenance of its service, and have the words of the note', () => {
    const stories = new Stories();
    stories.add(gap('web', NOON, NOON + 400, { seq: 1 }));
    stories.add({ ...gap('api', NOON + 90_000, NOON + 90_400, { seq: 2 }), planned: true });
    const notes = [maintenance(NOON - 1000, NOON + 200, 'web')];
    assert.deepEqual(linesOf(stories, notes), [
      'api down for 0.40 s (0.30–0.50) planned',
      'web down for 0.40 s (0.30–0.50) planned',
    ]);
    assert.equal(whyOf(stories.of(NOON - DAY / 2, notes)[1]!), 'Docker upgrade');
    const other = linesOf(stories, [maintenance(NOON - 1000, NOON + 200, 'db')]);
    assert.deepEqual(other.slice(1), ['web down for 0.40 s (0.30–0.50)', 'db  planned']);
  });

  it('go on while services are down', () => {
    const falls = ['web', 'api', 'db', 'mq', 'auth'].map((service, n) => ({
      service,
      from: NOON + n,
      downMs: 12_000 - n,
      reason: 'refused' as const,
    }));
    const [story, ...more] = ongoing(falls, [maintenance(NOON - 5, null)]);
    assert.deepEqual(
      [whoOf(story?.services ?? []), more.length, story?.isPlanned],
      ['web, api, db and 2 more', 0, true],
    );
    assert.equal(whatOf(story!), 'down for 12.0 s so far');
  });

  it('are preceded by notes that concern the present, and maintenance to come', () => {
    const info: Note = { id: 'i', kind: 'info', from: NOON + 1, to: null, services: [], text: 'later' };
    const past = maintenance(NOON - 9, NOON - 1);
    const next = maintenance(NOON + 9, NOON + 10);
    const present = maintenance(NOON - 9, null);
    assert.deepEqual(currentNotes([next, info, past, present], NOON), [present, next]);
  });
});
