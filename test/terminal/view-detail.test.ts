import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ASCII, UNICODE } from '../../src/terminal/terminal-traits.ts';
import { widthOf } from '../../src/core/text-width.ts';
import { gap } from '../support/builders.ts';
import { lineWith, unknown, START, styled, wellWorld, World } from './world.ts';

describe('one service in full', () => {
  it('has its strip, why it is down and what that means, its gaps and its last probes', () => {
    const world = wellWorld();
    world.outage('web', 20_000, 20_250, 'closed');
    world.change('web', 'up', 'down', 59_000, 'closed');
    world.sample('web', 58_900, 1.5);
    world.sample('web', 59_000, 0.3, 'closed');
    for (const size of [
      { width: 80, height: 24 },
      { width: 120, height: 40 },
    ]) {
      const lines = world.lines(size, { mode: 'detail', behind: 'detail', selected: 'web' });
      for (const text of [
        'tcp://127.0.0.1:80/web',
        '▼ DOWN for 1.00 s, since 12:00:59.000',
        'closed: it was closed',
        'accepted, then closed without an answer: often a proxy with nothing behind it',
        '12:00:20.000  0.25 s (0.15–0.35)',
        'closed ×3',
        '1.00 s so far',
        '12:00:58.900 ● up',
        'connect 1.50 ms',
      ]) {
        lineWith(lines, text);
      }
      assert.equal(lines.filter((line) => /▐|█|▌/.test(line)).length >= 3, true);
    }
  });

  it('has p50, p99 and the slowest of the last minute, a sign where answers were slow, and a connection that took a second SYN', () => {
    const world = wellWorld();
    for (let at = 0; at < 59_000; at += 100) world.sample('web', at, at >= 50_000 && at < 51_000 ? 300 : 2);
    const lost = 'connected only at the second try, after 1.02 s: a packet that asks for a connection (SYN) was lost';
    world.receive([
      {
        ...{ type: 'sample', service: 'web', at: START + 59_000, durationMs: 1020, result: 'down' },
        reason: 'timeout-connect',
        message: lost,
        phases: { dnsMs: null, connectMs: 1020, tlsMs: null, replyMs: null },
      },
    ]);
    const detail = { mode: 'detail', behind: 'detail', selected: 'web' } as const;
    for (const [glyphs, sign] of [
      [UNICODE, '▅'],
      [ASCII, '~'],
    ] as const) {
      const view = world.draw({ width: 160, height: 40 }, detail, glyphs);
      const lines = Array.from({ length: 40 }, (_, y) => view.grid.line(y));
      lineWith(lines, 'p50 1.98 ms, p99 300 ms, slowest 300 ms of the last minute');
      assert.match(lineWith(lines, 'SYN lost'), /1\.0 s +SYN lost +connect 1\.0 s +timeout-connect: conn/);
      assert.match(styled(view, 'slow'), new RegExp(`^${sign}+$`));
    }
    // A service that is slow all the time is not slower than usual.
    for (let at = 0; at < 59_000; at += 100) world.sample('api', at, 300);
    assert.equal(styled(world.draw({ width: 160, height: 40 }, { ...detail, selected: 'api' }), 'slow'), '');
    world.receive([
      { type: 'slow', seq: 1000, service: 'api', from: START + 40_000, to: START + 45_000, slowestMs: 301, count: 50 },
    ]);
    assert.notEqual(styled(world.draw({ width: 160, height: 40 }, { ...detail, selected: 'api' }), 'slow'), '');
  });

  it('has what the first probe of a gap was answered', () => {
    const world = wellWorld();
    const reasons = [{ reason: 'status', count: 40, message: '503 Service Unavailable' }] as const;
    world.receive([gap('web', START + 20_000, START + 24_000, { seq: 1000, reasons })]);
    const lines = world.lines({ width: 160, height: 40 }, { mode: 'detail', behind: 'detail', selected: 'web' });
    lineWith(lines, 'status ×40: 503 Service Unavailable');
  });

  it('says how many lines lie below, so that one can scroll', () => {
    const world = wellWorld();
    for (let at = 0; at < 40; at++) world.sample('web', at * 100, 1);
    const detail = { mode: 'detail', behind: 'detail', selected: 'web' } as const;
    const { below } = world.draw({ width: 120, height: 30 }, detail);
    assert.ok(below > 0);
    assert.equal(world.draw({ width: 120, height: 30 }, { ...detail, top: below }).below, 0);
  });
});

