/** Starts and clean stops with a history: each ends with 0. `GAPWATCH_STARTS=300` makes as many. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { withFolder } from './open.ts';

const STARTS = Number(process.env['GAPWATCH_STARTS'] ?? 10);
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

describe('a monitor with a history', () => {
  it(`ends with 0 after each of ${String(STARTS)} starts`, { timeout: 60_000 + STARTS * 4000 }, async () => {
    await withFolder(async (dir) => {
      const ends: string[] = [];
      for (let start = 0; start < STARTS; start++) {
        // Some end before the first batch, and some in the middle of one.
        const words = [
          'serve',
          'web=1',
          '--data',
          dir,
          '--listen',
          'off',
          '-i',
          '20ms',
          '--for',
          `${String((start % 7) * 100)}ms`,
        ];
        const child = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
        let stderr = '';
        child.stderr.on('data', (chunk) => (stderr += String(chunk)));
        const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
        if (code !== 0) ends.push(`${String(code ?? signal)}: ${stderr}`);
      }
      assert.deepEqual(ends, []);
    });
  });
});
