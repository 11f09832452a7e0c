/** Shapes of gaps whose cause is the process itself: replaced, frozen, blocked, overloaded. Pure. */
import { showLatency, showLostWrites } from '../core/format.ts';
import type { Reason } from '../core/model.ts';
import {
  closedWith,
  downWithin,
  failedWith,
  isLastBefore,
  isLoopback,
  isMostly,
  isOverlapping,
  isSameService,
  isSilentIn,
  isUpAround,
  isWatched,
  mayBeOf,
  pairs,
  placeOf,
  processAfter,
  siblingsOf,
  type Finding,
  type Scene,
  type Seen,
  type Shape,
} from './hint-evidence.ts';
import { shortId, showGapLine, showWhen } from './report-phrases.ts';
import type { ReportGap } from './report.ts';

const SILENT: readonly Reason[] = ['timeout-reply', 'timeout-connect'];
/** Two that have one cause end within this time of each other. */
const SAME_END_MS = 3000;
/** A pipe is full some time after nobody reads it any more; what falls at once has another cause. */
const PIPE_FILLS_MS = 1000;
/** An overloaded service answers this many times later than before, and not sooner than this; in so many answers, or between so many gaps. */
const SLOWER = { times: 10, leastMs: 100, answers: 5, gaps: 3 };

/** Writes that were acknowledged are gone. */
export const lostWrites: Shape = {
  kind: 'lost-writes',
  text: 'Writes that Redis had acknowledged are gone: usually a replica took over that had not received them yet, or the data was older than the process (a restart without its file, an older RDB).',
  look: 'min-replicas-to-write, WAIT, appendfsync, and whether clients could go on writing to the old master.',
  find: ({ seen }) =>
    seen.flatMap((one) => {
      const [first] = one.service.lostWrites;
      if (first === undefined) return [];
      const gone = one.service.lostWrites.reduce((sum, { count }) => sum + count, 0);
      const text = `${one.name}: ${showLostWrites(gone)}, found at ${showWhen(first.at, first.fromStartMs)}`;
      return [{ text, isProof: true }];
    }),
};

/** Another master answered afterwards. */
export const failover: Shape = {
  kind: 'failover',
  text: 'Another master took over: the gap is that of the failover, from the loss of the old one until clients are told of the new one.',
  look: 'down-after-milliseconds and failover-timeout of the sentinels, and whether clients ask them again.',
  find: ({ seen, gapsOf }) =>
    seen.flatMap((one) =>
      gapsOf(one).flatMap((gap): Finding[] => {
        const change = siblingsOf(one, seen)
          .flatMap(({ service }) => service.identities)
          .find((its) => its.what === 'master' && mayBeOf(its, gap) && isLastBefore(its, gap, one.service));
        if (change === undefined) return [];
        const text = `${one.name} ${showGapLine(gap)}; then ${change.is} was the master, and ${change.was} before`;
        return [{ text, of: [{ one, gap }], isProof: true }];
      }),
    ),
};

/** Another process answered afterwards. */
export const replaced: Shape = {
  kind: 'process-replaced',
  text: 'The process was replaced: an ordinary restart of the service itself. Clients that hold connections have to connect again.',
  look: 'whether it was to be restarted; containers restart with their daemon unless live-restore is on. On loopback a docker-proxy that dies looks the same where only the held connection tells.',
  find: ({ seen, gapsOf }) => [
    ...seen.flatMap((one) =>
      gapsOf(one).flatMap((gap): Finding[] => {
        const after = processAfter(one, gap, seen);
        if (after?.is !== 'another') return [];
        return [{ text: `${one.name} ${showGapLine(gap)}; ${after.how}`, of: [{ one, gap }], isProof: true }];
      }),
    ),
    ...withoutGap(seen),
  ],
};

/** Processes that changed while no probe failed. */
function withoutGap(seen: readonly Seen[]): Finding[] {
  return seen.flatMap(({ name, service }) =>
    service.identities
      .filter((change) => change.what === undefined && !service.gaps.some((gap) => mayBeOf(change, gap)))
      .map(({ at, was, is, fromStartMs }) => {
        return {
          text: `${name} is another process since ${showWhen(at, fromStartMs)} at the latest (${shortId(was)} → ${shortId(is)}), and no probe failed`,
        };
      }),
  );
}

