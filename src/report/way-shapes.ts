/** Shapes of gaps whose cause is on the way to a service: proxies, rules, names, packets, the network of the monitor. Pure. */
import { count, countServices, list, showDuration } from '../core/format.ts';
import type { Reason, UnobservedReason } from '../core/model.ts';
import {
  closedWith,
  downWithin,
  isLoopback,
  isMostly,
  isOfTheWay,
  isOtherWay,
  isOverIPv6,
  isUnharmed,
  isWatched,
  pairs,
  placeOf,
  portOf,
  processAfter,
  siblingsOf,
  type Finding,
  type Fit,
  type Scene,
  type Seen,
  type Shape,
} from './hint-evidence.ts';
import { showGapLine, showLength, showWhen } from './report-phrases.ts';
import type { ReportGap } from './report.ts';

/**
 * Rules that are flushed and rebuilt leave gaps of about this length. Measured: 0.20 to 0.37 s with Docker 20.10, 0.6 to 0.8 s
 * with 26.1. Where a held connection survived a refusal, it may be longer: nothing else looks like that.
 */
const REBUILD_MS = { least: 100, most: 1000, mostHeld: 1500 };
/** How near to the end of the command: a daemon reports that it is ready once it has built them. */
const NEAR_END_MS = 3000;
/** Rules of many ports come back one by one: the last one waits this many times as long as the first. */
const ONE_BY_ONE = 2;
/** Gaps from which lost packets are concluded, how many times the interval one lasts at most, and how much later half of the answers may come. */
const LOSS = { gaps: 5, intervals: 10, leastMs: 1500, times: 10 };

/** The proxy for published ports died, and not what is behind it. */
export const publishedPortProxy: Shape = {
  kind: 'loopback-only',
  text: 'Down on loopback, not the service itself: usually the proxy for published ports (docker-proxy) died with the daemon, while the container kept running and other machines hardly noticed.',
  look: 'ps for docker-proxy; "userland-proxy": false in daemon.json makes loopback take the same way as other clients.',
  find: ({ seen, gapsOf }) =>
    seen
      .filter(({ service }) => isLoopback(service))
      .flatMap((one) =>
        gapsOf(one)
          .filter((gap) => isOfTheWay(gap) && isMostly(gap, 'refused'))
          .flatMap((gap): Finding[] => {
            const line = `${one.name} ${showGapLine(gap)}`;
            const other = seen.find((way) => way.service.connection === 'new' && isSpared(way, one, gap));
            if (other !== undefined) {
              return [{ text: `${line}; ${other.name} was ${spared(other, gap)}`, of: [{ one, gap }], isProof: true }];
            }
            // A proxy closes what it held, and the process behind it goes on. Where another way was down too, it was not the proxy alone.
            if (seen.some((way) => isOtherWay(one, way) && downWithin(way.service, gap) >= gap.durationMs / 2))
              return [];
            const after = processAfter(one, gap, seen);
            if (after?.is !== 'the same' || closedWith(one, gap, seen) === null) return [];
            return [{ text: `${line}; its held connection was closed, but ${after.how}`, of: [{ one, gap }] }];
          }),
      ),
};

function isSpared(way: Seen, one: Seen, gap: ReportGap): boolean {
  return isOtherWay(one, way) && isWatched(way.service, gap) && downWithin(way.service, gap) < gap.durationMs / 2;
}

function spared({ service }: Seen, gap: ReportGap): string {
  const ms = downWithin(service, gap);
  return ms === 0 ? 'up all that time' : `down for only ${showDuration(ms)} of it`;
}

/** Down over IPv6 while the same port was up over IPv4. */
export const ipv6Proxy: Shape = {
  kind: 'ipv6-proxy',
  text: 'Down over IPv6 while the same port was up over IPv4: Docker without ip6tables takes IPv6 through docker-proxy, which dies with the daemon, and IPv4 through NAT rules, which outlive it.',
  look: '"ip6tables": true in daemon.json, and whether the clients prefer IPv6.',
  find: ({ seen, gapsOf }) =>
    seen
      .filter(({ service }) => isOverIPv6(service))
      .flatMap((one) =>
        gapsOf(one)
          .filter((gap) => isOfTheWay(gap) && isMostly(gap, 'refused'))
          .flatMap((gap): Finding[] => {
            const other = seen.find(
              (way) =>
                way.vantage === one.vantage &&
                way.service.connection === 'new' &&
                !isOverIPv6(way.service) &&
                portOf(way.service) === portOf(one.service) &&
                isSpared(way, one, gap),
            );
            if (other === undefined) return [];
            const text = `${one.name} ${showGapLine(gap)}; ${other.name}, over IPv4, was ${spared(other, gap)}`;
            return [{ text, of: [{ one, gap }], isProof: true }];
          }),
      ),
};

