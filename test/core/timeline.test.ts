import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { GapFacts } from '../../src/core/messages.ts';
import type { Sample } from '../../src/core/model.ts';
import { SettleQueue } from '../../src/core/settle-queue.ts';
import { checkpointFrom, checkpointOfUp, type OpenGapFacts, type Checkpoint } from '../../src/core/checkpoint.ts';
import { type StateChange, Timeline } from '../../src/core/timeline.ts';
import { busyDraws, type RoughWorld, roughDraws, roughWorld } from '../support/rough-world.ts';
import { type Outage, type World, worlds } from '../support/world.ts';

const PHASES = { dnsMs: null, connectMs: null, tlsMs: null, replyMs: null };

function up(sentAt: number, endedAt = sentAt + 1): Sample {
  return { sentAt, endedAt, result: 'up', reason: null, message: null, phases: PHASES };
}

function down(sentAt: number, endedAt = sentAt + 1, reason: Sample['reason'] = 'refused'): Sample {
  return { sentAt, endedAt, result: 'down', reason, message: 'm', phases: PHASES };
}

function connectedAfter(connectMs: number, sample: Sample): Sample {
  return { ...sample, phases: { ...PHASES, connectMs } };
}

/** As quick as they usually are. */
function usual(sentAt: number): Sample {
  return connectedAfter(0.2, up(sentAt));
}

function refused(sentAt: number): Sample {
  return connectedAfter(1, down(sentAt));
}

function blind(sentAt: number, endedAt: number): Sample {
  return { sentAt, endedAt, result: 'unobserved', reason: 'stalled', message: null, phases: PHASES };
}

interface Story {
  readonly changes: StateChange[];
  readonly gaps: GapFacts[];
  readonly open: OpenGapFacts | null;
}

/** @param inFlight how many later probes have been sent when a sample is settled, and have ended where that was before its own end */
function storyOf(samples: readonly Sample[], now = 0, inFlight = 0): Story {
  const changes: StateChange[] = [];
  const gaps: GapFacts[] = [];
  const timeline = new Timeline({ transition: (change) => changes.push(change), gap: (gap) => gaps.push(gap) });
  samples.forEach((sample, index) => {
    const later = samples.slice(index + 1, index + 1 + inFlight);
    timeline.add(
      sample,
      later.map((one) => (one.endedAt <= sample.endedAt ? one : null)),
    );
  });
  return { changes, gaps, open: timeline.openGap(now) };
}

function checkpointAfter(samples: readonly Sample[]): Checkpoint {
  const timeline = new Timeline({ transition: () => undefined, gap: () => undefined });
  for (const sample of samples) timeline.add(sample);
  return timeline.checkpoint;
}

