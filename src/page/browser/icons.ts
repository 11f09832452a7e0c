/** The page's icon in each state: the same shapes as the signs. They are part of the page, as the monitor may be away. */
import type { State } from '../../core/model.ts';

const SHAPES: Readonly<Record<State, string>> = {
  up: '<circle cx="8" cy="8" r="6.5" fill="#1d8a6e"/>',
  down: '<path d="M.5 2h15L8 15z" fill="#d9431e"/>',
  partial: '<path d="M8 1.5a6.5 6.5 0 0 0 0 13z" fill="#1d8a6e"/><path d="M8 1.5a6.5 6.5 0 0 1 0 13z" fill="#d9431e"/>',
  unobserved:
    '<path d="M1.5 1.5h13v13h-13zM2 9l7-7M2 14L14 2M7 14l7-7" fill="none" stroke="#8d7ca3" stroke-width="2"/>',
  unknown: '<circle cx="8" cy="8" r="5.5" fill="none" stroke="#8a8f96" stroke-width="2.4"/>',
};

/** As addresses for a link. */
export const ICONS: Readonly<Record<State, string>> = {
  up: icon(SHAPES.up),
  down: icon(SHAPES.down),
  partial: icon(SHAPES.partial),
  unobserved: icon(SHAPES.unobserved),
  unknown: icon(SHAPES.unknown),
};

function icon(shape: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${shape}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
