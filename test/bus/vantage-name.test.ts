import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { SILENT_MS, type VantageSign } from '../../src/bus/bus-scripts.ts';
import { type NameChoice, VantageName } from '../../src/bus/vantage-name.ts';

const NOW = 1_795_000_000_000;

function held(monitor: string, agoMs: number, changes: Partial<VantageSign> = {}): VantageSign {
  return { monitor, run: `run-of-${monitor}`, sign: NOW - agoMs, at: 0, offline: false, raw: '', ...changes };
}

describe('the name of a vantage on the bus', () => {
  const fresh = (): VantageName => new VantageName({ id: 'me', vantage: 'rack' }, 'run-of-me');
  const look = (...vantages: [string, VantageSign][]): Parameters<VantageName['choose']>[0] => ({
    vantages: new Map(vantages),
    now: NOW,
  });
  const choose = (...vantages: [string, VantageSign][]): NameChoice => fresh().choose(look(...vantages));

  it('is the vantage where no living monitor has that', () => {
    const rack = { name: 'rack' };
    assert.deepEqual(choose(), rack);
    assert.deepEqual(choose(['other', held('other', 0)]), rack);
    assert.deepEqual(choose(['rack', held('other', 0, { offline: true })]), rack);
    assert.deepEqual(choose(['rack', held('other', SILENT_MS)]), rack);
    assert.deepEqual(choose(['rack', held('me', 0, { run: 'before a restart' })]), rack);
  });

  it('is one with a number where another monitor gives signs of life', () => {
    const name = fresh();
    assert.equal(name.choose(look(['rack', held('other', 900)])), 'wait');
    assert.equal(name.choose(look(['rack', held('other', 900)])), 'wait');
    assert.deepEqual(name.choose(look(['rack', held('other', 0)])), { name: 'rack-2' });
    assert.ok(name.taken('rack-2'));
    assert.ok(!name.taken('rack-2'), 'that is known already');
    assert.ok(!fresh().taken('rack'));
  });

  it('is the one that it had before, though another is free', () => {
    const gone = held('other', 0, { offline: true });
    assert.deepEqual(choose(['rack', gone], ['rack-2', held('me', SILENT_MS)]), { name: 'rack-2' });
    assert.deepEqual(choose(['rack', gone], ['rack-2', held('third', 0)]), { name: 'rack' });
    assert.deepEqual(choose(['rack', held('other', 5)], ['rack-2', held('me', 5, { run: 'x' })]), { name: 'rack-2' });
  });

  it('waits where the first is undecided, though a later one is free', () => {
    assert.equal(choose(['rack', held('other', 5)], ['rack-2', held('third', SILENT_MS)]), 'wait');
  });

  it('is none where this run has published already, and another one of the same id gives signs of life', () => {
    const name = fresh();
    name.taken('rack');
    const another = { run: 'of the copy' };
    assert.deepEqual(name.choose(look(['rack', held('me', 900)])), { name: 'rack' });
    assert.equal(name.choose(look(['rack', held('me', 900, another)])), 'wait');
    assert.equal(name.choose(look(['rack', held('me', 0, another)])), 'copied');
    assert.deepEqual(name.choose(look(['rack', held('me', 0, { ...another, offline: true })])), { name: 'rack' });
  });
});
