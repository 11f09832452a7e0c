/** The dashboard over a real monitor in a real terminal: what it shows there. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { TerminalDriver, type DriverOptions } from '../support/terminal-driver.ts';
import { Victim } from '../support/terminal-victim.ts';

describe('the dashboard in tmux', { concurrency: 3 }, () => {
  let steady: Victim;
  let shaky: Victim;

  before(async () => {
    [steady, shaky] = await Promise.all([Victim.start(), Victim.start()]);
  });

  after(async () => {
    await Promise.all([steady.kill(), shaky.kill()]);
  });

  /** Runs the dashboard in a terminal; `web` is steady. */
  async function watched(
    options: DriverOptions,
    more: readonly string[],
    play: (terminal: TerminalDriver) => Promise<void>,
  ): Promise<void> {
    const terminal = await TerminalDriver.open(options);
    try {
      await terminal.start(100, [`web=${String(steady.port)}`, ...more]);
      await play(terminal);
    } finally {
      await terminal.close();
    }
  }

  it('shows a gap when a service is killed and started again', async () => {
    await watched({ width: 120, height: 30 }, [`api=${String(shaky.port)}`], async (terminal) => {
      await terminal.waitForText('● 2 up');
      await shaky.kill();
      const open = await terminal.waitForText('so far');
      assert.match(open.join('\n'), /▼ 1 DOWN/);
      assert.match(open.join('\n'), /▼ api down {2}re/);
      await shaky.start();
      await terminal.waitForText('api up again after');
      const over = await terminal.waitFor('the end of the gap in the strip', (lines) => {
        const row = lines.findIndex((line) => line.startsWith('  api'));
        const shown = `${lines[row] ?? ''}\n${lines[row + 1] ?? ''}`;
        return /[█▌▐].* s \(.*–.*\) +1 gap\n.*▂?[█▌▐]+▂.*(just now|s ago)/.test(shown);
      });
      assert.doesNotMatch(over[over.findIndex((line) => line.startsWith('▸ web')) + 1] ?? '', /[█▌▐]/);
    });
  });

  it('fills every size, and follows it while it runs', async () => {
    await watched({ width: 80, height: 24 }, [], async (terminal) => {
      await terminal.waitForText('● 1 up');
      for (const [width, height] of [
        [80, 24],
        [200, 60],
        [120, 40],
        [50, 12],
      ] as const) {
        await terminal.resize(width, height);
        const lines = await terminal.waitFor('a picture of the new size', (now) => {
          return (
            now.length === height && (now[height - 1] ?? '').includes('q quit') && (now[0] ?? '').includes('gapwatch')
          );
        });
        assert.match(lines.join('\n'), /web[^]*● up/);
        assert.equal(lines.filter((line) => line.includes('q quit')).length, 1);
      }
    });
  });

  it('draws on every kind of terminal, and says why not on a dumb one', async () => {
    const kinds = ['xterm-256color', 'screen-256color', 'tmux-256color', 'linux', 'vt100'];
    for (const TERM of kinds) {
      await watched({ env: { TERM } }, [], async (terminal) => {
        const plain = TERM === 'linux' || TERM === 'vt100';
        const lines = await terminal.waitForText(plain ? '+ up' : '● up');
        assert.match(lines.join('\n'), plain ? /_/ : /▂/);
        assert.equal(/\[[\d;]*3[0-8]/.test(await terminal.colours()), TERM !== 'vt100', TERM);
        await terminal.keys('q');
        const shell = await terminal.waitForText('ended: quit');
        assert.doesNotMatch(shell.join('\n'), /Error|terminfo/i);
      });
    }
    await watched({ env: { TERM: 'dumb' } }, [], async (terminal) => {
      await terminal.waitForText('No dashboard: TERM is "dumb"');
    });
  });

  it('is ASCII without UTF-8, and without colours where NO_COLOR is set', async () => {
    const env = { LC_ALL: 'C', NO_COLOR: '1' };
    await watched({ env }, [`服务=${String(steady.port)}`], async (terminal) => {
      const lines = await terminal.waitForText('+ 2 up');
      assert.match(lines.join('\n'), /^[\x20-\x7e\n]*$/);
      assert.doesNotMatch(await terminal.colours(), /\[[\d;]*[34][0-8][;m]/);
    });
  });

  it('lets columns stand where they are beside names in any script', async () => {
    const names = ['服务✅', 'цена', 'สวัสดี', 'नमस्ते', 'مرحبا', '👨‍👩‍👧 🚀'];
    await watched(
      { width: 120, height: 40 },
      names.map((name) => `${name}=${String(steady.port)}`),
      async (terminal) => {
        await terminal.waitForText('● 7 up');
        await terminal.waitForText('▂▂');
        const lines = await terminal.screen();
        // tmux has taken the wide characters for two columns: so the right edge is at the same one, wide or not.
        const columns = lines
          .filter((line) => line.includes('gaps'))
          .map((line) => {
            const width = Array.from(line.replace(/[\p{Mn}\p{Cf}]/gu, '')).length;
            return width + (line.match(/[\u3000-\u9fff\u2705\u{1f000}-\u{1ffff}]/gu)?.length ?? 0);
          });
        assert.equal(columns.length, 7);
        assert.deepEqual(new Set(columns).size, 1, lines.join('\n'));
      },
    );
  });

  it('reads every key', async () => {
    const more = [`data/cache=${String(steady.port)}`, `edge/api=${String(steady.port)}`];
    await watched({ width: 120, height: 30 }, more, async (terminal) => {
      await terminal.waitForText('● 3 up');
      const press = async (key: string, then: string): Promise<void> => {
        await terminal.keys(key);
        await terminal.waitForText(then);
      };
      await press('j', '▸ cache');
      await press('Down', '▸ api');
      await press('k', '▸ cache');
      await press('Up', '▸ web');
      await press('End', '▸ api');
      await press('Enter', 'LAST PROBES');
      await press('Tab', 'api   tcp');
      await press('BTab', 'cache   tcp');
      await press('Escape', 'WHAT HAPPENED');
      // The window has grown with the watch so far.
      await press('+', '-10 s');
      await press('-', '-30 s');
      await press('Left', 'NOT LIVE');
      await press('Right', 'now');
      await press('Space', 'PAUSED');
      await press('Space', 'pause');
      await press('s', 'problem first');
      await press('c', 'data  1 service, folded');
      await terminal.keys('Enter');
      await terminal.waitFor('the group unfolded', (lines) => !lines.some((line) => line.includes('folded')));
      await press('g', 'g group');
      await press('g', 'data  1 service');
      await press('?', 'In the strips');
      await press('x', 'WHAT HAPPENED');
      await press('r', 'counts were set to zero');
      await press('/', 'Show only services with');
      await terminal.type('cach');
      await press('Enter', 'only "cach"');
      await terminal.waitFor('one service', (lines) => !lines.some((line) => line.includes('  web')));
      await press('Escape', '  web');
      await press('m', 'Mark this moment');
      await terminal.type('daemon restart');
      await press('Enter', '◆ daemon restart');
      await press('C-l', 'WHAT HAPPENED');
    });
  });

  it('scrolls through 1,000 services', async () => {
    const terminal = await TerminalDriver.open({ width: 140, height: 30 });
    try {
      const port = String(steady.port);
      await terminal.command(`T=$(for i in {1..999}; do echo s$i=${port}; done)`);
      await terminal.start(10_000, ['$T', `the-last=${port}`]);
      await terminal.waitFor('all of them', (lines) => lines.some((line) => line.includes('● 1000 up')));
      // What was down where this machine is busy would be above otherwise.
      await terminal.keys('s');
      await terminal.waitForText('s problem first');
      await terminal.keys('s');
      await terminal.waitForText('s name');
      await terminal.keys('End');
      await terminal.waitForText('▸ the-last');
      await terminal.keys('PPage');
      await terminal.waitForText('▸ s9');
      await terminal.keys('Home');
      await terminal.waitForText('▸ s1 ');
    } finally {
      await terminal.close();
    }
  });
});
