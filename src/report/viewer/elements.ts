/** The parts of the timelines' section that are no drawing: how elements are made, and where they stand. */
import type { Span } from '../timeline-view.ts';

/** Makes an element. All texts are printable already. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/** Where a moment is in a stretch: from 0 to 1, also where it is outside. */
export function shareOf(at: number, { from, to }: Span): number {
  return Math.min(1, Math.max(0, (at - from) / (to - from)));
}

/** Puts an element at a moment; it is hidden where that is not in view. @param room that it needs at the sides, as a share */
export function place(element: HTMLElement, at: number, { from, to }: Span, room: number): void {
  const share = (at - from) / (to - from);
  element.style.left = `${String(share * 100)}%`;
  element.hidden = share < 0 || share > 1;
  element.dataset['side'] = share < room ? 'left' : share > 1 - room ? 'right' : '';
}

/** Lets an element cover a stretch, as far as that is in view. */
export function cover(element: HTMLElement, span: Span, view: Span): void {
  const [from, to] = [shareOf(span.from, view), shareOf(span.to, view)];
  element.style.left = `${String(from * 100)}%`;
  element.style.width = `${String((to - from) * 100)}%`;
}

/** Of the view. */
export const MIDDLE = 0.5;

/** Something that can be done with the timelines. */
export interface Action {
  /** On its button; left out where it has none. */
  readonly button?: readonly [sign: string, label: string];
  /** Names of keys: `KeyboardEvent.key`. */
  readonly keys: readonly string[];
  /** @param around which share of the view: where there is something in particular to look at */
  readonly act: (around: number) => void;
}

/** The buttons of the actions that have one, and behind them the stretch in view. */
export function toolbar(actions: readonly Action[], range: HTMLElement): HTMLElement {
  const bar = make('div', 'toolbar');
  bar.role = 'toolbar';
  bar.ariaLabel = 'What the timelines show';
  for (const { button: words, act } of actions) {
    if (words === undefined) continue;
    const [sign, label] = words;
    const button = make('button', '', sign);
    button.type = 'button';
    button.title = label;
    button.ariaLabel = label;
    button.addEventListener('click', () => {
      act(MIDDLE);
    });
    bar.append(button);
  }
  bar.append(range);
  return bar;
}

export function legend(): HTMLElement {
  const entries = [
    ['up', 'up'],
    ['down', 'down; the line in it: at least, the line beyond it: at most'],
    ['unobserved', 'not observed'],
    ['probe', 'an answer, the higher the slower (logarithmic)'],
    ['failed', 'a probe that failed'],
    ['slow', 'slow answers'],
    ['lost', 'a kept connection was lost'],
    ['changed', 'another process or role'],
  ];
  return make('ul', 'legend', ...entries.map(([kind, words]) => make('li', '', make('i', kind ?? ''), words ?? '')));
}
