import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FIRST_UI, press, WINDOWS, type Ui } from '../../src/terminal/key-bindings.ts';
import { Model } from '../../src/terminal/dashboard-model.ts';
import { UNICODE } from '../../src/terminal/terminal-traits.ts';
import { view } from '../../src/terminal/view.ts';
import { lineWith, unknown, START, styled, wellWorld, World } from './world.ts';

/** Strips of a list that has one line for each service. */
function stripsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /[▂█▌▐░·]{8,}/.exec(line)?.[0] ?? []);
}

describe('the list', () => {
  it('says each state by a word and a sign', () => {
    const world = wellWorld(['web', 'api', 'cache', 'new']);
    const late = new World(
      ['here'],
      ['web', 'api', 'cache', 'new'].map((name) => unknown(name)),
    );
    late.change('web', 'unknown', 'up', 0);
    late.change('api', 'unknown', 'down', 0, 'refused');
    late.change('cache', 'unknown', 'unobserved', 0, 'stalled');
    late.now = world.now;
    const text = late.lines({ width: 120, height: 40 }).join('\n');
    for (const word of ['● up', '▼ DOWN', '░ unobserved', '· waiting']) assert.ok(text.includes(word), word);
    assert.match(lineWith(text.split('\n'), 'gapwatch'), /▼ 1 DOWN +░ 1 unobserved +· 1 waiting +● 1 up/);
  });

  it('shows a gap of one probe in every window, at every size', () => {
    const names = Array.from({ length: 12 }, (_, index) => `service-${String(index)}`);
    for (const width of [80, 120, 200]) {
      for (const windowMs of WINDOWS) {
        const world = wellWorld(names);
        world.outage('service-3', 55_000, 55_100);
        const [strip = '', ...others] = stripsOf(world.lines({ width, height: 24 }, { windowMs })).filter((each) => {
          return /[█▌▐]/.test(each);
        });
        assert.match(strip, /[█▌▐]/, `${String(width)} wide, ${String(windowMs)} ms`);
        assert.deepEqual(others, []);
      }
    }
  });

  it('gives the last gap with its bounds, how long ago it ended, how many there were, and the uptime', () => {
    const world = wellWorld();
    world.outage('web', 20_000, 20_200);
    world.outage('web', 47_750, 48_000);
    for (const size of [
      { width: 120, height: 14 },
      { width: 120, height: 40 },
      { width: 80, height: 24 },
    ]) {
      const lines = world.lines(size);
      const at = lines.findIndex((line) => line.includes('web'));
      const shown = `${lines[at] ?? ''} ${lines[at + 1] ?? ''}`;
      for (const fact of ['0.25 s (0.15–0.35)', '12 s', '2', '99.3 %'])
        assert.ok(shown.includes(fact), `${fact} in ${shown}`);
    }
  });

  it('counts an open outage up, with its reason', () => {
    const world = wellWorld();
    world.change('api', 'up', 'down', 57_600, 'closed');
    const lines = world.lines({ width: 80, height: 24 });
    const at = lines.findIndex((line) => line.includes('api'));
    assert.match(lines[at] ?? '', /2\.40 s so far +1 gap/);
    assert.match(lines[at + 1] ?? '', /▼ DOWN .*closed/);
  });

  it('shows a state that is not settled as such', () => {
    const world = wellWorld();
    world.sample('web', 59_900, 1, 'refused');
    const { grid } = world.draw({ width: 120, height: 40 });
    const text = Array.from({ length: 40 }, (_, y) => grid.line(y)).join('\n');
    assert.match(text, /▼ DOWN…/);
    world.change('web', 'up', 'down', 59_900, 'refused');
    assert.doesNotMatch(world.lines({ width: 120, height: 40 }).join('\n'), /DOWN…/);
  });

  it('shows the median latency of the last probes, and a failed second as such', () => {
    const world = wellWorld();
    for (let at = 50_000; at < 59_000; at += 100) world.sample('web', at, at === 58_800 ? 90 : 0.8);
    world.sample('web', 57_100, 1, 'refused');
    world.sample('web', 57_200, 0.8);
    const view = world.draw({ width: 120, height: 40 });
    const lines = Array.from({ length: 40 }, (_, y) => view.grid.line(y));
    const at = lines.findIndex((line) => line.includes('web'));
    assert.match(lines[at] ?? '', /0\.80 ms/);
    assert.match(lines[at + 1] ?? '', /▁{5,}×█/);
    assert.equal(styled(view, 'down'), '×');
  });

  it('has a rule that can be read at every width', () => {
    const world = wellWorld(Array.from({ length: 1200 }, (_, index) => `service-${String(index)}`));
    for (const name of ['service-900', 'service-901']) world.change(name, 'up', 'down', 50_000, 'refused');
    for (let width = 40; width <= 210; width += 1) {
      for (const selected of [null, 'service-600']) {
        const lines = world.lines({ width, height: width % 2 === 0 ? 12 : 11 }, { selected });
        const rule = lineWith(lines, '──');
        const texts = rule
          .split(/─+/)
          .map((text) => text.trim())
          .filter((text) => text !== '');
        for (const text of texts)
          assert.match(
            text,
            /^(WHAT HAPPENED|EVENTS|SELECTED|LONGEST.* of service-90\d.*|LONGEST [\d.]+ s so far|(trouble first, )?(\d+ above)?(, )?(\d+ below)?)$/,
            rule,
          );
        assert.match(rule, /WHAT HAPPENED|EVENTS/);
        assert.match(rule, selected === null ? / \d+ below ─/ : / \d+ above, \d+ below ─/);
      }
    }
  });

  it('says what an empty list means', () => {
    const world = wellWorld();
    for (const [width, height] of [
      [40, 10],
      [80, 24],
      [120, 40],
      [200, 60],
    ] as const) {
      lineWith(world.lines({ width, height }, { filter: 'zzzz' }), 'No service matches.');
      lineWith(
        world.lines({ width, height }, { filter: 'zzzz', mode: 'filter', input: 'zzzz' }),
        'No service matches.',
      );
      lineWith(new World(['here'], []).lines({ width, height }), 'No service is known yet.');
    }
    const model = new Model(1);
    const lineNow = (): string =>
      view({
        model,
        ui: FIRST_UI,
        size: { width: 80, height: 24 },
        glyphs: UNICODE,
        clock: START,
        waiting: 0,
      }).grid.line(2);
    assert.match(lineNow(), /Connecting …/);
    model.setConnection(0, false, 'the token is not accepted', START);
    assert.match(lineNow(), /Not connected yet: the token is not accepted/);
  });

  it('shows the state of a service with a long name, at every width', () => {
    const name = 'a-service-with-a-very-long-name-that-no-terminal-is-wide-enough-for.internal.example';
    const world = new World(['one', 'two'], [unknown(name)]);
    for (const source of [0, 1]) world.change(name, 'unknown', 'down', 0, 'refused', source);
    for (const width of [40, 60, 80])
      assert.match(world.lines({ width, height: 24 })[2] ?? '', /^▸ a-serv.*…  ▼ DOWN from both$/);
  });

  it('loses nothing that matters at 80x24', () => {
    const world = wellWorld();
    const lines = world.lines({ width: 80, height: 24 });
    for (const text of [
      'SERVICE',
      'LATENCY',
      'LAST GAP',
      'UP 1 m',
      'WHAT HAPPENED',
      'q quit',
      '? keys',
      '-1 min',
      'now',
    ]) {
      lineWith(lines, text);
    }
  });

  it('uses 200x60 for the selected service beside the events', () => {
    const lines = wellWorld().lines({ width: 200, height: 60 });
    lineWith(lines, 'SELECTED');
    lineWith(lines, 'LAST PROBES');
  });

  it('scrolls so that the selected one of 1,000 services is seen, and says how many are not', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `service-${String(index)}`);
    const world = wellWorld(names);
    const lines = world.lines({ width: 100, height: 30 }, { selected: 'service-500' });
    assert.match(lineWith(lines, 'service-500'), /^▸/);
    const [, above, below] = /(\d+) above, (\d+) below/.exec(lineWith(lines, 'WHAT HAPPENED')) ?? [];
    const shown = lines.filter((line) => /service-\d/.test(line)).length;
    assert.equal(Number(above) + Number(below) + shown, 1000);
  });

  it('groups as the configuration does', () => {
    const world = new World(
      ['here'],
      [unknown('web', { group: 'edge' }), unknown('db', { group: 'data' }), unknown('api', { group: 'edge' })],
    );
    world.change('api', 'unknown', 'down', 0, 'refused');
    // As soon as one has a group.
    const view = world.draw({ width: 100, height: 30 });
    assert.deepEqual(view.order, ['web', 'api', 'db']);
    assert.equal(view.grid.line(3), 'edge  2 services, 1 down');
    assert.deepEqual(world.draw({ width: 100, height: 30 }, { grouped: false }).order, ['web', 'db', 'api']);
  });

  it('folds groups, and unfolds them', () => {
    const names = ['web', 'api'].map((name) => unknown(name, { group: 'edge' }));
    const world = new World(['here'], [...names, unknown('db', { group: 'data' })]);
    world.change('api', 'unknown', 'down', 0, 'refused');
    let ui: Ui = FIRST_UI;
    const size = { width: 100, height: 30 };
    const key = (name: string): readonly string[] => {
      ({ ui } = press(ui, name, { ...world.draw(size, ui), now: world.now }));
      return world.draw(size, ui).order;
    };
    assert.deepEqual(key('c'), ['web', 'db']);
    assert.equal(world.draw(size, ui).grid.line(3), '▸ edge  2 services, 1 down, folded');
    assert.deepEqual([key('down'), ui.selected], [['web', 'db'], 'db']);
    assert.deepEqual([key('up'), ui.selected], [['web', 'db'], 'web']);
    assert.deepEqual(key('enter'), ['web', 'api', 'db']);
    assert.deepEqual(key('down'), ['web', 'api', 'db']);
    // The selected one stands for its group.
    assert.deepEqual(key('c'), ['api', 'db']);
    assert.deepEqual(key('C').length, 2);
    assert.deepEqual(ui.folded, new Set(['edge', 'data']));
    assert.deepEqual(key('C'), ['web', 'api', 'db']);
    assert.deepEqual(key('g'), ['web', 'api', 'db']);
    assert.deepEqual(ui.grouped, false);
    assert.deepEqual(key('c'), ['web', 'api', 'db']);
  });

  it('filters by every word of what a service says of itself', () => {
    const world = wellWorld();
    world.change('api', 'up', 'down', 50_000, 'refused');
    const order = (filter: string): readonly string[] => world.draw({ width: 100, height: 30 }, { filter }).order;
    assert.deepEqual(order('DOWN tcp'), ['api']);
    assert.deepEqual(order('c'), ['web', 'api', 'cache']);
    assert.deepEqual(order('/cache'), ['cache']);
    assert.deepEqual(order('nothing'), []);
  });

  it('sorts by problem, name, latency and gaps', () => {
    const world = wellWorld();
    world.outage('web', 10_000, 11_000);
    world.outage('api', 12_000, 13_000);
    world.outage('api', 14_000, 15_000);
    world.sample('web', 59_000, 9);
    world.sample('api', 59_000, 3);
    const order = (sort: 'problem first' | 'name' | 'latency' | 'gaps'): readonly string[] => {
      return world.draw({ width: 100, height: 30 }, { sort }).order;
    };
    assert.deepEqual(order('name'), ['api', 'cache', 'web']);
    assert.deepEqual(order('latency'), ['web', 'api', 'cache']);
    assert.deepEqual(order('gaps'), ['api', 'web', 'cache']);
    world.change('cache', 'up', 'down', 59_000, 'refused');
    assert.deepEqual(order('problem first'), ['cache', 'api', 'web']);
  });

  it('shows another time where one went back, by the clock', () => {
    const world = wellWorld();
    world.outage('web', 20_000, 21_000);
    world.now = START + 600_000;
    const lines = world.lines({ width: 120, height: 30 }, { end: START + 45_000 });
    assert.match(lineWith(lines, 'SERVICE'), /11:59:45.*12:00:15.*12:00:45/);
    assert.match(lineWith(lines, 'gapwatch'), /9 min ago/);
    assert.equal(stripsOf(lines).filter((strip) => /[█▌▐]/.test(strip)).length, 1);
  });

  it('draws marks on the time axis', () => {
    const world = wellWorld();
    world.mark('restart', 30_000);
    const lines = world.lines({ width: 120, height: 30 });
    assert.match(lineWith(lines, 'SERVICE'), /◆/);
    lineWith(lines, '12:00:30.000  ◆ restart');
  });
});