/** Accepted and closed at once. */
export const proxyWithoutService: Shape = {
  kind: 'proxy-without-service',
  text: 'Connections were accepted and closed at once: usually a proxy or load balancer answers, with nothing behind it yet. A port check that only connects says "up" here.',
  look: 'whether the process behind the published port runs and listens, and what the proxy logs.',
  find: ({ seen, gapsOf }) =>
    seen.flatMap((one) =>
      gapsOf(one)
        .filter((gap) => isMostly(gap, 'closed'))
        .map((gap): Finding => ({ text: `${one.name} ${showGapLine(gap)}`, of: [{ one, gap }] })),
    ),
};

/** The name did not resolve. */
export const nameServer: Shape = {
  kind: 'name-server',
  text: 'The name did not resolve: the name server failed, which says nothing about the service. Who had looked the name up before, or uses the address, was not affected.',
  look: 'the name servers in /etc/resolv.conf of this machine; Docker answers names of its networks itself, and not while it restarts.',
  find: ({ seen, gapsOf }) =>
    seen.flatMap((one) =>
      gapsOf(one)
        .filter((gap) => isMostly(gap, 'dns'))
        .map((gap): Finding => {
          const byAddress = seen.find(
            (way) => isOtherAddress(way, one) && isWatched(way.service, gap) && downWithin(way.service, gap) === 0,
          );
          const proof = byAddress === undefined ? '' : `; ${byAddress.name}, on the same port, was up all that time`;
          return { text: `${one.name} ${showGapLine(gap)}${proof}`, of: [{ one, gap }], isProof: proof !== '' };
        }),
    ),
};

function isOtherAddress(way: Seen, one: Seen): boolean {
  return placeOf(way.service) !== placeOf(one.service) && portOf(way.service) === portOf(one.service);
}

/** Single failures, scattered: packets were lost. */
export const packetsLost: Shape = {
  kind: 'packets-lost',
  text: 'Single failures scattered over a while, all of them silent, between good answers as quick as ever: usually packets were lost on the way. A connection in use sends them again within 0.2 s; a new one waits a second.',
  look: 'the error counters of the links (ip -s link), full queues and connection tables (conntrack -S), and who else lost packets.',
  find: ({ seen, isExplained }) =>
    seen.flatMap((one): Finding[] => {
      const { intervalMs } = one.service;
      const most = Math.max(LOSS.leastMs, LOSS.intervals * intervalMs);
      const gaps = one.service.gaps.filter(
        (gap) => isMostly(gap, 'timeout-connect', 'timeout-reply') && gap.durationMs < most,
      );
      const [first, last] = [gaps[0], gaps.at(-1)];
      const open = gaps.filter((gap) => !isExplained(gap));
      if (gaps.length < LOSS.gaps || first === undefined || last === undefined || open.length === 0) return [];
      // What is lost is sent again, which delays some; an overload delays all.
      const { before = null, during = null } = one.service.latency ?? {};
      if ((during?.p50Ms ?? 0) > LOSS.times * (before?.p50Ms ?? Infinity)) return [];
      const failed = gaps.reduce((sum, gap) => sum + (gap.failed ?? 1), 0);
      const spanMs = (last.to ?? last.from) - first.from;
      const reasons: readonly Reason[] = [...new Set(gaps.flatMap((gap) => gap.reasons.map(({ reason }) => reason)))];
      const text = `${one.name}: ${count(failed, 'probe')} failed in ${count(gaps.length, 'gap')} within ${showDuration(spanMs)} from ${showWhen(first.from, first.fromStartMs)} (${list(reasons)})`;
      return [{ text, of: open.map((gap) => ({ one, gap })) }];
    }),
};

/** Rules were flushed and built again. */
export const rulesRebuilt: Shape = {
  kind: 'rules-rebuilt',
  text: 'A short gap for new connections: usually the daemon flushed its NAT or firewall rules as it started, and rebuilt them. The services themselves usually keep running.',
  look: 'iptables -t nat -L, or nft list ruleset, during the start; a client that retries for a second does not notice.',
  find: (scene) => {
    const rebuilds = rebuildsIn(scene);
    const orders = [...new Set(rebuilds.map(({ one }) => one.vantage))].flatMap((vantage) =>
      oneByOne(rebuilds.filter(({ one }) => one.vantage === vantage)),
    );
    return [
      ...orders,
      ...rebuilds.map(({ one, gap, held }): Finding => {
        const proof = held
          ? 'its held connection survived'
          : "without a held connection (--connection both) a restart can't be told apart";
        return { text: `${one.name} ${showGapLine(gap)}; ${proof}`, of: [{ one, gap }], isProof: held };
      }),
    ];
  },
};

