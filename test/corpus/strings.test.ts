/** Hostile text at every edge at which it leaves: shown as escapes, and nothing of it works. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { fileLog } from '../../src/cli/log.ts';
import { Board } from '../../src/core/board.ts';
import { excerpt } from '../../src/core/format.ts';
import { printable, printableLines, toJson } from '../../src/core/printable.ts';
import { inColumn, table } from '../../src/core/text-width.ts';
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
import { badgeSvg } from '../../src/server/badge.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { LinesFormat, summary } from '../../src/terminal/lines-format.ts';
import { liveLine } from '../../src/terminal/live-line.ts';
import { endPrograms, run as runProgram } from '../cli/program.ts';
import { observed, runReport, START, vantage, within } from '../report/scene.ts';
import { readXml } from '../report/xml-reader.ts';
import { parsePrometheus } from '../server/prometheus.ts';
import { gap, hello, snapshot, transition } from '../support/builders.ts';
import { FOREIGN_TEXTS, HOSTILE_TEXTS, type HostileText } from './strings.ts';

/** Everything of the program that shows text of others, by its name. Each says all that it can be given. */
type Edge = (text: string) => string | Promise<string>;

function judged(text: string): Report & { run: RunFacts } {
  const service = {
    ...observed(text, {
      falls: [
        { from: 100, to: 400 },
        { from: 1000, to: null },
      ],
      lostAt: [2000],
    }),
    identities: [{ type: 'identity' as const, seq: 1, service: text, at: START + 1500, was: text, is: text }],
  };
  const where = {
    ...vantage(text, service, observed('other')),
    marks: [{ type: 'mark' as const, seq: 1, at: START + 1, text }],
  };
  const report = runReport([where, vantage('here', service)], { command: ['echo', text] });
  return { ...report, verdict: judge(report, report.run), hints: hintsOf(report) };
}

function history(text: string): Report {
  const { vantages } = { vantages: [vantage(text, observed(text, { falls: [{ from: 100, to: 400 }] }))] };
  return buildReport(vantages, within(-60_000, 60_000), null);
}

function lines(text: string): string {
  const format = new LinesFormat(true);
  const service = text;
  return [
    hello([snapshot(text, { group: text })], {}, { vantage: text }),
    transition(text, 'up', 'down', 1000, { message: text, vantage: text }),
    gap(text, 1000, 2000, { vantage: text }),
    { type: 'mark', seq: 1, at: 1, text } as const,
    { type: 'connection-lost', seq: 1, service, at: 1, reason: 'reset', message: text } as const,
    { type: 'identity', seq: 1, service, at: 1, was: text, is: text } as const,
    { type: 'lost-writes', seq: 1, service, at: 1, count: 2, vantage: text } as const,
    { type: 'status', service, at: 1, status: 'up' } as const,
  ]
    .map((message) => format.line(message) ?? '')
    .join('\n');
}

function boardOf(text: string): Board {
  const board = new Board();
  board.apply(hello([snapshot(text)], { now: 1000 }));
  return board;
}

const folder = mkdtempSync(join(tmpdir(), 'gapwatch-strings-'));

const EDGES: Readonly<Record<string, Edge>> = {
  lines,
  summary: (text) => summary(boardOf(text), 2000),
  check: (text) =>
    table(
      [
        ['service', 'why'],
        [text, text],
      ],
      2,
    ),
  'the text of a run': (text) => runText(judged(text), judged(text).run),
  'the text of a history': (text) => historyText(history(text)),
  Markdown: (text) => markdown(judged(text)).replaceAll('\\', ''),
  JUnit: (text) => junit(judged(text)),
  SVG: (text) => svg(judged(text)),
  HTML: (text) => html(judged(text), []),
  badge: (text) => badgeSvg(text, 'up'),
  JSON: (text) => toJson(judged(text), 2),
  metrics: (text) =>
    new Metrics({ board: boardOf(text), now: () => 1, counters: () => null }, { size: 0, missed: 0 }).text({
      isOpen: false,
      services: null,
      isPublic: false,
    }),
  stderr: (text) => printableLines(text),
  excerpt,
  log(text) {
    const file = join(folder, 'log');
    const log = fileLog(file, 'info');
    log.warn({ service: text }, text);
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  },
};

/** As a reader sees it, without what an edge has of its own way to escape. */
function unescaped(shown: string): string {
  return shown.replaceAll('\\\\', '\\');
}