describe('Timeline', () => {
  it('is unknown before the first answer, and then what the first answer said', () => {
    assert.deepEqual(
      storyOf([down(5)]).changes.map(({ from, to, at }) => ({ from, to, at })),
      [{ from: 'unknown', to: 'down', at: 5 }],
    );
    assert.deepEqual(storyOf([]).changes, []);
  });

  it('states a gap with the bounds of the derivation', () => {
    const { gaps } = storyOf([up(0, 2), down(100, 103), down(200, 201), down(300, 301), up(400, 404)]);
    assert.deepEqual(gaps, [
      {
        from: 100,
        to: 400,
        durationMs: 300,
        minMs: 300 - 103,
        provenMinMs: 300 - 103,
        maxMs: 404 - 0,
        silenceMs: 404 - 2,
        failed: 3,
        reasons: [{ reason: 'refused', count: 3, message: 'm' }],
      },
    ]);
  });

  it('keeps its bounds in order: proven, inferred, estimated, at most', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const gap of storyOf(settleAll(world)).gaps) {
          const { minMs, provenMinMs = NaN, durationMs, maxMs } = gap;
          assert.ok(0 <= provenMinMs && provenMinMs <= minMs + 1e-6 && minMs <= durationMs + 1e-6);
          assert.ok(maxMs === null || durationMs <= maxMs + 1e-6);
        }
      }),
    );
  });

  it('keeps what the first probe of each reason found, shortened', () => {
    const said = (at: number, reason: Sample['reason'], message: string | null): Sample => {
      return { ...down(at, at + 1, reason), message };
    };
    const failed = [
      said(100, 'error', '🦆'.repeat(200)),
      said(200, 'status', '503 Service Unavailable'),
      said(300, 'status', '502 Bad Gateway'),
      said(400, 'closed', null),
    ];
    const first = storyOf([up(0), ...failed], 450).open?.reasons ?? [];
    assert.deepEqual(first[0], { reason: 'status', count: 2, message: '503 Service Unavailable' });
    assert.deepEqual(first[1], { reason: 'error', count: 1, message: `${'🦆'.repeat(159)}…` });
    assert.deepEqual(first[2], { reason: 'closed', count: 1 });

    // Over a restart of the monitor too.
    const timeline = new Timeline({ transition: () => undefined, gap: () => undefined });
    for (const sample of [up(0), ...failed]) timeline.add(sample);
    const gaps: GapFacts[] = [];
    const next = new Timeline({ transition: () => undefined, gap: (gap) => gaps.push(gap) });
    next.resume(timeline.checkpoint, 450);
    for (const sample of [said(1000, 'status', '500 Oops'), up(1100)]) next.add(sample);
    assert.deepEqual(gaps[0]?.reasons[0], { reason: 'status', count: 3, message: '503 Service Unavailable' });
  });

  it('proves no downtime around a late good answer that breaks no gap: the service was up at some moment of it', () => {
    // Seen on a starved machine: two outages, 285 ms apart.
    const usual = [up(0), up(50), up(100)];
    const failed = [down(200, 230), down(250, 260), down(300, 310)];
    const samples = [...usual, ...failed, up(350, 700), down(550, 690, 'reset'), up(720)];
    const [gap, second] = storyOf(samples, 0, 1).gaps;
    assert.equal(second, undefined);
    assert.deepEqual([gap?.minMs, gap?.provenMinMs, gap?.from, gap?.to], [300 - 230, 300 - 230, 200, 720]);
    // Half the distance to the probes before and after the gap: 50 more, 85 less.
    assert.equal(gap?.durationMs, 720 - 200 + 50 - 85);

    // It may also have been up between two failures that were sent later, or before the first one was known.
    const later = [...usual, ...failed, up(350, 700), down(550, 560), down(650, 660), down(750, 755), down(800, 805)];
    assert.equal(storyOf([...later, up(900)], 0, 1).gaps[0]?.provenMinMs, 300 - 230 + (800 - 755));
    const before = [...usual, up(150, 700), down(250, 260), down(550, 560), up(750)];
    assert.equal(storyOf(before, 0, 1).gaps[0]?.provenMinMs, 0);

    // Silent ones are overdue after 45 ms, before the good answer came.
    const lost = (at: number): Sample => down(at, at + 1000, 'timeout-reply');
    const silent = [...usual, lost(200), lost(300), up(400, 900), lost(500), up(1600)];
    assert.equal(storyOf(silent, 0, 1).gaps[0]?.minMs, 300 - 245);
  });

  it('believes a good answer that came before a failure was sent, whatever became of one that was sent before it', () => {
    const samples = [up(0), up(100), down(1000), down(1100), up(1200, 1900), up(1300, 1500), down(1600), up(2000)];
    assert.deepEqual(
      storyOf(samples, 0, 1).gaps.map(({ from, to }) => [from, to]),
      [
        [1000, 1300],
        [1600, 2000],
      ],
    );
  });

  it('proves nothing of the least length by a single failure', () => {
    const { gaps } = storyOf([up(0), down(100), up(200)]);
    assert.equal(gaps[0]?.minMs, 0);
    assert.equal(gaps[0].durationMs, 100);
  });

  it('takes the earliest proof of a failure, where the first probe failed only at its deadline', () => {
    const { gaps } = storyOf([
      up(0, 2),
      down(100, 1100, 'timeout-reply'),
      down(200, 201),
      down(300, 301),
      up(400, 404),
    ]);
    assert.equal(gaps[0]?.provenMinMs, 300 - 201);
  });

  it('takes a silent probe for failed when it is overdue, and says what is proven without that', () => {
    const silence = [100, 200, 300].map((at) => down(at, at + 1000, 'timeout-reply'));
    const { gaps } = storyOf([up(-100, -70), up(0, 30), ...silence, up(400, 404)]);
    // The slowest good answer took 30 ms.
    assert.deepEqual([gaps[0]?.minMs, gaps[0]?.provenMinMs], [300 - 160, 0]);
    const late = silence.map((sample) => ({ ...sample, stalledMs: 25 }));
    assert.equal(storyOf([up(-100, -70), up(0, 30), ...late, up(400, 404)]).gaps[0]?.minMs, 300 - 160 - 25);
    // A TLS handshake that was never answered is one too.
    const handshakes = silence.map((sample) => ({ ...sample, reason: 'tls' as const, silent: true }));
    assert.equal(storyOf([up(-100, -70), up(0, 30), ...handshakes, up(400, 404)]).gaps[0]?.minMs, 300 - 160);
  });

  it('has a gap begin as early as what was taken for good answers and was none', () => {
    const gaps: GapFacts[] = [];
    const timeline = new Timeline({ transition: () => undefined, gap: (gap) => gaps.push(gap) });
    for (let at = 0; at <= 20_000; at += 1000) timeline.add(up(at));
    timeline.withdraw(12_000);
    timeline.add(down(20_500, 21_500, 'timeout-connect'));
    timeline.add(up(28_000, 28_001));
    assert.equal(gaps[0]?.maxMs, 28_001 - 8000);
    assert.equal(gaps[0].silenceMs, 28_001 - 8001);
  });

  it('takes no silence for overdue where it does not know how long answers take, and never earlier than 45 ms', () => {
    const silence = [100, 200, 300].map((at) => down(at, at + 150, 'timeout-reply'));
    assert.equal(storyOf([...silence, up(400)]).gaps[0]?.minMs, 300 - 250);
    assert.equal(storyOf([up(0), ...silence, up(400)]).gaps[0]?.minMs, 300 - 145);
  });

  it('has the length that its edges say where questions that came after the first good answer were given up', () => {
    const gaps: GapFacts[] = [];
    const timeline = new Timeline({ transition: () => undefined, gap: (gap) => gaps.push(gap) });
    for (const at of [-200, -100, 0]) timeline.add(up(at, at + 2));
    for (const at of [100, 200, 300]) timeline.add(down(at, at + 1000, 'timeout-reply'));
    timeline.overdue(350);
    // What was asked at 400 was answered at 1100, when the process went on; what was asked later was given up before.
    timeline.add(up(400, 1100), [null]);
    for (const at of [450, 700, 1000]) timeline.overdue(at);
    timeline.add(up(1100, 1101));
    assert.deepEqual([gaps[0]?.from, gaps[0]?.to, gaps[0]?.durationMs], [100, 400, 375 - 50]);
  });

  it('estimates the length without bias where the end was probed more often than the beginning', () => {
    const { gaps } = storyOf([up(0), down(100), down(110), down(120), up(130)]);
    assert.equal(gaps[0]?.durationMs, 125 - 50);
    const prompted = storyOf([up(0), { ...down(80), promptedAt: 72 }, down(90), up(100)]);
    assert.equal(prompted.gaps[0]?.durationMs, 95 - 72);
    // Another service broke first: this one was still there.
    const later = storyOf([up(0), up(75), { ...down(80), promptedAt: 72 }, down(90), up(100)]);
    assert.deepEqual([later.gaps[0]?.durationMs, later.gaps[0]?.maxMs], [95 - 76, 101 - 75]);
  });

  it('has a length though the answers before it came late', () => {
    const { gaps } = storyOf([up(0, 250), down(100, 1100, 'timeout-connect'), up(200)]);
    assert.equal(gaps[0]?.durationMs, 50);
  });

  it('begins a gap where a held connection broke, together with a probe that was on its way', () => {
    const { gaps } = storyOf([
      up(0),
      down(80, 101, 'reset'),
      { ...down(102), promptedAt: 102 },
      down(110),
      down(120),
      up(130),
    ]);
    // The reset was at 101.
    assert.deepEqual([gaps[0]?.from, gaps[0]?.durationMs], [80, 125 - 101]);
  });

  it('begins a gap not before the last good answer, where probes on their way are reset', () => {
    const reset = [100, 200, 300, 400].map((at) => down(at, 405, 'reset'));
    const { gaps } = storyOf([up(-100, 300), up(0, 398), ...reset, down(500), up(600)]);
    assert.deepEqual([gaps[0]?.from, gaps[0]?.durationMs], [100, 550 - 398]);
  });

  it('states the silence from answer to answer', () => {
    // A process that is frozen from 50 to 1250: it answers what waited, in any order.
    const failed = [100, 200].map((at) => down(at, at + 1000, 'timeout-reply'));
    const woken = [up(300, 1254), up(400, 1251), up(1300)];
    const { gaps } = storyOf([up(0, 2), ...failed, ...woken], 0, 1);
    assert.deepEqual([gaps[0]?.durationMs, gaps[0]?.silenceMs], [200, 1249]);
    // There was none where an answer came while others failed.
    assert.equal(storyOf([up(0, 60), down(5), up(10)]).gaps[0]?.silenceMs, 0);
  });

  it('breaks no gap by an answer that is contradicted by what was sent before it came', () => {
    const lost = (at: number): Sample => down(at, at + 500, 'timeout-connect');
    const { gaps, changes } = storyOf([up(0), lost(100), up(200, 900), lost(300), lost(400), up(1000)], 0, 1);
    assert.deepEqual(
      changes.map(({ to, at }) => [to, at]),
      [
        ['up', 0],
        ['down', 100],
        ['up', 1000],
      ],
    );
    assert.deepEqual([gaps[0]?.failed, gaps[0]?.maxMs], [3, 1001]);
    // Before a gap it is no bound of its beginning.
    assert.equal(storyOf([up(0), up(50, 700), lost(100), up(800)], 0, 1).gaps[0]?.maxMs, 801);
  });

  it('ends no gap by an answer that came before the failures before it were known', () => {
    // Held connections were reset at 330; the monitor, starved, had not finished with the first two of them.
    const held = [
      up(0, 26),
      up(50, 76),
      down(100, 331, 'reset'),
      down(150, 331, 'reset'),
      up(200, 300),
      down(350, 352),
    ];
    const { gaps } = storyOf([...held, up(400, 426)]);
    assert.equal(gaps.length, 1);
    const [gap] = gaps;
    assert.deepEqual([gap?.from, gap?.minMs, gap?.maxMs, gap?.failed], [100, 0, 426 - 50, 3]);
    // Whatever breaks a handshake is a broken connection too.
    const broken = held.map((sample) => (sample.result === 'down' ? { ...sample, reason: 'tls' as const } : sample));
    assert.equal(storyOf([...broken, up(400, 426)]).gaps.length, 1);
    // One that came after them does.
    assert.equal(
      storyOf([up(0, 26), down(50, 76, 'closed'), up(60, 86), down(110, 130, 'closed'), up(150)]).gaps.length,
      2,
    );
    // And so does one that came before the deadline of a silent one: a packet was lost.
    assert.deepEqual(
      storyOf([up(0), down(50, 1050, 'timeout-reply'), up(100)]).gaps.map(({ to }) => to),
      [100],
    );
  });

  it('is up again between the failures of one bad server of three, however long each takes', () => {
    const balanced = (badMs: number, reason: Sample['reason']): Sample[] =>
      Array.from({ length: 90 }, (_, n) => (n % 3 === 2 ? down(n * 100, n * 100 + badMs, reason) : up(n * 100)));
    for (const badMs of [50, 250, 400, 2000])
      for (const reason of ['status', 'body', 'refused', 'timeout-reply'] as const)
        assert.equal(storyOf(balanced(badMs, reason)).gaps.length, 29, `${reason} after ${String(badMs)} ms`);
    // Of connections that break, no answer is later than all that are known: but those that were asked after one had broken are.
    for (const badMs of [250, 400]) assert.equal(storyOf(balanced(badMs, 'reset')).gaps.length, 14);
    assert.ok(storyOf(balanced(2000, 'closed')).gaps.every(({ to, from }) => to - from < 2200));
  });

  it('takes the first answer that ends a gap for its upper bound, and none that came before the gap was known', () => {
    // Usual answers take a millisecond; two that are slow are on their way while a held connection breaks at 331.
    const slow = [up(0), up(50), down(100, 331, 'reset'), up(200, 320), up(250, 900), up(300, 350)];
    assert.deepEqual(
      storyOf(slow, 0, 1).gaps.map(({ maxMs }) => maxMs),
      [350 - 50],
    );
  });

  it('ends a resumed gap by the first answer, also where the connection of a probe broke before', () => {
    const checkpoint = checkpointAfter([up(0), down(100, 400, 'reset')]);
    const gaps: GapFacts[] = [];
    const timeline = new Timeline({ transition: () => undefined, gap: (gap) => gaps.push(gap) });
    // The clock was set back meanwhile; and a version before this one had a field more.
    timeline.resume(
      checkpointFrom({ ...checkpoint, ...{ gap: { ...checkpoint.gap, failedUntil: 400 } } } as Checkpoint),
      150,
    );
    // What fails from now on had not failed first: the answer was sent after that had.
    timeline.add(down(160, 320, 'reset'));
    timeline.add(up(200));
    assert.equal(gaps.length, 1);
    timeline.add(down(300, 500, 'reset'));
    timeline.add(up(350));
    assert.equal(timeline.state, 'down', 'the next gap has failures of its own');
  });

  it('ends a gap by a slow answer that nothing contradicts', () => {
    const { gaps } = storyOf([up(0), down(100), up(200, 900), up(300, 901), down(1000), up(1100)], 0, 1);
    assert.deepEqual(
      gaps.map(({ from, to }) => [from, to]),
      [
        [100, 200],
        [1000, 1100],
      ],
    );
    // Nothing was sent before it came.
    assert.equal(storyOf([up(0), down(100), up(200, 900)]).gaps.length, 1);
  });

  it('breaks no gap by a good answer whose connection took longer than a later probe took to be refused', () => {
    const samples = [
      usual(0),
      refused(12),
      refused(25),
      connectedAfter(16, up(44, 64)),
      refused(48),
      up(63, 69),
      up(100),
    ];
    const { gaps, changes } = storyOf(samples, 0, 2);
    assert.deepEqual(
      gaps.map(({ from, to, maxMs, failed }) => [from, to, maxMs, failed]),
      [[12, 63, 69, 3]],
    );
    assert.deepEqual(
      changes.map(({ to }) => to),
      ['up', 'down', 'up'],
    );
  });

  it('begins no gap after a good answer whose connection took longer than a later probe took to be refused', () => {
    // The service was away from 10 to 55: the probe of 44 reached it after that of 48.
    const [gap] = storyOf([usual(0), connectedAfter(16, up(44, 64)), refused(48), up(63, 69), up(100)], 0, 2).gaps;
    assert.deepEqual([gap?.from, gap?.maxMs], [48, 69]);
  });

  it('ends a gap by a good answer of a server that is far, though a near one refuses sooner', () => {
    const far = (at: number): Sample => connectedAfter(100, up(at, at + 102));
    const turns = Array.from({ length: 20 }, (_, n) => [far(200 + n * 100), refused(250 + n * 100)]).flat();
    const { gaps } = storyOf([far(0), far(50), far(100), far(150), ...turns, far(2300)], 0, 3);
    assert.equal(gaps.length, 20);
  });

  it('ends a gap by a good answer, though an earlier probe waits for seconds to hear that its server is not reached', () => {
    const lost = (at: number): Sample => connectedAfter(3000, down(at, at + 3000, 'unreachable'));
    const turns = Array.from({ length: 10 }, (_, n) => [
      lost(1000 + n * 300),
      usual(1100 + n * 300),
      usual(1200 + n * 300),
    ]);
    const { gaps } = storyOf([usual(0), ...turns.flat()], 0, 3);
    assert.equal(gaps.length, 10);
  });

  it('ends a gap by a good answer that is slow, though a bad one to a later probe came first: of several servers one is bad', () => {
    const slow = (at: number): Sample => connectedAfter(1, up(at, at + 40));
    const bad = (at: number): Sample => connectedAfter(1, down(at, at + 2, 'status'));
    const { gaps } = storyOf([slow(0), slow(10), bad(50), slow(60), bad(70), slow(80), slow(200)], 0, 1);
    assert.deepEqual(
      gaps.map(({ from, to }) => [from, to]),
      [
        [50, 60],
        [70, 80],
      ],
    );
  });

  it('proves no downtime by a connection that was kept for as long as proves that a service is up again', () => {
    const kept = (sentAt: number): Sample => ({ ...down(sentAt, 550, 'reset'), wasKept: true });
    const samples = [up(0), down(100), down(290), kept(310), kept(330), down(540, 550, 'reset'), down(560), down(700)];
    const [gap] = storyOf([...samples, up(750)]).gaps;
    // From 101 to 290, and from the break on.
    assert.deepEqual([gap?.provenMinMs, gap?.maxMs, gap?.failed], [189 + 150, 751, 7]);
    // Also where others were sent before it was open, or while it was, and failed sooner.
    const around = [up(-50), down(0), { ...kept(10), endedAt: 430 }, down(15), down(435), up(460)];
    assert.equal(storyOf(around).gaps[0]?.provenMinMs, 0);
    assert.equal(storyOf(around.filter(({ sentAt }) => sentAt !== 15)).gaps[0]?.provenMinMs, 5);
    // Where they failed first, they tell when it began.
    // On a busy machine the probe that a break asks for is late.
    const prompted = { ...down(562), promptedAt: 550.5 };
    const [first] = storyOf([up(300), kept(310), kept(330), prompted, down(570), up(600)]).gaps;
    assert.deepEqual([first?.provenMinMs, first?.durationMs], [570 - 550, 585 - 550]);
  });

  it('states where each change was at the earliest and at the latest', () => {
    const [, fell, rose] = storyOf([up(0, 2), down(100, 103), down(200, 201), up(300, 304)]).changes;
    assert.deepEqual([fell?.notBefore, fell?.at, fell?.notAfter], [0, 100, 103]);
    assert.deepEqual([rose?.notBefore, rose?.at, rose?.notAfter], [200, 300, 304]);
    assert.deepEqual([fell?.reason, fell?.message, rose?.reason], ['refused', 'm', null]);
  });

  it('gives a gap without a good probe before it no upper bound', () => {
    const { gaps } = storyOf([down(0), down(100), up(200)]);
    const [gap] = gaps;
    // Of its beginning nothing is known; its end is half an interval early.
    assert.deepEqual([gap?.maxMs, gap?.minMs, gap?.durationMs, gap?.silenceMs], [null, 99, 150, null]);
  });

  it('widens the upper bound by unobserved time, never the lower one nor the figure', () => {
    const { gaps, changes } = storyOf([
      up(0, 1),
      down(100, 101),
      blind(200, 900),
      down(900, 901),
      down(1000, 1001),
      up(1100, 1101),
    ]);
    assert.deepEqual(gaps, [
      {
        from: 100,
        to: 1100,
        durationMs: 100 + 200,
        minMs: 0 + 99,
        provenMinMs: 0 + 99,
        maxMs: 1101,
        silenceMs: 1100,
        failed: 3,
        reasons: [{ reason: 'refused', count: 3, message: 'm' }],
      },
    ]);
    assert.deepEqual(
      changes.map(({ to, at }) => [to, at]),
      [
        ['up', 0],
        ['down', 100],
        ['unobserved', 200],
        ['down', 900],
        ['up', 1100],
      ],
    );
  });

  it('lets a gap that ended unseen end where the looking ended, with the bound where it was seen again', () => {
    const { gaps } = storyOf([up(0, 1), down(100, 101), down(200, 201), blind(300, 900), up(900, 902)]);
    assert.deepEqual([gaps[0]?.to, gaps[0]?.durationMs, gaps[0]?.maxMs], [300, 200 + 50, 902]);
  });

  it('reports a gap that is still open', () => {
    const { gaps, open } = storyOf([up(0), down(100, 101), down(200, 201)], 260);
    assert.deepEqual(gaps, []);
    assert.deepEqual(open, {
      until: 260,
      from: 100,
      durationMs: 160 + 50,
      minMs: 99,
      provenMinMs: 99,
      failed: 2,
      reasons: [{ reason: 'refused', count: 2, message: 'm' }],
    });
  });

  it('says that nothing else changed where a service is as before a time of not looking', () => {
    const change = storyOf([up(0), blind(100, 900), up(900, 903)]).changes.at(-1);
    assert.deepEqual([change?.notBefore, change?.notAfter], [900, 900]);
    const fell = storyOf([up(0), blind(100, 900), down(900, 903)]).changes.at(-1);
    assert.deepEqual([fell?.notBefore, fell?.notAfter], [0, 903]);
  });
});

