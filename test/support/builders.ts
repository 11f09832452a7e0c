/**
 * Builders of plain data for tests. Each takes what matters in the test, and what differs from the usual. Times are whatever
 * the test counts in.
 */
import { infoOf, type ServiceInfo, type Service, type State } from '../../src/core/model.ts';
import type { Gap, Hello, MonitorIdentity, ServiceSnapshot, Transition } from '../../src/core/messages.ts';

/** The phases of a probe that reached none. */
export const NO_PHASES = { dnsMs: null, connectMs: null, tlsMs: null, replyMs: null };

/** A service over TCP that is probed every 100 ms. */
export function service(name: string, more: Partial<ServiceInfo> = {}): Service {
  const target = 'tcp://127.0.0.1:80';
  const usual = { target, group: null, intervalMs: 100, timeoutMs: 1000, rise: 1, fall: 1 };
  return { name, kind: 'tcp', connection: 'new', ...usual, ...more };
}

/** Why a service usually enters a state. */
function reasonOf(state: State): 'refused' | 'stalled' | null {
  return state === 'down' ? 'refused' : state === 'unobserved' ? 'stalled' : null;
}

/** A service in a `hello`: in the last state of its timeline; without one, up since 0. */
export function snapshot(name: string, more: Partial<ServiceSnapshot> = {}): ServiceSnapshot {
  const { state: present = 'up', since: began = 0 } = more;
  const { timeline = [{ state: present, from: began, to: null }] } = more;
  const { state = present, from: since = began } = timeline.at(-1) ?? {};
  return {
    service: name,
    ...infoOf(service(name)),
    state,
    status: state,
    since,
    reason: reasonOf(state),
    uptime: { '1h': null, '24h': null, '90d': null },
    observed: { '1h': 0, '24h': 0, '90d': 0 },
    timeline,
    gaps: [],
    ...more,
  };
}

/** @param monitor what differs from a monitor `m` at the vantage `here` */
export function hello(
  services: readonly ServiceSnapshot[],
  more: Partial<Omit<Hello, 'monitor'>> = {},
  monitor: Partial<MonitorIdentity> = {},
): Hello {
  const identity = { id: 'm', vantage: 'here', version: '0', startedAt: 0, ...monitor };
  return { type: 'hello', protocol: 1, monitor: identity, now: 0, seq: 0, resumed: false, services, ...more };
}

export function transition(
  name: string,
  from: State,
  to: State,
  at: number,
  more: Partial<Transition> = {},
): Transition {
  const facts = { seq: 1, from, to, at, notBefore: at, notAfter: at, reason: reasonOf(to), message: null };
  return { type: 'transition', service: name, ...facts, ...more };
}

/** A gap with bounds of 100 ms on each side. */
export function gap(name: string, from: number, to: number, more: Partial<Gap> = {}): Gap {
  const durationMs = to - from;
  const bounds = { minMs: Math.max(0, durationMs - 100), maxMs: durationMs + 100 };
  const failed = Math.max(1, Math.ceil(durationMs / 100));
  const reasons = [{ reason: 'refused' as const, count: failed }];
  return { type: 'gap', seq: 1, service: name, from, to, durationMs, ...bounds, failed, reasons, ...more };
}
