/** However the dashboard ends, the terminal is left as it was. In a real shell in a real terminal. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { TerminalDriver } from '../support/terminal-driver.ts';
import { Victim } from '../support/terminal-victim.ts';
import { waitFor } from '../support/wait-for.ts';

const AS_IT_WAS = { alternateScreen: false, cursor: true, mouse: false };

describe('the terminal after the dashboard', { concurrency: 3 }, () => {
  let service: Victim;

  before(async () => {
    service = await Victim.start();
  });

  after(async () => {
    await service.kill();
  });

  /** Runs the dashboard, ends it, and looks at what it left. @param says what has to be on the screen then */
  async function ends(end: (terminal: TerminalDriver) => Promise<void>, says: readonly string[]): Promise<void> {
    const terminal = await TerminalDriver.open();
    try {
      await terminal.command('echo what was here before');
      await terminal.start(100, [`web=${String(service.port)}`]);
      await terminal.waitForText('● 1 up');
      assert.deepEqual(await terminal.state(), { alternateScreen: true, cursor: false, mouse: true });
      await end(terminal);
      const lines = await terminal.waitFor('the shell', (now) => {
        const text = now.join('\n');
        return (
          says.every((each) => text.includes(each)) && now.findLast((line) => line !== '')?.startsWith('$') === true
        );
      });
      assert.match(lines.join('\n'), /what was here before/);
      assert.deepEqual(await terminal.state(), AS_IT_WAS);
      await terminal.command('stty -a');
      // Typed letters are shown again, lines are edited and Ctrl-C is a signal again.
      await terminal.waitFor('such modes', (now) => {
        const modes = now.slice(now.indexOf('$ stty -a') + 1).join(' ');
        return ['icanon', 'isig', 'echo', 'opost'].every((mode) => modes.includes(` ${mode} `));
      });
    } finally {
      await terminal.close();
    }
  }

  const summary = ['service', 'uptime', '100 %'];

  it('is as it was after q, the summary below the prompt', async () => {
    await ends((terminal) => terminal.keys('q'), [...summary, 'ended: quit']);
  });

  it('is as it was after Ctrl-C', async () => {
    await ends((terminal) => terminal.keys('C-c'), [...summary, 'ended: SIGINT']);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`is as it was after ${signal}`, async () => {
      await ends((terminal) => terminal.signal(signal), [...summary, `ended: ${signal}`]);
    });
  }

  it('is as it was after an error that is not caught, and shows the error', async () => {
    await ends((terminal) => terminal.signal('SIGUSR2'), ['Error: a fault for the test']);
  });

  it('is the shell’s between Ctrl-Z and fg, and that time is unobserved', async () => {
    const terminal = await TerminalDriver.open({ width: 120, height: 30 });
    try {
      await terminal.start(100, [`web=${String(service.port)}`]);
      await terminal.waitForText('● 1 up');
      for (const stop of [() => terminal.keys('C-z'), () => terminal.signal('SIGTSTP')]) {
        await stop();
        await terminal.waitForText('Stopped');
        assert.deepEqual(await terminal.state(), AS_IT_WAS);
        await terminal.command('echo "$((6 * 7)) seen"; sleep 0.7');
        await terminal.waitForText('42 seen');
        await terminal.command('clear; fg');
        await terminal.waitFor('the dashboard', (lines) => /not observed (for|\d+ times)/.test(lines.join('\n')));
        assert.deepEqual(await terminal.state(), { alternateScreen: true, cursor: false, mouse: true });
      }
      await terminal.waitForText('░');
      await terminal.keys('?');
      await terminal.waitForText('In the strips');
    } finally {
      await terminal.close();
    }
  });

  it('is not waited for when it is gone', async () => {
    const terminal = await TerminalDriver.open();
    try {
      await terminal.start(100, [`web=${String(service.port)}`]);
      await terminal.waitForText('● 1 up');
      const program = await terminal.child();
      await terminal.close();
      await waitFor(() => !isAlive(program), 'its end, now that its terminal is closed', 10_000);
    } finally {
      await terminal.close();
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
