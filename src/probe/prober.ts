/**
 * The port of the probes: what the engine asks of each kind, and what each kind may tell the engine.
 * The adapters are in `tcp/`, `http/` and `redis/`; what is common to them is in `attempt.ts`, `failure.ts`, `kept.ts`
 * and `lookup.ts`.
 */
import type { Attempt } from './attempt.ts';
import type { Failure } from './failure.ts';

/** Sends probes to one service. */
export interface Prober {
  /** Starts one attempt at one address; ends it by `attempt.succeed()` or `attempt.fail()`, unless its deadline does. */
  start(attempt: Attempt): void;
  /** Ends what is kept open. Attempts that still run are ended by the engine. */
  close(): void;
}

/** What a prober tells beside the outcome of its attempts. */
export interface ProberEvents {
  /** A kept connection broke. The engine tells it, and probes again at once where no attempt is on its way. */
  connectionLost(failure: Failure): void;
  /** Who answered (Redis: `run_id`); told as often as it is learnt. */
  identity(id: string): void;
}
