import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Dashboard } from '../../src/terminal/dashboard.ts';
import { TerminalScreen } from '../support/terminal-screen.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { waitFor } from '../support/wait-for.ts';
import { unknown, START } from './world.ts';

const ENV = { TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' };

function monitorOf(names: readonly string[]): ScriptedMonitor {
  const timeline = [{ state: 'up', from: START, to: null }] as const;
  const services = names.map((name) => unknown(name, { timeline, state: 'up', status: 'up', since: START }));
  return new ScriptedMonitor({ services, clock: START + 60_000 });
}

/** A service went down a second ago. */
function fall(monitor: ScriptedMonitor, name: string): void {
  monitor.change(name, 'down', { at: monitor.clock - 1000 });
}

interface Stage {
  readonly screen: TerminalScreen;
  readonly monitor: ScriptedMonitor;
  readonly dashboard: Dashboard;
  /** Waits until the screen shows what is wanted. */
  readonly shows: (wanted: (lines: string[]) => boolean) => Promise<string[]>;
}

/** Runs a dashboard in a terminal of the test's own; ends it afterwards. */
async function staged(
  play: (stage: Stage) => Promise<void>,
  {
    names = ['web', 'api'],
    env = {},
    width = 100,
    height = 24,
  }: {
    names?: readonly string[];
    env?: Readonly<Record<string, string>>;
    width?: number;
    height?: number;
  } = {},
): Promise<TerminalScreen> {
  const screen = new TerminalScreen(width, height);
  const monitor = monitorOf(names);
  const dashboard = new Dashboard([monitor], { env: { ...ENV, ...env }, input: screen.input, output: screen.output });
  const shows = async (wanted: (lines: string[]) => boolean): Promise<string[]> => {
    let lines: string[] = [];
    const isWanted = async (): Promise<boolean> => {
      await screen.settled();
      lines = screen.lines();
      return wanted(lines);
    };
    await waitFor(isWanted, () => `that is not on the screen:\n${lines.join('\n')}`);
    return lines;
  };
  try {
    await play({ screen, monitor, dashboard, shows });
  } finally {
    dashboard.close();
    await screen.settled();
  }
  return screen;
}

const has = (text: string) => (lines: string[]) => lines.some((line) => line.includes(text));

/** The first cell in which such a character stands. */
function find(screen: TerminalScreen, char: RegExp): { fg: number; bold: boolean; inverse: boolean } {
  const y = screen.lines().findIndex((line) => char.test(line));
  for (let x = 0; x < 200; x++) if (char.test(screen.cell(x, y).char)) return screen.cell(x, y);
  throw new Error(`no ${String(char)}`);
}

describe('the dashboard on a terminal', () => {
  it('goes on by itself where a pause was forgotten for so long that what waits would fill the memory', async () => {
    await staged(async ({ screen, monitor, shows }) => {
      await shows(has('● 2 up'));
      screen.input.write(' ');
      await shows(has('PAUSED'));
      fall(monitor, 'web');
      for (let n = 0; n < 200_000; n += 1) monitor.heartbeat();
      await shows((lines) => has('▼ 1 DOWN')(lines) && !has('PAUSED')(lines));
    });
  });

  it('shows a change of state, in colour', async () => {
    await staged(async ({ screen, monitor, shows }) => {
      await shows(has('● 2 up'));
      fall(monitor, 'web');
      await shows(has('▼ 1 DOWN'));
      assert.notEqual(find(screen, /[█▌▐]/).fg, -1);
      assert.notEqual(find(screen, /▂/).fg, find(screen, /[█▌▐]/).fg);
    });
  });

  it('obeys NO_COLOR', async () => {
    await staged(
      async ({ screen, monitor, shows }) => {
        fall(monitor, 'web');
        await shows(has('▼ 1 DOWN'));
        for (let y = 0; y < 24; y++) for (let x = 0; x < 100; x++) assert.equal(screen.cell(x, y).fg, -1);
      },
      { env: { NO_COLOR: '1' } },
    );
  });

  it('writes only ASCII where the terminal shows nothing else', async () => {
    await staged(
      async ({ screen, shows }) => {
        await shows(has('+ 3 up'));
        assert.match(screen.lines().join('\n'), /^[\x20-\x7e\n]*$/);
        assert.doesNotMatch(screen.written, /[^\x00-\x7f]/);
      },
      { names: ['web', '服务', 'цена'], env: { LC_ALL: 'C' } },
    );
  });

  it('lets columns stand where they are beside names in any script', async () => {
    const names = ['web', '服务✅', 'цена', 'สวัสดี', '👨‍👩‍👧 a', 'e\u0301te\u0301'];
    await staged(
      async ({ screen, monitor, shows }) => {
        await shows(has('6 up'));
        // This emulator measures emoji as terminals did before they were wide: then, too.
        const columns = (): number[] =>
          screen.lines().flatMap((line, y) => {
            const cells = Array.from({ length: 100 }, (_, x) => screen.cell(x, y).char);
            return /[01] gaps?$/.test(line) ? [cells.lastIndexOf('g')] : [];
          });
        const gaps = columns();
        assert.equal(gaps.length, 6);
        assert.equal(new Set(gaps).size, 1);
        fall(monitor, '服务✅');
        await shows(has('so far'));
        assert.deepEqual(new Set(columns()), new Set([...gaps, (gaps[0] ?? 0) + 1]));
      },
      { names },
    );
  });

  it('writes a wide name over another one', async () => {
    await staged(
      async ({ screen, shows }) => {
        await shows(has('▸ 服a'));
        await screen.type('/b\r');
        const lines = await shows(has('▸ 务b'));
        assert.ok(!has('a ')(lines.slice(2)), lines.join('\n'));
        await shows(has('▸ 务b                '));
      },
      { names: ['服a', '务b', '器c'] },
    );
  });

  it('follows the size of the terminal', async () => {
    await staged(async ({ screen, shows }) => {
      await shows(has('q quit'));
      await screen.resize(60, 16);
      const lines = await shows((now) => (now[15] ?? '').includes('q quit'));
      assert.ok(lines.every((line) => line.length <= 60));
      await screen.resize(200, 60);
      await shows((now) => (now[59] ?? '').includes('q quit') && has('SELECTED')(now));
      await screen.resize(20, 5);
      await shows(has('Too small'));
    });
  });

  it('reads keys and the mouse', async () => {
    await staged(async ({ screen, monitor, shows }) => {
      await shows(has('▸ web'));
      await screen.type('j');
      await shows(has('▸ api'));
      await screen.type('\u001b[A');
      await shows(has('▸ web'));
      const y = screen.lines().findIndex((line) => line.includes('api'));
      await screen.type(`\u001b[<0;5;${String(y + 1)}M`);
      await shows(has('▸ api'));
      await screen.type('\u001b[<64;5;5M');
      await shows(has('▸ web'));
      await screen.type('\r');
      await shows(has('LAST PROBES'));
      await screen.type('\u001b');
      await shows(has('WHAT HAPPENED'));
      await screen.type('mgo on ü');
      await shows(has('go on ü█'));
      await screen.type('\r');
      await shows((lines) => !has('go on ü█')(lines));
      assert.deepEqual(
        monitor.events.latest(9).map((event) => event.type === 'mark' && event.text),
        ['go on ü'],
      );
      await screen.type('+');
      await shows(has('-30 s'));
    });
  });

  it('holds the picture still, and catches up', async () => {
    await staged(async ({ screen, monitor, shows }) => {
      await shows(has('● 2 up'));
      await screen.type(' ');
      await shows(has('PAUSED'));
      fall(monitor, 'web');
      const lines = await shows(has('1 event since'));
      assert.ok(!has('DOWN')(lines));
      await screen.type(' ');
      await shows(has('▼ 1 DOWN'));
    });
  });

  it('redraws nothing where nothing changes', async () => {
    await staged(async ({ screen, shows }) => {
      await shows(has('● 2 up'));
      const before = screen.written.length;
      await new Promise((resolve) => setTimeout(resolve, 400));
      assert.ok(screen.written.length - before < 400, `${String(screen.written.length - before)} characters`);
    });
  });

  it('takes no samples any more, and gives the terminal back, when it is closed', async () => {
    const screen = await staged(async ({ screen: running, dashboard, monitor, shows }) => {
      await shows(has('● 2 up'));
      assert.deepEqual([running.alternate, running.mouse, running.input.isRaw], [true, true, true]);
      dashboard.close();
      assert.deepEqual(await dashboard.ended, { reason: 'closed' });
      assert.equal(monitor.readers, 0);
    });
    assert.deepEqual([screen.alternate, screen.mouse, screen.input.isRaw], [false, false, false]);
    assert.match(screen.written, /\u001b\[\?25h[^]*$/);
  });

  it('says how it ended', async () => {
    await staged(async ({ screen, dashboard }) => {
      await screen.type('q');
      assert.deepEqual(await dashboard.ended, { reason: 'quit' });
    });
    await staged(async ({ screen, dashboard }) => {
      await screen.type('\u0003');
      assert.deepEqual(await dashboard.ended, { reason: 'SIGINT' });
    });
    await staged(async ({ screen, dashboard }) => {
      screen.input.emit('end');
      assert.deepEqual(await dashboard.ended, { reason: 'SIGHUP' });
    });
  });
});