describe('the list of many services', () => {
  const names = Array.from({ length: 200 }, (_, index) => `service-${String(index).padStart(3, '0')}`);

  it('shows trouble first where not all fit', () => {
    const world = wellWorld(names);
    for (const name of ['service-150', 'service-042']) world.change(name, 'up', 'down', 50_000, 'refused');
    world.outage('service-199', 40_000, 41_000);
    for (const size of [
      { width: 80, height: 24 },
      { width: 120, height: 40 },
      { width: 200, height: 60 },
    ]) {
      const { order, grid } = world.draw(size);
      assert.deepEqual(order.slice(0, 4), ['service-042', 'service-150', 'service-199', 'service-000']);
      assert.match(Array.from({ length: size.height }, (_, y) => grid.line(y)).join('\n'), /trouble first, \d+ below/);
    }
    assert.equal(world.draw({ width: 120, height: 40 }, { sort: 'name' }).order[0], 'service-000');
    // A stall of the monitor, which no service can help, moves nothing.
    for (const name of names) if (name !== 'service-042') world.change(name, 'up', 'unobserved', 55_000, 'stalled');
    assert.deepEqual(world.draw({ width: 120, height: 40 }).order.slice(0, 3), [
      'service-042',
      'service-199',
      'service-000',
    ]);
  });

  for (const [total, groups, down, width, height] of [
    [200, 8, 14, 80, 24],
    [200, 8, 14, 120, 40],
    [200, 8, 14, 200, 60],
    [80, 5, 5, 100, 30],
    [80, 5, 80, 100, 30],
    [40, 20, 12, 80, 24],
    [30, 2, 1, 80, 24],
    [200, 1, 3, 80, 24],
    [200, 3, 6, 40, 12],
  ] as const)
    it(`has ${String(down)} of ${String(total)} services that are down, of ${String(groups)} groups, in sight at ${String(width)}x${String(height)}`, () => {
      const all = Array.from({ length: total }, (_, index) => `service-${String(index).padStart(3, '0')}`);
      const world = new World(
        ['here'],
        all.map((name, index) => unknown(name, { group: `group ${String(index % groups)}` })),
      );
      // Those that are down are the last of their groups, and in as many groups as there are.
      const fallen = new Set(all.slice(-down));
      for (const name of all)
        world.change(name, 'unknown', fallen.has(name) ? 'down' : 'up', 0, fallen.has(name) ? 'refused' : null);
      world.now = START + 600_000;
      for (const sort of ['as given', 'problem first'] as const) {
        const { grid, serviceAt } = world.draw({ width, height }, { sort });
        const text = Array.from({ length: height }, (_, y) => grid.line(y)).join('\n');
        const shown = [...serviceAt.values()].filter((name) => fallen.has(name));
        const room = Array.from({ length: height }, (_, y) => grid.line(y)).findIndex((line) =>
          /─ (WHAT HAPPENED|EVENTS) ─/.test(line),
        );
        // As many as there are lines between the heads and the rule.
        assert.equal(shown.length, Math.min(down, room - (height >= 30 ? 3 : 2)), `${sort}:\n${text}`);
      }
    });

  it('has those with trouble of all groups, of several vantages too, and says how many it left out', () => {
    const groupOf = (name: string): string => `group ${String(Number(name.slice(-3)) % 4)}`;
    const world = new World(
      ['one', 'two'],
      names.map((name) => unknown(name, { group: groupOf(name) })),
    );
    for (const source of [0, 1]) for (const name of names) world.change(name, 'unknown', 'up', 0, null, source);
    const fallen = ['service-190', 'service-195', 'service-196'];
    for (const name of fallen) world.change(name, 'up', 'down', 30_000, 'refused', 1);
    world.now = START + 600_000;
    const { serviceAt, grid } = world.draw({ width: 120, height: 40 });
    const text = Array.from({ length: 40 }, (_, y) => grid.line(y));
    for (const name of fallen) assert.ok([...serviceAt.values()].includes(name), text.join('\n'));
    // One of the groups has no trouble, and the last one with trouble is followed by what is well: nothing is left out there.
    assert.match(lineWith(text, 'group 3  '), /group 3 {2}50 services, 1 down, and 49 more up: c shows them/);
    assert.match(lineWith(text, 'group 2  '), /group 2 {2}50 services, 1 down, and 49 more up: c shows them/);
    assert.match(lineWith(text, 'group 0  '), /group 0 {2}50 services, 1 down$/);
  });

  it('shows what it left out of a group at c, and folds it at the next', () => {
    const world = new World(
      ['here'],
      names.map((name, index) => unknown(name, { group: index % 2 === 0 ? 'even' : 'odd' })),
    );
    for (const name of names) world.change(name, 'unknown', 'up', 0);
    for (const name of ['service-100', 'service-101']) world.change(name, 'up', 'down', 1000, 'refused');
    world.now = START + 600_000;
    const size = { width: 120, height: 40 };
    let ui: Ui = FIRST_UI;
    const key = (name: string): readonly string[] => {
      ({ ui } = press(ui, name, { ...world.draw(size, ui), now: world.now }));
      return world.draw(size, ui).order;
    };
    assert.deepEqual(key('home').slice(0, 3), ['service-100', 'service-101', 'service-001']);
    assert.equal(world.draw(size, ui).order.length, 101);
    // Both that are down are in sight still, now without headings.
    assert.deepEqual([key('c').length, key('home').slice(0, 2)], [200, ['service-100', 'service-101']]);
    assert.deepEqual([key('c').length, ui.folded], [101, new Set(['even'])]);
    key('C');
    key('C');
    assert.deepEqual([ui.folded, ui.unfolded, world.draw(size, ui).order.length], [new Set(), new Set(), 101]);
    // The selected one stays in the list when it is well again.
    key('home');
    world.change('service-100', 'down', 'up', 2000);
    assert.ok(world.draw(size, ui).order.includes('service-100'));
  });

  it('leaves the order as it is given where all fit', () => {
    const world = wellWorld();
    world.change('cache', 'up', 'down', 50_000, 'refused');
    assert.deepEqual(world.draw({ width: 120, height: 40 }).order, ['web', 'api', 'cache']);
  });

  it('gives the strip the columns that it deserves', () => {
    const twenty = wellWorld(names.slice(0, 20).map((name) => `${name}-of-16`.slice(0, 16)));
    for (const [width, least] of [
      [80, 24],
      [120, 48],
      [200, 80],
    ] as const) {
      const lines = twenty.lines({ width, height: 30 });
      const strip = stripsOf(lines)[0] ?? '';
      assert.ok(strip.length >= least, `${String(strip.length)} of ${String(width)}`);
    }
  });
});

