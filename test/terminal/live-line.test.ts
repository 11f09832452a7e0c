/** The line below the output of a command. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { widthOf } from '../../src/core/text-width.ts';
import { liveLine, type LiveService } from '../../src/terminal/live-line.ts';

const WEB: LiveService = { name: 'web', state: 'up', forMs: 3210 };
const CACHE: LiveService = { name: 'cache', state: 'down', forMs: 400 };
const API: LiveService = { name: 'api', state: 'up', forMs: 60_000 };

describe('the live line', () => {
  it('shows those first that are not up', () => {
    const line = liveLine('during  +3.21 s', [WEB, CACHE, API], 80, false);
    assert.equal(line, 'during  +3.21 s  cache DOWN 0.40 s · web UP 3.21 s · api UP 1 min 00 s');
  });

  it('says how many there is no room for', () => {
    assert.equal(liveLine('during', [WEB, CACHE, API], 38, false), 'during  cache DOWN 0.40 s · and 2 more');
  });

  it('never takes more cells than there are, whatever the names', () => {
    const names = ['x'.repeat(200), '漢字漢字漢字漢字漢字漢字', 'a\x1b[31m\n', '👩‍👩‍👧', ''];
    const services = names.map((name): LiveService => ({ name, state: 'unknown', forMs: 12 }));
    for (let columns = 1; columns < 120; columns++) {
      const line = liveLine('during  +3.21 s', services, columns, false);
      assert.ok(widthOf(line) <= columns, `${String(columns)}: ${line}`);
      assert.doesNotMatch(line, /\p{Cc}/u);
    }
  });

  it('has colours where they are wanted, and is the same without them', () => {
    const coloured = liveLine('during', [WEB, CACHE], 80, true);
    assert.match(coloured, /cache \x1b\[1;31mDOWN\x1b\[0m/);
    assert.equal(coloured.replace(/\x1b\[[\d;]*m/g, ''), liveLine('during', [WEB, CACHE], 80, false));
  });
});