/** Runs a world through the queue, in the order in which its probes ended. */
function settleAll(
  world: Pick<World, 'samples'>,
  take: (sample: Sample, later: readonly (Sample | null)[]) => void = () => undefined,
) {
  const settled: Sample[] = [];
  const queue = new SettleQueue((sample, later) => {
    settled.push(sample);
    take(sample, later);
  });
  // All probes are sent in order; each ends when its time comes.
  const moments = world.samples
    .flatMap(({ sentAt, endedAt }, index) => [
      { at: sentAt, index, end: false },
      { at: endedAt, index, end: true },
    ])
    .sort((a, b) => a.at - b.at || Number(a.end) - Number(b.end));
  const tickets = new Map<number, number>();
  for (const { index, end } of moments) {
    const sample = world.samples[index];
    if (sample === undefined) continue;
    if (!end) tickets.set(index, queue.begin());
    else queue.end(tickets.get(index) ?? -1, sample);
  }
  assert.equal(queue.length, 0);
  return settled;
}

describe('the timeline of a simulated world', () => {
  it('settles every sample once, in the order of sending, whatever the order of the answers', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        assert.deepEqual(settleAll(world), world.samples);
      }),
      { numRuns: 300 },
    );
  });

  it('holds every true outage that it reports inside the bounds, and invents none', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { gaps, changes } = storyOf(settleAll(world));
        for (const gap of gaps) {
          // Of several outages with no probe between them a monitor can only report the hull.
          const hit = outagesSeen(world, gap);
          const first = hit[0];
          const last = hit.at(-1);
          assert.ok(first !== undefined && last !== undefined, 'a gap without an outage');
          const trueMs = last.to - first.from;
          assert.ok(gap.minMs <= trueMs + 1e-6, `at least ${String(gap.minMs)}, in truth ${String(trueMs)}`);
          assert.ok(
            trueMs <= (gap.maxMs ?? Infinity) + 1e-6,
            `at most ${String(gap.maxMs)}, in truth ${String(trueMs)}`,
          );
        }
        checkEdges(world, changes);
      }),
      { numRuns: 500 },
    );
  });

  it('sees every outage of two intervals and more that it looks at', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { gaps, open } = storyOf(settleAll(world), Infinity);
        const times = gaps.map(({ from, to }) => [from, to] as const);
        if (open !== null) times.push([open.from, Infinity]);
        for (const outage of world.outages) {
          const failed = world.samples.filter((one) => one.result === 'down' && isBetween(one.sentAt, outage));
          if (failed.length === 0) continue;
          assert.ok(
            failed.every((one) => times.some(([from, to]) => from <= one.sentAt && one.sentAt < to)),
            'a failed probe outside every gap',
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is a partition of time: each change begins where the last one ended', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { changes } = storyOf(settleAll(world));
        changes.forEach((change, index) => {
          const before = changes[index - 1];
          assert.equal(change.from, before?.to ?? 'unknown');
          assert.notEqual(change.from, change.to);
          if (before !== undefined) assert.ok(change.at >= before.at);
          assert.ok(change.notBefore <= change.notAfter);
        });
      }),
      { numRuns: 300 },
    );
  });
});