describe('the window', () => {
  it('grows with the watch until it is full', () => {
    const world = wellWorld();
    for (const [ageMs, label] of [
      [3000, '-5 s'],
      [7000, '-7 s'],
      [30_000, '-30 s'],
      [60_000, '-1 min'],
      [500_000, '-1 min'],
    ] as const) {
      world.now = START + ageMs;
      const lines = world.lines({ width: 120, height: 30 });
      assert.ok(lineWith(lines, 'SERVICE').includes(label), label);
      const dots = (stripsOf(lines)[0] ?? '').replace(/[^·]/g, '').length;
      if (ageMs >= 5000) assert.ok(dots <= 1, `${String(dots)} dots after ${String(ageMs)} ms`);
    }
    world.now = START + 7000;
    const chosen = { windowMs: 30_000, growing: false };
    assert.ok(lineWith(world.lines({ width: 120, height: 30 }, chosen), 'SERVICE').includes('-30 s'));
  });

  it('shows the states of its own end, and no latency, when it was moved back', () => {
    const world = wellWorld();
    world.change('web', 'up', 'down', 20_000, 'refused');
    world.change('web', 'down', 'up', 30_000);
    world.gap('web', 20_000, 30_000);
    world.sample('web', 59_000, 0.8);
    world.now = START + 120_000;
    for (const size of [
      { width: 120, height: 30 },
      { width: 120, height: 12 },
    ]) {
      const live = world.lines(size).join('\n');
      assert.match(live, /● up/);
      assert.match(live, /0\.80 ms/);
      const then = world.lines(size, { end: START + 25_000 });
      const row = then.findIndex((line) => line.includes('web'));
      const shown = `${then[row] ?? ''}\n${then[row + 1] ?? ''}`;
      assert.match(shown, /▼ DOWN/);
      assert.match(shown, /5\.00 s so far/);
      assert.doesNotMatch(shown, /0\.80 ms/);
      assert.match(lineWith(then, 'SERVICE'), /THEN/);
      const later = world.lines(size, { end: START + 40_000 });
      assert.match(later[row] ?? '', /10\.0|10\.00 s/);
    }
    assert.match(lineWith(world.lines({ width: 120, height: 12 }, { pausedAt: world.now }), 'SERVICE'), /AT PAUSE/);
  });
});

