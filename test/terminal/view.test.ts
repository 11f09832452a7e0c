import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { WINDOWS } from '../../src/terminal/key-bindings.ts';
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

  it('loses nothing that matters at 80x24', () => {
    const world = wellWorld();
    const lines = world.lines({ width: 80, height: 24 });
    for (const text of [
      'SERVICE',
      'LATENCY',
      'LAST GAP',
      'UPTIME',
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
    const view = world.draw({ width: 100, height: 30 }, { grouped: true });
    assert.deepEqual(view.order, ['web', 'api', 'db']);
    assert.equal(view.grid.line(3), 'edge  2 services, 1 down');
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

describe('what happened', () => {
  it('lists services that fell together as one, and when they are up again', () => {
    const world = wellWorld();
    world.outage('web', 20_000, 22_480);
    world.outage('api', 20_040, 20_540, 'closed');
    world.change('cache', 'up', 'down', 20_080, 'refused');
    const lines = world.lines({ width: 120, height: 30 });
    lineWith(lines, '12:00:20.000  ▼ 3 services down within 80 ms, the first web  refused, closed: web, api, cache');
    lineWith(lines, '▲ 2 of 3 services up again, the longest gap 2.48 s (2.38–2.58) of web');
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

  it('says that the picture is held still', () => {
    const world = wellWorld();
    assert.match(
      world.lines({ width: 120, height: 30 }, { pausedAt: START + 58_000 })[0] ?? '',
      /PAUSED 2 s, 0 events since/,
    );
  });
});
