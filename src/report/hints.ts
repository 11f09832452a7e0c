/**
 * What the pattern of the gaps usually means: the shapes that restarts of daemons were measured to have. Hints with their
 * evidence, never facts: a closed port looks the same whatever closed it. Pure.
 */
import { showDuration, list } from '../core/format.ts';
import type { UnobservedReason } from '../core/model.ts';
import type { Hint, Report, ReportGap } from './report.ts';
import {
  downWithin,
  isLoopback,
  isOfTheWay,
  isOtherWay,
  isSibling,
  isTelling,
  isUnharmed,
  isUpAround,
  isWatched,
  pairs,
  placeOf,
  replacedIn,
  type Seen,
} from './hint-evidence.ts';
import { eachService, showGapLine, showSeen, showWhen } from './report-phrases.ts';

/** Rules that are flushed and rebuilt leave gaps of about this length. Measured: 0.20 to 0.37 s with Docker 20.10, 0.6 to 0.8 s with 26.1. */
const REBUILD_MS = { least: 100, most: 1000 };
/** How near to the end of the command: a daemon reports that it is ready once it has built them. */
const NEAR_END_MS = 3000;
/** Lines of evidence that are shown. */
const EVIDENCE = 5;

/** All hints that the evidence fits, the most specific first. */
export function hintsOf(found: Report): Hint[] {
  const report = asking(found);
  const several = report.vantages.length > 1;
  const seen = eachService(report).map(({ vantage: { vantage }, service }): Seen => {
    return { vantage, service, name: showSeen(service.service, vantage, several) };
  });
  const rebuilds = rebuildsIn(seen, report);
  const hints = [
    processReplaced(seen),
    processFrozen(seen),
    loopbackOnly(seen),
    rulesRebuilt(rebuilds),
    newConnectionsOnly(seen, new Set(rebuilds.map(({ gap }) => gap))),
    keptConnectionsOnly(seen),
    proxyWithoutService(seen),
    allAtOnce(report),
    ownPath(report, seen),
  ];
  return hints.filter((hint) => hint !== null);
}

/** The report without kept connections on which nothing is sent: that one is not broken is no evidence for anything. */
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

function loopbackOnly(seen: readonly Seen[]): Hint | null {
  const evidence = seen
    .filter(({ service }) => isLoopback(service) && service.connection === 'new')
    .flatMap((here) => {
      const others = seen.filter((other) => isOtherWay(here, other) && other.service.connection === 'new');
      return here.service.gaps
        .filter(isProxyDeath)
        .flatMap((gap) =>
          others
            .filter(({ service }) => isWatched(service, gap) && downWithin(service, gap) < gap.durationMs / 2)
            .map((other) => `${here.name} ${showGapLine(gap)}; ${other.name} was ${spared(other, gap)}`),
        );
    });
  return hint(evidence, {
    kind: 'loopback-only',
    text: 'Down on loopback while the same service was up by another way: usually the proxy for published ports (docker-proxy) died with the daemon, while the container kept running and other machines hardly noticed.',
    look: 'ps for docker-proxy; "userland-proxy": false in daemon.json makes loopback take the same way as other clients.',
  });
}

/** Where a proxy died nothing listens: one refused probe may be anything. */
function isProxyDeath(gap: ReportGap): boolean {
  const [main] = gap.reasons;
  return isOfTheWay(gap) && main?.reason === 'refused' && (main.count === null || main.count > 1);
}

function processReplaced(seen: readonly Seen[]): Hint | null {
  const evidence = seen.flatMap((one) =>
    one.service.gaps.flatMap((gap) => {
      const how = replacedIn(one, gap, seen);
      return how === null || !isTelling(gap) ? [] : [`${one.name} ${showGapLine(gap)}; ${how}`];
    }),
  );
  return hint(evidence, {
    kind: 'process-replaced',
    text: 'The process was replaced: an ordinary restart of the service itself. Clients that hold connections have to connect again.',
    look: 'whether it was to be restarted; containers restart with their daemon unless live-restore is on.',
  });
}

function processFrozen(seen: readonly Seen[]): Hint | null {
  const evidence = seen.flatMap((one) =>
    one.service.gaps
      .filter((gap) => isFreeze(gap, one.service.intervalMs) && replacedIn(one, gap, seen) === null)
      .map((gap) => `${one.name} ${showGapLine(gap, one.service)}; what waited was answered in the end`),
  );
  return hint(evidence, {
    kind: 'process-frozen',
    text: 'Silent, then the waiting requests were answered late: usually the same process was frozen (stopped, paused, blocked), and not replaced.',
    look: 'docker pause, signals, a stalled disk or log pipe, a long collection of garbage, a blocking command.',
  });
}

