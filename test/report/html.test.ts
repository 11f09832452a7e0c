/** The report that shows itself, as text: its size, its policy, and that nothing of others works in it. The browser has `viewer.serial.test.ts`. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { inflateRawSync } from 'node:zlib';

import { buildReport } from '../../src/report/build-report.ts';
import { hintsOf } from '../../src/report/hints.ts';
import { html } from '../../src/report/html-report.ts';
import type { ObservedVantage } from '../../src/report/observed.ts';
import { decodeProbes } from '../../src/report/probe-encoding.ts';
import { ProbeRecord } from '../../src/report/probe-record.ts';
import type { ViewerData } from '../../src/report/viewer-data.ts';
import { judge } from '../../src/report/verdict.ts';
import { HOSTILE_TEXTS } from '../corpus/strings.ts';
import { probed } from './probe-scene.ts';
import { observed, runReport, START, vantage, within } from './scene.ts';

function documentOf(vantages: readonly ObservedVantage[], to = 8000): string {
  const { run } = runReport(vantages);
  const report = { ...buildReport(vantages, within(-2000, to), START), run };
  return html({ ...report, verdict: judge(report, run), hints: hintsOf(report) }, vantages);
}

/** What is in an element of the document. */
function contentOf(document: string, element: string): string {
  const begin = document.indexOf(element) + element.length;
  assert.ok(begin >= element.length, element);
  return document.slice(begin, document.indexOf(element.startsWith('<style') ? '</style>' : '</script>', begin));
}

function dataOf(document: string): ViewerData {
  return JSON.parse(contentOf(document, '<script type="application/json" id="data">')) as ViewerData;
}

const FAST = { intervalMs: 50, timeoutMs: 1000 };

