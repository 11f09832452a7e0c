/** `gapwatch report`: gaps and uptime from the history. */
import { resolve } from 'node:path';

import { commandLineProblem, invalid } from '../config/config-error.ts';
import type { ArchiveReader, Window } from '../core/archive.ts';
import { showTime } from '../core/format.ts';
import { redactedUrls, safeExcerpt } from '../core/shown-url.ts';
import { defaultDataDir, NO_HOME } from '../history/data-dir.ts';
import { openArchive } from '../history/history.ts';
import { MOMENT_FORM, parseMoment } from '../core/duration.ts';
import { buildReport } from '../report/build-report.ts';
import { observedFrom } from '../report/observed.ts';
import { hintsOf } from '../report/hints.ts';
import { historyText } from '../report/history-text.ts';
import type { ReportArguments } from './options.ts';
import { reportFiles } from './report-paths.ts';
import { EXIT } from './ending.ts';
import { say } from './say.ts';

/** A monitor that runs gives a sign of life each second: what is missing at the end of the window is not missed. */
const ALIVE_MS = 5000;

/**
 * Reads the history, and prints the report. Returns the exit code.
 * @throws ConfigError, HistoryError
 */
export async function report(args: ReportArguments): Promise<number> {
  if (args.data === 'off') {
    const message = 'a report is made from a history: name the folder of one, or leave the option out';
    throw invalid([commandLineProblem('--data', message)]);
  }
  const asked = windowOf(args, Date.now());
  const dir = args.data ?? defaultDataDir(process.env);
  if (dir === null) throw invalid([commandLineProblem('--data', NO_HOME)]);
  const archive = await openArchive(resolve(dir));
  try {
    return await reportOf(archive, args, asked);
  } finally {
    await archive.close();
  }
}

async function reportOf(archive: ArchiveReader, args: ReportArguments, asked: Window): Promise<number> {
  const { services: known, reach } = await archive.overview();
  const names = known.map(({ name }) => name);
  if (args.service !== undefined && !names.includes(args.service)) {
    const there = names.length === 0 ? 'there is none yet' : `there are: ${names.join(', ')}`;
    throw invalid([commandLineProblem('--service', `the history knows no "${redactedUrls(args.service)}"; ${there}`)]);
  }
  const wanted = known.filter(({ name }) => args.service === undefined || name === args.service);
  const window = windowWithin(asked, reach);
  // A service that ended before the window is left out, unless it is asked for by name.
  const part = wanted.filter(({ firstSeen, lastSeen }) => firstSeen < window.to && lastSeen > window.from);
  const chosen = new Set((args.service === undefined ? part : wanted).map(({ name }) => name));
  const files = reportFiles(args.report);
  try {
    const cut = wanted
      .filter(({ rawSince, firstSeen }) => rawSince > Math.max(window.from, firstSeen))
      .map(({ rawSince }) => rawSince);
    const facts = buildReport([await observedFrom(archive, window, chosen)], window, null);
    const whole = { ...facts, hints: hintsOf(facts) };
    // Before the output, which may fail.
    const problems = files.write(whole);
    process.stdout.write(historyText(whole));
    if (part.length === 0 && reach !== null) say(`The history has ${showTime(reach.from)} to ${showTime(reach.to)}.`);
    if (cut.length > 0) {
      const since = showTime(Math.max(...cut));
      say(`Not all that was before ${since} is kept in single gaps: what is missing stands as unknown.`);
    }
    for (const problem of problems) say(`gapwatch: ${problem}`);
    return problems.length === 0 ? EXIT.ok : EXIT.output;
  } finally {
    files.discard();
  }
}

function windowOf(args: ReportArguments, now: number): Window {
  const to = args.until === undefined ? now : momentOf(args.until, '--until', now, now);
  const from = momentOf(args.since, '--since', to, now);
  if (from >= to) {
    const message = `${showTime(from)} is not before ${args.until === undefined ? 'now' : showTime(to)}`;
    throw invalid([commandLineProblem('--since', message)]);
  }
  return { from, to };
}

function momentOf(text: string, option: string, end: number, now: number): number {
  const at = parseMoment(text, end);
  if (at === null) throw invalid([commandLineProblem(option, `${safeExcerpt(text)} is no time; ${MOMENT_FORM}`)]);
  if (at > now) throw invalid([commandLineProblem(option, `${showTime(at)} is still to come`)]);
  return at;
}

/** The window, less the moment for which a monitor that runs has not yet given its sign of life. */
function windowWithin(asked: Window, reach: Window | null): Window {
  if (reach === null) return asked;
  const isAlive = reach.to > asked.to - ALIVE_MS && reach.to > asked.from;
  return { from: asked.from, to: isAlive ? Math.min(asked.to, reach.to) : asked.to };
}
