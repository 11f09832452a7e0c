/** The forms of a report: what people, scripts and CIs get. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { buildReport } from '../../src/report/build-report.ts';
import { hintsOf } from '../../src/report/hints.ts';
import { html } from '../../src/report/html-report.ts';
import { junit } from '../../src/report/junit.ts';
import { markdown } from '../../src/report/markdown.ts';
import type { Report, RunFacts } from '../../src/report/report.ts';
import { svg } from '../../src/report/svg.ts';
import { historyText } from '../../src/report/history-text.ts';
import { runText } from '../../src/report/run-text.ts';
import { judge } from '../../src/report/verdict.ts';
import { runReport, observed, START, vantage, within } from './scene.ts';
import { all, readXml } from './xml-reader.ts';

/** A name that would break out of anything. */
const NASTY = `<b>"we'b"</b> & ]]> \x1b[31m| * \ud800 ${'x'.repeat(60)}`;

function judged(vantages: Parameters<typeof runReport>[0], run: Partial<RunFacts> = {}): Report & { run: RunFacts } {
  const report = runReport(vantages, run);
  return { ...report, verdict: judge(report, report.run), hints: hintsOf(report) };
}

const FELL = observed('web', { falls: [{ from: 2100, to: 2350 }] });
const UNOBSERVED = observed('api', { unobserved: [{ from: 1000, to: 1410 }] });
const GONE = observed('cache', { falls: [{ from: 100, to: null }] });
const REPORT = judged([vantage('here', FELL, observed('fine'), UNOBSERVED, GONE)]);

describe('planned gaps', () => {
  it('count as always; the report of the history marks them, and has the uptime without them too', () => {
    const web = observed('web', {
      falls: [
        { from: 100, to: 1100 },
        { from: 2000, to: 2500 },
      ],
    });
    const gaps = web.gaps.map((gap, n) => (n === 0 ? { ...gap, planned: true } : gap));
    const report = buildReport([vantage('here', { ...web, gaps }, observed('fine'))], within(-2000, 8000), null);
    const [service, fine] = report.vantages[0]!.services;
    assert.equal(service!.uptime, 0.85);
    assert.deepEqual(service!.planned, { downMs: 1000, uptimeWithout: 8500 / 9000 });
    assert.deepEqual(
      [service!.gaps[0]!.planned, service!.gaps[1]!.planned, fine!.planned],
      [true, undefined, undefined],
    );
    const text = historyText(report);
    assert.match(text, /^web .*85\.0 %/m);
    assert.match(text, /^Planned:\nweb {2}1\.00 s down; uptime 94\.4 % without that$/m);
    assert.match(text, /web {2}down 1\.00 s \(0\.90–1\.10\), planned/);
    assert.equal(text.match(/, planned/g)?.length, 1);
  });
});

describe('a service whose process or role changed several times', () => {
  const forms = (what: 'role' | 'master' | undefined, ...pairs: readonly string[]): readonly string[] => {
    const identities = pairs.map((pair, n) => {
      const [was, is] = [pair.charAt(0), pair.charAt(1)];
      return { type: 'identity', seq: n, service: 'cache', at: START + 800 + n * 1000, was, is, what } as const;
    });
    const report = judged([vantage('here', { ...observed('cache'), identities })]);
    return [runText(report, report.run), markdown(report), junit(report)];
  };
  const cases = [
    [undefined, ['AB'], 'another process since +0.80 s at the latest: A → B'],
    [undefined, ['AB', 'BC'], 'process A until +0.80 s, C from +1.80 s, replaced twice'],
    [undefined, ['AB', 'BC', 'CD'], 'process A until +0.80 s, D from +2.80 s, replaced 3 times'],
    [undefined, ['AB', 'CD'], 'process A until +0.80 s, D from +1.80 s, replaced at least 3 times'],
    [undefined, ['AB', 'BA'], 'process A until +0.80 s, A from +1.80 s, changed twice between 2 processes'],
    ['role', ['mr', 'rm', 'mr'], 'role m until +0.80 s, r from +2.80 s, changed 3 times between 2 roles'],
    ['master', ['AB', 'BC'], 'master A until +0.80 s, C from +1.80 s, changed twice'],
  ] as const;
  for (const [what, pairs, phrase] of cases) {
    it(`says of ${pairs.join(', ')}: ${phrase}`, () => {
      for (const text of forms(what, ...pairs)) assert.ok(text.includes(phrase), text);
    });
  }

  it('is named by the beginnings of its run ids in the report of the history too', () => {
    const [was, is] = ['a', 'b'].map((digit) => digit.repeat(40)) as [string, string];
    const identities = [{ type: 'identity', seq: 1, service: 'cache', at: START, was, is } as const];
    const text = historyText(
      buildReport([vantage('here', { ...observed('cache'), identities })], within(-1000, 1000), null),
    );
    assert.match(text, /another process: aaaaaaaa… → bbbbbbbb…$/m);
  });
});