function isFreeze(gap: ReportGap, intervalMs: number): boolean {
  const { silenceMs, durationMs, reasons, end } = gap;
  const isLate = typeof silenceMs === 'number' && silenceMs - durationMs > 2 * intervalMs + durationMs / 20;
  return end === 'seen' && isTelling(gap) && isLate && reasons.every(({ reason }) => reason === 'timeout-reply');
}

function spared({ service }: Seen, gap: ReportGap): string {
  const ms = downWithin(service, gap);
  return ms === 0 ? 'up all that time' : `down for only ${showDuration(ms)} of it`;
}

/** A gap that looks like rules that were flushed and built again. */
interface Rebuild {
  readonly name: string;
  readonly gap: ReportGap;
  /** Whether a kept connection survived it. */
  readonly held: boolean;
}

function rebuildsIn(seen: readonly Seen[], { run }: Report): Rebuild[] {
  const endedAt = run?.endedAt ?? null;
  return seen
    .filter(({ service }) => service.connection === 'new')
    .flatMap((one) => {
      const fits = one.service.gaps.filter((gap) => isRebuild(gap) && (endedAt === null || isNear(gap, endedAt)));
      const sibling = seen.find((other) => isSibling(one, other) && other.service.connection === 'kept');
      return fits.flatMap((gap) => {
        const held = sibling !== undefined && isUnharmed(sibling.service, gap);
        // A held connection that broke as well, or another process, speaks against the rules.
        if ((sibling !== undefined && !held) || replacedIn(one, gap, seen) !== null) return [];
        // On loopback a short gap alone has many causes; a kept connection that survived it points to the rules.
        return isLoopback(one.service) && !held ? [] : [{ name: one.name, gap, held }];
      });
    });
}

function rulesRebuilt(rebuilds: readonly Rebuild[]): Hint | null {
  const evidence = rebuilds.map(
    ({ name, gap, held }) =>
      `${name} ${showGapLine(gap)}${held ? '; its held connection survived' : "; without a held connection (--connection both) a restart can't be told apart"}`,
  );
  return hint(evidence, {
    kind: 'rules-rebuilt',
    text: 'A short gap for new connections: usually the daemon flushed its NAT or firewall rules as it started, and rebuilt them. The services themselves usually keep running.',
    look: 'iptables -t nat -L, or nft list ruleset, during the start; a client that retries for a second does not notice.',
  });
}

function isRebuild(gap: ReportGap): boolean {
  const { end, durationMs, reasons } = gap;
  const rules = ['refused', 'timeout-connect', 'unreachable'];
  const isLong = durationMs < REBUILD_MS.least || durationMs > REBUILD_MS.most;
  return isTelling(gap) && end === 'seen' && !isLong && reasons.every(({ reason }) => rules.includes(reason));
}

function isNear({ from, to }: ReportGap, at: number): boolean {
  return from - at < NEAR_END_MS && at - (to ?? from) < NEAR_END_MS;
}

/** @param covered gaps that another hint covers already */
function newConnectionsOnly(seen: readonly Seen[], covered: ReadonlySet<ReportGap>): Hint | null {
  const evidence = pairs(seen).flatMap(([fresh, kept]) =>
    fresh.service.gaps
      .filter((gap) => isOfTheWay(gap) && !covered.has(gap) && isUnharmed(kept.service, gap))
      .map((gap) => `${fresh.name} ${showGapLine(gap)}; ${kept.name}, over a held connection, was up all that time`),
  );
  return hint(evidence, {
    kind: 'new-connections-only',
    text: 'New connections failed while a held one survived: usually the way in (rules, a proxy, the listening socket) was gone, and not what is behind it. Clients that keep their connections did not notice.',
    look: 'firewall and NAT rules, the proxy or load balancer, and whether the listener was restarted with connections handed over.',
  });
}

