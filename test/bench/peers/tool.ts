/** A tool that can be compared: how it is configured for some services, started and listened to. */
import type { Target } from '../services.ts';
import type { Witness } from './witness.ts';

export interface Watchable extends Target {
  /** Letters, digits and `-`. */
  readonly name: string;
  /** What the service says to everybody who connects; empty where it waits to be asked. */
  readonly greeting: string;
}

export interface Running {
  /** The process whose CPU time is the tool's. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Tool {
  readonly name: string;
  /** Where it can be told one: from one look at a service to the next one. */
  readonly intervalMs: number;
  /** @param folder a folder for its files, removed afterwards */
  start(targets: readonly Watchable[], witness: Witness, folder: string): Promise<Running>;
}