function isBetween(at: number, { from, to }: Outage): boolean {
  return from <= at && at < to;
}

/** The outages that the failed probes of a gap ran into. */
function outagesSeen(world: World, gap: GapFacts): Outage[] {
  const moments = world.samples.flatMap(({ result, sentAt }, index) => {
    const reached = world.reached[index] ?? null;
    return result === 'down' && reached !== null && sentAt >= gap.from && sentAt < gap.to ? [reached] : [];
  });
  return world.outages.filter((outage) => moments.some((moment) => isBetween(moment, outage)));
}

/** Every change from up to down, seen without a break, holds the beginning of an outage, and back the end of one. */
function checkEdges(world: World, changes: readonly StateChange[]): void {
  for (const { from, to, notBefore, notAfter } of changes) {
    if (from === 'up' && to === 'down') {
      assert.ok(world.outages.some((outage) => notBefore <= outage.from && outage.from <= notAfter));
    }
    if (from === 'down' && to === 'up') {
      assert.ok(world.outages.some((outage) => notBefore <= outage.to && outage.to <= notAfter));
    }
  }
}

/** What is reported where the monitor is away for a while: it is killed at one moment of the world, and back at another. */
function tellWithAbsence(world: World, killedAt: number, backAt: number): { gaps: GapFacts[]; changes: StateChange[] } {
  const gaps: GapFacts[] = [];
  const changes: StateChange[] = [];
  const sink = {
    transition: (change: StateChange): void => void changes.push(change),
    gap: (gap: GapFacts): void => void gaps.push(gap),
  };
  const before = new Timeline(sink);
  // What was sent after one that had not ended is not settled.
  const open = world.samples.findIndex(({ sentAt, endedAt }) => sentAt >= killedAt || endedAt > killedAt);
  const settled = open < 0 ? world.samples : world.samples.slice(0, open);
  for (const sample of settled) before.add(sample);
  const checkpoint = before.checkpoint;
  const since = changes.at(-1)?.at ?? 0;
  const timing = { intervalMs: world.intervalMs * 11, timeoutMs: world.timeoutMs };
  const memory = checkpoint.state === 'up' ? checkpointOfUp(since, killedAt, timing) : checkpoint;
  if (checkpoint.state !== 'unknown' && checkpoint.state !== 'unobserved')
    changes.push({
      from: checkpoint.state,
      to: 'unobserved',
      at: killedAt,
      notBefore: killedAt,
      notAfter: killedAt,
      reason: 'stopped',
      message: null,
    });
  const after = new Timeline(sink);
  if (checkpoint.state !== 'unknown') after.resume(JSON.parse(JSON.stringify(memory)) as Checkpoint, killedAt);
  for (const sample of world.samples) if (sample.sentAt >= backAt) after.add(sample);
  return { gaps, changes };
}

