import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Grid } from '../../src/terminal/cell-grid.ts';
import { cellsOf, widthOf } from '../../src/core/text-width.ts';

const shown = (text: string, ascii = false): string =>
  cellsOf(text, ascii)
    .map(({ char }) => char)
    .join('');

describe('text in cells', () => {
  it('counts two cells for wide characters and none for marks', () => {
    assert.equal(widthOf('web'), 3);
    assert.equal(widthOf('服务'), 4);
    assert.equal(widthOf('✅🚀'), 4);
    assert.equal(widthOf('e\u0301'), 1);
    assert.equal(widthOf('สวัสดี'), 4);
  });

  it('takes apart or leaves out what terminals do not agree on', () => {
    assert.equal(shown('👨‍👩‍👧'), '👨👩👧');
    assert.equal(shown('👍🏽'), '👍');
    assert.equal(shown('❤️'), '❤');
  });

  it('lets nothing through that a terminal would obey', () => {
    assert.equal(shown('a\u001b[31mb\u0007\u009b1m'), 'a?[31mb??1m');
    assert.equal(shown('a\nb\tc'), 'a b c');
    assert.equal(shown('user\u202egpj.exe'), 'usergpj.exe');
    assert.equal(shown('\ud800'), '?');
  });

  it('is ASCII where the terminal shows nothing else', () => {
    assert.equal(shown('0.25 s (0.21–0.31) …', true), '0.25 s (0.21-0.31) .');
    assert.equal(shown('цена 服务', true), '???? ??');
    assert.equal(shown('e\u0301te\u0301', true), '?t?');
  });
});

describe('a picture', () => {
  it('cuts a text where its room ends, and says so', () => {
    const grid = new Grid({ width: 10, height: 1 }, false);
    assert.equal(grid.put(0, 0, 'abcdefgh', 'plain', 5), 5);
    assert.equal(grid.line(0), 'abcd…');
  });

  it('never cuts a wide character in two', () => {
    const grid = new Grid({ width: 6, height: 1 }, false);
    grid.put(0, 0, 'a服务器', 'plain');
    assert.equal(grid.line(0), 'a服务…');
    const narrow = new Grid({ width: 6, height: 1 }, false);
    narrow.put(0, 0, '服务器', 'plain', 4);
    assert.equal(narrow.line(0), '服…');
  });

  it('writes nothing outside of itself', () => {
    const grid = new Grid({ width: 3, height: 2 }, false);
    grid.put(2, 1, '服', 'plain');
    grid.put(-1, 0, 'ab', 'plain');
    grid.put(0, 5, 'ab', 'plain');
    assert.equal(grid.chars.length, 6);
    assert.deepEqual([grid.line(0), grid.line(1)], ['b', '  …']);
  });
});
