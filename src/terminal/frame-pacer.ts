/**
 * When to draw: at most ten frames a second, and less where drawing takes long, so that it never takes more than a part
 * of the thread. What could not be drawn in time is skipped: the next frame shows what is true then. Pure.
 */

/** From one frame to the next while nothing else asks for one. */
const FRAME_MS = 110;
/** A change may bring its frame forward, this often. */
const CHANGE_EVERY_MS = 1000;
/** A key is answered at once, unless a frame was drawn this short a time ago. */
const KEY_MS = 40;
/** The share of the thread that drawing may take. */
const SHARE = 0.25;

/** What asks for a frame: the time that passes, a change of state, or a person at the keys. */
export type Cause = 'time' | 'change' | 'key';

export class Pacer {
  #began = -Infinity;
  #restUntil = -Infinity;
  #lastChange = -Infinity;

  /** When the next frame is due that something asks for at `now`. Milliseconds of one clock. */
  due(cause: Cause, now: number): number {
    return Math.max(this.#wanted(cause, now), this.#restUntil);
  }

  /** A frame was drawn. */
  drew(cause: Cause, began: number, ended: number): void {
    this.#began = began;
    this.#restUntil = ended + (ended - began) * (1 / SHARE - 1);
    if (cause === 'change') this.#lastChange = began;
  }

  #wanted(cause: Cause, now: number): number {
    if (cause === 'key') return Math.max(now, this.#began + KEY_MS);
    if (cause === 'change' && now - this.#lastChange >= CHANGE_EVERY_MS) return now;
    return Math.max(now, this.#began + FRAME_MS);
  }
}
