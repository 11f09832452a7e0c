/** Kills monitors at work, and looks at what they leave. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Event } from '../../src/core/messages.ts';
import { databaseFile } from '../../src/history/data-dir.ts';
import { Database } from '../../src/history/database.ts';
import { HistoryReader } from '../../src/history/history-reader.ts';
import { Waitable } from '../support/wait-for.ts';
import { answerOf, eventsIn } from './direct-history.ts';
import { loadDriver } from '../../src/history/sqlite-driver.ts';

export interface Load {
  readonly services: number;
  readonly flapping: number;
  readonly intervalMs: number;
}

/** An event, as a monitor published it, and when it was received. */
export interface ReceivedEvent {
  readonly event: Event;
  readonly receivedAt: number;
}

/** What one round found. */
export interface Found {
  /** Events that were published longer than a second before the end, and are not in the file. */
  readonly lost: number;
  /** Events in the file that are not what was published under their number, in this round or an earlier one. */
  readonly twice: number;
  /** What the file's own check says: `ok`. */
  readonly integrity: string;
  /** How old the last sign of life was at the end, in milliseconds; 0 where it was killed before the first one. */
  readonly signAgeMs: number;
  readonly events: number;
  readonly id: string;
  /** The number of the newest event in the file. */
  readonly newest: number;
}

/** A monitor in a process of its own. */
export class Victim extends Waitable {
  readonly received: ReceivedEvent[] = [];
  readonly process: ChildProcess;
  restored: { readonly id: string; readonly newest: number } | null = null;

  constructor(dir: string, { services, flapping, intervalMs }: Load) {
    super();
    const script = fileURLToPath(new URL('./children/victim.js', import.meta.url));
    const words = [script, dir, services, flapping, intervalMs].map(String);
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.process = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Event | { restored: NonNullable<Victim['restored']> };
      if ('restored' in said) this.restored = said.restored;
      else this.received.push({ event: said, receivedAt: Date.now() });
      this.changed();
    });
  }

  /** Kills it. Returns when that was. */
  async kill(): Promise<number> {
    const gone = once(this.process, 'close');
    const at = Date.now();
    this.process.kill('SIGKILL');
    await gone;
    return at;
  }
}

/**
 * Looks at what a monitor left.
 * @param published what was published before, by number; what this one published is added
 * @param endedAt when it was killed, in milliseconds since the epoch
 */
export async function examine(
  dir: string,
  victim: Victim,
  published: Map<number, string>,
  endedAt: number,
): Promise<Found> {
  const db = new Database(await loadDriver(), databaseFile(dir), 'write');
  const integrity = String(db.row('PRAGMA integrity_check')?.[0]);
  const overview = answerOf(new HistoryReader(db).overview());
  db.close();
  const kept = new Map((await eventsIn(dir)).map((event) => [event.seq, JSON.stringify(event)]));
  let twice = 0;
  let lost = 0;
  for (const { event, receivedAt } of victim.received) {
    const text = JSON.stringify(event);
    if ((published.get(event.seq) ?? text) !== text) twice += 1;
    if (receivedAt < endedAt - 1000 && !kept.has(event.seq)) lost += 1;
    published.set(event.seq, text);
  }
  for (const [seq, text] of kept) if ((published.get(seq) ?? text) !== text) twice += 1;
  const found = {
    id: overview.monitor.id,
    signAgeMs: overview.reach === null ? 0 : endedAt - overview.reach.to,
    events: kept.size,
    newest: Math.max(0, ...kept.keys()),
  };
  return { ...found, lost, twice, integrity };
}
