/** The gaps of a report as incidents, each vantage for itself. Pure. */
import { type Incident, Incidents } from '../core/incidents.ts';
import type { IncidentReport, ReportGap, VantageReport } from './report.ts';

interface ScheduledService {
  readonly service: string;
  /** Its place among the gaps of its service. */
  readonly place: number;
  readonly gap: ReportGap;
}

/** The incidents of all vantages, oldest first. */
export function incidentsOf(
  vantages: readonly VantageReport[],
  fromStart: (at: number) => number | null,
): IncidentReport[] {
  return vantages.flatMap((one) => incidentsAt(one, fromStart)).sort((a, b) => a.from - b.from);
}

function incidentsAt({ vantage, services }: VantageReport, fromStart: (at: number) => number | null): IncidentReport[] {
  const placed = services
    .flatMap(({ service, gaps }) => gaps.map((gap, place): ScheduledService => ({ service, place, gap })))
    .sort((a, b) => a.gap.from - b.gap.from);
  const incidents = new Incidents();
  const members = new Map<Incident, ScheduledService[]>();
  for (const one of placed) {
    const { service, gap } = one;
    const incident = incidents.fell({ service, at: gap.from, reason: gap.reasons[0]?.reason ?? null, message: null });
    const all = members.get(incident);
    if (all === undefined) members.set(incident, [one]);
    else all.push(one);
  }
  return Array.from(members.values(), (all) => {
    const from = Math.min(...all.map(({ gap }) => gap.from));
    const ends = all.map(({ gap }) => gap.to);
    return {
      vantage,
      from,
      to: ends.every((end) => end !== null) ? Math.max(...ends) : null,
      longestGapMs: Math.max(...all.map(({ gap }) => gap.durationMs)),
      fromStartMs: fromStart(from),
      services: all.map(({ service, place }) => ({ service, gap: place })),
    };
  });
}