describe('gaps', () => {
  it('are walked through by n and N', () => {
    const world = wellWorld();
    world.outage('web', 1000, 2000);
    world.outage('api', 5000, 6000);
    world.outage('web', 10_000, 210_000);
    world.now = START + 600_000;
    let ui: Ui = FIRST_UI;
    const key = (name: string): [string | null, number | null, number] => {
      ({ ui } = press(ui, name, { ...world.draw({ width: 120, height: 30 }, ui), now: world.now }));
      return [ui.selected, ui.end, ui.windowMs];
    };
    // The window gets as long as the gap needs.
    assert.deepEqual(key('n'), ['web', START + 110_000 + 150_000, 300_000]);
    assert.deepEqual(key('n'), ['api', START + 5500 + 150_000, 300_000]);
    const lines = world.lines({ width: 120, height: 30 }, ui);
    assert.match(lineWith(lines, '▲ api up again'), /^▸/);
    assert.deepEqual(key('n')[0], 'web');
    assert.deepEqual(key('n')[0], 'web');
    assert.deepEqual(key('N')[0], 'api');
    assert.deepEqual(key('enter')[0], 'api');
    assert.equal(ui.mode, 'detail');
    // In one service: its gaps only.
    assert.deepEqual(key('n')[0], 'api');
    assert.deepEqual(key('0').slice(0, 2), ['api', null]);
  });

  it('have the longest always in sight, ended or not', () => {
    const world = wellWorld();
    assert.ok(!world.lines({ width: 80, height: 24 }).join('\n').includes('LONGEST'));
    world.outage('web', 1000, 3000);
    for (let at = 4000; at < 40_000; at += 300) world.outage('web', at, at + 100);
    for (const [width, height] of [
      [80, 24],
      [120, 40],
      [200, 60],
    ] as const) {
      assert.match(
        lineWith(world.lines({ width, height }), 'WHAT HAPPENED'),
        /LONGEST GAP 2\.00 s \(1\.90–2\.10\) of web/,
      );
    }
    world.change('api', 'up', 'down', 50_000, 'refused');
    assert.match(
      lineWith(world.lines({ width: 80, height: 24 }), 'WHAT HAPPENED'),
      /LONGEST GAP 10\.0 s so far of api/,
    );
    world.model.reset(world.now);
    world.change('api', 'down', 'up', 60_000);
    assert.ok(!world.lines({ width: 80, height: 24 }).join('\n').includes('LONGEST'));
  });
});

