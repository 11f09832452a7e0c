/** The few things that the page does to its document, each only where something differs. */

import { printable } from '../../core/printable.ts';

/** Makes an element. Text is shown as it is printable. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children.map((child) => (typeof child === 'string' ? printable(child) : child)));
  return element;
}

/** An element of the page. @throws Error where the page has none with this id and of this kind */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

export function setText(element: HTMLElement, text: string): void {
  const shown = printable(text);
  if (element.textContent !== shown) element.textContent = shown;
}

export function setData(element: HTMLElement, name: string, value: string): void {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

export function setLabel(element: HTMLElement, label: string): void {
  const shown = printable(label);
  if (element.ariaLabel !== shown) element.ariaLabel = shown;
}

/** @param titled an element, or the document */
export function setTitle(titled: { title: string }, title: string): void {
  const shown = printable(title);
  if (titled.title !== shown) titled.title = shown;
}
