/** A report as Markdown, for an issue or a write-up of an incident. Pure. */
import { showDuration, showUptime, showTime } from '../core/format.ts';
import { wordOf } from '../core/model.ts';
import { STAGES } from './answer-record.ts';
import { fatesOf, showFate } from './fates.ts';
import { showSilence, showStage } from './latency-report.ts';
import type { Report, ServiceReport } from './report.ts';
import {
  eachService,
  printableReport,
  showCommand,
  showEnding,
  showEvents,
  showEvidence,
  showGapLine,
  showSeen,
  showNoServices,
  showSum,
  showUnobserved,
  showVantage,
  showWhen,
} from './report-phrases.ts';

/** More of one kind are in the JSON form. */
const MOST = 200;
/** A section with more lines than this is folded. */
const UNFOLDED = 12;

/** The report as Markdown: verdict, table, what happened, marks, hints. */
export function markdown(found: Report): string {
  const report = printableReport(found);
  const { run, verdict } = report;
  const lines = ['# gapwatch report', ''];
  if (verdict !== null) lines.push(`**${escaped(verdict.sentence)}**`, '');
  if (run !== null) lines.push(`- Command: ${code(showCommand(run.command))}, which ${escaped(showEnding(run))}`);
  lines.push(`- Window: ${showTime(report.from)} to ${showTime(report.to)} (${showDuration(report.to - report.from)})`);
  lines.push(`- Seen from: ${report.vantages.map((one) => escaped(showVantage(one))).join('; ')}`, '');
  const several = report.vantages.length > 1;
  const fates = fatesOf(report).slice(0, MOST);
  if (run !== null && fates.length > 0) {
    lines.push('## What was wrong', '');
    for (const fate of fates) {
      const [first = '', ...rest] = showFate(fate, several).map((line) => escaped(line.trim()));
      lines.push(`- ${first}`, ...rest.map((line) => `  - ${line}`));
    }
    lines.push('');
  }
  lines.push(...tableOf(report));
  const happened = eachService(report).flatMap(({ vantage: { vantage }, service }) => {
    const facts = factsOf(service);
    return facts.length === 0
      ? []
      : [
          '',
          `### ${escaped(showSeen(service.service, vantage, several))}`,
          '',
          ...facts.map((fact) => `- ${escaped(fact)}`),
        ];
  });
  lines.push(...folded('Answers', answersOf(report)), ...folded('What happened', happened));
  if (report.marks.length > 0) {
    const marks = report.marks.slice(-MOST);
    const words = marks.map((mark) => `- ${showWhen(mark.at, mark.fromStartMs)}: ${escaped(mark.text)}`);
    lines.push(...folded('Marks', ['', ...words]));
  }
  if (report.hints.length > 0) {
    lines.push('', '## Hints', '', 'What such a pattern usually means; not what is proven.');
    for (const hint of report.hints) {
      lines.push(
        '',
        `**${escaped(hint.text)}** (\`${hint.kind}\`)`,
        '',
        ...showEvidence(hint).map((fact) => `- Seen: ${escaped(fact)}`),
        `- Look at: ${escaped(hint.look)}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function tableOf(report: Report): string[] {
  const several = report.vantages.length > 1;
  const rows = eachService(report).map(({ vantage: { vantage }, service }) => {
    const cells = [
      escaped(showSeen(service.service, vantage, several)),
      service.cameBack ? wordOf(service.state, service) : 'did not come back',
      showUptime(service, report.to - report.from),
      showSum(service),
      service.gaps.length === 0 ? '–' : showDuration(service.longestGapMs),
      service.unobservedMs === 0 ? '–' : showDuration(service.unobservedMs),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  if (rows.length === 0) return [showNoServices(report)];
  return [
    '| service | at the end | uptime | down | longest gap | not observed |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ];
}

/** How long good answers took, where that is known. */
function answersOf(report: Report): string[] {
  const several = report.vantages.length > 1;
  const rows = eachService(report).flatMap(({ vantage: { vantage }, service }) => {
    const { latency } = service;
    if (latency === null) return [];
    const name = escaped(showSeen(service.service, vantage, several));
    const stages = STAGES.map((stage) => showStage(latency[stage]));
    return [`| ${[name, ...stages, showSilence(service) ?? '–'].join(' | ')} |`];
  });
  if (rows.length === 0) return [];
  return [
    '',
    '| service | before | during | after | longest time without |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
}

function factsOf(service: ServiceReport): string[] {
  const gaps = service.gaps.slice(-MOST).map((gap) => showGapLine(gap, service));
  const more = service.gaps.length - gaps.length;
  const older = more > 0 ? [`${String(more)} older gaps are in the JSON form`] : [];
  return [
    ...older,
    ...gaps,
    ...service.unobserved.slice(-MOST).map(showUnobserved),
    ...showEvents(service).slice(-MOST),
  ];
}

/** A section; a long one is folded, as GitHub does it. */
function folded(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  if (lines.length <= UNFOLDED) return ['', `## ${title}`, ...lines];
  return ['', `<details><summary><b>${title}</b></summary>`, ...lines, '', '</details>'];
}

/** Names and texts come from others: nothing in them is markup, a formula, or calls upon a user of GitHub. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~&$]/g, (char) => `\\${char}`).replace(/(?<!\w)@(?=\w)/g, '@<!-- -->');
}

/** Between more backquotes than there are in it. */
function code(text: string): string {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}
