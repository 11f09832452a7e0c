/** What the dashboard costs, and how fast it answers: over real monitors, on a real terminal where drawing is measured. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { Dashboard } from '../../src/terminal/dashboard.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import { isEvent } from '../../src/core/messages.ts';
import { TerminalDriver } from '../support/terminal-driver.ts';
import { TerminalScreen } from '../support/terminal-screen.ts';
import { Victim } from '../support/terminal-victim.ts';
import { watchedOf } from './services.ts';
import { inTurns, median, percentile, spread, type Bench, type Row } from './table.ts';

const ENV = { TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' };
const SHARE_MS = 15_000;
const LATENESS_TURNS = 5;
const CHANGES = 30;
const KEYS = 40;
/** What /proc counts a thread's time in: USER_HZ, 100 on every Linux. Milliseconds. */
const TICK_MS = 10;

export const dashboard: Bench = {
  name: 'dashboard',
  about: 'what drawing costs, and how fast a change and a key are on the screen',
  async run(say) {
    const [steady, shaky] = [await Victim.start(), await Victim.start()];
    try {
      say('drawing in tmux');
      const rows = [await drawingShare(steady)];
      say('lateness of the probes, with and without');
      rows.push(await lateness(steady));
      say('changes of state');
      rows.push(await changes(steady, shaky));
      say('keys over 1,000 services');
      rows.push(await keys(steady));
      return rows;
    } finally {
      await Promise.all([steady.kill(), shaky.kill()]);
    }
  },
};

/** The main thread's share of a core while 20 services are drawn in tmux: drawing, and taking the messages. */
async function drawingShare(steady: Victim): Promise<Row> {
  const terminal = await TerminalDriver.open({ width: 120, height: 40 });
  try {
    const targets = Array.from({ length: 20 }, (_, index) => `service-${String(index)}=${String(steady.port)}`);
    await terminal.start(100, targets);
    await terminal.waitForText('● 20 up');
    const program = await terminal.child();
    // The first seconds compile and fill the strips.
    await sleep(5000);
    const [before, began] = [await threadMs(program), performance.now()];
    await sleep(SHARE_MS);
    const share = ((await threadMs(program)) - before) / (performance.now() - began);
    return {
      what: '20 services at 100 ms, window 60 s, 10 frames a second in tmux at 120x40',
      found: `${(share * 100).toFixed(1)} % of a core: drawing, and taking the messages`,
      reach: 'at most 10 %',
      reached: share <= 0.1,
      figures: { share },
    };
  } finally {
    await terminal.close();
  }
}

/** The processor time of a process' main thread so far, in milliseconds (proc(5), `stat`). */
async function threadMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/task/${String(pid)}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * TICK_MS;
}

interface Stage {
  readonly monitor: Monitor;
  readonly screen: TerminalScreen;
}

/** A monitor in this process, with its dashboard on a terminal in this process. */
async function staged<T>(
  services: number,
  ports: readonly number[],
  intervalMs: number,
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const screen = new TerminalScreen(120, 40);
  const monitor = monitorOf(services, ports, intervalMs);
  const shown = new Dashboard([monitor], { env: ENV, input: screen.input, output: screen.output });
  try {
    return await play({ monitor, screen });
  } finally {
    shown.close();
    await monitor.stop();
  }
}

function monitorOf(services: number, ports: readonly number[], intervalMs: number): Monitor {
  const watched = Array.from({ length: services }, (_, index) => {
    const target = { kind: 'tcp', host: '127.0.0.1', port: ports[index % ports.length] ?? 0 } as const;
    return watchedOf(`service-${String(index)}`, target, { connection: 'new', intervalMs, timeoutMs: 1000 });
  });
  return new Monitor({ vantage: 'bench', version: '0', watched, workers: 1 });
}