describe('what happened', () => {
  it('lists services that fell together as one, and when they are up again', () => {
    const world = wellWorld();
    world.outage('web', 20_000, 22_480);
    world.outage('api', 20_040, 20_540, 'closed');
    world.change('cache', 'up', 'down', 20_080, 'refused');
    const lines = world.lines({ width: 120, height: 30 });
    const open = '12:00:20.000  ▼ 3 services down within 80 ms, the first web, 2 up again';
    lineWith(lines, `${open}  refused, closed: web, api, cache`);
    world.change('cache', 'down', 'up', 20_780);
    world.gap('cache', 20_080, 20_780);
    const ended = world.lines({ width: 120, height: 30 });
    lineWith(
      ended,
      '12:00:22.480  ▲ all 3 services up again, the longest gap 2.48 s (2.38–2.58) of web  refused, closed',
    );
    assert.ok(!ended.some((line) => line.includes('services down within')));
  });

  it('has one line for one gap, though the monitor was stalled within it', () => {
    const world = wellWorld();
    world.change('web', 'up', 'down', 20_000, 'refused');
    world.change('web', 'down', 'unobserved', 21_000, 'stalled');
    world.change('web', 'unobserved', 'down', 21_500, 'refused');
    const about = (): string[] =>
      world.lines({ width: 120, height: 30 }).filter((line) => /[▼▲] web/.test(line.slice(14)));
    assert.deepEqual(about().length, 1, about().join('\n'));
    world.change('web', 'down', 'up', 23_000);
    world.gap('web', 20_000, 23_000);
    assert.match(about().join('\n'), /▲ web up again after 3\.00 s[^\n]*$/);
    // The next one is another gap.
    world.outage('web', 25_000, 26_000);
    assert.equal(about().length, 2);
  });

  it('has one line for stalls that follow each other', () => {
    const world = wellWorld();
    for (const at of [10_000, 12_000, 15_000]) {
      for (const name of ['web', 'api', 'cache']) world.change(name, 'up', 'unobserved', at, 'stalled');
      for (const name of ['web', 'api', 'cache']) world.change(name, 'unobserved', 'up', at + 200);
    }
    const stalls = (): string[] =>
      world.lines({ width: 120, height: 30 }).filter((line) => line.includes('not observed'));
    assert.equal(stalls().length, 1);
    assert.match(
      stalls()[0] ?? '',
      /12:00:10\.000 {2}░ 3 services not observed 3 times within 5\.20 s, for 0\.60 s in all {2}stalled/,
    );
    world.change('web', 'up', 'unobserved', 40_000, 'stalled');
    world.change('web', 'unobserved', 'up', 40_100);
    assert.equal(stalls().length, 2);
    world.change('web', 'up', 'unobserved', 40_500, 'network');
    assert.equal(stalls().length, 3);
  });

  it('follows the filter', () => {
    const world = wellWorld();
    world.outage('web', 20_000, 21_000);
    world.outage('api', 30_000, 33_000);
    world.mark('restart', 35_000);
    const lines = world.lines({ width: 120, height: 30 }, { filter: 'web' });
    lineWith(lines, '▲ web up again');
    lineWith(lines, '◆ restart');
    assert.ok(!lines.some((line) => line.includes('api')), lines.join('\n'));
    assert.match(lines[0] ?? '', /● 1 up.*only "web": 1 of 3 services/);
    lineWith(lines, 'LONGEST GAP 1.00 s');
    lineWith(world.lines({ width: 120, height: 30 }), 'LONGEST GAP 3.00 s (2.90–3.10) of api, 12:00:30');
  });

  it('is walked through by its own selection, and opens the service at that time', () => {
    const world = wellWorld();
    world.outage('web', 1000, 2000);
    world.mark('restart', 35_000);
    world.now = START + 600_000;
    const view = world.draw({ width: 120, height: 30 });
    const seen = { ...view, now: world.now };
    const keys = (...pressed: string[]): Ui => pressed.reduce((ui, key) => press(ui, key, seen).ui, FIRST_UI);
    const focused = keys('tab');
    lineWith(world.lines({ width: 120, height: 30 }, focused), '▸12:00:35.000  ◆ restart');
    const second = keys('tab', 'down');
    lineWith(world.lines({ width: 120, height: 30 }, second), '▸12:00:02.000  ▲ web up again');
    const opened = keys('tab', 'down', 'enter');
    assert.deepEqual([opened.mode, opened.selected, opened.end], ['detail', 'web', START + 1500 + 30_000]);
    assert.match(world.lines({ width: 120, height: 30 }, opened).join('\n'), /LAST PROBES/);
    // A mark is of no service: the window moves there.
    assert.deepEqual([keys('tab', 'enter').mode, keys('tab', 'enter').end], ['list', START + 35_000 + 30_000]);
    assert.equal(keys('tab', 'tab').entry, null);
    // What the footer promises is what Enter does.
    const footOf = (ui: Ui): string => world.lines({ width: 120, height: 30 }, ui).at(-1) ?? '';
    assert.match(footOf(focused), /show then/);
    assert.match(footOf(second), /Enter open/);
    assert.match(footOf(FIRST_UI), /Enter open/);
  });

  it('says so where a mark that is opened is in sight already', () => {
    const size = { width: 80, height: 24 };
    // While the window grows with the watch, and later.
    for (const ageMs of [8000, 60_000, 600_000]) {
      const world = wellWorld();
      world.now = START + ageMs;
      world.mark('restart', ageMs - 3000);
      let ui: Ui = FIRST_UI;
      const foot = (key: string): string => {
        ({ ui } = press(ui, key, { ...world.draw(size, ui), now: world.now }));
        return world.lines(size, ui).at(-1) ?? '';
      };
      assert.match(foot('tab'), /^ Enter show then /);
      assert.match(foot('enter'), /^ It is in this window already\. .*q quit$/);
      assert.deepEqual([ui.mode, ui.end], ['list', null]);
      assert.doesNotMatch(foot('down'), /already/);
      assert.match(foot('tab'), /^ Enter open /);
    }
  });

  it('shows the newest first', () => {
    const world = wellWorld();
    world.mark('one', 1000);
    world.mark('two', 2000);
    const lines = world.lines({ width: 100, height: 30 });
    const at = (text: string): number => lines.findIndex((line) => line.includes(text));
    assert.ok(at('◆ two') < at('◆ one'));
  });

  it('shows what was not observed, and for how long', () => {
    const world = wellWorld();
    world.change('web', 'up', 'unobserved', 10_000, 'stalled');
    world.change('api', 'up', 'unobserved', 10_010, 'stalled');
    lineWith(world.lines({ width: 100, height: 30 }), '░ 2 services not observed  stalled');
    world.change('web', 'unobserved', 'up', 12_500);
    lineWith(world.lines({ width: 100, height: 30 }), '░ 2 services not observed for 2.50 s  stalled');
  });

  it('shows a lost connection and another process', () => {
    const world = wellWorld();
    world.receive([
      { type: 'connection-lost', seq: 100, service: 'cache', at: START + 1000, reason: 'reset', message: null },
      { type: 'identity', seq: 101, service: 'cache', at: START + 2000, was: 'aaaaaaaaaa', is: 'bbbbbbbbbb' },
    ]);
    const lines = world.lines({ width: 100, height: 30 });
    lineWith(lines, '× cache lost its kept connection  reset');
    lineWith(lines, '» cache is another process now  aaaaaaaa → bbbbbbbb');
  });

  it('shows another role, another master, and lost writes', () => {
    const world = wellWorld();
    const of = { type: 'identity', service: 'cache' } as const;
    const addresses = { was: '10.0.0.11:6379', is: '10.0.0.12:6379' };
    world.receive([
      { ...of, seq: 100, at: START + 1000, was: 'master', is: 'replica', what: 'role' },
      { ...of, seq: 101, at: START + 2000, ...addresses, what: 'master' },
      { type: 'lost-writes', seq: 102, service: 'cache', at: START + 3000, count: 12 },
    ]);
    const lines = world.lines({ width: 100, height: 30 });
    lineWith(lines, '» cache has another role now  master → replica');
    lineWith(lines, '» cache has another master now  10.0.0.11:6379 → 10.0.0.12:6379');
    lineWith(lines, '× cache: 12 acknowledged writes are gone');
  });
});

