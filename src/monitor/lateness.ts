/** How late the probes start, and whether this thread holds the rate that is asked of it. */
import type { EngineStats } from './engine-protocol.ts';

/** Latenesses kept for the percentile of one second; of more, the later ones overwrite the earlier. */
const KEPT = 4096;
/** A second in which more than this share of the slots was missed is a bad one; two in a row are an overload. */
const MISSED_SHARE = 0.01;

export class Lateness {
  readonly #late = new Float64Array(KEPT);
  #sent = 0;
  #missed = 0;
  #badSeconds = 0;

  sent(lateMs: number): void {
    this.#late[this.#sent % KEPT] = lateMs;
    this.#sent += 1;
  }

  missed(slots: number): void {
    this.#missed += slots;
  }

  /**
   * The figures since the last call, which was about a second ago.
   * @param inFlight probes that are on their way now
   */
  take(inFlight: number): EngineStats {
    const late = this.#late.slice(0, Math.min(this.#sent, KEPT)).sort();
    const slots = this.#sent + this.#missed;
    this.#badSeconds = this.#missed > slots * MISSED_SHARE ? this.#badSeconds + 1 : 0;
    const stats: EngineStats = {
      sent: this.#sent,
      missed: this.#missed,
      inFlight,
      lateMs: late[Math.floor(late.length * 0.99)] ?? 0,
      overloaded: this.#badSeconds > 1,
    };
    this.#sent = 0;
    this.#missed = 0;
    return stats;
  }
}
