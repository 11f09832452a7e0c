/**
 * A report as one HTML file that shows itself: verdict, hints and table as text, and the timelines drawn, down to the single probe. It
 * requests nothing, and its policy forbids that. All text of others is printable and escaped.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';

import { count, showDuration, showTime } from '../core/format.ts';
import { wordOf } from '../core/model.ts';
import { toJson, escapedXml } from '../core/printable.ts';
import { showAnswers } from './latency-report.ts';
import type { ObservedVantage } from './observed.ts';
import {
  eachService,
  ownMarks,
  printableReport,
  showCommand,
  showEnding,
  showEvents,
  showEvidence,
  showGapLine,
  showLength,
  showNoServices,
  showSeen,
  showSum,
  showUnobserved,
  showVantage,
  showWhen,
} from './report-phrases.ts';
import type { Report, ReportGap, ServiceReport } from './report.ts';
import { aboutProbes, gapEnd, viewerFile } from './viewer-data.ts';

const ASSETS = new URL('./viewer/assets/', import.meta.url);
/** Lines of a service in the table: the newest. */
const LINES = 100;

const VERDICTS = { pass: '✓ PASS', fail: '✗ FAIL', 'not-proven': '? NOT PROVEN' } as const;

/**
 * The report as an HTML document.
 * @param observed what it was made from, for the single probes
 * @throws Error where the viewer was not built
 */
export function html(found: Report, observed: readonly ObservedVantage[]): string {
  const report = printableReport(found);
  const file = viewerFile(found, observed);
  const [style, script] = [asset('viewer.css'), asset('viewer.js')];
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
  const title = report.run === null ? 'gapwatch report' : `gapwatch run: ${showCommand(report.run.command)}`;
  const packed = deflateRawSync(file.probes, { level: 9 }).toString('base64');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapedXml(title)}</title>
<style>${style}</style>
</head>
<body data-verdict="${report.verdict?.result ?? ''}">
<header>
${heading(report)}
</header>
<main>
${hints(report)}
<section id="timelines" aria-labelledby="timelines-head">
<h2 id="timelines-head">Timelines</h2>
<noscript><p>The timelines are drawn by a script, which does not run here. The table has all that is in them but the single probes.</p></noscript>
</section>
${services(report)}
${marks(report)}
</main>
<footer>
<p>${escapedXml(aboutProbes(file))}</p>
<p>Written by ${report.program.name} ${escapedXml(report.program.version)}. This file requests nothing from any host.</p>
</footer>
<script type="application/json" id="data">${scriptJson(file.data)}</script>
<script type="text/plain" id="probes">${packed}</script>
<script>${script}</script>
</body>
</html>
`;
}

function asset(name: string): string {
  try {
    return readFileSync(new URL(name, ASSETS), 'utf8').trim();
  } catch (error) {
    throw new Error(`the viewer of reports was not built (${name} is missing): npm run build`, { cause: error });
  }
}

function hashOf(inline: string): string {
  return `'sha256-${createHash('sha256').update(inline).digest('base64')}'`;
}

/** JSON that can't end the element that it is in. */
function scriptJson(value: unknown): string {
  return toJson(value).replaceAll('<', '\\u003c');
}

function heading(report: Report): string {
  const { run, verdict, from, to } = report;
  const window = `${showTime(from)} to ${showTime(to)} (${showDuration(to - from)})`;
  const where = report.vantages.map((vantage) => `seen from ${showVantage(vantage)}`).join('; ');
  const sentence = verdict?.sentence.replace(/^(PASS|FAIL|NOT PROVEN): /, '');
  return [
    run === null
      ? '<h1>gapwatch report</h1>'
      : `<h1><code>${escapedXml(showCommand(run.command))}</code> <small>${escapedXml(showEnding(run))}</small></h1>`,
    ...(verdict === null || sentence === undefined
      ? []
      : [`<p class="verdict"><strong>${VERDICTS[verdict.result]}</strong> ${escapedXml(sentence)}</p>`]),
    `<p class="soft">${escapedXml(window)}, ${escapedXml(where)}</p>`,
  ].join('\n');
}

/** A button that shows a stretch of the timelines. @param row the place of the service among all */
function link(text: string, row: number, from: number, to: number): string {
  return `<button type="button" data-row="${String(row)}" data-from="${from.toFixed(1)}" data-to="${to.toFixed(1)}">${escapedXml(text)}</button>`;
}

function hints(report: Report): string {
  if (report.hints.length === 0) return '';
  const articles = report.hints.map((hint) => {
    const { text, look } = hint;
    const seen = showEvidence(hint).map((fact) => {
      const target = targetOf(fact, report);
      return `<li>${target === null ? escapedXml(fact) : link(fact, target.row, target.from - report.from, target.to - report.from)}</li>`;
    });
    return `<article><h3>${escapedXml(text)}</h3>\n<ul>${seen.join('\n')}</ul>\n<p><b>Look at</b> ${escapedXml(look)}</p></article>`;
  });
  return `<section class="hints" aria-labelledby="hints-head"><h2 id="hints-head">What it looks like</h2>\n${articles.join('\n')}\n</section>`;
}

/** The stretch that a line of evidence is about: of the service that it names first, the one whose beginning it says, or the longest gap. */
function targetOf(
  fact: string,
  report: Report,
): { readonly row: number; readonly from: number; readonly to: number } | null {
  const several = report.vantages.length > 1;
  const named = eachService(report)
    .map(({ vantage, service }, row) => ({ row, service, name: showSeen(service.service, vantage.vantage, several) }))
    .filter(({ name }) => fact.includes(name))
    .sort((a, b) => fact.indexOf(a.name) - fact.indexOf(b.name) || b.name.length - a.name.length);
  for (const { row, service } of named) {
    const said = placesOf(service, report).find(({ when }) => fact.includes(when));
    if (said !== undefined) return { ...said, row };
  }
  const [first] = named;
  const gaps = first?.service.gaps.toSorted((a, b) => b.durationMs - a.durationMs) ?? [];
  return first === undefined || gaps[0] === undefined
    ? null
    : { row: first.row, from: gaps[0].from, to: gapEnd(gaps[0], report.to) };
}

/** The gaps of a service, and what was not observed of it, in the order of time. */
function placesOf(service: ServiceReport, { to }: Report): { from: number; to: number; when: string; text: string }[] {
  const gaps = service.gaps.map((gap) => ({
    gap,
    from: gap.from,
    to: gapEnd(gap, to),
    text: showGapLine(gap, service),
  }));
  const unobserved = service.unobserved.map((gap) => ({ gap, from: gap.from, to: gap.to, text: showUnobserved(gap) }));
  return [...gaps, ...unobserved]
    .sort((a, b) => a.from - b.from)
    .map(({ gap, ...place }) => ({ ...place, when: `from ${showWhen(gap.from, gap.fromStartMs)}` }));
}

const HEADS = ['Service', 'State', 'Down', 'Longest gap', 'Not observed', 'What happened'];

function services(report: Report): string {
  const several = report.vantages.length > 1;
  const rows = eachService(report).map(({ vantage, service }, row) => {
    const longest = service.gaps.reduce<ReportGap | null>(
      (most, gap) => (most === null || gap.durationMs > most.durationMs ? gap : most),
      null,
    );
    const cells = [
      wordOf(service.state, service),
      showSum(service),
      longest === null ? '–' : showLength(longest),
      service.unobservedMs === 0 ? '–' : showDuration(service.unobservedMs),
    ];
    const name = showSeen(service.service, vantage.vantage, several);
    const facts = cells.map(
      (cell, column) =>
        `<td role="cell" data-head="${HEADS[column + 1] ?? ''}"${cell === '–' ? ' data-none' : ''}>${escapedXml(cell)}</td>`,
    );
    return `<tr role="row" data-state="${worstOf(service)}"><th role="rowheader" scope="row">${escapedXml(name)}</th>${facts.join('')}<td role="cell"><ul>${linesOf(service, row, report).join('')}</ul></td></tr>`;
  });
  const head = '<section aria-labelledby="services-head"><h2 id="services-head">Services</h2>';
  if (rows.length === 0) return `${head}<p>${showNoServices(report)}</p></section>`;
  const heads = HEADS.map((each) => `<th role="columnheader" scope="col">${each}</th>`).join('');
  return `${head}
