import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  click,
  press,
  type Command,
  type Seen,
  FIRST_UI,
  NOTHING_SEEN,
  type Ui,
} from '../../src/terminal/key-bindings.ts';

const NOW = 1_800_000_000_000;
const ORDER = Array.from({ length: 50 }, (_, index) => `s${String(index)}`);
const SEEN: Seen = { ...NOTHING_SEEN, order: ORDER, page: 10, below: 5, now: NOW };

/** What is chosen after some keys. */
function after(keys: readonly string[], from: Partial<Ui> = {}): Ui {
  return keys.reduce<Ui>((ui, key) => press(ui, key, SEEN).ui, { ...FIRST_UI, ...from });
}

function commandOf(key: string, from: Partial<Ui> = {}): Command | null {
  return press({ ...FIRST_UI, ...from }, key, SEEN).command;
}

describe('keys in the list', () => {
  it('select a service', () => {
    assert.equal(after(['down']).selected, 's1');
    assert.equal(after(['j', 'j', 'k']).selected, 's1');
    assert.equal(after(['wheeldown', 'wheeldown', 'wheelup']).selected, 's1');
    assert.equal(after(['up']).selected, 's0');
    assert.equal(after(['pagedown']).selected, 's10');
    assert.equal(after(['end']).selected, 's49');
    assert.equal(after(['G', 'down']).selected, 's49');
    assert.equal(after(['end', 'pageup']).selected, 's39');
    assert.equal(after(['end', 'home']).selected, 's0');
  });

  it('open a service in full, and lead back', () => {
    assert.deepEqual([after(['down', 'enter']).mode, after(['down', 'enter']).selected], ['detail', 's1']);
    assert.equal(after(['enter', 'escape']).mode, 'list');
    assert.equal(press(FIRST_UI, 'enter', { ...SEEN, order: [] }).ui.mode, 'list');
  });

  it('change the window from 10 s to 24 h', () => {
    assert.equal(after(['+']).windowMs, 30_000);
    assert.equal(press(after(['+']), '+', { ...SEEN, windowMs: 30_000 }).ui.windowMs, 10_000);
    assert.equal(press(FIRST_UI, '+', { ...SEEN, windowMs: 10_000 }).ui.windowMs, 10_000);
    assert.equal(after(['-']).windowMs, 120_000);
    assert.equal(press(FIRST_UI, '-', { ...SEEN, windowMs: 86_400_000 }).ui.windowMs, 86_400_000);
    // Of one that grows with the watch the next shorter, the next longer one.
    assert.equal(press(FIRST_UI, '+', { ...SEEN, windowMs: 12_000 }).ui.windowMs, 10_000);
    assert.equal(press(FIRST_UI, '-', { ...SEEN, windowMs: 12_000 }).ui.windowMs, 30_000);
    assert.equal(after(['+']).growing, false);
  });

  it('go back in time and forth', () => {
    assert.equal(after(['left', 'left']).end, NOW - 30_000);
    assert.equal(after(['left', 'left', 'right']).end, NOW - 15_000);
    assert.equal(after(['left', 'right']).end, null);
    assert.equal(press(after(['left']), 'right', { ...SEEN, now: NOW + 5000 }).ui.end, null);
    assert.equal(after(['left', '0']).end, null);
    assert.equal(after(['left', 'escape']).end, null);
  });

  it('hold the picture still, and let it go on', () => {
    assert.equal(after(['space']).pausedAt, NOW);
    assert.equal(after(['space', 'space']).pausedAt, null);
    assert.equal(after(['space', 'escape']).pausedAt, null);
  });

  it('sort, in turn, and group', () => {
    assert.equal(after(['s']).sort, 'problem first');
    assert.equal(after(['s', 's', 's', 's', 's']).sort, 'as given');
    assert.equal(after(['g']).grouped, true);
    assert.equal(after(['g', 'g']).grouped, false);
  });

  it('filter while the word is typed', () => {
    assert.deepEqual([after(['/', 'd', 'b']).mode, after(['/', 'd', 'b']).filter], ['filter', 'db']);
    assert.deepEqual([after(['/', 'd', 'b', 'enter']).mode, after(['/', 'd', 'b', 'enter']).filter], ['list', 'db']);
    assert.equal(after(['/', 'd', 'b', 'enter', '/', 'backspace']).filter, 'd');
    assert.equal(after(['/', 'd', 'escape']).filter, '');
    assert.equal(after(['/', 'd', 'enter', 'escape']).filter, '');
  });

  it('mark the moment, in a word', () => {
    const typed = after(['m', 'u', 'p', 'space', 'q', '?']);
    assert.deepEqual([typed.mode, typed.input], ['mark', 'up q?']);
    assert.deepEqual(press(typed, 'enter', SEEN).command, { type: 'mark', text: 'up q?' });
    assert.equal(press(typed, 'enter', SEEN).ui.mode, 'list');
    assert.equal(press(typed, 'escape', SEEN).command, null);
    assert.deepEqual(commandOf('enter', { mode: 'mark' }), { type: 'mark', text: 'mark' });
    assert.equal(after(['m', 'a', 'C-u', 'b', 'backspace', 'up', 'tab']).input, '');
    // A terminal sends a character beyond the first plane in two halves.
    assert.equal(after(['m', '\ud83d', '\ude80']).input, '🚀');
  });

  it('ask for what is not in the picture', () => {
    assert.deepEqual(commandOf('q'), { type: 'quit', reason: 'quit' });
    assert.deepEqual(commandOf('C-c'), { type: 'quit', reason: 'SIGINT' });
    assert.deepEqual(commandOf('C-z'), { type: 'suspend' });
    assert.deepEqual(commandOf('C-l'), { type: 'redraw' });
    assert.deepEqual(commandOf('r'), { type: 'reset' });
    assert.equal(commandOf('x'), null);
    assert.deepEqual(after(['x', 'F5', 'C-x']), FIRST_UI);
  });

  it('say why they change nothing, until the next key', () => {
    const said = (key: string, seen: Partial<Seen> = {}, from: Partial<Ui> = {}): string | null =>
      press({ ...FIRST_UI, ...from }, key, { ...SEEN, ...seen }).ui.said;
    const gaps = (): { service: string; from: number; to: number }[] => [
      { service: 's1', from: NOW - 900, to: NOW - 500 },
    ];
    assert.equal(said('n'), 'No gap is known.');
    assert.equal(said('N'), 'No gap is known.');
    assert.equal(said('n', { gaps }), null);
    assert.equal(said('n', { gaps }, { gap: { service: 's1', from: NOW - 900 } }), 'No earlier gap is known.');
    assert.equal(said('N', { gaps }), 'No later gap is known.');
    assert.equal(said('n', { gaps }, { mode: 'detail', selected: 's2' }), 'No gap is known.');
    assert.equal(said('enter', { order: [] }), 'No service is listed.');
    assert.equal(said('tab'), 'Nothing happened yet.');
    assert.equal(said('c'), 'There is no group.');
    assert.equal(said('C'), 'There is no group.');
    assert.equal(said('+', { windowMs: 10_000 }), 'This is the shortest window.');
    assert.equal(said('-', { windowMs: 86_400_000 }), 'This is the longest window.');
    assert.equal(said('+', { windowMs: 60_000 }), null);
    for (const key of ['x', 'enter', 'down', 's', 'g', 'm', '/', '?', 'space', 'left', '0'])
      assert.equal(said(key), null, key);
    assert.equal(after(['n', 'x']).said, null);
    assert.equal(click(after(['n']), { service: 's3' }, SEEN).said, null);
  });

  it('explain themselves, until the next key', () => {
    assert.equal(after(['?']).mode, 'help');
    assert.equal(after(['?', 'x']).mode, 'list');
    assert.equal(after(['enter', '?', 'x']).mode, 'detail');
    assert.deepEqual(commandOf('q', { mode: 'help' }), { type: 'quit', reason: 'quit' });
  });
});

describe('keys in one service', () => {
  const detail = { mode: 'detail', behind: 'detail', selected: 's3' } as const;

  it('scroll its lists, no further than there are lines', () => {
    assert.equal(after(['down', 'j'], detail).top, 2);
    assert.equal(after(['pagedown'], detail).top, 5);
    assert.equal(after(['down', 'up', 'up'], detail).top, 0);
  });

  it('show the next one, and the one before', () => {
    assert.equal(after(['tab'], detail).selected, 's4');
    assert.equal(after(['S-tab'], detail).selected, 's2');
  });

  it('mark and come back to it', () => {
    assert.equal(after(['m', 'a', 'enter'], detail).mode, 'detail');
  });
});

describe('the mouse', () => {
  it('selects with the first click and opens with the second', () => {
    const once = click(FIRST_UI, { service: 's3' }, SEEN);
    assert.deepEqual([once.mode, once.selected], ['list', 's3']);
    assert.equal(click(once, { service: 's3' }, SEEN).mode, 'detail');
    assert.equal(click(FIRST_UI, { service: 's0' }, SEEN).mode, 'detail');
    assert.deepEqual(click({ ...FIRST_UI, mode: 'help' }, { service: 's3' }, SEEN).selected, null);
  });
});
