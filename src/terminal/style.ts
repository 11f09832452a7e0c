/** What a cell means; how that looks is decided by `palette.ts`. */
export const STYLES = [
  'plain',
  'dim',
  'strong',
  'title',
  'up',
  'down',
  'unobserved',
  'ahead',
  'spark',
  'accent',
  'key',
  'mark',
  'badge',
  'alarm',
  'warning',
] as const;
export type Style = (typeof STYLES)[number];
