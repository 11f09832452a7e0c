/** Which notes are kept where there are many. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Notes } from '../../src/core/notes.ts';
import type { Note } from '../../src/core/messages.ts';

const NOON = Date.UTC(2026, 10, 23, 12);
const HOUR_MS = 3_600_000;

function note(id: string, at: number, from: number, to: number | null, more: Partial<Note> = {}): Note {
  return { type: 'note', seq: at, at, id, kind: 'info', from, to, services: [], text: id, ...more };
}

describe('notes', () => {
  it('keep what lasts or is to come, however many were written later and have ended', () => {
    const notes = new Notes();
    const maintenance = { kind: 'maintenance' } as const;
    notes.take(note('weekly', NOON, NOON + 500 * HOUR_MS, NOON + 2500 * HOUR_MS, maintenance));
    notes.take(note('incident', NOON, NOON, null, { kind: 'incident' }));
    for (let n = 1; n <= 1500; n += 1) {
      const at = NOON + n * HOUR_MS;
      notes.take(note(`deploy ${String(n)}`, at, at, at + 60_000));
    }
    assert.equal(notes.all.length, 1000);
    assert.ok(notes.isPlanned('web', NOON + 1600 * HOUR_MS));
    assert.equal(notes.get('incident')?.to, null);
    assert.equal(notes.get('deploy 1500')?.text, 'deploy 1500');
  });

  it('are no more than a thousand where none has ended: the last ones that were written', () => {
    const notes = new Notes();
    for (let n = 1; n <= 1001; n += 1) notes.take(note(String(n), NOON + n, NOON, null));
    assert.deepEqual([notes.all.length, notes.get('1'), notes.get('2')?.id], [1000, null, '2']);
  });
});