/** A gap that looks like rules that were flushed and built again. */
interface Rebuild extends Fit {
  /** Whether a kept connection survived it. */
  readonly held: boolean;
}

function rebuildsIn({ seen, gapsOf, report: { run } }: Scene): Rebuild[] {
  const endedAt = run?.endedAt ?? null;
  const all = seen
    .filter(({ service }) => service.connection === 'new')
    .flatMap((one) =>
      gapsOf(one).flatMap((gap): Rebuild[] => {
        const sibling = siblingsOf(one, seen).find((other) => other.service.connection === 'kept');
        const held = sibling !== undefined && isUnharmed(sibling.service, gap);
        // A held connection that broke as well speaks against the rules.
        if ((sibling !== undefined && !held) || !isRebuild(gap) || (endedAt !== null && !isEndNear(gap, endedAt)))
          return [];
        // On loopback a short gap alone has many causes; a kept connection that survived it points to the rules.
        return isLoopback(one.service) && !held ? [] : [{ one, gap, held }];
      }),
    );
  // Those that fell with one of a usual length, and came back after it, waited for their turn.
  return all.filter((late) => isShort(late) || all.some((first) => isShort(first) && fellTogether(first, late)));
}

function isRebuild({ end, durationMs, reasons }: ReportGap): boolean {
  const rules: readonly Reason[] = ['refused', 'timeout-connect'];
  return end === 'seen' && durationMs >= REBUILD_MS.least && reasons.every(({ reason }) => rules.includes(reason));
}

function isShort({ gap, held }: Rebuild): boolean {
  return gap.durationMs <= (held && isMostly(gap, 'refused') ? REBUILD_MS.mostHeld : REBUILD_MS.most);
}

function fellTogether(first: Rebuild, late: Rebuild): boolean {
  return first.one.vantage === late.one.vantage && Math.abs(first.gap.from - late.gap.from) < 1000;
}

function isEndNear({ to, from }: ReportGap, at: number): boolean {
  return from - at < NEAR_END_MS && at - (to ?? from) < NEAR_END_MS;
}

