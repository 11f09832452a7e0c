/** Reports of very many events and services: alone, as they take seconds of the processor. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { buildReport } from '../../src/report/build-report.ts';
import { hintsOf } from '../../src/report/hints.ts';
import { historyText } from '../../src/report/history-text.ts';
import { junit } from '../../src/report/junit.ts';
import { markdown } from '../../src/report/markdown.ts';
import type { Report } from '../../src/report/report.ts';
import { runText } from '../../src/report/run-text.ts';
import { Recorder } from '../../src/report/run-recorder.ts';
import { svg } from '../../src/report/svg.ts';
import { judge } from '../../src/report/verdict.ts';
import { gap, hello, snapshot, transition } from '../support/builders.ts';
import { observed, runReport, vantage } from './scene.ts';

describe('a report of very many', () => {
  it('events is made in every form', () => {
    const recorder = new Recorder();
    recorder.take([hello([snapshot('web', { timeline: [{ state: 'up', from: 0, to: null }] })])]);
    for (let n = 1; n <= 130_000; n++) {
      const at = n * 10;
      recorder.take([
        transition('web', 'up', 'down', at),
        transition('web', 'up', 'up', at + 3),
        gap('web', at, at + 3),
        transition('web', 'up', 'unobserved', at + 5),
      ]);
      recorder.take([{ type: 'connection-lost', seq: n, service: 'web', at, reason: 'closed', message: 'closed' }]);
    }
    const report = buildReport([recorder.observed(null)], { from: 0, to: 1.4e6 }, null);
    assert.equal(report.vantages[0]?.services[0]?.longestGapMs, 3);
    for (const form of [svg, markdown, junit, historyText, hintsOf]) assert.ok(form(report).length >= 0, form.name);
  });

  it('gaps or services takes no longer to be put into words', () => {
    const falls = Array.from({ length: 100_000 }, (_, n) => ({ from: n * 0.07, to: n * 0.07 + 0.03 }));
    // Of the processor, as others may use it too.
    const began = process.cpuUsage();
    const text = textOf([observed('web', { falls })]);
    assert.match(text, /^FAIL: web was down .* in \d+ gaps, the longest /m);
    const many = Array.from({ length: 3000 }, (_, n) =>
      observed(`web-${String(n)}`, { falls: [{ from: n % 1000, to: 2000 + (n % 7) }] }),
    );
    assert.match(textOf(many), /^3000 services down least /m);
    const { user } = process.cpuUsage(began);
    assert.ok(user < 30_000_000, `${String(user)} µs`);
  });
});

function textOf(services: Parameters<typeof vantage>[1][]): string {
  const report = runReport([vantage('here', ...services)], services.length === 1 ? { endedAt: null } : {});
  const hinted: Report = { ...report, hints: hintsOf(report) };
  return runText({ ...hinted, verdict: judge(hinted, report.run) }, report.run);
}
