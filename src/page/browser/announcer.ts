/** Tells a screen reader what changed, when it has come to rest for a moment. */
import { byId, setText } from './dom.ts';

const REST_MS = 800;

export class Announcer<Change> {
  readonly #element = byId('announcer', HTMLElement);
  readonly #words: (changes: readonly Change[]) => string;
  #changes: Change[] = [];
  #timer: number | null = null;

  /** @param words what is said of changes */
  constructor(words: (changes: readonly Change[]) => string) {
    this.#words = words;
  }

  add(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#changes.push(...changes);
    this.#timer ??= window.setTimeout(() => {
      const all = this.#changes;
      this.#changes = [];
      this.#timer = null;
      this.say(this.#words(all));
    }, REST_MS);
  }

  say(words: string): void {
    setText(this.#element, words);
  }
}
