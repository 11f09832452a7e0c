/** What each reason often means, for people. */
import type { Reason } from './model.ts';

export const REASON_MEANS: Readonly<Record<Reason, string>> = {
  dns: 'the name did not resolve: name server away, or the name is gone',
  refused: 'nothing listens on that port: the process, or the proxy before it, is away',
  reset: 'the connection was torn down: the process died or was restarted while it answered',
  unreachable: 'the network knows no way to the host: it is down, or a router says so',
  closed: 'accepted, then closed: often a proxy answers, with nothing behind it',
  'timeout-connect': 'no connection in time: packets are dropped, as while firewall or NAT rules are rebuilt',
  'timeout-reply': 'connected and silent: the process hangs, or a proxy waits for what is behind it',
  tls: 'the TLS handshake or the certificate was not accepted',
  status: 'it answered with a status that is not accepted: it runs, and says that it is not well',
  body: 'it answered, but not with what was expected',
  protocol: 'it answered with something that is not the protocol: another service on that port?',
  auth: 'Redis refused user or password',
  loading: 'Redis loads its data set from disk: it was restarted a moment ago',
  readonly: 'Redis takes no writes: a replica, or one whose disk fails',
  role: 'Redis has another role than the one that was told: a failover?',
  error: 'the service answered with an error',
  stalled: 'this monitor itself did not run in time: nothing is known of the service',
  suspended: 'the machine of this monitor slept: nothing is known of the service',
  stopped: 'this monitor was not running: nothing is known of the service',
  resources: 'this monitor ran out of descriptors, ports or memory: nothing is known of the service',
  network: 'this machine has no way to the network: nothing is known of the service',
};