describe('several vantages', () => {
  function twoVantages(): World {
    const world = new World(['here', 'second'], [unknown('web'), unknown('api')]);
    for (const source of [0, 1])
      for (const name of ['web', 'api']) world.change(name, 'unknown', 'up', 0, null, source);
    world.now = START + 60_000;
    return world;
  }

  it('are one row with a line for each', () => {
    const lines = twoVantages().lines({ width: 120, height: 40 });
    assert.match(lineWith(lines, 'web'), /web +● up from both/);
    assert.equal(lines.filter((line) => /^ +(here|second) /.test(line)).length, 4);
  });

  it('are said to disagree', () => {
    const world = twoVantages();
    world.change('web', 'up', 'down', 59_000, 'refused', 0);
    assert.match(lineWith(world.lines({ width: 120, height: 40 }), 'web '), /≠ down from here, up from second/);
    const detail = world.lines({ width: 120, height: 40 }, { mode: 'detail', behind: 'detail', selected: 'web' });
    lineWith(detail, 'down from here, up from second');
  });

  it('can be distinguished in what happened', () => {
    const world = twoVantages();
    world.outage('web', 20_000, 21_000, 'refused', 1);
    lineWith(world.lines({ width: 120, height: 40 }), 'second  ▲ web up again after 1.00 s');
  });

  it('are unobserved while their feed is lost', () => {
    const world = twoVantages();
    world.model.setConnection(1, false, 'connection refused', world.now);
    world.now += 10_000;
    const view = world.draw({ width: 140, height: 40 });
    assert.match(styled(view, 'warning'), /NOT CONNECTED: second/);
    assert.match(styled(view, 'unobserved'), /░ unobserved░+/);
    lineWith(world.lines({ width: 140, height: 40 }), 'the feed of second is lost: connection refused');
    world.model.setConnection(1, true, null, world.now);
    lineWith(world.lines({ width: 140, height: 40 }), 'the feed of second is back');
  });

  it('share a mark that was set for all', () => {
    const world = twoVantages();
    world.mark('restart', 30_000, 0);
    world.mark('restart', 30_004, 1);
    const marks = world.lines({ width: 120, height: 40 }).filter((line) => line.includes('◆ restart'));
    assert.equal(marks.length, 1);
  });
});

describe('any terminal', () => {
  it('gets a picture of its size, each cell one character', () => {
    for (const [width, height] of [
      [1, 1],
      [39, 9],
      [40, 10],
      [60, 12],
      [80, 24],
      [120, 40],
      [200, 60],
      [400, 100],
    ] as const) {
      for (const mode of ['list', 'detail', 'help', 'mark', 'filter'] as const) {
        const world = wellWorld(['web', 'цена', '服务✅', 'שלום', 'a'.repeat(90)]);
        world.outage('服务✅', 20_000, 21_000);
        const behind = mode === 'detail' ? 'detail' : 'list';
        const { grid } = world.draw({ width, height }, { mode, behind, input: 'ab', selected: '服务✅' });
        assert.equal(grid.chars.length, width * height);
        for (let y = 0; y < height; y++) {
          const line = grid.chars.slice(y * width, (y + 1) * width).join('');
          assert.equal(widthOf(line), width, `${String(width)}x${String(height)} ${mode}: "${line}"`);
        }
      }
    }
  });

  it('gets nothing but ASCII where it shows nothing else', () => {
    const world = wellWorld(['web', 'цена', '服务✅']);
    world.outage('цена', 20_000, 21_000);
    world.change('web', 'up', 'unobserved', 30_000, 'stalled');
    world.mark('“neu”', 40_000);
    for (const mode of ['list', 'detail', 'help'] as const) {
      const behind = mode === 'detail' ? 'detail' : 'list';
      const text = world.lines({ width: 120, height: 40 }, { mode, behind, selected: 'цена' }, ASCII).join('\n');
      assert.match(text, /^[\x20-\x7e\n]*$/);
    }
    const lines = world.lines({ width: 120, height: 40 }, {}, ASCII);
    assert.match(lines.join('\n'), /_+#+_+/);
    assert.match(lines.join('\n'), /! |\+ up/);
  });
});