describe('the timeline of a monitor that is killed and comes back', () => {
  it('holds every true outage that it reports inside the bounds, and invents none', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(worlds, share, share, (world, killed, away) => {
        const end = world.samples.at(-1)?.sentAt ?? 0;
        const killedAt = killed * end;
        const { gaps, changes } = tellWithAbsence(world, killedAt, killedAt + away * (end - killedAt));
        for (const gap of gaps) {
          const hit = outagesSeen(world, gap);
          const first = hit[0];
          const last = hit.at(-1);
          assert.ok(first !== undefined && last !== undefined, 'a gap without an outage');
          const trueMs = last.to - first.from;
          assert.ok(gap.minMs <= trueMs + 1e-6, `at least ${String(gap.minMs)}, in truth ${String(trueMs)}`);
          assert.ok(trueMs <= (gap.maxMs ?? Infinity) + 1e-6);
        }
        checkEdges(world, changes);
        changes.forEach((change, index) => {
          assert.equal(change.from, changes[index - 1]?.to ?? 'unknown');
        });
      }),
      { numRuns: 1000 },
    );
  });
});

/** What is said of a rough world, as the engine hears of it. */
function storyOfRough(world: RoughWorld): GapFacts[] {
  const gaps: GapFacts[] = [];
  const timeline = new Timeline({ transition: () => undefined, gap: (gap) => gaps.push(gap) });
  settleAll(world, (sample, later) => {
    timeline.add(sample, later);
  });
  return gaps;
}

