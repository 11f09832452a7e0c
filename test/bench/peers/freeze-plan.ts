/** Outages inside and around moments at which all tools are frozen, beside services that are up all the while. */
import { loopback } from '../services.ts';
import type { Planned } from './plan.ts';

export const FREEZE_MS = 900;
const FREEZES = 10;
const QUICK_FREEZES = 3;
const FIRST_MS = 6000;
/** Longer than the slowest tool's interval and an outage, so that it never takes two outages for one. */
const EVERY_MS = 9000;

/** Where an outage lies: it begins and ends so long after the beginning of the freeze, and not near its edges. */
const PLACES = [
  { place: 'inside the freeze', fromMs: 300, toMs: 650 },
  { place: 'from before it into it', fromMs: -500, toMs: 450 },
  { place: 'out of it', fromMs: 450, toMs: FREEZE_MS + 500 },
  { place: 'around it', fromMs: -500, toMs: FREEZE_MS + 500 },
] as const;

const KINDS = [
  { kind: 'tcp', outage: 'refused' },
  { kind: 'http', outage: 'status 503' },
  { kind: 'http', outage: 'silent' },
] as const;
/** Up all the while. */
const STEADY = [
  { kind: 'tcp', outage: 'refused', greeting: '' },
  { kind: 'tcp', outage: 'closed', greeting: '220 ready\r\n' },
  { kind: 'http', outage: 'refused', greeting: '' },
  { kind: 'redis', outage: 'refused', greeting: '' },
] as const;

/** When the tools are frozen, in milliseconds after the beginning. */
export function freezesAt(isQuick: boolean): number[] {
  return Array.from({ length: isQuick ? QUICK_FREEZES : FREEZES }, (_, index) => FIRST_MS + index * EVERY_MS);
}

export function freezePlan(isQuick: boolean): Planned[] {
  const freezes = freezesAt(isQuick);
  const hit = PLACES.flatMap(({ place, fromMs, toMs }) =>
    KINDS.map(({ kind, outage }) => ({
      what: place,
      kind,
      outage,
      greeting: '',
      turns: freezes.map((at) => ({ atMs: at + fromMs, downMs: toMs - fromMs })),
    })),
  );
  const steady = STEADY.map((staging) => ({ ...staging, what: 'up all the while', turns: [] }));
  return [...steady, ...hit].map((service, index) => ({
    ...service,
    name: `s${String(index)}`,
    host: loopback(300 + index),
  }));
}