describe('the HTML report', () => {
  it('is less than 300 kB for 40 services over two minutes at 50 ms, with every probe', (t) => {
    const services = Array.from({ length: 40 }, (_, index) => {
      const early = { from: 2000 + index * 200, to: 3500 + index * 500 };
      const late = { from: 60_000 + index, to: 60_300 + index };
      return observed(`service-${String(index)}.internal.example`, {
        info: FAST,
        falls: index % 3 === 0 ? [early, late] : [early],
      });
    });
    const [from, to] = [START - 2000, START + 118_000];
    for (const seed of [1, 2]) {
      const document = documentOf([probed(vantage('here', ...services), from, to, seed)], 118_000);
      const size = Buffer.byteLength(document);
      t.diagnostic(`${String(size)} bytes`);
      assert.ok(size < 300_000, String(size));
      const { rows, outcomes } = dataOf(document);
      const sent = rows.reduce((sum, { probes }) => sum + probes, 0);
      assert.ok(Math.abs(sent - 96_000) < 100, String(sent));
      const bytes = inflateRawSync(
        Buffer.from(contentOf(document, '<script type="text/plain" id="probes">'), 'base64'),
      );
      const [first] = decodeProbes(bytes, rows);
      const failed = first!.outcome.filter((place) => outcomes[place]?.result === 'down').length;
      assert.ok(Math.abs(failed - (1500 + 300) / 50) <= 3, String(failed));
      assert.ok(new Set(outcomes.map(({ text }) => text)).size > 4);
    }
  });

  it('forbids itself every request, and allows its own script and style alone', () => {
    const document = documentOf([probed(vantage('here', observed('web')), START - 2000, START + 8000)]);
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(document)?.[1] ?? '';
    const hash = (element: string): string =>
      createHash('sha256').update(contentOf(document, element)).digest('base64');
    assert.equal(
      policy,
      `default-src 'none'; script-src 'sha256-${hash('<script>')}'; style-src 'sha256-${hash('<style>')}'; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    assert.doesNotMatch(
      document.replaceAll('href="data:,"', ''),
      /\b(src|href|action|srcset)=|@import|url\((?!#)|\son\w+=|\sstyle=/i,
    );
    assert.equal(document.match(/<script/g)?.length, 3);
    assert.equal(document.match(/<\/script/g)?.length, 3);
  });

  it('shows hostile names, messages, marks and commands as text', () => {
    const nasty = [
      '</script><script>alert(1)</script>',
      '<!--<script>',
      '"><img src=x onerror=alert(1)>',
      ']]>',
      '</style>',
      '&lt;',
    ];
    for (const { text, seen, unseen } of [
      ...HOSTILE_TEXTS,
      ...nasty.map((one) => ({ text: one, seen: one, unseen: '' })),
    ]) {
      const record = new ProbeRecord();
      const phases = { dnsMs: null, connectMs: null, tlsMs: null, replyMs: null };
      record.take({
        ...{
          type: 'sample',
          service: text,
          at: START + 10,
          durationMs: 2,
          result: 'down',
          reason: 'error',
          message: text,
          phases,
        },
      });
      const changed = { type: 'identity' as const, seq: 1, service: text, at: START + 20, was: text, is: `${text}2` };
      const where = {
        ...vantage(text, {
          ...observed(text, { falls: [{ from: 10, to: 400 }], lostAt: [10] }),
          identities: [changed],
        }),
      };
      const vantages = [
        { ...where, marks: [{ at: START + 30, text }], probes: record.observed(0) },
        vantage('here', observed('web')),
      ];
      const { run } = runReport(vantages, { command: ['echo', text] });
      const report = { ...buildReport(vantages, within(-2000, 8000), START), run };
      const document = html({ ...report, verdict: judge(report, run), hints: hintsOf(report) }, vantages);
      for (const char of unseen)
        assert.ok(!document.includes(char), `${JSON.stringify(char)} of ${JSON.stringify(text)}`);
      assert.equal(Buffer.from(document).toString(), document, 'no half of a pair');
      assert.equal(document.match(/<script/gi)?.length, 3, text);
      assert.equal(document.match(/<\/script/gi)?.length, 3, text);
      assert.doesNotMatch(document, /<img|<!--/);
      assert.equal(document.match(/<\/style/g)?.length, 1);
      const { rows, marks, outcomes } = dataOf(document);
      assert.ok(rows[0]?.service.includes(seen), rows[0]?.service);
      assert.ok(marks[0]?.text.includes(seen));
      assert.ok(outcomes[0]?.text.includes(seen));
    }
  });

  it('says what it has not: probes of a history, and those that were dropped', () => {
    const seen = [vantage('here', observed('web', { falls: [{ from: 100, to: 400 }] }))];
    const past = html(buildReport(seen, within(-60_000, 60_000), null), seen);
    assert.match(past, /Single probes are not in here: a history keeps states and gaps\./);
    assert.match(past, /<h1>gapwatch report<\/h1>/);
    const all = probed(seen[0]!, START - 2000, START + 8000);
    const dropped = { ...all, probes: { ...all.probes!, droppedUntil: START - 500 } };
    assert.match(documentOf([dropped]), /Older probes were dropped: of the first 1\.50 s not all are there\./);
    assert.match(documentOf([all]), /Every single probe of the window is in here: 10\d\./);
  });

  it('has gaps, unobserved time and the evidence of hints lead to their place in the timelines', () => {
    const restarted = { type: 'identity' as const, seq: 1, service: 'web', at: START + 2360, was: 'a', is: 'b' };
    const web = { ...observed('web', { falls: [{ from: 2100, to: 2350 }] }), identities: [restarted] };
    const document = documentOf([vantage('here', observed('api', { unobserved: [{ from: 1000, to: 1410 }] }), web)]);
    const links = [
      ...document.matchAll(
        /<button type="button" data-row="(\d+)" data-from="([\d.-]+)" data-to="([\d.-]+)">([^<]+)</g,
      ),
    ];
    const of = (row: string, begin: RegExp): string[][] =>
      links
        .filter((link) => link[1] === row && begin.test(link[4] ?? ''))
        .map((link) => [link[2] ?? '', link[3] ?? '']);
    assert.deepEqual(of('0', /^not observed for 0\.41 s from \+1\.00 s/), [['3000.0', '3410.0']]);
    assert.deepEqual(of('1', /^down 0\.25 s/), [['4100.0', '4350.0']]);
    assert.deepEqual(of('1', /^web down 0\.25 s/), [['4100.0', '4350.0']]);
    assert.match(document, /<p class="verdict"><strong>✗ FAIL<\/strong> web was down 0\.25 s/);
  });

  it('does not list thousands of gaps, but draws them', () => {
    const falls = Array.from({ length: 2000 }, (_, n) => ({ from: n * 4, to: n * 4 + 2 }));
    const document = documentOf([vantage('here', observed('web', { falls }))]);
    assert.match(document, /<li>… 1900 older ones in --report FILE\.json<\/li>/);
    assert.equal(dataOf(document).rows[0]?.gaps.length, 2000);
    assert.ok(Buffer.byteLength(document) < 500_000);
  });
});