/** Silent, and then the same process answered what had waited. */
export const frozen: Shape = {
  kind: 'process-frozen',
  text: 'Silent while its connections stayed open: the process was frozen (stopped, paused, blocked) or hung, or is a proxy that waited for what is behind it. It was not replaced; a frozen one answers what waited, late.',
  look: 'docker pause, signals, a stalled disk or log pipe, a long garbage collection, a blocking command.',
  find: ({ seen, gapsOf }) =>
    seen.flatMap((one) =>
      gapsOf(one)
        .filter((gap) => isFreeze(one, gap, seen))
        .map((gap): Finding => {
          const after = processAfter(one, gap, seen);
          const otherwise = isLate(gap, one)
            ? 'what waited was answered in the end'
            : 'the other end did not close its held connection';
          const how = after?.is === 'the same' ? after.how : otherwise;
          return {
            text: `${one.name} ${showGapLine(gap, one.service)}; ${how}`,
            of: [{ one, gap }],
            isProof: after?.is === 'the same',
          };
        }),
    ),
};

function isFreeze(one: Seen, gap: ReportGap, seen: readonly Seen[]): boolean {
  const { reasons, end } = gap;
  if (end !== 'seen' || !reasons.every(({ reason }) => SILENT.includes(reason))) return false;
  const siblings = siblingsOf(one, seen);
  const held = siblings.filter(({ service }) => service.connection === 'kept');
  // With a full queue nothing of the end is answered late. A process that ends closes what it holds.
  if (!isLate(gap, one) && (held.length === 0 || closedWith(one, gap, seen) !== null)) return false;
  // The kernel accepts connections for a frozen process until its queue is full: where none came to be, packets were lost.
  const isAccepted = siblings
    .filter(({ service }) => service.connection === 'new')
    .every((other) =>
      other.service.gaps.every(
        (its) => !isOverlapping(its, gap) || failedWith(its, ['timeout-reply']) >= 2 || isLate(its, other),
      ),
    );
  const isAnswering = ({ service }: Seen): boolean =>
    isWatched(service, gap) && downWithin(service, gap) === 0 && !isSilentIn(service, gap);
  return isAccepted && !held.some(isAnswering) && !seen.some((way) => isSameService(one, way) && isAnswering(way));
}

/** Whether requests beside the failed ones waited as well, and were answered. */
function isLate({ silenceMs, durationMs }: ReportGap, { service: { intervalMs } }: Seen): boolean {
  return typeof silenceMs === 'number' && silenceMs - durationMs > 2 * intervalMs + durationMs / 20;
}

/** The same process answered afterwards, though what it held was closed. */
export const cutOff: Shape = {
  kind: 'cut-off',
  text: 'Held connections were closed, and yet the same process answered afterwards: it was cut off from its clients, and not restarted. Usually its network, or the proxy before it, was taken away and put back.',
  look: 'what changed networks, addresses or proxies at that moment (docker network disconnect, a failover of a load balancer).',
  find: ({ seen, gapsOf }) =>
    seen.flatMap((one) =>
      gapsOf(one).flatMap((gap): Finding[] => {
        const after = processAfter(one, gap, seen);
        if (after?.is !== 'the same' || closedWith(one, gap, seen) === null || !isMostly(gap, 'refused', 'unreachable'))
          return [];
        return [
          {
            text: `${one.name} ${showGapLine(gap)}; its held connection was closed, but ${after.how}`,
            of: [{ one, gap }],
            isProof: true,
          },
        ];
      }),
    ),
};

/** A container fell silent while the daemon that reads its log was away. */
export const logPipeBlocked: Shape = {
  kind: 'log-pipe-blocked',
  text: 'Fell silent beside a healthy neighbour while the daemon was away, and answered again with the daemon: usually it blocks on writing its log, which nobody reads meanwhile.',
  look: 'the log driver (--log-opt mode=non-blocking), and what it logs for each request. Probes are requests, and fill the pipe sooner.',
  find: (scene) => {
    const blocked = scene.seen.flatMap((one) =>
      scene.gapsOf(one).flatMap((gap): { readonly one: Seen; readonly fact: Finding }[] => {
        const neighbour = isPipe(one, gap) ? healthyNeighbour(one, gap, scene) : undefined;
        const daemon = neighbour === undefined ? null : daemonAway(one, gap, scene);
        if (neighbour === undefined || daemon === null) return [];
        const text = `${one.name} ${showGapLine(gap, one.service)}; ${neighbour.name} was up meanwhile, ${daemon}`;
        return [{ one, fact: { text, of: [{ one, gap }], isProof: true } }];
      }),
    );
    const asked = [...new Set(blocked.map(({ one }) => one))];
    const perSecond = asked.reduce((sum, { service }) => sum + 1000 / service.intervalMs, 0);
    const own = `gapwatch itself asked ${String(Math.round(perSecond))} times a second: at least as many lines of the log were about its probes`;
    return asked.length === 0 ? [] : [...blocked.map(({ fact }) => fact), { text: own }];
  },
};