describe('a report without a service', () => {
  it('says so in every form, where the table would be empty', () => {
    const report = buildReport([vantage('here')], within(-2000, 8000), null);
    const page = html(report, []);
    for (const text of [historyText(report), markdown(report), junit(report), svg(report), page])
      assert.match(text, /Nothing was recorded in this time\./);
    for (const text of [historyText(report), markdown(report), page])
      assert.doesNotMatch(text, /<th[^>]*>Longest gap|longest +down|longest gap/);
    readXml(junit(report));
    readXml(svg(report));
    const run = judged([vantage('here')]);
    assert.match(markdown(run), /^No service was watched\.$/m);
  });
});

describe('the text of a run', () => {
  it('shows every gap relative to the start of the command', () => {
    const text = runText(REPORT, REPORT.run);
    assert.match(text, /^systemctl restart docker exited with 0 after 3\.00 s$/m);
    assert.match(text, /^web down 0\.25 s \(0\.15–0\.35\) from \+2\.10 s, refused ×3$/m);
    assert.match(text, /^fine was up all the time$/m);
    assert.match(text, /^api not observed for 0\.41 s from \+1\.00 s: stalled$/m);
    assert.match(text, /^cache down 7\.90 s so far \(at least 6\.80 s\) from \+0\.10 s, refused; did not come back$/m);
    assert.match(text.trimEnd().split('\n').at(-1) ?? '', /^FAIL: cache did not come back/);
  });

  it('says for how long there was no answer where that is more than what failed', () => {
    const textOf = (silenceMs: number): string => {
      const frozen = { from: 1000, to: 3400, reason: 'timeout-reply' as const, silenceMs };
      const report = judged([vantage('here', observed('web', { falls: [frozen] }))]);
      return runText(report, report.run);
    };
    assert.match(textOf(3400), /^web down 2\.40 s .* from \+1\.00 s, no answer for 3\.40 s, timeout-reply ×24$/m);
    // Two intervals: as far as probes 100 ms apart resolve it.
    assert.doesNotMatch(textOf(2600), /^web .*no answer/m);
  });

  it('distinguishes vantages, with their clocks', () => {
    const there = { ...vantage('there', FELL), clock: { offsetMs: -3.21, uncertaintyMs: 0.44 } };
    const report = judged([vantage('here', observed('web')), there]);
    const text = runText(report, report.run);
    assert.match(text, /^seen from here; there \(its clock 3\.2 ms behind, ± 0\.4\)$/m);
    assert.match(text, /^web \(from there\) down 0\.25 s/m);
    assert.match(text, /^web was up all the time from here$/m);
  });

  it('lets no name move the cursor', () => {
    const report = judged([vantage('here', observed(NASTY))], { command: ['sh', '-c', 'a\n\x1b[2J'] });
    // The text itself ends its lines.
    assert.doesNotMatch(runText(report, report.run).replaceAll('\n', ''), /\p{Cc}/u);
  });
});

describe('the text of a history', () => {
  it('is a table, the gaps with their times, and what was not observed', () => {
    const text = historyText(buildReport([vantage('here', FELL, UNOBSERVED)], within(-60_000, 60_000), null));
    assert.match(text, /^service {2}state {2}uptime +gaps {2}longest +down {2}unobserved$/m);
    assert.match(text, /^web +UP +99\.8 % +1 +0\.25 s +0\.25 s +–$/m);
    assert.match(text, /^\d{4}-\S+ \S+ {2}web {2}down 0\.25 s \(0\.15–0\.35\), refused ×3$/m);
    assert.match(text, /^api not observed for 0\.41 s from \d{4}-\S+ \S+: stalled$/m);
  });

  it('says of how little of the window an uptime is, and has the gaps on one basis', () => {
    // The gap began before the window: its row has the whole of it, twice.
    const began = observed('web', { falls: [{ from: -1000, to: 3930 }] });
    const text = historyText(buildReport([vantage('here', began)], within(0, 60_000), null));
    assert.match(text, /^web +UP +\S+ % +1 +4\.93 s +4\.93 s/m);
    const long = historyText(buildReport([vantage('here', observed('web'))], within(-86_400_000, 60_000), null));
    assert.match(long, /^web +UP +100 % of 1 h 01 min +0 +–/m);
  });

  it('shows services that fell together as one incident', () => {
    const other = observed('api', { falls: [{ from: 2200, to: 2500 }] });
    const text = historyText(buildReport([vantage('here', FELL, other)], within(-60_000, 60_000), null));
    assert.match(text, /2 services fell together, the longest gap 0\.30 s:\n {2}\d{4}\S+ \S+ {2}web {2}down/);
  });

  it('never says 100 % where there was downtime, and is bounded', () => {
    const falls = Array.from({ length: 100 }, (_, n) => ({ from: n * 5000, to: n * 5000 + 1 }));
    const text = historyText(buildReport([vantage('here', observed('web', { falls }))], within(0, 1e9), null));
    assert.doesNotMatch(text, /100 %/);
    assert.match(text, /… 90 more are in --report FILE\.json/);
    assert.ok(text.split('\n').length < 60);
  });
});