<table role="table"><thead role="rowgroup"><tr role="row">${heads}</tr></thead>
<tbody role="rowgroup">${rows.join('\n')}</tbody></table></section>`;
}

/** What is said of a service of which nothing else happened. */
function unharmed({ asks, connectionsLost, partialMs }: ServiceReport): string {
  if (asks === false) return `${connectionsLost.length > 0 ? '' : 'not broken, '}nothing is sent on this connection`;
  return partialMs > 0 ? `up from some vantages only for ${showDuration(partialMs)}` : 'up all the time';
}

function worstOf({ downMs, partialMs, unobservedMs, cameBack }: ServiceReport): string {
  if (downMs > 0 || !cameBack) return 'down';
  return partialMs > 0 ? 'partial' : unobservedMs > 0 ? 'unobserved' : 'up';
}

/** What happened to a service, a line each: the gaps and what was not observed lead to their place. */
function linesOf(service: ServiceReport, row: number, report: Report): string[] {
  const placed = placesOf(service, report).map(({ from, to, text }) => {
    return link(text, row, from - report.from, to - report.from);
  });
  const left = placed.length - LINES;
  const words = [
    ...(placed.length === 0 && service.unknownMs === 0 ? [unharmed(service)] : []),
    ...(service.unknownMs > 0 ? [`not known for ${showDuration(service.unknownMs)}: no answer yet`] : []),
    ...showEvents(service).slice(-LINES),
    ...showAnswers(service),
  ];
  const note = left > 0 ? [`… ${count(left, 'older one')} in --report FILE.json`] : [];
  return [...note.map(escapedXml), ...placed.slice(-LINES), ...words.map(escapedXml)].map((line) => `<li>${line}</li>`);
}

function marks(report: Report): string {
  const all = ownMarks(report);
  if (all.length === 0) return '';
  const lines = all.map(
    ({ at, fromStartMs, text }) => `<li>${escapedXml(`${showWhen(at, fromStartMs)}  ${text}`)}</li>`,
  );
  return `<section aria-labelledby="marks-head"><h2 id="marks-head">Marks</h2><ul>${lines.join('\n')}</ul></section>`;
}