describe('the header', () => {
  const beat = { type: 'heartbeat', now: START + 5000, seq: 0, probes: 1000, missed: 0, lateMs: 0.4 } as const;

  it('says how the monitor itself is', () => {
    const world = wellWorld();
    world.receive([{ ...beat, overloaded: false }]);
    assert.match(world.lines({ width: 120, height: 30 })[0] ?? '', /here.*200 probes\/s +late 0\.40 ms +12:01:00$/);
  });

  it('warns of a monitor that is overloaded', () => {
    const world = wellWorld();
    world.receive([{ ...beat, missed: 120, overloaded: true }]);
    assert.match(styled(world.draw({ width: 120, height: 30 }), 'warning'), /OVERLOADED: 120 probes missed/);
  });

  it('says so at whatever width', () => {
    const world = wellWorld(['a', 'b', 'c', 'd'].map((name) => `service ${name}`));
    world.receive([{ ...beat, missed: 120, overloaded: true }]);
    for (const width of [40, 60, 80, 120, 200]) {
      assert.match(world.lines({ width, height: 24 }, { pausedAt: START + 45_000 })[0] ?? '', /PAUSED, 15 s ago/);
      assert.match(world.lines({ width, height: 24 }, { end: START + 45_000 })[0] ?? '', /15 s ago/);
    }
  });

  it('says that it is connecting, as long as it never was connected', () => {
    const model = new Model(1);
    model.setConnection(0, false, null, START);
    model.setConnection(0, false, 'connection refused', START);
    const ui = FIRST_UI;
    const { grid } = view({ model, ui, size: { width: 80, height: 24 }, glyphs: UNICODE, clock: START, waiting: 0 });
    const text = Array.from({ length: 24 }, (_, y) => grid.line(y)).join('\n');
    assert.match(text, /connecting: connection refused/);
    assert.doesNotMatch(text, /lost|NOT CONNECTED/);
  });

  it('calls a source by its address until it was connected', () => {
    const model = new Model(2, ['rack-1:9720', 'rack-2:9720']);
    model.setConnection(1, false, 'this is not the token', START);
    const ui = FIRST_UI;
    const { grid } = view({ model, ui, size: { width: 80, height: 24 }, glyphs: UNICODE, clock: START, waiting: 0 });
    const text = Array.from({ length: 24 }, (_, y) => grid.line(y)).join('\n');
    assert.match(text, /gapwatch {2}rack-1:9720, rack-2:9720/);
    assert.match(text, /rack-2:9720 +· connecting: this is not the token/);
  });

  it('says that the picture is held still', () => {
    const world = wellWorld();
    assert.match(
      world.lines({ width: 120, height: 30 }, { pausedAt: START + 58_000 })[0] ?? '',
      /PAUSED, 2 s ago, 0 events since; space resumes/,
    );
  });
});

describe('the help', () => {
  it('fits on every screen from 80x24 on, page by page', () => {
    const world = wellWorld();
    for (const [width, height, pages] of [
      [80, 24, 2],
      [120, 30, 2],
      [200, 60, 1],
    ] as const) {
      let ui: Ui = { ...FIRST_UI, mode: 'help' };
      const texts: string[] = [];
      for (let page = 0; page < pages; page++) {
        texts.push(world.lines({ width, height }, ui).slice(1, -1).join('\n'));
        ({ ui } = press(ui, 'down', { ...world.draw({ width, height }, ui), now: world.now }));
      }
      assert.equal(ui.mode, 'list', 'after the last page it is closed');
      const text = texts.join('\n');
      assert.doesNotMatch(text, /…/);
      for (const part of ['q Ctrl-C', 'a mark', 'OVERLOADED', 'late 91 ms', '--workers', 'n N', 'c C']) {
        assert.ok(text.includes(part), `${part} at ${String(width)}x${String(height)}`);
      }
    }
  });
});
