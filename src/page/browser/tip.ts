/** The words at the pointer: what a place of a strip shows, to the millisecond. */
import { byId, setText } from './dom.ts';

/** From the pointer, and from the window's edges. In CSS pixels. */
const AWAY = 14;
const EDGE = 8;

export class Tip {
  readonly #element = byId('tip', HTMLElement);

  /** @param x of the pointer in the window, as `y` */
  show(words: string, x: number, y: number): void {
    const tip = this.#element;
    setText(tip, words);
    tip.classList.add('shown');
    const { offsetWidth: width, offsetHeight: height } = tip;
    const left = Math.max(EDGE, Math.min(x - width / 2, document.documentElement.clientWidth - width - EDGE));
    const above = y - height - AWAY;
    const top = above >= EDGE ? above : y + AWAY;
    tip.style.transform = `translate(${String(Math.round(left))}px, ${String(Math.round(top))}px)`;
  }

  hide(): void {
    this.#element.classList.remove('shown');
  }
}