function oneByOne(rebuilds: readonly Rebuild[]): Finding[] {
  const sorted = [...rebuilds].sort((a, b) => a.gap.durationMs - b.gap.durationMs);
  const [least, middle, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
  if (sorted.length < 3 || least === undefined || middle === undefined || most === undefined) return [];
  if (most.gap.durationMs < ONE_BY_ONE * least.gap.durationMs) return [];
  const text = `${countServices(sorted.map(({ one }) => one.service.service))} fell together and came back one by one: ${least.one.name} after ${showLength(least.gap)}, half of them after ${showDuration(middle.gap.durationMs)}, ${most.one.name} after ${showLength(most.gap)}`;
  return [{ text, isProof: true, of: sorted }];
}

/** New connections failed, held ones lived. */
export const newConnectionsOnly: Shape = {
  kind: 'new-connections-only',
  isShared: false,
  text: 'New connections failed while a held one survived: usually the way in (rules, a proxy, the listening socket) was gone, and not what is behind it. Clients that keep their connections did not notice.',
  look: 'firewall and NAT rules, the proxy or load balancer, and whether the listener was restarted with connections handed over.',
  find: ({ seen, gapsOf }) =>
    pairs(seen).flatMap(([fresh, kept]) =>
      gapsOf(fresh)
        .filter((gap) => isOfTheWay(gap) && isUnharmed(kept.service, gap))
        .map((gap): Finding => ({
          text: `${fresh.name} ${showGapLine(gap)}; ${kept.name}, over a held connection, was up all that time`,
          of: [{ one: fresh, gap }],
          isProof: true,
        })),
    ),
};

/** Everything from one place was down, and nothing from another one outside. */
export const ownPath: Shape = {
  kind: 'own-path',
  text: "Everything that this monitor watches was down, and nothing of it seen from elsewhere: usually its own machine or network. Then this says nothing about the services' users.",
  look: "routes and links of the monitor's own machine at that time.",
  find: (scene) =>
    fellAll(scene)
      .filter(({ span, vantage }) => {
        // The host's own loopback says nothing of the way to it: where only outside is down, its users are affected.
        const others = scene.seen.filter((other) => other.vantage !== vantage && !isLoopback(other.service));
        return (
          others.length > 0 &&
          others.every(({ service }) => isWatched(service, span) && downWithin(service, span) === 0)
        );
      })
      .map(({ vantage, fits, when }): Finding => {
        const text = `all services seen from ${vantage} were down at ${when}, and none of those seen from elsewhere`;
        return { text, of: fits };
      }),
};

/** Several services at several places that all fell together from one vantage, and are not explained yet. */
function fellAll({ report, seen, gapsOf }: Scene): {
  readonly vantage: string;
  readonly span: { readonly from: number; readonly to: number | null };
  readonly when: string;
  readonly fits: readonly Fit[];
}[] {
  return report.incidents.flatMap(({ vantage, from, to, fromStartMs, services }) => {
    const own = seen.filter((one) => one.vantage === vantage);
    if (own.length !== services.length || new Set(own.map(({ service }) => placeOf(service))).size < 2) return [];
    const fits = services.flatMap(({ service, gap: place }) => {
      const one = own.find((other) => other.service.service === service);
      const gap = one?.service.gaps[place];
      return one !== undefined && gap !== undefined && isOfTheWay(gap) && gapsOf(one).includes(gap)
        ? [{ one, gap }]
        : [];
    });
    // On loopback there is no path that only the monitor has.
    return fits.length < own.length ? [] : [{ vantage, span: { from, to }, when: showWhen(from, fromStartMs), fits }];
  });
}

/** Down from outside, up on the host itself. */
export const outsideOnly: Shape = {
  kind: 'outside-only',
  text: 'Down from outside while the same service was up on its own host: usually the firewall of that host, or the network between. Its users outside are affected.',
  look: "the host's firewall rules (nft list ruleset, iptables -L), its links and its routes at that time.",
  find: ({ seen, gapsOf }) =>
    seen
      .filter(({ service }) => !isLoopback(service))
      .flatMap((one) =>
        gapsOf(one)
          .filter(isOfTheWay)
          .flatMap((gap): Finding[] => {
            const inside = seen.find(
              (way) =>
                isLoopback(way.service) &&
                way.service.connection === 'new' &&
                isOtherWay(way, one) &&
                isWatched(way.service, gap) &&
                downWithin(way.service, gap) < gap.durationMs / 4,
            );
            if (inside === undefined) return [];
            const text = `${one.name} ${showGapLine(gap)}; ${inside.name}, on loopback, was ${spared(inside, gap)}`;
            return [{ text, of: [{ one, gap }], isProof: true }];
          }),
      ),
};

/** All services of a monitor at once, for no cause that another shape names. */
export const allAtOnce: Shape = {
  kind: 'all-at-once',
  text: 'All services at once: usually not the services, but what they share: the daemon, the proxy, the rules, the host, or the network of this monitor.',
  look: 'the log of the daemon and the kernel at that moment; a second vantage (--also) distinguishes a problem of the host from one of the monitor.',
  find: (scene) =>
    fellAll(scene).map(({ vantage, when, fits }): Finding => {
      const names = fits.map(({ one }) => one.service.service);
      const more = names.length > 4 ? ` and ${String(names.length - 4)} more` : '';
      const from = scene.report.vantages.length > 1 ? `, seen from ${vantage}` : '';
      return { text: `${list(names.slice(0, 4))}${more} fell within a second at ${when}${from}`, of: fits };
    }),
};

const OWN: readonly UnobservedReason[] = ['network', 'resources', 'stalled', 'suspended'];

/** The monitor itself did not run, or had no network. */
export const monitorStalled: Shape = {
  kind: 'monitor-stalled',
  text: 'The monitor itself did not look for a while: its machine was busy, asleep or without a network, or its feed was lost. That time is no outage, and no proof that there was none.',
  look: "load, descriptors and routes of the monitor's own machine; a monitor on another machine (--also) sees through it.",
  find: ({ seen }) =>
    seen.flatMap(({ name, service }) =>
      service.unobserved
        .filter(({ reason, durationMs }) => OWN.some((own) => own === reason) && durationMs >= 2 * service.intervalMs)
        .map(({ from, durationMs, reason, fromStartMs }) => ({
          text: `${name} was not observed for ${showDuration(durationMs)} from ${showWhen(from, fromStartMs)}: ${reason ?? ''}`,
        })),
    ),
};
