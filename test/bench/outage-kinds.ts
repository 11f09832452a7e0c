/** What `outages.ts` stages, and what it tells of it. */
import type { Target } from './services.ts';

export const OUTAGE_KINDS = ['refused', 'closed', 'status 503', 'silent', 'cut off', 'loading'] as const;
export type OutageKind = (typeof OUTAGE_KINDS)[number];

export interface Edge {
  readonly before: number;
  readonly after: number;
}

export interface TrueOutage {
  readonly from: Edge;
  readonly to: Edge;
}

export interface Staged {
  readonly name: string;
  readonly outage: OutageKind;
  readonly target: Target;
}

/** What was true. */
export interface Truth {
  /** Of each service, by name. */
  readonly outages: Readonly<Record<string, readonly TrueOutage[]>>;
  /** When the process that plays the services was itself late: what a monitor finds then is no fault of the monitor's. */
  readonly stalls: readonly Edge[];
}
