import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { traitsOf, whyNoDashboard } from '../../src/terminal/terminal-traits.ts';

const TTY = { isTTY: true };
const PIPE = {};

describe('whether there can be a dashboard', () => {
  it('says yes to the terminals that people have', () => {
    for (const TERM of [
      'xterm-256color',
      'screen-256color',
      'tmux-256color',
      'linux',
      'vt100',
      'alacritty',
      'xterm-kitty',
    ]) {
      assert.equal(whyNoDashboard({ TERM }, TTY, TTY), null);
    }
  });

  it('says why not, otherwise', () => {
    assert.match(whyNoDashboard({ TERM: 'dumb' }, TTY, TTY) ?? '', /TERM is "dumb"/);
    assert.match(whyNoDashboard({}, TTY, TTY) ?? '', /TERM is not set/);
    assert.match(whyNoDashboard({ TERM: 'xterm' }, TTY, PIPE) ?? '', /output is not a terminal/);
    assert.match(whyNoDashboard({ TERM: 'xterm' }, PIPE, TTY) ?? '', /input is not a terminal/);
  });
});

describe('what a terminal can show', () => {
  const ascii = (env: Readonly<Record<string, string>>): boolean => traitsOf({ TERM: 'xterm', ...env }).glyphs.ascii;
  const colours = (env: Readonly<Record<string, string>>): number => traitsOf({ TERM: 'xterm', ...env }).colours;

  it('is UTF-8 where the first locale that is set says so', () => {
    assert.equal(ascii({ LANG: 'de_DE.UTF-8' }), false);
    assert.equal(ascii({ LANG: 'en_US.utf8' }), false);
    assert.equal(ascii({ LC_ALL: 'C', LANG: 'en_US.UTF-8' }), true);
    assert.equal(ascii({ LC_ALL: '', LC_CTYPE: 'C.UTF-8', LANG: 'C' }), false);
    assert.equal(ascii({}), true);
    assert.equal(ascii({ TERM: 'linux', LANG: 'C.UTF-8' }), true);
  });

  it('has as many colours as its kind', () => {
    assert.equal(colours({}), 256);
    assert.equal(colours({ TERM: 'tmux-256color' }), 256);
    assert.equal(colours({ TERM: 'linux' }), 16);
    assert.equal(colours({ TERM: 'vt100' }), 0);
  });

  it('has none where NO_COLOR is set and not empty', () => {
    assert.equal(colours({ NO_COLOR: '1' }), 0);
    assert.equal(colours({ NO_COLOR: '' }), 256);
  });

  it('has no mouse where it can have none', () => {
    assert.equal(traitsOf({ TERM: 'linux' }).mouse, false);
    assert.equal(traitsOf({ TERM: 'screen-256color' }).mouse, true);
  });
});