function keptConnectionsOnly(seen: readonly Seen[]): Hint | null {
  const evidence = pairs(seen).flatMap(([fresh, kept]) =>
    kept.service.connectionsLost
      .filter(({ at }) => isUpAround(fresh.service, at))
      .map(({ at, reason, fromStartMs }) => {
        return `${kept.name} lost its connection at ${showWhen(at, fromStartMs)} (${reason}); ${fresh.name}, by new connections, was up`;
      }),
  );
  return hint(evidence, {
    kind: 'kept-connections-only',
    text: 'A held connection broke while new ones worked: usually a restart so quick, or a hand-over to another process, that only connected clients noticed. Connection pools have to reconnect.',
    look: 'whether the process was replaced, idle time-outs of proxies, and how the clients retry what was under way.',
  });
}

function proxyWithoutService(seen: readonly Seen[]): Hint | null {
  const evidence = seen.flatMap(({ name, service }) =>
    service.gaps.filter(isHollow).map((gap) => `${name} ${showGapLine(gap)}`),
  );
  return hint(evidence, {
    kind: 'proxy-without-service',
    text: 'Connections were accepted and closed at once: usually a proxy or load balancer answers, with nothing behind it yet. A port check that only connects says "up" here.',
    look: 'whether the process behind the published port runs and listens, and what the proxy logs.',
  });
}

/** A listener that ends closes one connection too. */
function isHollow({ reasons }: ReportGap): boolean {
  const closed = reasons.find(({ reason }) => reason === 'closed');
  return closed !== undefined && (reasons.length === 1 || (closed.count ?? 0) > 1);
}

function allAtOnce(report: Report): Hint | null {
  const evidence = report.vantages.flatMap(({ vantage, services }) => {
    if (new Set(services.map(placeOf)).size < 2) return [];
    return report.incidents
      .filter((one) => one.vantage === vantage && one.services.length === services.length)
      .map((one) => {
        const names = one.services.map(({ service }) => service);
        return `${list(names.slice(0, 4))}${names.length > 4 ? ` and ${String(names.length - 4)} more` : ''} fell within a second at ${showWhen(one.from, one.fromStartMs)}${report.vantages.length > 1 ? `, seen from ${vantage}` : ''}`;
      });
  });
  return hint(evidence, {
    kind: 'all-at-once',
    text: 'All services at once: usually not the services, but what they share: the daemon, the proxy, the rules, the host, or the network of this monitor.',
    look: 'the log of the daemon and the kernel at that moment; a second vantage (--also) distinguishes a problem of the host from one of the monitor.',
  });
}

const OWN: readonly UnobservedReason[] = ['network', 'resources', 'stalled', 'suspended'];

function ownPath(report: Report, seen: readonly Seen[]): Hint | null {
  const unobserved = seen.flatMap(({ name, service }) =>
    service.unobserved
      .filter(({ reason, durationMs }) => OWN.some((own) => own === reason) && durationMs >= 2 * service.intervalMs)
      .map(
        ({ from, durationMs, reason, fromStartMs }) =>
          `${name} was not observed for ${showDuration(durationMs)} from ${showWhen(from, fromStartMs)}: ${reason ?? ''}`,
      ),
  );
  const alone = report.incidents
    .filter(({ vantage, services }) => {
      const own = report.vantages.find((one) => one.vantage === vantage);
      // On loopback there is no path that only the monitor has: see `loopback-only`.
      const isAll = own !== undefined && own.services.length > 1 && own.services.length === services.length;
      return isAll && !own.services.some(isLoopback) && new Set(own.services.map(placeOf)).size > 1;
    })
    .filter((incident) => {
      // The host's own loopback says nothing of the way to it: where only outside is down, its users are affected.
      const others = seen.filter(({ vantage, service }) => vantage !== incident.vantage && !isLoopback(service));
      const span = { from: incident.from, to: incident.to };
      return (
        others.length > 0 && others.every(({ service }) => isWatched(service, span) && downWithin(service, span) === 0)
      );
    })
    .map(
      ({ vantage, from, fromStartMs }) =>
        `all services of ${vantage} were down at ${showWhen(from, fromStartMs)}, and none of any other vantage`,
    );
  return hint([...unobserved, ...alone], {
    kind: 'own-path',
    text: "Usually this monitor alone was affected: its machine, its load or its network. Then this says nothing about the services' users.",
    look: "load, descriptors, routes and links of the monitor's own machine at that time.",
  });
}

/** A hint, where there is evidence. */
function hint(evidence: readonly string[], about: Omit<Hint, 'evidence'>): Hint | null {
  if (evidence.length === 0) return null;
  const more = evidence.length - EVIDENCE;
  const shown = more > 0 ? [...evidence.slice(0, EVIDENCE), `and ${String(more)} more like these`] : [...evidence];
  return { ...about, evidence: shown };
}