describe('a report of a service that flaps', () => {
  it('lists the gaps of the others too, and as one what was not observed at the same time', () => {
    const falls = Array.from({ length: 100 }, (_, n) => ({ from: 1000 + n * 5000, to: n * 5000 + 2000 }));
    const unobserved = [{ from: 700_000, to: 701_000, reason: 'stopped' as const }];
    const services = [
      observed('flapping', { falls, unobserved }),
      observed('web', { falls: [{ from: 63_500, to: 63_700 }], unobserved }),
    ];
    const text = historyText(buildReport([vantage('here', ...services)], within(0, 1e6), null));
    assert.equal(text.match(/ flapping {2}down /g)?.length, 10);
    assert.match(text, /^\S+ \S+ {2}web {2}down 0\.20 s/m);
    assert.match(text, /^all 2 services not observed for 1\.00 s from /m);
  });
});

describe('JSON', () => {
  it('has all times as numbers, offsets from the start, and nothing that JSON does not know', () => {
    const read = JSON.parse(JSON.stringify(REPORT)) as Report;
    assert.deepEqual(read, REPORT);
    const [web] = read.vantages[0]!.services;
    assert.equal(web!.gaps[0]?.fromStartMs, 2100);
    assert.equal(web!.gaps[0].toStartMs, 2350);
    assert.equal(web!.gaps[0].from, START + 2100);
    assert.equal(read.verdict?.result, 'fail');
  });
});