/** Whether a gap is an outage. Its probes may have been sent before, and waited. */
function isOf(gap: GapFacts, { from, to }: Outage, queuedMs: number): boolean {
  return gap.from - queuedMs < to && gap.to + queuedMs > from;
}

/** Each outage that a probe failed in is one gap, with the truth inside its bounds, and there is no other. */
function checkRough(world: RoughWorld): void {
  const gaps = storyOfRough(world);
  for (const outage of world.outages) {
    const { kind, from, to } = outage;
    const [gap, ...others] = gaps.filter((gap) => isOf(gap, outage, world.queuedMs));
    assert.equal(others.length, 0, kind);
    assert.equal(gap !== undefined, world.found.has(outage), kind);
    if (gap === undefined) continue;
    const trueMs = to - from;
    assert.ok(gap.minMs <= trueMs, `${kind}: at least ${String(gap.minMs)}, in truth ${String(trueMs)}`);
    assert.ok((gap.maxMs ?? 0) >= trueMs, `${kind}: at most ${String(gap.maxMs)}, in truth ${String(trueMs)}`);
    const { minMs, provenMinMs = NaN, durationMs, maxMs } = gap;
    assert.ok(0 <= provenMinMs && provenMinMs <= minMs && minMs <= durationMs && durationMs <= (maxMs ?? 0));
  }
  assert.ok(gaps.every((gap) => world.outages.some((outage) => isOf(gap, outage, world.queuedMs))));
}