/** In turns, so that what else the machine does weighs on both. */
async function lateness(steady: Victim): Promise<Row> {
  const bare = async (): Promise<number> => {
    const monitor = monitorOf(20, [steady.port], 100);
    const late = await nextLateness(monitor);
    await monitor.stop();
    return late;
  };
  const drawn = (): Promise<number> => staged(20, [steady.port], 100, ({ monitor }) => nextLateness(monitor));
  const [without = [], withIt = []] = await inTurns(LATENESS_TURNS, bare, drawn);
  return {
    what: 'lateness of probes at p99 with the dashboard, over without (20 services at 100 ms)',
    found: `${spread(withIt, 2)} ms with, ${spread(without, 2)} ms without, in ${String(LATENESS_TURNS)} turns of 5 s`,
    reach: 'at most 5 ms more',
    reached: median(withIt) - median(without) <= 5,
    figures: { withMs: withIt, withoutMs: without },
  };
}

/** What the next heartbeat says of the probes' lateness, in milliseconds. */
function nextLateness(monitor: Monitor): Promise<number> {
  return new Promise((resolve) => {
    monitor.subscribe({
      samples: false,
      take: (messages) => {
        for (const message of messages) if (message.type === 'heartbeat') resolve(message.lateMs);
      },
    });
  });
}

/** From the answer that shows a change to the screen that shows it. */
async function changes(steady: Victim, shaky: Victim): Promise<Row> {
  return staged(
    20,
    [steady.port, ...new Array<number>(19).fill(steady.port).slice(1), shaky.port],
    100,
    async (stage) => {
      const { monitor, screen } = stage;
      let answered = 0;
      monitor.subscribe({
        samples: false,
        take: (messages) => {
          for (const message of messages) {
            if (isEvent(message) && message.type === 'transition' && message.from !== 'unknown')
              answered = message.notAfter;
          }
        },
      });
      await shows(screen, '● 20 up', monitor);
      const delays: number[] = [];
      for (let change = 0; change < CHANGES; change++) {
        const down = change % 2 === 0;
        if (down) await shaky.kill();
        else await shaky.start();
        const seen = await shows(screen, down ? 'DOWN   ●' : '● 20 up', monitor);
        delays.push(seen - answered);
        // Not always at the same moment between two frames.
        await sleep(300 + ((change * 37) % 110));
      }
      const worst = Math.max(...delays);
      return {
        what: 'a change of state to the screen',
        found: `${median(delays).toFixed(0)} ms in the middle, ${worst.toFixed(0)} ms at most, of ${String(CHANGES)} changes`,
        reach: 'at most 150 ms after the answer',
        reached: worst <= 150,
        figures: { delaysMs: delays },
      };
    },
  );
}

async function keys(steady: Victim): Promise<Row> {
  return staged(1000, [steady.port], 1000, async ({ monitor, screen }) => {
    await shows(screen, '● 1000 up', monitor);
    const delays: number[] = [];
    for (let press = 0; press < KEYS; press++) {
      const [key, name] = press % 2 === 0 ? ['\u001b[F', '▸ service-999'] : ['\u001b[H', '▸ service-0 '];
      const began = monitor.now();
      void screen.type(key);
      delays.push((await shows(screen, name, monitor)) - began);
      await sleep(150 + ((press * 37) % 110));
    }
    const worst = Math.max(...delays);
    return {
      what: '1,000 services at 1 s: a key to the screen',
      found: `${median(delays).toFixed(0)} ms in the middle, ${percentile(delays, 0.95).toFixed(0)} ms at p95, ${worst.toFixed(0)} ms at most`,
      reach: 'at most 100 ms',
      reached: worst <= 100,
      figures: { delaysMs: delays },
    };
  });
}

/** Waits until a text is on the screen. Returns when it was, by the monitor's clock. */
async function shows(screen: TerminalScreen, text: string, monitor: Monitor): Promise<number> {
  for (let looks = 0; looks < 20_000; looks++) {
    await screen.settled();
    if (screen.lines().some((line) => line.includes(text))) return monitor.now();
    await sleep(1);
  }
  throw new Error(`"${text}" is not on the screen:\n${screen.lines().join('\n')}`);
}
