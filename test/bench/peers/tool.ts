/** A tool that can be compared: how it is configured for some services, started and listened to. */
import type { Target } from '../services.ts';
import type { Needing } from './needs.ts';
import type { Witness } from './witness.ts';

export interface Watchable extends Target {
  /** Letters, digits and `-`. */
  readonly name: string;
  /** What the service says to everybody who connects; empty where it waits to be asked. */
  readonly greeting: string;
}

export interface Running {
  /** The process whose CPU time is the tool's, with all that it starts. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Tool extends Needing {
  /** Where it can be told one: from one look at a service to the next one. */
  readonly intervalMs: number;
  /** What it can watch; all kinds unless it says otherwise. */
  readonly kinds?: readonly Target['kind'][];
  /** So long after the end of an outage can be the time from which it says that it saw the service down. */
  readonly lateMs: number;
  /** @param folder a folder for its files, removed afterwards */
  start(targets: readonly Watchable[], witness: Witness, folder: string): Promise<Running>;
}

/** Whether a tool can watch a service of this kind at all. */
export function canWatch({ kinds }: Tool, { kind }: Pick<Target, 'kind'>): boolean {
  return kinds?.includes(kind) ?? true;
}
