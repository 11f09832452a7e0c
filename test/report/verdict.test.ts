/** The verdict on a run. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Verdict } from '../../src/report/report.ts';
import { hintsOf } from '../../src/report/hints.ts';
import { historyText } from '../../src/report/history-text.ts';
import { runText } from '../../src/report/run-text.ts';
import { judge } from '../../src/report/verdict.ts';
import { budget, runReport, observed, START, type Story, vantage } from './scene.ts';

function verdictOn(reported: Story, allowed = budget()): Verdict {
  const report = runReport([vantage('here', observed('web', reported))], { budget: allowed });
  return judge(report, report.run);
}

describe('the verdict', () => {
  it('passes what was up all the time', () => {
    const { result, faults, sentence } = verdictOn({});
    assert.equal(result, 'pass');
    assert.deepEqual(faults, []);
    assert.equal(sentence, 'PASS: 1 service up all the time (systemctl restart docker, seen from here).');
  });

  it('is not proven where the interval is longer than a budget that was named', () => {
    const { result, faults, sentence } = verdictOn({ info: { intervalMs: 1000 } }, budget(200));
    assert.equal(result, 'not-proven');
    assert.deepEqual(
      faults.map(({ kind }) => kind),
      ['unobserved'],
    );
    assert.match(
      sentence,
      /^NOT PROVEN: web was probed every 1\.00 s, too seldom to show every gap over the budget of 0\.20 s: use a/,
    );
    // Without one, the sentence says how far apart the probes were; one that is as long can be shown.
    assert.equal(verdictOn({ info: { intervalMs: 1000 } }).result, 'pass');
    assert.equal(verdictOn({ info: { intervalMs: 1000 } }, budget(1000)).result, 'pass');
  });

  it('is bad for any gap where none is allowed', () => {
    const { result, faults, sentence } = verdictOn({ falls: [{ from: 1000, to: 1250 }] });
    assert.equal(result, 'fail');
    assert.deepEqual(
      faults.map(({ kind }) => kind),
      ['gap'],
    );
    assert.equal(
      sentence,
      'FAIL: web was down 0.25 s (0.15–0.35) from +1.00 s (systemctl restart docker, seen from here).',
    );
  });

  it('fails where acknowledged writes are gone, whatever the budget, and says it in every form', () => {
    const lost = (at: number, count: number) =>
      ({ type: 'lost-writes', seq: 1, service: 'cache', at: START + at, count }) as const;
    const addresses = { was: '10.0.0.1:6379', is: '10.0.0.2:6379', what: 'master' } as const;
    const service = {
      ...observed('cache', { falls: [{ from: 1000, to: 1250 }] }),
      identities: [{ type: 'identity', seq: 1, service: 'cache', at: START + 1250, ...addresses } as const],
      lostWrites: [lost(-90_000, 7), lost(1310, 11), lost(1400, 1)],
    };
    const report = runReport([vantage('here', service)], { budget: budget(60_000) });
    const { result, faults, sentence } = judge(report, report.run);
    assert.equal(result, 'fail');
    assert.deepEqual(
      faults.map(({ kind }) => kind),
      ['lost-writes'],
    );
    assert.equal(
      sentence,
      'FAIL: cache lost 12 acknowledged writes, found at +1.31 s (systemctl restart docker, seen from here).',
    );
    const text = runText(report, report.run);
    assert.match(text, /12 acknowledged writes are gone, found at \+1\.31 s/);
    assert.match(text, /another master since \+1\.25 s at the latest: 10\.0\.0\.1:6379 → 10\.0\.0\.2:6379/);
    const past = historyText(report);
    assert.match(past, / cache {2}11 acknowledged writes are gone\n/);
    assert.match(past, / cache {2}another master: 10\.0\.0\.1:6379 → 10\.0\.0\.2:6379\n/);
    assert.deepEqual(report.vantages[0]?.services[0]?.lostWrites, [
      { at: START + 1310, count: 11, fromStartMs: 1310 },
      { at: START + 1400, count: 1, fromStartMs: 1400 },
    ]);
  });

  it('fails where the figure is over the budget, and proves nothing where only its upper bound is', () => {
    const over = verdictOn({ falls: [{ from: 1000, to: 1550 }] }, budget(500));
    assert.equal(over.result, 'fail');
    assert.match(over.sentence, /over the budget of 0\.50 s, though its lower bound is within it/);
    const clearly = verdictOn({ falls: [{ from: 1000, to: 1550, errorMs: 20 }] }, budget(500));
    assert.doesNotMatch(clearly.sentence, /bound/);
    const near = verdictOn({ falls: [{ from: 1000, to: 1450 }] }, budget(500));
    assert.equal(near.result, 'not-proven');
    assert.equal(
      near.sentence,
      'NOT PROVEN: web was down 0.45 s (0.35–0.55) from +1.00 s, within the budget of 0.50 s, but its upper bound is over it: an interval of 50ms or less (-i) may settle it (systemctl restart docker, seen from here).',
    );
    assert.deepEqual(
      near.faults.map(({ kind }) => kind),
      ['bounds'],
    );
    assert.equal(verdictOn({ falls: [{ from: 1000, to: 1450, errorMs: 50 }] }, budget(500)).result, 'pass');
    // At the budget itself no interval is short enough.
    assert.match(
      verdictOn({ falls: [{ from: 1000, to: 1500 }] }, budget(500)).sentence,
      /too near to each other for any interval/,
    );
    // A fault that was seen counts more.
    const both = [
      { from: 1000, to: 1450 },
      { from: 3000, to: 3900 },
    ];
    assert.equal(verdictOn({ falls: both }, budget(500)).result, 'fail');
    assert.doesNotMatch(verdictOn({ falls: both }, budget(500)).sentence, /not observed|0\.45/);
  });

  it('proves nothing by a clock that was set during the watch, but what counts whenever it was', () => {
    const verdict = (steppedMs: number, ...services: Parameters<typeof vantage>[1][]) => {
      const there = { ...vantage('rack-2', ...services), clock: { offsetMs: 0, uncertaintyMs: 1, steppedMs } };
      const report = runReport([there]);
      return judge(report, report.run);
    };
    assert.equal(
      verdict(3_600_000, observed('web')).sentence,
      "NOT PROVEN: web was watched by a clock that was set: that of rack-2 was set ahead by 1 h 00 min during the watch, so its gaps can't be placed (systemctl restart docker, seen from rack-2).",
    );
    const fell = observed('web', { falls: [{ from: 1000, to: 1500 }] });
    assert.equal(verdict(-3_600_000, fell).result, 'not-proven');
    assert.match(verdict(-3_600_000, fell).sentence, /set back by/);
    assert.equal(verdict(3_600_000, observed('web', { falls: [{ from: 1000, to: null }] })).result, 'fail');
  });

  it('never passes a freeze that is longer than the budget', () => {
    const frozen = { from: 1000, to: 3200, errorMs: 100, reason: 'timeout-reply' as const, silenceMs: 3200 };
    const { result, sentence } = verdictOn({ falls: [frozen] }, budget(2500));
    assert.equal(result, 'not-proven');
    assert.match(
      sentence,
      /within the budget of 2\.50 s, but without an answer for 3\.20 s \(systemctl restart docker, seen from .*\)\.$/,
    );
    assert.equal(verdictOn({ falls: [frozen] }, budget(3200)).result, 'pass');

    // Shorter than the deadline: no probe failed at all.
    const silence = { from: START + 100, durationMs: 930 };
    const report = (maxGapMs: number) =>
      runReport([vantage('here', { ...observed('web'), silence })], { budget: budget(maxGapMs) });
    const late = report(500);
    assert.equal(
      judge(late, late.run).sentence,
      'NOT PROVEN: web was without an answer for 0.93 s from +0.10 s, over the budget of 0.50 s, though all answers came in the end (systemctl restart docker, seen from here).',
    );
    assert.equal(judge(report(900), report(900).run).result, 'pass');
    // Without a budget only failures count.
    assert.equal(judge(report(0), report(0).run).result, 'pass');
  });

  it('sums the gaps of a service for --max-total', () => {
    const falls = [
      { from: 1000, to: 1400 },
      { from: 2000, to: 2400 },
    ];
    const { result, faults } = verdictOn({ falls }, budget(500, 700));
    assert.equal(result, 'fail');
    assert.deepEqual(
      faults.map(({ kind }) => kind),
      ['total'],
    );
    const near = verdictOn({ falls }, budget(500, 800));
    assert.equal(near.result, 'not-proven');
    assert.match(near.sentence, /down 0\.80 s in all, within the budget of 0\.80 s, but at most 1\.00 s: /);
    assert.equal(verdictOn({ falls }, budget(500, 1000)).result, 'pass');
    // What was not observed may have been down too, and comes on top of the upper bounds.
    const unobserved = [{ from: 4000, to: 4300 }];
    const unseen = verdictOn({ falls, unobserved }, budget(500, 1299));
    assert.equal(unseen.result, 'not-proven');
    assert.match(unseen.sentence, /not observed for 0\.30 s: it could have been down for more than 1\.30 s in all/);
    assert.equal(verdictOn({ falls, unobserved }, budget(500, 1300)).result, 'pass');
  });

  it('is bad for a service that did not come back, whatever the budget', () => {
    const { result, faults, sentence } = verdictOn({ falls: [{ from: 1000, to: null }] }, budget(60_000));
    assert.equal(result, 'fail');
    assert.deepEqual(
      faults.map(({ kind }) => kind),
      ['not-back'],
    );
    assert.match(
      sentence,
      /^FAIL: web did not come back, 7\.00 s so far \(at least .*\) from \+1\.00 s: refused \(systemctl restart docker, seen from .*\)\.$/,
    );
  });

  it('is never a pass by blindness', () => {
    const unobserved = [{ from: 4000, to: 4600 }];
    const { result, sentence } = verdictOn({ unobserved });
    assert.equal(result, 'not-proven');
    assert.equal(sentence, 'NOT PROVEN: web was not observed for 0.60 s (systemctl restart docker, seen from here).');
    assert.equal(verdictOn({ unobserved }, budget(500)).result, 'not-proven');
    const allowed = verdictOn({ unobserved }, budget(600));
    assert.equal(allowed.result, 'pass');
    assert.equal(
      allowed.sentence,
      'PASS: 1 service never seen down, but web was not observed for 0.60 s (systemctl restart docker, seen from here).',
    );
    assert.equal(verdictOn({ unobserved }, budget(600, 500)).result, 'not-proven');
  });

  it('takes a gap beside a time of not looking for as long as both', () => {
    const reported = { falls: [{ from: 3600, to: 4000 }], unobserved: [{ from: 4000, to: 4300 }] };
    assert.equal(verdictOn(reported, budget(500)).result, 'not-proven');
    assert.equal(verdictOn(reported, budget(700)).result, 'pass');
  });

  it('mentions time that was not observed also beside a gap that is allowed', () => {
    const reported = { falls: [{ from: 1000, to: 1100 }], unobserved: [{ from: 4000, to: 4600 }] };
    const { result, sentence } = verdictOn(reported, budget(700));
    assert.equal(result, 'pass');
    assert.match(
      sentence,
      /within the budget of 0\.70 s.*, but web was not observed for 0\.60 s \(systemctl restart docker, seen from .*\)\.$/,
    );
  });

  it('has no budget for what was not observed until the end', () => {
    const { result, sentence } = verdictOn({ unobserved: [{ from: 7900, to: 9000 }] }, budget(60_000));
    assert.equal(result, 'not-proven');
    assert.equal(
      sentence,
      'NOT PROVEN: web was not observed for 0.10 s, until the end of the watch (systemctl restart docker, seen from here).',
    );
  });

  it('proves nothing by probes that are too far apart for the window', () => {
    const { result, sentence } = verdictOn({ info: { intervalMs: 5000 } });
    assert.equal(result, 'not-proven');
    assert.match(
      sentence,
      /^NOT PROVEN: web was probed only every 5\.00 s, which is not often enough for .* \(-i\) \(systemctl restart docker, seen from .*\)\.$/,
    );
    const coarse = verdictOn({ info: { intervalMs: 4000 } });
    assert.equal(coarse.result, 'pass');
    assert.equal(
      coarse.sentence,
      'PASS: 1 service up all the time, as far as probes 4 s apart can show (systemctl restart docker, seen from here).',
    );
  });

  it('proves nothing where no probe was surely sent after the end of the command', () => {
    const report = runReport([vantage('here', observed('web', { info: { intervalMs: 1000 } }))], {
      endedAt: START + 7500,
    });
    const { result, sentence } = judge(report, report.run);
    assert.equal(result, 'not-proven');
    assert.match(sentence, /the watch was over before a probe was certain to be sent after the end of the command/);
  });

  it('proves nothing where nothing was watched, from any vantage', () => {
    const nothing = runReport([vantage('here')]);
    assert.equal(
      judge(nothing, nothing.run).sentence,
      'NOT PROVEN: no service was watched (systemctl restart docker).',
    );
    const idle = runReport([vantage('here', observed('web')), vantage('hub')]);
    assert.equal(judge(idle, idle.run).result, 'not-proven');
    assert.match(
      judge(idle, idle.run).sentence,
      /; but from hub no service was watched \(systemctl restart docker, seen from .*\)\.$/,
    );
    const bad = runReport([vantage('here', observed('web', { falls: [{ from: 0, to: 500 }] })), vantage('hub')]);
    assert.equal(judge(bad, bad.run).result, 'fail');
  });

  it('is no pass where the watch was ended early', () => {
    const report = runReport([vantage('here', observed('web'))], { interrupted: 'SIGINT' });
    const { result, sentence } = judge(report, report.run);
    assert.equal(result, 'not-proven');
    assert.equal(
      sentence,
      'NOT PROVEN: 1 service up all the time; but SIGINT ended the watch early: what came later is not known (systemctl restart docker, seen from here).',
    );
  });

  it('calls a kept connection on which nothing is sent not broken, never up', () => {
    const held = observed('web (kept)', { info: { connection: 'kept', asks: false } });
    const alone = runReport([vantage('here', held)]);
    assert.equal(
      judge(alone, alone.run).sentence,
      'NOT PROVEN: 1 kept connection not broken, on which nothing is sent: that proves nothing of the service (systemctl restart docker, seen from here).',
    );
    const both = runReport([vantage('here', observed('web'), held)]);
    assert.equal(
      judge(both, both.run).sentence,
      'PASS: 1 service (2 connections) up all the time, among them 1 kept connection not broken, on which nothing is sent (systemctl restart docker, seen from here).',
    );
    const more = ['cache', 'cache (kept)'].map((name) => observed(name));
    const all = runReport([
      vantage('here', observed('web'), held, ...more),
      vantage('there', observed('web'), ...more),
    ]);
    assert.match(
      judge(all, all.run).sentence,
      /^PASS: 2 services \(4 connections\) up all the time, among them 1 kept connection not broken/,
    );
    const other = runReport([vantage('here', observed('api'), observed('web', { info: held.info }))]);
    assert.match(
      judge(other, other.run).sentence,
      /^PASS: 1 service up all the time, and 1 kept connection not broken/,
    );
    const broken = observed('web (kept)', { info: { connection: 'kept', asks: false }, lostAt: [1200] });
    const lost = runReport([vantage('here', observed('web'), broken), vantage('there', observed('web'), held)]);
    assert.match(
      judge(lost, lost.run).sentence,
      /^PASS: 1 service \(2 connections\) up all the time, among them 1 kept connection not broken, and 1 lost and opened again, on which/,
    );
    assert.match(runText(both, both.run), /^web \(kept\) was not broken: nothing is sent on a held connection/m);
    assert.match(historyText(both), /^web \(kept\) +NOT BROKEN /m);
  });

  it('does not say of a service that was up all the time which was so from some vantages only', () => {
    const web = observed('web');
    const [up] = web.intervals;
    assert.ok(up !== undefined);
    const [from, to] = [up.from + 3_601_000, up.from + 3_602_000];
    const intervals = [
      { ...up, to: from },
      { ...up, state: 'partial' as const, from, to },
      { ...up, from: to },
    ];
    const report = runReport([vantage('hub', { ...web, intervals })], { budget: budget(2000) });
    assert.match(
      judge(report, report.run).sentence,
      /^PASS: 1 service never down from everywhere, but web up from some vantages only for 1\.00 s \(/,
    );
  });

  it('counts a service with two connections once', () => {
    const twice = ['web', 'web (kept)', 'api', 'api (kept)'].map((name) => observed(name));
    const report = runReport([vantage('here', ...twice)]);
    assert.match(judge(report, report.run).sentence, /^PASS: 2 services \(4 connections\) up all the time \(/);
    assert.match(runText(report, report.run), /^2 services \(4 connections\) were up all the time/m);
  });

  it('names the worst of several, and each length beside its name', () => {
    const lost = (name: string, count: number) => ({
      ...observed(name),
      lostWrites: [{ type: 'lost-writes', seq: 1, service: name, at: START + 470, count } as const],
    });
    const writes = runReport([vantage('here', lost('few', 5), lost('many', 103))]);
    assert.match(
      judge(writes, writes.run).sentence,
      /^FAIL: many lost 103 acknowledged writes, .*, the worst of few and many \(/,
    );
    const falls = (from: number, to: number) => ({ falls: [{ from, to, reason: 'status' as const }] });
    const two = runReport([vantage('here', observed('b', falls(1000, 2050)), observed('a', falls(1010, 2030)))]);
    assert.match(runText(two, two.run), /^b and a down 1\.05 s \(\S+\) and 1\.02 s /m);
    assert.match(judge(two, two.run).sentence, /b and a were down 1\.05 s \(\S+\) and 1\.02 s /);
  });

  it('sums the gaps that it is about, and no others', () => {
    const falls = [
      { from: 100, to: 1110 },
      { from: 2640, to: 2790 },
      { from: 3020, to: 3240 },
    ];
    const report = runReport([vantage('here', observed('y', { falls }))]);
    const { sentence } = judge(report, report.run);
    assert.match(sentence, /y was down 1\.01 s .*; y was down 0\.37 s in 2 gaps, the longest 0\.22 s/);
    assert.match(runText(report, report.run), /^y down 0\.37 s in 2 gaps from \+2\.64 s to \+3\.24 s, /m);
  });

  it('names a cause for what it is the cause of', () => {
    const info = { target: 'redis://10.0.0.5:6379', kind: 'redis' } as const;
    const cache = {
      ...observed('cache', { info, falls: [{ from: 2500, to: 2770 }] }),
      identities: [{ type: 'identity', seq: 1, service: 'cache', at: START + 2780, was: 'a', is: 'b' } as const],
    };
    const web = observed('web', { falls: [{ from: 100, to: 2140, reason: 'status' }] });
    const sentenceOf = (...services: Parameters<typeof vantage>[1][]): string => {
      const report = runReport([vantage('here', ...services)]);
      return judge({ ...report, hints: hintsOf(report) }, report.run).sentence;
    };
    assert.match(sentenceOf(web, cache), /, likely because the process was replaced \(cache\) \(systemctl/);
    assert.match(sentenceOf(cache), /, likely because the process was replaced \(systemctl/);
    assert.doesNotMatch(sentenceOf(web), /likely/);
  });

  it('does not pass a budget for answers that nobody asks for', () => {
    const held = observed('web (kept)', { info: { connection: 'kept', asks: false } });
    const report = runReport([vantage('here', observed('web'), held)], { budget: { ...budget(), maxLatencyMs: 10 } });
    const { result, faults } = judge(report, report.run);
    assert.equal(result, 'not-proven');
    assert.match(faults.find(({ service }) => service === 'web (kept)')!.text, /^not asked for answers/);
  });

  it('does not fail for a connection that was lost', () => {
    assert.equal(verdictOn({ lostAt: [500] }).result, 'pass');
  });

  it('names the vantage where there are several, and mentions a command that failed', () => {
    const there = vantage('there', observed('web', { falls: [{ from: 1000, to: 1250 }] }));
    const report = runReport([vantage('here', observed('web')), there], { exitCode: 4 });
    const { faults, sentence } = judge(report, report.run);
    assert.deepEqual(
      faults.map((fault) => fault.vantage),
      ['there'],
    );
    assert.match(
      sentence,
      /^FAIL: web \(from there\) was down .*; and the command exited with 4 after 3\.00 s \(systemctl restart docker, seen from here and there\)\.$/,
    );
  });
});
