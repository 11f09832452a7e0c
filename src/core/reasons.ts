/** Reasons in words, for people. */
import type { Reason } from './model.ts';

/** `refused: connect ECONNREFUSED 127.0.0.1:80`. */
export function withMessage(reason: Reason, message: string | null): string {
  return message === null ? reason : `${reason}: ${message}`;
}

/** `refused ×3, closed ×1`; only the reasons where they were not counted. */
export function showReasons(reasons: readonly { readonly reason: Reason; readonly count: number | null }[]): string {
  return reasons.map(({ reason, count }) => (count === null ? reason : `${reason} ×${String(count)}`)).join(', ');
}

/** Their messages say no more than they do, and the address. */
const PLAIN: ReadonlySet<Reason> = new Set<Reason>([
  ...(['refused', 'reset', 'closed', 'timeout-connect', 'timeout-reply', 'loading'] as const),
]);

/** `status ×40: 503 Service Unavailable; refused ×3`: with what the first probe of each found, where that says more. */
export function showCauses(
  reasons: readonly { readonly reason: Reason; readonly count: number | null; readonly message?: string | undefined }[],
): string {
  const causes = reasons.map((one) => {
    const { reason, message } = one;
    return message === undefined || PLAIN.has(reason) ? showReasons([one]) : `${showReasons([one])}: ${message}`;
  });
  return causes.join(reasons.some(({ message }) => message !== undefined) ? '; ' : ', ');
}

/** What each reason often means. */
export const REASON_MEANS: Readonly<Record<Reason, string>> = {
  dns: 'the name could not be resolved: the name server is unreachable, or the name does not exist',
  refused: 'nothing is listening on the port: the process, or the proxy in front of it, is not running',
  reset: 'the connection was reset: the process died or restarted while it answered',
  unreachable: 'packets leave this machine, and do not arrive: the host is down, or a router or firewall rejects them',
  closed: 'accepted, then closed without an answer: often a proxy with nothing behind it',
  'timeout-connect': 'no connection in time: packets are dropped, for example while firewall or NAT rules are rebuilt',
  'timeout-reply': 'connected, but no reply in time: the process hangs, or a proxy waits for its backend',
  tls: 'the TLS handshake failed, or the certificate was rejected',
  status: 'answered with a status that is not accepted: it is running, but not healthy',
  body: 'answered, but not with the expected content',
  protocol: 'the answer does not follow the protocol: is another service on that port?',
  auth: 'Redis rejected the user or the password',
  loading: 'Redis is loading its data from disk: it restarted a moment ago',
  readonly: 'Redis does not accept writes: it is a replica, its disk is failing, or memory or replicas are missing',
  role: 'Redis does not have the required role: was there a failover?',
  error: 'the service answered with an error',
  stalled: 'the monitor itself did not run in time: the state of the service is not known',
  suspended: "the monitor's machine was asleep: the state of the service is not known",
  stopped: 'the monitor was not running: the state of the service is not known',
  resources: 'the monitor ran out of file descriptors, ports or memory: the state of the service is not known',
  network: "the monitor's machine had no network, or its feed was lost: the state of the service is not known",
};
