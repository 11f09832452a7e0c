/**
 * A report as JUnit XML, for a CI that shows it beside the tests, valid by the schema of Jenkins' xUnit plugin (`junit-10.xsd`):
 *
 * - of a run a suite with two cases: the command, which fails unless it exited with 0, and the verdict, which passes for PASS
 *   and fails for FAIL and for NOT PROVEN, as a run that is not proven has not passed;
 * - a suite for each vantage with a case for each service, which fails where the verdict has something against it. In a report
 *   from the history, which has no verdict, any gap fails, and a service that was not observed is skipped.
 *
 * Pure.
 */
import { escapedXml } from '../core/printable.ts';
import { showAnswers } from './latency-report.ts';
import type { Fault, Report, RunFacts, ServiceReport, VantageReport, Verdict } from './report.ts';
import {
  commandFailed,
  printableReport,
  showCommand,
  showEnding,
  showEvents,
  showGapLine,
  showHint,
  showNoServices,
  showUnobserved,
} from './report-phrases.ts';

interface Case {
  readonly name: string;
  readonly suite: string;
  readonly seconds: number;
  /** One fact a line. */
  readonly facts: readonly string[];
  readonly failure: { readonly type: string; readonly message: string } | null;
  readonly skipped: string | null;
}

/** The report as JUnit XML. */
export function junit(found: Report): string {
  const report = printableReport(found);
  const suites: { name: string; cases: Case[] }[] = report.vantages.map((vantage) => ({
    name: `gapwatch from ${vantage.vantage}`,
    // A suite without a case is a fault to some readers.
    cases:
      vantage.services.length === 0 && report.run === null
        ? [emptyCase(report, vantage)]
        : vantage.services.map((service) => serviceCase(report, vantage, service)),
  }));
  const { run, verdict } = report;
  if (run !== null) {
    const cases = [commandCase(run), ...(verdict === null ? [] : [verdictCase(report, verdict)])];
    suites.unshift({ name: 'gapwatch run', cases });
  }
  const all = suites.flatMap(({ cases }) => cases);
  const seconds = (report.to - report.from) / 1000;
  // Without a zone, as its schema requires; it is UTC.
  const timestamp = new Date(report.from).toISOString().slice(0, 19);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    // Without `skipped`, which the schema does not have here.
    `<testsuites name="gapwatch" ${counts(all)} time="${seconds.toFixed(3)}">`,
    ...suites.flatMap(({ name, cases }) => [
      `  <testsuite name="${escapedXml(name)}" ${counts(cases)} skipped="${String(cases.filter(({ skipped }) => skipped !== null).length)}" time="${seconds.toFixed(3)}" timestamp="${timestamp}">`,
      ...cases.flatMap(caseLines),
      '  </testsuite>',
    ]),
    '</testsuites>',
  ];
  return `${lines.join('\n')}\n`;
}

function serviceCase(report: Report, { vantage }: VantageReport, service: ServiceReport): Case {
  const facts = [
    ...service.gaps.map((gap) => showGapLine(gap, service)),
    ...service.unobserved.map(showUnobserved),
    ...showEvents(service),
    ...showAnswers(service),
  ];
  const faults =
    report.verdict === null
      ? service.gaps.map((gap) => ({ kind: gap.end === 'open' ? 'not-back' : 'gap', text: showGapLine(gap, service) }))
      : report.verdict.faults.filter((fault: Fault) => fault.vantage === vantage && fault.service === service.service);
  const first = faults[0];
  const more = faults.length > 1 ? `; and ${String(faults.length - 1)} more` : '';
  const isUnseen = report.verdict === null && service.uptime === null;
  return {
    name: service.service,
    suite: `gapwatch.${vantage}`,
    seconds: service.downMs / 1000,
    facts,
    failure: first === undefined ? null : { type: first.kind, message: `${first.text}${more}` },
    skipped: first === undefined && isUnseen ? 'it was not observed in this time' : null,
  };
}

function emptyCase(report: Report, { vantage }: VantageReport): Case {
  const rest = { seconds: 0, facts: [], failure: null };
  return { name: 'services', suite: `gapwatch.${vantage}`, ...rest, skipped: showNoServices(report) };
}

function verdictCase({ hints }: Report, { result, sentence }: Verdict): Case {
  return {
    name: 'verdict',
    suite: 'gapwatch.run',
    seconds: 0,
    facts: [sentence, ...hints.flatMap(showHint)],
    failure: result === 'pass' ? null : { type: result, message: sentence },
    skipped: null,
  };
}

function commandCase(run: RunFacts): Case {
  const how = showEnding(run);
  return {
    name: showCommand(run.command),
    suite: 'gapwatch.run',
    seconds: (run.durationMs ?? 0) / 1000,
    facts: [how],
    failure: commandFailed(run) ? { type: 'command-failed', message: how } : null,
    skipped: null,
  };
}

function caseLines({ name, suite, seconds, facts, failure, skipped }: Case): string[] {
  const text = escapedXml(facts.join('\n'));
  const open = `    <testcase name="${escapedXml(name)}" classname="${escapedXml(suite)}" time="${seconds.toFixed(3)}">`;
  const inside: string[] = [];
  if (failure !== null) {
    inside.push(
      `      <failure type="${escapedXml(failure.type)}" message="${escapedXml(failure.message)}">${text}</failure>`,
    );
  } else if (skipped !== null) inside.push(`      <skipped message="${escapedXml(skipped)}"/>`);
  else if (facts.length > 0) inside.push(`      <system-out>${text}</system-out>`);
  return [open, ...inside, '    </testcase>'];
}

function counts(cases: readonly Case[]): string {
  const failed = cases.filter(({ failure }) => failure !== null).length;
  return `tests="${String(cases.length)}" failures="${String(failed)}" errors="0"`;
}