/** By time, not by probes: rules are rebuilt as the daemon returns, and probes that are refused follow each other many times faster. */
function isPipe({ service }: Seen, gap: ReportGap): boolean {
  if (gap.end === 'unseen' || failedWith(gap, ['timeout-reply']) < 2) return false;
  return isMostly(gap, ...SILENT) || failedWith(gap, SILENT) * service.intervalMs > gap.durationMs / 2;
}

function healthyNeighbour(one: Seen, gap: ReportGap, { seen }: Scene): Seen | undefined {
  return seen.find(
    (other) =>
      other.vantage === one.vantage &&
      other.service.connection === 'new' &&
      placeOf(other.service) !== placeOf(one.service) &&
      isWatched(other.service, gap) &&
      downWithin(other.service, gap) < gap.durationMs / 5,
  );
}

/** How it is known that a daemon was away when a gap began, and back as it ended; null where nothing says so. */
function daemonAway(one: Seen, gap: ReportGap, { seen, report: { run } }: Scene): string | null {
  const proxied = seen
    .filter(({ service }) => isLoopback(service))
    .flatMap((other) => other.service.gaps.map((its) => ({ other, its })))
    .find(({ its }) => isMostly(its, 'refused') && its.from < gap.from - PIPE_FILLS_MS && isSameEnd(its.to, gap.to));
  if (proxied !== undefined) {
    const { other, its } = proxied;
    return `and ${other.name}, which goes through docker-proxy, was refused from ${showWhen(its.from, its.fromStartMs)} until then`;
  }
  if (run === null || gap.from < run.startedAt + PIPE_FILLS_MS || !isSameEnd(run.endedAt, gap.to)) return null;
  const isDaemon = run.command.some((word) => /docker|containerd|podman/.test(word));
  return isDaemon && !isLoopback(one.service) ? 'and it answered again when the command had ended' : null;
}

function isSameEnd(one: number | null, other: number | null): boolean {
  return one === null || other === null ? one === other : Math.abs(one - other) < SAME_END_MS;
}

/** Some requests took longer than the timeout; all others were many times slower than before. */
export const slowedDown: Shape = {
  kind: 'slowed-down',
  text: 'Some requests failed while the others were answered, many times later than before: usually an overload, a lack of CPU, or a slow network, and no restart.',
  look: 'the load of its machine, the limits of its container, what else asked it at that time, and the delay of the network (ping).',
  isShared: false,
  find: ({ seen, gapsOf }) =>
    seen.flatMap((one) =>
      gapsOf(one).flatMap((gap): Finding[] => {
        const slow = siblingsOf(one, seen).find((other) => isSlower(other, gap));
        if (slow === undefined) return [];
        const { before, during } = slow.service.latency ?? {};
        const [usual, busy] = [before?.p99Ms ?? 0, during?.p99Ms ?? 0];
        const text = `${one.name} ${showGapLine(gap)}; the slowest good answers of ${slow.name} took ${showLatency(busy)}, before the command ${showLatency(usual)}`;
        return [{ text, of: [{ one, gap }] }];
      }),
    ),
};

/** Whether the good answers of a service were many times slower while a command ran, and came all through a gap. */
function isSlower({ service }: Seen, gap: ReportGap): boolean {
  const { before = null, during = null } = service.latency ?? {};
  const [usualMs, busyMs] = [before?.p99Ms ?? null, during?.p99Ms ?? null];
  if (!isMostly(gap, ...SILENT) || usualMs === null || busyMs === null || (during?.answers ?? 0) < SLOWER.answers)
    return false;
  const downMs = downWithin(service, gap);
  const isAnswering = downMs === 0 ? !isSilentIn(service, gap) : service.gaps.length >= SLOWER.gaps;
  return isAnswering && busyMs >= Math.max(SLOWER.leastMs, SLOWER.times * usualMs);
}

/** A held connection broke while new ones were fine. */
export const keptConnectionsOnly: Shape = {
  kind: 'kept-connections-only',
  text: 'A held connection broke while new ones worked: usually a restart so quick, or a hand-over to another process, that only connected clients noticed. Connection pools have to reconnect.',
  look: 'whether the process was replaced, idle time-outs of proxies, and how the clients retry what was under way.',
  find: ({ seen }) =>
    pairs(seen).flatMap(([fresh, kept]) =>
      kept.service.connectionsLost
        .filter(({ at }) => isUpAround(fresh.service, at) && !hasChanged(fresh, at) && !hasChanged(kept, at))
        .map(({ at, reason, fromStartMs }) => ({
          text: `${kept.name} lost its connection at ${showWhen(at, fromStartMs)} (${reason}); ${fresh.name}, by new connections, was up`,
        })),
    ),
};

function hasChanged({ service }: Seen, at: number): boolean {
  return service.identities.some((change) => change.what === undefined && mayBeOf(change, { from: at, to: at }));
}
