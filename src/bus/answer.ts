/** What Redis answers to a publisher. */

/**
 * - `ok`: it is in the stream.
 * - `standby`: another monitor speaks for this vantage.
 * - `vacant`: nobody speaks for it any more; whoever wants to, opens.
 * - `adopt`: the stream knows something else of this publisher than it thinks: it has to look, and open.
 * - `another`: the numbering is another one than it knows.
 */
const WHATS = ['ok', 'standby', 'vacant', 'adopt', 'another'] as const;

export interface Answer {
  readonly what: (typeof WHATS)[number];
  /** Of the numbering; empty where there is none yet. */
  readonly numbering: string;
  /** The `seq` of this monitor's last event in the stream; empty where the stream knows none. */
  readonly last: string;
  /** The `id` of the monitor that speaks for the vantage; empty where none has. */
  readonly leader: string;
  /** Its last sign of life by its own clock, in milliseconds since the epoch; 0 where there was none. */
  readonly signAt: number;
}

/** @throws Error where it is not what the script says */
export function answerOf(reply: unknown): Answer {
  const parts: unknown[] = Array.isArray(reply) ? reply : [];
  const [said, numbering, last, leader, signAt] = parts.map(String);
  const what = WHATS.find((each) => each === said);
  if (what === undefined || signAt === undefined) throw new Error('this Redis answers strangely');
  return { what, numbering: numbering ?? '', last: last ?? '', leader: leader ?? '', signAt: Number(signAt) };
}