function assertHarmless(shown: string, { unseen }: HostileText): void {
  for (const char of unseen) assert.ok(!shown.includes(char), `${JSON.stringify(char)} is in ${JSON.stringify(shown)}`);
  assert.equal(Buffer.from(shown).toString(), shown, 'no half of a pair');
  assert.doesNotMatch(shown, /^ *SPOOFED/m);
  assert.doesNotMatch(shown.replaceAll('\n', ''), /[\p{Cc}\p{Zl}\p{Zp}]/u);
}

describe('hostile text', () => {
  after(endPrograms);

  for (const [edge, show] of Object.entries(EDGES)) {
    for (const hostile of HOSTILE_TEXTS) {
      // People's own lines stay lines there.
      if (edge === 'stderr' && hostile.kind === 'line break') continue;
      it(`in ${edge}: ${hostile.kind}`, async () => {
        const shown = await show(hostile.text);
        assertHarmless(shown, hostile);
        const json = edge === 'JSON' || edge === 'log' || edge === 'excerpt';
        // JSON has no escape for what is beyond the first plane but that of the pair.
        if (!json)
          assert.ok(
            edge === 'Markdown'
              ? shown.includes(hostile.seen.replaceAll('\\', ''))
              : unescaped(shown).includes(hostile.seen),
            shown,
          );
      });
    }
  }

  it('is the same again where JSON is parsed', () => {
    for (const { text } of HOSTILE_TEXTS) assert.deepEqual(JSON.parse(toJson({ [text]: [text] })), { [text]: [text] });
  });

  it('leaves XML that can be read', () => {
    for (const { text } of HOSTILE_TEXTS) for (const show of [junit, svg]) readXml(show(judged(text)));
    for (const { text } of HOSTILE_TEXTS) readXml(badgeSvg(text, 'down'));
  });

  it('leaves metrics that can be read', async () => {
    for (const { text } of HOSTILE_TEXTS) parsePrometheus(await EDGES['metrics']!(text));
  });

  it('does not reach a terminal from the command line', async () => {
    const name = 'user\u202egpj\u200b';
    const { stdout, stderr } = await runProgram(['check', `${name}=1`]);
    assert.doesNotMatch(stdout + stderr, /[\u202e\u200b]/);
    assert.match(stdout, /user\\u202egpj\\u200b/);
    const possible = HOSTILE_TEXTS.filter(({ text }) => !text.includes('\0') && text === Buffer.from(text).toString());
    // One path that has them all: a program for each takes half a second.
    const refused = await runProgram(['watch', '--config', possible.map(({ text }) => text).join('/')]);
    assert.equal(refused.code, 2);
    assert.doesNotMatch(refused.stderr.replaceAll('\n', ''), /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
    // Lines stay lines there.
    for (const { seen, kind } of possible.filter((one) => one.kind !== 'line break'))
      assert.ok(unescaped(refused.stderr).includes(seen), `${kind}: ${refused.stderr}`);
  });
});

describe('foreign text', () => {
  it('keeps the columns', () => {
    for (const [text, cells] of FOREIGN_TEXTS) {
      assert.equal(inColumn(text, 12).replace(/ *$/, '').length + 12 - cells, inColumn(text, 12).length, text);
      const [head = '', row = ''] = table(
        [
          ['service', 'state'],
          [text, 'UP'],
        ],
        2,
      ).split('\n');
      assert.equal(row.indexOf('UP') - inColumn(text, 0).length + cells, head.indexOf('state'), row);
      const [line = ''] = lines(text).split('\n').slice(1);
      const name = inColumn(text, 0);
      const rest = line.slice(line.indexOf(name, line.indexOf(name) + name.length) + name.length);
      assert.equal(rest.indexOf('DOWN'), Math.max(4, cells) - cells + 2, line);
      const report = judged(text);
      const shown = runText(report, report.run).split('\n');
      const at = shown.findIndex((one) => one.startsWith('service '));
      const [columns = '', first = ''] = shown.slice(at);
      assert.equal(first.indexOf(name, name.length) - name.length + cells, columns.indexOf('from'), first);
    }
  });

  it('stays as it is', () => {
    for (const [text] of FOREIGN_TEXTS) if (!text.includes('\u202e')) assert.equal(printable(text), text);
    for (const text of ['👩🏽\u200d💻', '🏳\ufe0f\u200d🌈', '❤\ufe0f', 'می\u200cخواهم', 'क्\u200dष', '۝٣', 'a b', '“–”'])
      assert.equal(printable(text), text);
  });

  it('fits the live line', () => {
    for (const [name] of FOREIGN_TEXTS)
      assert.ok(liveLine('head', [{ name, state: 'up', forMs: 10 }], 60, false).includes('UP'));
  });
});
