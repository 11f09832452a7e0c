/** `--baseline`: what an earlier report allows, and how a run compares with it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseBaseline } from '../../src/report/baseline.ts';
import type { Baseline, Report, RunFacts } from '../../src/report/report.ts';
import { runText } from '../../src/report/run-text.ts';
import { judge } from '../../src/report/verdict.ts';
import { budget, observed, runReport, type Story, vantage } from './scene.ts';

const down = (lengthMs: number, errorMs = 50): Story => ({ falls: [{ from: 100, to: 100 + lengthMs, errorMs }] });

function earlier(story: Story, name = 'here', more: object = {}): Baseline {
  const report = { ...runReport([vantage(name, observed('web', story))]), ...more };
  const read = parseBaseline(JSON.stringify(report), 'old.json');
  assert.ok(typeof read !== 'string');
  return read;
}

function against(baseline: Baseline, story: Story, run: Partial<RunFacts> = {}): Report {
  const report = runReport([vantage('here', observed('web', story))], { baseline, ...run });
  return { ...report, verdict: judge(report, report.run) };
}

describe('a baseline', () => {
  it('is no run that was interrupted', () => {
    const report = runReport([vantage('here', observed('web'))], { interrupted: 'SIGINT' });
    const read = parseBaseline(JSON.stringify(report), 'old.json');
    assert.match(typeof read === 'string' ? read : '', /interrupted: what came later is not known/);
  });

  const cases: readonly (readonly [was: Story, is: Story, result: string, says: RegExp])[] = [
    [
      down(250),
      down(800),
      'fail',
      /web was down 0\.80 s \(0\.75–0\.85\) from \+0\.10 s, before: 0\.25 s \(0\.20–0\.30\).*web worse by at least 0\.45 s/,
    ],
    [down(800), down(250), 'pass', /within the budgets.*web better by at least 0\.45 s/],
    [down(800), {}, 'pass', /up all the time.*web better by at least 0\.75 s/],
    [{}, {}, 'pass', /up all the time; compared with the baseline: 1 service the same within the bounds \(/],
    [down(250), down(250), 'pass', /1 service the same within the bounds/],
    // The bounds overlap, but it may have been longer.
    [down(250), down(310), 'not-proven', /the same within the bounds, but maybe longer; before: 0\.25 s/],
    [down(250), down(260), 'not-proven', /the same within the bounds, but maybe longer/],
    // Its end was not seen: any length of now may be longer, or shorter.
    [{ falls: [{ from: 100, to: null }] }, down(5000), 'not-proven', /before: .* without an upper bound/],
    // A shorter longest gap is no better where all together were longer, or where it did not come back.
    [down(1000), { falls: [0, 1, 2, 3].map((n) => ({ from: n * 900, to: n * 900 + 400 })) }, 'pass', /the same within/],
    [down(4000), { falls: [{ from: 7000, to: null }] }, 'fail', /did not come back.*the same within the bounds \(/],
    // There was none before: each is worse.
    [{}, down(40), 'fail', /web was down 40 ms .*, before: no gap.*web worse by at least/],
    [down(250), { falls: [{ from: 100, to: null }] }, 'fail', /did not come back/],
    [down(5000), { unobserved: [{ from: 1000, to: 1400 }] }, 'pass', /was not observed for 0\.40 s/],
    [down(250), { unobserved: [{ from: 1000, to: 1400 }] }, 'not-proven', /a gap of more than 0\.30 s could be in it/],
  ];
  for (const [was, is, result, says] of cases) {
    it(`is ${result}: ${String(says).slice(1, 60)}`, () => {
      const { verdict } = against(earlier(was), is);
      assert.equal(verdict?.result, result, verdict?.sentence);
      assert.match(verdict.sentence, says);
    });
  }

  it('is of the service with that name, whatever the host is called today; of an unknown one the usual budget counts', () => {
    assert.equal(against(earlier(down(800), 'another host'), down(250)).verdict?.result, 'pass');
    const unknown = { ...earlier(down(800)), services: [] };
    const { verdict } = against(unknown, down(250));
    assert.equal(verdict?.result, 'fail');
    assert.match(verdict.sentence, /compared with the baseline: 1 service not in it/);
  });

  it('and --max-gap: the stricter one counts', () => {
    const named = { ...budget(500), namesMaxGap: true };
    assert.equal(against(earlier(down(800)), down(600), { budget: named }).verdict?.result, 'fail');
    assert.equal(against(earlier(down(250)), down(400), { budget: named }).verdict?.result, 'fail');
    assert.equal(against(earlier(down(800)), down(300), { budget: named }).verdict?.result, 'pass');
  });

  it('is in the table, beside what was seen now', () => {
    const report = against(earlier(down(250)), down(800));
    const text = runText(report, report.run!);
    assert.match(text, /^service {2}state {2}gaps +longest +before/m);
    assert.match(text, /^web +up +1 {2}0\.80 s \(0\.75–0\.85\) {2}0\.25 s \(0\.20–0\.30\)/m);
    // What was down before and is not any more stands there too.
    const better = against(earlier(down(250)), {});
    assert.match(runText(better, better.run!), /^web +up +– +– {2}0\.25 s \(0\.20–0\.30\)/m);
  });

  it('is not that of another vantage which is there today too, and says what it has that is not watched', () => {
    const before = parseBaseline(
      JSON.stringify(runReport([vantage('here', observed('web', down(1440)), observed('cache'))])),
      'old.json',
    ) as Baseline;
    const there = vantage('rack-2', observed('web', down(1300)));
    const both = runReport([vantage('here', observed('web')), there], { baseline: before });
    assert.match(judge(both, both.run).sentence, /^FAIL: web \(from rack-2\) was down 1\.30 s/);
    // Nor where it is not known which of two it is.
    const others = runReport([vantage('rack-1', observed('web')), there], { baseline: before });
    assert.equal(judge(others, others.run).result, 'fail');
    const alone = runReport([there], { baseline: before });
    assert.match(judge(alone, alone.run).sentence, /^PASS: .*, 1 service of it not watched now \(/);
  });

  it('has the slowest answer of the earlier run as budget, as far as a busy machine allows it', () => {
    const stage = (maxMs: number) => {
      const silence = null;
      const times = { slowestAt: 1, slowestFromStartMs: 1 };
      const one = { answers: 9, p50Ms: 1, p99Ms: 1, maxMs, silence, ...times };
      return { before: one, during: one, after: null };
    };
    const slow = (maxMs: number, report: Report): Report => ({
      ...report,
      vantages: report.vantages.map((one) => ({
        ...one,
        services: one.services.map((each) => ({ ...each, latency: stage(maxMs) })),
      })),
    });
    const of = (was: number, is: number) => {
      const before = parseBaseline(
        JSON.stringify(slow(was, runReport([vantage('here', observed('web'))]))),
        'old.json',
      ) as Baseline;
      const report = slow(is, runReport([vantage('here', observed('web'))], { baseline: before }));
      return judge(report, report.run!);
    };
    assert.equal(of(10, 55).result, 'pass');
    assert.match(
      of(10, 900).sentence,
      /^FAIL: web was slow: an answer took 0\.90 s; before: 10 ms at most.*web worse the slowest answer by 0\.89 s/,
    );
    assert.match(of(900, 10).sentence, /^PASS: .*web better the slowest answer by 0\.89 s/);
  });

  const whole = runReport([vantage('here', observed('web'))]);
  const refused: readonly (readonly [what: string, text: string, says: RegExp])[] = [
    ['nothing', '', /not JSON/],
    ['no JSON', '# gapwatch report', /not JSON/],
    ['JSON of another kind', '{"format":1}', /no report of gapwatch/],
    ['a list', '[]', /no report of gapwatch/],
    ['null', 'null', /no report of gapwatch/],
    [
      'another format',
      JSON.stringify({ ...whole, format: 2 }),
      /has the format 2, and this version of gapwatch reads format 1/,
    ],
    ['no format', JSON.stringify({ ...whole, format: undefined }), /no report of gapwatch/],
    ['another program', JSON.stringify({ ...whole, program: { name: 'other' } }), /no report of gapwatch/],
    ['a report from the history', JSON.stringify({ ...whole, run: null }), /from the history/],
    [
      'a command that was not started',
      JSON.stringify({ ...whole, run: { ...whole.run, ending: 'not-started' } }),
      /was not started/,
    ],
    [
      'a length below 0',
      JSON.stringify(runReport([vantage('here', observed('web', down(-200)))])),
      /damaged: vantages\.0\.services\.0\.gaps\.0/,
    ],
    [
      'services that are none',
      JSON.stringify({ ...whole, vantages: [{ vantage: 'x', services: 7 }] }),
      /damaged: vantages\.0\.services/,
    ],
    [
      'a million services',
      JSON.stringify({ ...whole, vantages: [{ vantage: 'x', services: Array(1e5).fill(0) }] }),
      /damaged/,
    ],
    ['nested without end', '['.repeat(1e6), /not JSON/],
    ['names that are properties', '{"__proto__":{"format":1,"program":{"name":"gapwatch"}}}', /no report of gapwatch/],
  ];
  for (const [what, text, says] of refused) {
    it(`is not ${what}`, () => {
      const read = parseBaseline(text, 'old.json');
      assert.equal(typeof read, 'string');
      assert.match(read as string, says);
    });
  }
});
