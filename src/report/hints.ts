/**
 * What the pattern of the gaps usually means: the shapes that restarts of daemons were measured to have. Hints with their
 * evidence, never facts: a closed port looks the same whatever closed it. A cause is named once: each shape explains gaps, and
 * those that come after it see only what is not explained yet. Pure.
 */
import { count, list } from '../core/format.ts';
import {
  isLoopback,
  isOverlapping,
  isSibling,
  isTelling,
  isTogether,
  processAfter,
  siblingKey,
  siblingsOf,
  type Finding,
  type Fit,
  type Scene,
  type Seen,
  type Shape,
} from './hint-evidence.ts';
import * as processes from './process-shapes.ts';
import { eachService, showSeen } from './report-phrases.ts';
import type { Hint, Report, ReportGap } from './report.ts';
import * as ways from './way-shapes.ts';

/** All shapes, the most certain first. */
export const SHAPES: readonly Shape[] = [
  processes.lostWrites,
  processes.failover,
  processes.replaced,
  ways.nameServer,
  processes.logPipeBlocked,
  ways.publishedPortProxy,
  ways.ipv6Proxy,
  ways.proxyWithoutService,
  processes.cutOff,
  ways.packetsLost,
  processes.slowedDown,
  processes.frozen,
  ways.rulesRebuilt,
  ways.newConnectionsOnly,
  ways.ownPath,
  ways.outsideOnly,
  processes.keptConnectionsOnly,
  ways.allAtOnce,
  ways.monitorStalled,
];

/** Facts of a hint that a report keeps. */
const EVIDENCE = 100;

/** All hints that the evidence fits, the most certain first. */
export function hintsOf(found: Report): Hint[] {
  const report = asking(found);
  const several = report.vantages.length > 1;
  const idle = new Map(
    eachService(found)
      .filter(({ service: { asks = true } }) => !asks)
      .map(({ vantage: { vantage }, service }) => [siblingKey({ vantage, service }), service] as const),
  );
  const seen = eachService(report).map(({ vantage: { vantage }, service }): Seen => {
    const held = idle.get(siblingKey({ vantage, service }));
    return {
      vantage,
      service,
      name: showSeen(service.service, vantage, several),
      ...(held !== undefined && { idle: { service: held, name: showSeen(held.service, vantage, several) } }),
    };
  });
  const explained = new Set<ReportGap>();
  const gapsOf = ({ service }: Seen): ReportGap[] =>
    service.gaps.filter((gap) => isTelling(gap) && !explained.has(gap));
  const scene: Scene = { report, seen, gapsOf, isExplained: (gap) => explained.has(gap) };
  return SHAPES.flatMap((shape) => {
    const findings = withoutDoubles(shape.find(scene));
    if (findings.length === 0) return [];
    const fits = findings.flatMap(({ of = [] }) => of);
    for (const { one, gap } of fits) {
      explained.add(gap);
      for (const other of siblingsOf(one, seen)) {
        for (const its of other.service.gaps) if (isOverlapping(its, gap)) explained.add(its);
      }
    }
    const companions = shape.isShared === false ? [] : companionsOf(fits, scene);
    for (const { gap } of companions) explained.add(gap);
    return [hintOf(shape, findings, companions)];
  });
}

/** The report without kept connections on which nothing is sent. */
function asking(report: Report): Report {
  const vantages = report.vantages.map((one) => {
    return { ...one, services: one.services.filter(({ asks = true }) => asks) };
  });
  const names = new Map(vantages.map((one) => [one.vantage, new Set(one.services.map(({ service }) => service))]));
  const incidents = report.incidents.map((one) => {
    return { ...one, services: one.services.filter(({ service }) => names.get(one.vantage)?.has(service)) };
  });
  return { ...report, vantages, incidents };
}

/** A service over a kept connection says nothing more than the same over new ones that fell with it. */
function withoutDoubles(findings: readonly Finding[]): Finding[] {
  const fresh = findings.flatMap(({ of = [] }) => of).filter(({ one }) => one.service.connection === 'new');
  return findings.filter(({ of: [its, ...others] = [] }) => {
    if (its?.one.service.connection !== 'kept' || others.length > 0) return true;
    return !fresh.some(({ one, gap }) => isSibling(one, its.one) && isOverlapping(gap, its.gap));
  });
}

/** Other services that fell and came back with those of a shape, seen from the same place, for the same reason. */
function companionsOf(fits: readonly Fit[], { seen, gapsOf }: Scene): Fit[] {
  return seen.flatMap((one) =>
    gapsOf(one)
      .filter((gap) =>
        fits.some(
          (fit) =>
            fit.one !== one &&
            fit.one.vantage === one.vantage &&
            isLoopback(fit.one.service) === isLoopback(one.service) &&
            isTogether(fit.gap, gap) &&
            fit.gap.reasons[0]?.reason === gap.reasons[0]?.reason &&
            // What became of the process is known of both, and differs: not one cause.
            (processAfter(one, gap, seen)?.is ?? 'unknown') !==
              (processAfter(fit.one, fit.gap, seen)?.is === 'another' ? 'the same' : 'another'),
        ),
      )
      .map((gap) => ({ one, gap })),
  );
}

function hintOf({ kind, text, look }: Shape, findings: readonly Finding[], companions: readonly Fit[]): Hint {
  const facts = [...findings]
    .sort((a, b) => Number(b.isProof ?? false) - Number(a.isProof ?? false) || lengthOf(b) - lengthOf(a))
    .map(({ text }) => text);
  if (companions.length > 0) {
    const fresh = companions.filter(
      ({ one }) =>
        !companions.some((its) => its.one !== one && one.service.connection === 'kept' && isSibling(its.one, one)),
    );
    const names = [...new Set(fresh.map(({ one }) => one.name))];
    // Beside the strongest one.
    facts.splice(
      1,
      0,
      `${list([...names.slice(0, 3), ...(names.length > 3 ? [count(names.length - 3, 'more')] : [])])} fell and came back at the same time`,
    );
  }
  const more = facts.length - EVIDENCE;
  const evidence = more > 0 ? [...facts.slice(0, EVIDENCE), `and ${String(more)} more like these`] : facts;
  const services = [...new Set([...findings.flatMap(({ of = [] }) => of), ...companions].map(({ one }) => one.name))];
  return { kind, text, evidence, look, services };
}

function lengthOf({ of }: Finding): number {
  return Math.max(0, ...(of ?? []).map(({ gap }) => gap.durationMs));
}
