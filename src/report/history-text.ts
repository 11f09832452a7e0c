/** A report from the history as a table and lines for people. Pure. */
import { countServices, showDuration, showLostWrites, showShare, showTime, showUptime, list } from '../core/format.ts';
import { wordOf } from '../core/model.ts';
import { table } from '../core/text-width.ts';
import type { IdentityChange, IncidentReport, LostConnection, Report, ServiceReport, WritesGone } from './report.ts';
import {
  eachService,
  printableReport,
  shortId,
  showCause,
  showLength,
  showNoServices,
  showSeen,
  showHint,
  showUnobserved,
  sumOfGapsMs,
} from './report-phrases.ts';

/** Entries of a section that are printed: the newest. */
const HISTORY_LINES = 40;
/** Of one service, where there are many gaps. */
const EACH_SERVICE = 10;

/** A report from the history: a table, then what happened, oldest first. */
export function historyText(found: Report): string {
  const report = printableReport(found);
  const several = report.vantages.length > 1;
  const seen = eachService(report);
  const name = (service: string, vantage: string): string => showSeen(service, vantage, several);
  const rows = seen.map(({ vantage: { vantage }, service }) => [
    name(service.service, vantage),
    wordOf(service.state, service).toUpperCase(),
    showUptime(service, report.to - report.from),
    String(service.gaps.length),
    service.gaps.length === 0 ? '–' : showDuration(service.longestGapMs),
    service.gaps.length === 0 ? '–' : showDuration(sumOfGapsMs(service)),
    service.unobservedMs === 0 ? '–' : showDuration(service.unobservedMs),
  ]);
  const head = ['service', 'state', 'uptime', 'gaps', 'longest', 'down', 'unobserved'];
  const where = list(report.vantages.map(({ vantage }) => vantage));
  const lines = [
    `From ${showTime(report.from)} to ${showTime(report.to)} (${showDuration(report.to - report.from)}), seen from ${where}`,
    '',
    rows.length === 0 ? showNoServices(report) : table([head, ...rows], 2).trimEnd(),
  ];
  const planned = seen.flatMap(({ vantage: { vantage }, service }) => {
    if (service.planned === undefined) return [];
    const { downMs, uptimeWithout } = service.planned;
    return [
      `${name(service.service, vantage)}  ${showDuration(downMs)} down; uptime ${showShare(uptimeWithout)} without that`,
    ];
  });
  lines.push(...section('Planned', planned));
  const { shown, more } = spread(report.incidents);
  lines.push(...section('Gaps', incidentLines(report, shown), more));
  lines.push(
    ...section(
      'Not observed',
      sorted(
        unobservedLines(seen.map(({ vantage: { vantage }, service }) => [name(service.service, vantage), service])),
      ),
    ),
  );
  const events = seen.flatMap(({ vantage: { vantage }, service }) =>
    [...service.connectionsLost, ...service.identities, ...service.lostWrites].map((event) => ({
      at: event.at,
      text: `${showTime(event.at)}  ${name(service.service, vantage)}  ${showHistoryEvent(event)}`,
    })),
  );
  lines.push(...section('Connections and processes', sorted(events)));
  lines.push(
    ...section(
      'Marks',
      report.marks.map(({ at, text }) => `${showTime(at)}  ${text}`),
    ),
  );
  lines.push(...report.hints.flatMap((hint) => ['', ...showHint(hint)]));
  return `${lines.join('\n')}\n`;
}

function showHistoryEvent(event: LostConnection | IdentityChange | WritesGone): string {
  if ('count' in event) return showLostWrites(event.count);
  if ('was' in event) return `another ${event.what ?? 'process'}: ${shortId(event.was)} → ${shortId(event.is)}`;
  return `connection lost: ${event.reason}`;
}

/** The newest incidents, so chosen that a service which flaps does not hide the others. */
function spread(all: readonly IncidentReport[]): { shown: IncidentReport[]; more: number } {
  const counts = new Map<string, number>();
  const shown: IncidentReport[] = [];
  for (const incident of [...all].reverse()) {
    if (shown.length === HISTORY_LINES) break;
    const names = incident.services.map(({ service }) => `${incident.vantage}/${service}`);
    if (names.every((one) => (counts.get(one) ?? 0) >= EACH_SERVICE)) continue;
    for (const one of names) counts.set(one, (counts.get(one) ?? 0) + 1);
    shown.unshift(incident);
  }
  return { shown, more: all.length - shown.length };
}

/** What was not observed; services with the same span share a line. */
function unobservedLines(
  services: readonly (readonly [name: string, ServiceReport])[],
): { at: number; text: string }[] {
  const together = new Map<string, { one: ServiceReport['unobserved'][number]; names: string[] }>();
  for (const [name, { unobserved }] of services) {
    for (const one of unobserved) {
      const key = [one.from, one.to, one.reason].join();
      const same = together.get(key);
      if (same === undefined) together.set(key, { one, names: [name] });
      else same.names.push(name);
    }
  }
  return Array.from(together.values(), ({ one, names }) => {
    const all = names.length > 1 && names.length === services.length ? `all ${countServices(names)}` : '';
    return { at: one.from, text: `${all === '' ? list(names) : all} ${showUnobserved(one)}` };
  });
}

/** Each incident; of several services with a line for each. */
function incidentLines(report: Report, incidents: readonly IncidentReport[]): string[] {
  const several = report.vantages.length > 1;
  const reported = (vantage: string, service: string): ServiceReport | undefined =>
    report.vantages.find((one) => one.vantage === vantage)?.services.find((one) => one.service === service);
  return incidents.map(({ vantage, from, services, longestGapMs }) => {
    const shown = services.flatMap(({ service, gap: place }) => {
      const one = reported(vantage, service);
      const gap = one?.gaps[place];
      if (gap === undefined) return [];
      const name = showSeen(service, vantage, several);
      return [
        `${showTime(gap.from)}  ${name}  down ${showLength(gap)}${gap.planned === true ? ', planned' : ''}${showCause(gap, one)}`,
      ];
    });
    if (shown.length === 1) return shown[0] ?? '';
    const longest = showDuration(longestGapMs);
    const head = `${showTime(from)}  ${countServices(services.map(({ service }) => service))} fell together, the longest gap ${longest}:`;
    return [head, ...shown.map((line) => `  ${line}`)].join('\n');
  });
}

/** @param more entries that were left out already */
function section(title: string, entries: readonly string[], more = 0): string[] {
  if (entries.length === 0) return [];
  const left = Math.max(0, entries.length - HISTORY_LINES) + more;
  const note = left > 0 ? [`… ${String(left)} more are in --report FILE.json`] : [];
  return ['', `${title}:`, ...note, ...entries.slice(-HISTORY_LINES)];
}

function sorted(entries: readonly { readonly at: number; readonly text: string }[]): string[] {
  return [...entries].sort((a, b) => a.at - b.at).map(({ text }) => text);
}
