/** SIGHUP in the first moments of a command that reloads nothing: it is never lost. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';

/** What becomes of a process that does this with its hangups: the signal that ends it, or what it prints. */
function outcomeOf(lines: string): string {
  const module = new URL('../../src/cli/hangups.js', import.meta.url).href;
  const code = `import { hangups } from ${JSON.stringify(module)};
    const hangUp = () => process.kill(process.pid, 'SIGHUP');
    ${lines}
    setTimeout(() => console.log('survived'), 1000);`;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { timeout: 60_000 });
  return signal ?? stdout.toString().trim();
}

describe('a SIGHUP to a command that reloads nothing', () => {
  const takes = "process.once('SIGHUP', () => { console.log('taken'); process.exit(); });";
  const delivered = 'await new Promise((resolve) => setTimeout(resolve, 100));';
  const cases = [
    ['that comes, is delivered, and then is released', `hangUp(); ${delivered} hangups.release();`, 'SIGHUP'],
    // Node has it already, and calls no listener before the next turn.
    ['that comes and is released before it is delivered', 'hangUp(); hangups.release();', 'SIGHUP'],
    ['that comes in the turn after', 'hangups.release(); hangUp();', 'SIGHUP'],
    ['that comes later', `hangups.release(); ${delivered} hangUp();`, 'SIGHUP'],
    ['that the command takes, though it came before', `hangUp(); ${delivered} hangups.release(); ${takes}`, 'taken'],
    ['that the command takes, not yet delivered', `hangUp(); hangups.release(); ${takes}`, 'taken'],
    ['that the command takes, later', `hangups.release(); ${takes} ${delivered} hangUp();`, 'taken'],
    ['that does not come', 'hangups.release();', 'survived'],
  ] as const;
  for (const [when, lines, outcome] of cases) {
    it(`${when}: ${outcome}`, () => {
      assert.equal(outcomeOf(lines), outcome);
    });
  }
});
