/** `gapwatch run` on a real terminal: the live line, the command's own way with the terminal, and Ctrl-C. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { TerminalDriver, type DriverOptions } from '../support/terminal-driver.ts';
import { requireTool } from '../support/tools.ts';
import { endServices, type SignalledService, startSignalledService } from '../support/test-service.ts';
import { entry } from './program.ts';

describe('gapwatch run on a terminal', { concurrency: 2 }, () => {
  let service: SignalledService;

  before(async () => {
    service = await startSignalledService();
  });

  after(endServices);

  async function inTerminal(options: DriverOptions, play: (terminal: TerminalDriver) => Promise<void>): Promise<void> {
    const terminal = await TerminalDriver.open({ width: 90, height: 24, ...options });
    try {
      // Words of the shell, as a long line would be broken.
      await terminal.command(`run() { '${process.execPath}' '${entry('main')}' run "$@"; echo "code $?"; }`);
      await terminal.waitFor('the next prompt', (lines) => lines.includes('$'));
      await play(terminal);
    } finally {
      await terminal.close();
    }
  }

  const quick = (): string => `web=${String(service.port)} --before 200ms --after 300ms --max-gap 1m -i 50ms -t 300ms`;

  it('shows the state in one line at the bottom, below the output of the command, and leaves nothing of it', async (t) => {
    if (!requireTool(t, 'tmux')) return;
    await inTerminal({}, async (terminal) => {
      await terminal.command(`run ${quick()} -- sh -c 'seq 100 140; read x'`);
      const during = await terminal.waitFor('the live line below the output', (lines) => {
        return /^during {2}\+.*web UP/.test(lines.at(-1) ?? '') && lines.includes('140');
      });
      const output = during.filter((line) => /^1\d\d$/.test(line));
      assert.deepEqual(output, [...output].sort(), 'the lines scroll above it, whole and in order');
      assert.ok(output.length > 15);
      await terminal.keys('Enter');
      const over = await terminal.waitForLine('code 0');
      assert.ok(
        over.some((line) => line.startsWith('PASS: ')),
        over.join('\n'),
      );
      assert.ok(over.every((line) => !line.startsWith('during')));
      // The whole screen scrolls again.
      await terminal.command('seq 200 260');
      const after = await terminal.waitForLine('260');
      assert.ok(after.indexOf('260') >= 21, after.join('\n'));
    });
  });

  it('lets the command ask for a password, without a picture over its question', async (t) => {
    if (!requireTool(t, 'tmux')) return;
    await inTerminal({ height: 50 }, async (terminal) => {
      const ask =
        'printf "password: " >/dev/tty; stty -echo </dev/tty; read x </dev/tty; stty echo </dev/tty; echo "got $x"';
      await terminal.command(`run ${quick()} -- sh -c '${ask}'`);
      // Several drawings later the question still stands.
      await terminal.waitFor('the time going on', (lines) => /^during {2}\+[1-9]\.\d\d s/.test(lines.at(-1) ?? ''));
      await terminal.waitFor('the question', (lines) => lines.includes('password:'));
      await terminal.type('secret');
      await terminal.keys('Enter');
      const lines = await terminal.waitForLine('code 0');
      // What is typed is not shown, so the answer stands behind the question.
      assert.ok(lines.includes('password: got secret'), lines.join('\n'));
    });
  });

  it('waits for the command at Ctrl-C, which both receive, and reports', async (t) => {
    if (!requireTool(t, 'tmux')) return;
    await inTerminal({ height: 50 }, async (terminal) => {
      await terminal.command(
        `run ${quick()} -- sh -c 'trap "echo cleaning; exit 7" INT; echo ready; while :; do sleep 0.05; done'`,
      );
      await terminal.waitFor('its first word', (lines) => lines.includes('ready'));
      await terminal.keys('C-c');
      const lines = await terminal.waitForLine('code 130');
      // Once: the terminal sent it, and not we as well.
      assert.equal(lines.filter((line) => line.endsWith('cleaning')).length, 1, lines.join('\n'));
      assert.match(lines.join('\n'), /exited with 7/);
    });
  });

  it('ends a pipeline that never ends, and all of it', async (t) => {
    if (!requireTool(t, 'tmux')) return;
    await inTerminal({}, async (terminal) => {
      await terminal.command(`run ${quick()} --give-up 3s -- sh -c 'sleep 1000.5 | cat'`);
      await terminal.waitForLine('code 3');
      await terminal.command('clear; pgrep -f "sleep 1000.[5]" || echo none');
      await terminal.waitForLine('none');
    });
  });

  it('gives the terminal back at Ctrl-\\ and Ctrl-Z, and takes it again', async (t) => {
    if (!requireTool(t, 'tmux')) return;
    await inTerminal({}, async (terminal) => {
      const isLive = (lines: readonly string[]): boolean => /^during/.test(lines.at(-1) ?? '');
      const scrollsAll = async (from: number): Promise<void> => {
        await terminal.command(`seq ${String(from)} ${String(from + 60)}`);
        const lines = await terminal.waitForLine(String(from + 60));
        assert.ok(lines.indexOf(String(from + 60)) >= 21, lines.join('\n'));
      };
      await terminal.command(`ulimit -c 0; run ${quick()} -- sleep 1000.7`);
      await terminal.waitFor('the live line', isLive);
      await terminal.keys('C-z');
      await terminal.waitForText('topped');
      await scrollsAll(200);
      await terminal.command('fg');
      await terminal.waitFor('the live line again', isLive);
      await terminal.keys('C-\\');
      await terminal.waitForText('Quit');
      await scrollsAll(300);
    });
  });

  it('has no colours where they are not wanted, and no live line on a dumb terminal', async (t) => {
    if (!requireTool(t, 'tmux')) return;
    const isLive = (lines: readonly string[]): boolean => /^during/.test(lines.at(-1) ?? '');
    await inTerminal({}, async (terminal) => {
      await terminal.command(`run ${quick()} -- sh -c 'read x'`);
      await terminal.waitFor('the live line', isLive);
      assert.match(await terminal.colours(), /\x1b\[32m/);
    });
    await inTerminal({ env: { NO_COLOR: '1' } }, async (terminal) => {
      await terminal.command(`run ${quick()} -- sh -c 'read x'`);
      await terminal.waitFor('the live line', isLive);
      assert.doesNotMatch(await terminal.colours(), /\x1b\[3\dm/);
    });
    await inTerminal({ env: { TERM: 'dumb' } }, async (terminal) => {
      await terminal.command(`run ${quick()} -- sh -c 'sleep 0.5'`);
      const lines = await terminal.waitForLine('code 0');
      assert.doesNotMatch(lines.join('\n'), /^during/m);
    });
  });
});
