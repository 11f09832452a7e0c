/** Draws a few times a second at most: at once when something changed, and now and then as time goes on. */

const LEAST_MS = 250;

export class Pacer {
  readonly #draw: () => boolean;
  #timer: number | null = null;
  #due = Infinity;
  #drawnAt = -Infinity;
  #everyMs = 1000;

  /** @param draw returns whether there was anything to draw: otherwise the next time need not wait */
  constructor(draw: () => boolean) {
    this.#draw = draw;
  }

  /** Something changed. */
  soon(): void {
    this.#at(Math.max(performance.now(), this.#drawnAt + LEAST_MS));
  }

  /** How often to draw when nothing changes. */
  every(ms: number): void {
    this.#everyMs = ms;
    this.soon();
  }

  #at(due: number): void {
    if (this.#timer !== null) {
      if (this.#due <= due) return;
      clearTimeout(this.#timer);
    }
    this.#due = due;
    this.#timer = window.setTimeout(() => {
      this.#timer = null;
      if (this.#draw()) this.#drawnAt = performance.now();
      this.#at(performance.now() + this.#everyMs);
    }, due - performance.now());
  }
}
