/** When an event is given up. In a process of its own: the clock that is never set is set here. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';

import { pino } from 'pino';

import { Hooks, type HookStore } from '../../src/hooks/hooks.ts';
import type { HookSettings } from '../../src/hooks/hook-settings.ts';
import { HookReceiver } from '../support/hook-receiver.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { waitFor } from '../support/wait-for.ts';

const DAY_MS = 24 * 3_600_000;

function settingsOf({ url }: HookReceiver): HookSettings {
  const to = { kind: 'post', url, headers: {}, secret: null } as const;
  return { place: 'hooks[0]', on: ['mark'], services: null, minMs: 0, to };
}

interface Run {
  readonly hooks: Hooks;
  readonly lines: string[];
}

async function receiver(t: TestContext): Promise<HookReceiver> {
  const to = await HookReceiver.start();
  t.after(() => to.close());
  return to;
}

function start(t: TestContext, monitor: ScriptedMonitor, to: HookReceiver, store: HookStore | null): Run {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
  const hooks = new Hooks(monitor, store, log);
  hooks.apply([settingsOf(to)]);
  t.after(() => hooks.close());
  return { hooks, lines };
}

describe('an event that does not arrive', () => {
  it('is given up after 24 h, not where the clock was set forward; the next one is delivered', async (t) => {
    const to = await receiver(t);
    const monitor = new ScriptedMonitor({ clock: Date.now() });
    const { hooks, lines } = start(t, monitor, to, null);
    to.answer = 500;
    const first = monitor.mark('lost');
    await waitFor(() => hooks.figures[0]?.failed === 1);
    monitor.clock += 3 * DAY_MS;
    await waitFor(() => hooks.figures[0]?.failed === 2);
    assert.ok(!lines.some((line) => line.includes('given up')));
    const now = performance.now.bind(performance);
    t.mock.method(performance, 'now', () => now() + DAY_MS);
    await waitFor(() => lines.some((line) => line.includes('given up')));
    assert.match(lines.at(-1) ?? '', new RegExp(`"seq":${String(first.seq)},"why":"HTTP 500","msg":".*24 h`));
    to.answer = 204;
    monitor.mark('delivered');
    await to.waitFor(() => to.taken.length === 1);
    assert.match(to.taken[0]!.body, /delivered/);
  });

  it('is given up at once after a restart where it failed for 24 h by then; a clock that is set later adds nothing', async (t) => {
    const to = await receiver(t);
    to.answer = 500;
    const states = new Map<string, string>();
    const store: HookStore = {
      hookStates: () => Promise.resolve(states),
      keepHookState: (id, state) => {
        if (state === null) states.delete(id);
        else states.set(id, state);
      },
    };
    const before = new ScriptedMonitor({ clock: Date.now() });
    const first = start(t, before, to, store);
    before.mark('lost');
    await waitFor(() => first.hooks.figures[0]?.failed === 1);
    await first.hooks.close();
    const { events } = before;
    const soon = new ScriptedMonitor({ clock: before.clock + DAY_MS / 2, events });
    const second = start(t, soon, to, store);
    await waitFor(() => second.hooks.figures[0]?.failed === 1);
    soon.clock += DAY_MS;
    await waitFor(() => second.hooks.figures[0]?.failed === 2);
    assert.ok(!second.lines.some((line) => line.includes('given up')));
    await second.hooks.close();
    const third = start(t, new ScriptedMonitor({ clock: before.clock + DAY_MS, events }), to, store);
    await waitFor(() => third.hooks.figures[0]?.givenUp === 1);
  });
});