describe('the timeline of a service whose packets are lost, or that is frozen', () => {
  it('is one gap for one outage, with the truth inside its bounds, and none without one', () => {
    fc.assert(
      fc.property(roughDraws, (draws) => {
        checkRough(roughWorld(draws));
      }),
      { numRuns: 2000 },
    );
  });

  it('is the same on a busy machine, where a probe may reach the service after one that was sent later', () => {
    fc.assert(
      fc.property(busyDraws, (draws) => {
        checkRough(roughWorld(draws));
      }),
      { numRuns: 2000 },
    );
  });

  it('states how long there was no answer of a process that was frozen', () => {
    fc.assert(
      fc.property(roughDraws, (draws) => {
        const world = roughWorld(draws);
        const gaps = storyOfRough(world);
        for (const { kind, from, to } of world.outages) {
          const gap = gaps.find((one) => one.from < to && one.to > from);
          if (kind !== 'frozen' || gap === undefined) continue;
          const { silenceMs = 0 } = gap;
          assert.ok(Math.abs((silenceMs ?? 0) - (to - from)) <= world.intervalMs + 10, String(silenceMs));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the timeline of a monitor that is starved while its probes hold connections', () => {
  const HOLD_MS = 25;
  const INTERVAL_MS = 50;
  const draws = fc.record({
    // How late the monitor sees what befell each probe.
    lateMs: fc.array(fc.oneof(fc.constant(0), fc.nat(250)), { minLength: 40, maxLength: 40 }),
    from: fc.integer({ min: 300, max: 1200 }),
    lengthMs: fc.integer({ min: 20, max: 600 }),
  });

  it('is one gap at most for one outage, with the truth inside its bounds', () => {
    fc.assert(
      fc.property(draws, ({ lateMs, from, lengthMs }) => {
        const to = from + lengthMs;
        // In the end it has caught up.
        const samples = [...lateMs, ...Array<number>(10).fill(0)].map((late, index): Sample => {
          const sentAt = index * INTERVAL_MS;
          const seenAt = sentAt + HOLD_MS + late;
          if (sentAt >= from && sentAt < to) return down(sentAt, sentAt + 1 + late, 'refused');
          // The process that ends breaks what is held, until the monitor has seen enough.
          return sentAt < from && seenAt > from ? down(sentAt, seenAt, 'reset') : up(sentAt, seenAt);
        });
        const { gaps } = storyOf(samples);
        const failed = samples.some(({ result }) => result === 'down');
        assert.equal(gaps.length, failed ? 1 : 0);
        for (const { minMs, provenMinMs = NaN, durationMs, maxMs } of gaps) {
          assert.ok(minMs <= lengthMs, `at least ${String(minMs)}, in truth ${String(lengthMs)}`);
          assert.ok((maxMs ?? 0) >= lengthMs, `at most ${String(maxMs)}, in truth ${String(lengthMs)}`);
          assert.ok(0 <= provenMinMs && provenMinMs <= minMs && minMs <= durationMs && durationMs <= (maxMs ?? 0));
        }
      }),
      { numRuns: 3000 },
    );
  });
});
