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

/** The truth of each service, by name. */
export type Truth = Readonly<Record<string, readonly TrueOutage[]>>;