describe('Markdown', () => {
  it('shows names that are formulas or call upon users as they are', () => {
    const text = markdown(judged([vantage('here', observed('a $x$ @team @@ b@c', { falls: [{ from: 1, to: 2 }] }))]));
    assert.match(text, /^\| a \\\$x\\\$ @<!-- -->team @@ b@c \|/m);
  });

  it('folds what is long', () => {
    const many = Array.from({ length: 20 }, (_, n) =>
      observed(`web-${String(n)}`, { falls: [{ from: 100, to: 400 }] }),
    );
    const text = markdown(judged([vantage('here', ...many)]));
    assert.match(text, /^## What was wrong\n\n- 20 services down 0\.30 s \(0\.20–0\.40\) each/m);
    assert.match(text, /^<details><summary><b>What happened<\/b><\/summary>\n\n### web-0\n[^]*\n\n<\/details>$/m);
  });

  it('begins with the verdict, and takes no name for markup', () => {
    const report = judged([vantage('here', observed(NASTY, { falls: [{ from: 1, to: 2 }] }))]);
    const text = markdown(report);
    assert.match(text, /^# gapwatch report\n\n\*\*FAIL: /);
    const row = text.split('\n').find((line) => line.startsWith('| \\<b\\>')) ?? '';
    assert.equal(row.replaceAll('\\|', '').split('|').length, 8);
    assert.doesNotMatch(text, /(?<!\\)<b>/);
  });
});

describe('JUnit', () => {
  it('has a suite for each vantage and one for the command, a case for each service, and counts that are right', () => {
    const report = judged(
      [vantage('here', FELL, observed('fine'), UNOBSERVED, GONE), vantage('there', observed('web'))],
      {
        exitCode: 3,
      },
    );
    const root = readXml(junit(report));
    assert.equal(root.name, 'testsuites');
    assert.deepEqual(
      root.children.map((suite) =>
        ['name', 'tests', 'failures', 'errors', 'skipped'].map((key) => suite.attributes.get(key)),
      ),
      [
        ['gapwatch run', '2', '2', '0', '0'],
        ['gapwatch from here', '4', '3', '0', '0'],
        ['gapwatch from there', '1', '0', '0', '0'],
      ],
    );
    for (const suite of root.children) {
      assert.match(suite.attributes.get('timestamp') ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
      for (const one of suite.children) {
        assert.equal(one.name, 'testcase');
        assert.match(one.attributes.get('time') ?? '', /^\d+\.\d{3}$/);
        assert.ok(one.attributes.has('classname'));
        assert.ok(one.children.length <= 1);
      }
    }
    const failures = all(root, 'failure').map(({ attributes }) => attributes.get('type'));
    assert.deepEqual(failures, ['command-failed', 'fail', 'gap', 'unobserved', 'not-back']);
  });

  it('fails for a run that is not proven, whatever the reason, and passes for a pass', () => {
    const verdictOf = (report: Report): string | undefined => {
      const [verdict] = all(readXml(junit(report)), 'testcase').filter(
        ({ attributes }) => attributes.get('name') === 'verdict',
      );
      return verdict?.children.find(({ name }) => name === 'failure')?.attributes.get('type');
    };
    assert.equal(verdictOf(judged([vantage('here', observed('web'))])), undefined);
    assert.equal(verdictOf(judged([vantage('here', observed('web'))], { interrupted: 'SIGINT' })), 'not-proven');
    assert.equal(verdictOf(judged([vantage('here')])), 'not-proven');
    assert.equal(verdictOf(REPORT), 'fail');
  });

  it('fails by any gap where there is no verdict, and skips what was not observed', () => {
    const unseen = { ...observed('unseen'), intervals: [] };
    const root = readXml(junit(buildReport([vantage('here', FELL, unseen, observed('fine'))], within(0, 9000), null)));
    assert.deepEqual(
      all(root, 'testcase').map((one) => one.children[0]?.name),
      ['failure', 'skipped', undefined],
    );
  });

  it('is well formed whatever a name is', () => {
    const [one] = all(readXml(junit(judged([vantage(NASTY, observed(NASTY))]))), 'testcase').slice(-1);
    assert.match(one?.attributes.get('name') ?? '', /^<b>"we'b"<\/b> & \]\]> \\u001b\[31m/);
  });
});

describe('the drawing', () => {
  it('is to scale', () => {
    const root = readXml(svg(judged([vantage('here', FELL)])));
    const down = all(root, 'g')
      .flatMap((group) => all(group, 'rect'))
      .find((one) => one.attributes.get('class') === 'down');
    const [x, width] = [Number(down?.attributes.get('x')), Number(down?.attributes.get('width'))];
    // The window is 10 s long and begins 2 s before the start; the chart is 786 wide, from 190 on.
    assert.ok(Math.abs(x - (190 + 78.6 * 4.1)) < 0.1);
    assert.ok(Math.abs(width - 78.6 * 0.25) < 0.1);
  });

  it('says in words all that it shows, for those who do not see it', () => {
    const root = readXml(svg(REPORT));
    assert.equal(root.attributes.get('role'), 'img');
    assert.equal(root.attributes.get('aria-labelledby'), 'title desc');
    assert.equal(root.children[0]?.name, 'title');
    const description = root.children[1]?.text ?? '';
    assert.match(description, /web from here: down 0\.25 s \(0\.15–0\.35\) from \+2\.10 s/);
    assert.match(description, /api from here: not observed for 0\.41 s/);
    const words = all(root, 'text').map(({ text }) => text);
    for (const word of ['web', 'fine', '0.25 s (0.15–0.35)', '0 s', '+2 s', 'command starts', 'ends']) {
      assert.ok(words.includes(word), `${word} in ${words.join(' | ')}`);
    }
  });

  it('has colours for dark paper, and shapes that do not need them', () => {
    const source = svg(REPORT);
    assert.match(source, /prefers-color-scheme: dark/);
    const bars = all(readXml(source), 'g').flatMap((group) => all(group, 'rect'));
    const height = (state: string): string | undefined =>
      bars.find(({ attributes }) => attributes.get('class') === state)?.attributes.get('height');
    assert.notEqual(height('up'), height('down'));
    assert.match(source, /class="unobserved" fill="url\(#hatched\)"/);
    // Readers that know no variables draw them black.
    assert.doesNotMatch(source, /var\(/);
    for (const one of [
      ...all(readXml(source), 'rect'),
      ...all(readXml(source), 'text'),
      ...all(readXml(source), 'line'),
    ])
      assert.ok(one.attributes.has('fill') || one.attributes.has('stroke'), one.attributes.get('class'));
  });

  it('is well formed whatever a name is, and shows a gap that is too short for its scale', () => {
    const falls = [{ from: 1000, to: 1001 }];
    const odd = vantage(NASTY, observed(NASTY, { falls }));
    const root = readXml(svg({ ...buildReport([odd], within(-86_400_000, 86_400_000), null) }));
    const down = all(root, 'g')
      .flatMap((group) => all(group, 'rect'))
      .find((one) => one.attributes.get('class') === 'down');
    assert.ok(Number(down?.attributes.get('width')) >= 1);
  });

  it('does not grow with the number of gaps', () => {
    const falls = Array.from({ length: 20_000 }, (_, n) => ({ from: n * 1000, to: n * 1000 + 300 }));
    const source = svg(buildReport([vantage('here', observed('web', { falls }))], within(0, 20_000_000), null));
    assert.ok(source.length < 100_000, String(source.length));
  });
});
