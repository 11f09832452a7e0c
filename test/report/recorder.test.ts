/** What is recorded of a monitor's messages, and of the time in which its feed was lost. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { SampleMessage, ServiceSnapshot, TimelineInterval } from '../../src/core/messages.ts';
import type { State } from '../../src/core/model.ts';
import { buildReport } from '../../src/report/build-report.ts';
import type { ObservedService } from '../../src/report/observed.ts';
import { showGapLine } from '../../src/report/report-phrases.ts';
import { Recorder } from '../../src/report/run-recorder.ts';
import { gap, hello, snapshot, transition } from '../support/builders.ts';

function web(timeline: readonly TimelineInterval[], more: Partial<ServiceSnapshot> = {}): ServiceSnapshot {
  return snapshot('web', { timeline, ...more });
}

function greeting(now: number, services: readonly ServiceSnapshot[], more: { id?: string; resumed?: boolean } = {}) {
  return hello(services, { now, resumed: more.resumed ?? false }, { id: more.id ?? 'one' });
}

function entered(to: State, at: number) {
  return transition('web', 'up', to, at);
}

function answerAt(at: number): SampleMessage {
  const phases = { dnsMs: null, connectMs: null, tlsMs: null, replyMs: null };
  const times = { at: at - 1, durationMs: 1, answerMs: 1, phases };
  return { type: 'sample', service: 'web', result: 'up', reason: null, message: null, ...times };
}

function stretches(service: ObservedService | undefined): string[] {
  return (service?.intervals ?? []).map(({ state, from, to, reason }) => {
    return `${state} ${String(from)}–${String(to)}${reason === null ? '' : ` ${reason}`}`;
  });
}

function recorded(recorder: Recorder): ObservedService | undefined {
  return recorder.observed(null).services[0];
}

describe('a recorder', () => {
  it('knows between which moments a change of the process would be known, and not across events that it missed', () => {
    const recorder = new Recorder();
    const up = web([{ state: 'up', from: 0, to: null }]);
    const named = (from: number, to: number): SampleMessage => ({ ...answerAt(to + 1), identified: { from, to } });
    recorder.take([greeting(0, [up]), answerAt(10), named(19, 19), answerAt(30), named(19, 1019)]);
    assert.deepEqual(recorded(recorder)?.identified, { from: 19, to: 1019 });
    // Another watch of the service does not know who answered before it.
    recorder.take([named(1500, 1500)]);
    assert.deepEqual(recorded(recorder)?.identified, { from: 1500, to: 1500 });
    recorder.disconnected();
    recorder.take([greeting(2000, [up])]);
    recorder.connected();
    assert.equal(recorded(recorder)?.identified, undefined);
    recorder.take([named(1500, 2500)]);
    assert.deepEqual(recorded(recorder)?.identified, { from: 2000, to: 2500 });
  });

  it('ends early where a message can not be read, and says so', () => {
    const recorder = new Recorder();
    recorder.take([greeting(0, [web([{ state: 'up', from: 0, to: null }])]), entered('down', 500)]);
    recorder.unreadable('transition: to: Invalid option');
    recorder.unreadable('gap: from: Invalid input');
    recorder.take([transition('web', 'down', 'up', 900)]);
    assert.deepEqual(stretches(recorded(recorder)).slice(-2), [
      'down 500–500.001 refused',
      'unobserved 500.001–null network',
    ]);
    assert.deepEqual(
      recorder.observed(null).marks.map(({ text }) => text),
      [
        "a message of this monitor can't be read, it may be a newer gapwatch (transition: to: Invalid option): what came later is not in this report",
      ],
    );
  });

  it('ends early where more comes than it keeps, says so, and the rest is unobserved', () => {
    const recorder = new Recorder(100);
    recorder.take([greeting(0, [web([{ state: 'up', from: 0, to: null }])])]);
    for (let n = 1; n <= 500; n++) recorder.take([entered(n % 2 === 1 ? 'down' : 'up', n * 10)]);
    recorder.take([{ type: 'mark', seq: 5, at: 5000, text: 'late' }, greeting(5001, [])]);
    recorder.take([{ type: 'heartbeat', now: 6000, seq: 5, probes: 1, missed: 0, lateMs: 0, overloaded: false }]);
    const service = recorded(recorder);
    assert.equal(service?.intervals.length, 103);
    assert.deepEqual(stretches(service).slice(-2), [
      'down 1010–1010.001 refused',
      'unobserved 1010.001–null resources',
    ]);
    assert.deepEqual(recorder.observed(null).marks, [
      { at: 1010, text: 'more than 100 events came from this monitor: what came later is not in this report' },
    ]);
    // What was sent is settled all the same.
    assert.equal(recorder.newestTime, 6000);
    assert.deepEqual(
      recorder.standings.map(({ state }) => state),
      ['unobserved'],
    );
  });

  it('ends early where hellos bring more and more services', () => {
    const recorder = new Recorder(100);
    for (let n = 1; n <= 50; n++)
      recorder.take([greeting(n, [snapshot(`one-${String(n)}`, {}), snapshot(`other-${String(n)}`, {})])]);
    assert.ok(recorder.observed(null).services.length < 60);
    assert.equal(recorder.observed(null).marks.length, 1);
  });

  it('records what it receives', () => {
    const recorder = new Recorder();
    recorder.take([greeting(0, [])]);
    recorder.take([greeting(10, [web([{ state: 'unknown', from: 10, to: null }])])]);
    recorder.take([entered('up', 20), entered('down', 100), entered('up', 400), gap('web', 100, 400)]);
    recorder.take([{ type: 'mark', seq: 5, at: 200, text: 'now' }]);
    recorder.take([{ type: 'heartbeat', now: 5000, seq: 5, probes: 1, missed: 0, lateMs: 0, overloaded: false }]);
    assert.deepEqual(stretches(recorded(recorder)), [
      'unknown 10–20',
      'up 20–100',
      'down 100–400 refused',
      'up 400–null',
    ]);
    assert.deepEqual(
      recorded(recorder)?.gaps.map(({ from, to }) => [from, to]),
      [[100, 400]],
    );
    assert.deepEqual(recorder.observed(null).marks, [{ at: 200, text: 'now' }]);
    assert.equal(recorder.newestTime, 5000);
    assert.equal(recorder.timeoutMs, 1000);
    assert.deepEqual(
      recorder.standings.map(({ state, since }) => [state, since]),
      [['up', 400]],
    );
  });

  it('knows when the probe failed that was sent before the command', () => {
    const recorder = new Recorder();
    recorder.take([greeting(0, [web([{ state: 'up', from: 0, to: null }])])]);
    recorder.take([transition('web', 'up', 'down', 1780, { notBefore: 1700, notAfter: 2010 }), entered('up', 2300)]);
    recorder.take([gap('web', 1780, 2300)]);
    const lineOf = (startedAt: number): string => {
      const window = { from: 0, to: 5000 };
      const report = buildReport([recorder.observed(null)], window, startedAt);
      return showGapLine(report.vantages[0]!.services[0]!.gaps[0]!);
    };
    assert.match(lineOf(2000), / from a probe that was sent before the command and failed at \+10 ms, /);
    // It failed before the command as well: then it was down before it.
    assert.match(lineOf(2020), / from −0\.24 s, /);
    assert.match(lineOf(1000), / from \+0\.78 s, /);
  });

  it('gives all times by this clock where the other one is ahead', () => {
    const recorder = new Recorder();
    recorder.take([greeting(1000, [web([{ state: 'up', from: 500, to: null }], { gaps: [gap('web', 100, 500)] })])]);
    recorder.take([entered('down', 2000)]);
    recorder.take([{ type: 'open-gap', service: 'web', from: 2000, durationMs: 5, minMs: 0, failed: 1, reasons: [] }]);
    const there = recorder.observed({ offsetMs: 100, uncertaintyMs: 1 });
    assert.deepEqual(stretches(there.services[0]), ['up 400–1900', 'down 1900–null refused']);
    assert.equal(there.services[0]?.gaps[0]?.from, 0);
    assert.equal(there.services[0].gaps[0].durationMs, 400);
    assert.equal(there.services[0].openGap?.from, 1900);
    assert.deepEqual(there.clock, { offsetMs: 100, uncertaintyMs: 1 });
  });

  it('knows all of the time in which a feed was lost, where that resumed', () => {
    const recorder = new Recorder();
    recorder.take([greeting(100, [web([{ state: 'up', from: 0, to: null }])])]);
    recorder.disconnected();
    recorder.take([entered('down', 300), entered('up', 500), gap('web', 300, 500)]);
    const timeline: TimelineInterval[] = [
      { state: 'up', from: 0, to: 300 },
      { state: 'down', from: 300, to: 500 },
      { state: 'up', from: 500, to: null },
    ];
    recorder.take([greeting(900, [web(timeline, { gaps: [gap('web', 300, 500)] })], { resumed: true })]);
    recorder.connected();
    assert.deepEqual(stretches(recorded(recorder)), ['up 0–300', 'down 300–500 refused', 'up 500–null']);
    assert.equal(recorded(recorder)?.gaps.length, 1);
  });

  it('takes from a hello what it knows of the time that could not be resumed', () => {
    const recorder = new Recorder();
    recorder.take([greeting(100, [web([{ state: 'up', from: 0, to: null }])])]);
    recorder.disconnected();
    const timeline: TimelineInterval[] = [
      { state: 'up', from: 50, to: 300 },
      { state: 'down', from: 300, to: 500 },
      { state: 'up', from: 500, to: null },
    ];
    recorder.take([greeting(900, [web(timeline, { gaps: [gap('web', 300, 500)] })])]);
    recorder.connected();
    assert.deepEqual(stretches(recorded(recorder)), ['up 0–300', 'down 300–500', 'up 500–null']);
    assert.equal(recorded(recorder)?.gaps.length, 1);
  });

  it('has what a hello does not reach as not observed', () => {
    const recorder = new Recorder();
    recorder.take([greeting(100, [web([{ state: 'up', from: 0, to: null }])])]);
    recorder.disconnected();
    recorder.take([greeting(900, [web([{ state: 'up', from: 700, to: null }])], { id: 'another' })]);
    recorder.connected();
    assert.deepEqual(stretches(recorded(recorder)), ['up 0–100', 'unobserved 100–700 stopped', 'up 700–null']);
  });

  it('knows nothing from the last message on, while the feed is lost', () => {
    const recorder = new Recorder();
    recorder.take([greeting(100, [web([{ state: 'up', from: 0, to: null }])])]);
    recorder.disconnected();
    recorder.disconnected();
    assert.deepEqual(stretches(recorded(recorder)), ['up 0–100', 'unobserved 100–null network']);
  });

  it('knows what was before the probes whose events may be lost with the feed', () => {
    const recorder = new Recorder();
    recorder.take([greeting(100, [web([{ state: 'up', from: 0, to: null }])])]);
    const phases = { dnsMs: null, connectMs: 1, tlsMs: null, replyMs: 1 };
    for (let at = 200; at <= 4000; at += 100) {
      const answer = { result: 'up', reason: null, message: null, durationMs: 2, phases } as const;
      recorder.take([{ type: 'sample', service: 'web', at, ...answer }]);
    }
    recorder.disconnected();
    // Its timeout is a second.
    assert.deepEqual(stretches(recorded(recorder)), ['up 0–3000', 'unobserved 3000–null network']);
  });

  it('keeps that a service was seen down where the feed was lost at that moment', () => {
    const recorder = new Recorder();
    recorder.take([greeting(100, [web([{ state: 'up', from: 0, to: null }])]), entered('down', 300)]);
    recorder.disconnected();
    const lost = ['up 0–300', 'down 300–300.001 refused', 'unobserved 300.001–null network'];
    assert.deepEqual(stretches(recorded(recorder)), lost);
    const report = buildReport([recorder.observed(null)], { from: 0, to: 1000 }, null);
    const reported = report.vantages[0]?.services[0];
    assert.equal(reported?.cameBack, false);
    assert.deepEqual(
      reported.gaps.map(({ from, end }) => [from, end]),
      [[300, 'open']],
    );
    recorder.take([greeting(900, [web([{ state: 'up', from: 700, to: null }])], { id: 'another' })]);
    recorder.connected();
    const back = ['up 0–300', 'down 300–300.001 refused', 'unobserved 300.001–700 stopped', 'up 700–null'];
    assert.deepEqual(stretches(recorded(recorder)), back);
    assert.equal(
      buildReport([recorder.observed(null)], { from: 0, to: 1000 }, null).vantages[0]?.services[0]?.cameBack,
      true,
    );
  });

  it('forgets a gap that was open when the feed was lost, and was over when it came back', () => {
    const recorder = new Recorder();
    recorder.take([greeting(100, [web([{ state: 'up', from: 0, to: null }])]), entered('down', 300)]);
    recorder.take([{ type: 'open-gap', service: 'web', from: 300, durationMs: 50, minMs: 0, failed: 1, reasons: [] }]);
    recorder.disconnected();
    const still: TimelineInterval[] = [{ state: 'down', from: 300, to: null }];
    recorder.take([greeting(600, [web(still)])]);
    assert.equal(recorded(recorder)?.openGap?.from, 300);
    const over: TimelineInterval[] = [
      { state: 'down', from: 300, to: 700 },
      { state: 'up', from: 700, to: null },
    ];
    recorder.take([greeting(900, [web(over, { gaps: [gap('web', 300, 700)] })])]);
    recorder.connected();
    assert.equal(recorded(recorder)?.openGap, null);
  });

  it('keeps the past, in order, where the wall clock was set back', () => {
    const recorder = new Recorder();
    recorder.take([greeting(100, [web([{ state: 'up', from: 0, to: null }])])]);
    recorder.take([entered('down', 5000), entered('up', 2000), entered('down', 3000)]);
    const kept = ['up 0–5000', 'down 5000–5000.001 refused', 'up 5000.001–5000.002', 'down 5000.002–null refused'];
    assert.deepEqual(stretches(recorded(recorder)), kept);
  });

  it('knows the longest silence since the start of the command', () => {
    const silenceAfter = (...answeredAt: readonly number[]) => {
      const recorder = new Recorder();
      recorder.take([greeting(0, [web([{ state: 'up', from: 0, to: null }])])]);
      const answered = (ats: readonly number[]): void => {
        for (const at of ats) recorder.take([answerAt(at)]);
      };
      answered(answeredAt.filter((at) => at < 19_000));
      recorder.nextStage(20_000);
      answered(answeredAt.filter((at) => at >= 19_000));
      return recorded(recorder)?.silence;
    };
    assert.deepEqual(silenceAfter(1000, 7000, 18_000, 19_000, 21_000, 24_000), { from: 21_000, durationMs: 3000 });
    // What it began with may have begun before it.
    assert.deepEqual(silenceAfter(1000, 7000, 18_000, 22_000, 23_000), { from: 18_000, durationMs: 4000 });
    // An answer from before it may come after its start.
    assert.deepEqual(silenceAfter(1000, 19_500, 20_500), { from: 19_500, durationMs: 1000 });
  });

  it('takes no time for a silence in which the feed was lost', () => {
    const recorder = new Recorder();
    recorder.take([greeting(0, [web([{ state: 'up', from: 0, to: null }])])]);
    recorder.nextStage(500);
    for (const at of [1000, 2000]) recorder.take([answerAt(at)]);
    recorder.disconnected();
    recorder.connected();
    for (const at of [9000, 9500]) recorder.take([answerAt(at)]);
    const known = recorded(recorder);
    assert.deepEqual(known?.silence, { from: 1000, durationMs: 1000 });
    const { silences } = known.answers!.stages.during;
    assert.deepEqual(
      silences.map(({ from, to }) => to - from),
      [1000, 500],
    );
  });

  it('has a service that is no longer watched as not observed', () => {
    const recorder = new Recorder();
    recorder.take([greeting(100, [web([{ state: 'up', from: 0, to: null }])])]);
    recorder.take([greeting(300, [])]);
    assert.deepEqual(stretches(recorded(recorder)), ['up 0–300', 'unobserved 300–null stopped']);
  });
});
