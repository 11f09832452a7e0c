/**
 * The write of a Redis probe: it adds one to a field of a hash, whose key the configuration names, and reads it back. Plain
 * commands, which every Redis since 2.8 and every Valkey knows. The field is this prober's own, so that several monitors that share a key by
 * mistake do not take each other's writes for their own; one of a bounded number, so that a key that is kept alive for
 * years by one monitor does not grow with every run of another. The key expires a week after the last write.
 */
import { randomInt } from 'node:crypto';

import type { Attempt } from './attempt.ts';
import type { ProberEvents } from './connector.ts';
import { WriteLedger } from './write-ledger.ts';

/** How long the key is kept without a write, in seconds: longer than any interval. */
export const KEPT_S = 7 * 24 * 60 * 60;
const FIELDS = 10_000;

/** The writes of one service. */
export class RedisWrite {
  readonly key: string;
  readonly field = `gapwatch-${String(randomInt(FIELDS))}`;
  /** Whether the key was seen to be one that expires, or not to be there: no other program's data. */
  isOwn = false;
  readonly #events: ProberEvents;
  readonly #ledger = new WriteLedger(KEPT_S * 1000);

  constructor(key: string, events: ProberEvents) {
    this.key = key;
    this.#events = events;
  }

  /** A write is sent. Returns what `acknowledge` needs. */
  send({ sentAt, ageMs }: Attempt): number {
    return this.#ledger.send(sentAt + ageMs);
  }

  /** The server acknowledged it, and gave it a number. What comes after the end of the attempt came too late. */
  acknowledge(attempt: Attempt, sent: number, number: number): void {
    if (attempt.ended) return;
    const gone = this.#ledger.acknowledge(sent, number, attempt.sentAt + attempt.ageMs);
    if (gone > 0) this.#events.lostWrites(gone);
  }
}
