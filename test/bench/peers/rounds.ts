/** Rounds in turns (A B A B): what each gave, as a median and its spread. */
import { median } from '../table.ts';

/** Such as `144 (139–160)`; of a single round only what it gave. */
export function medianAndSpread(values: readonly number[], digits = 0): string {
  if (values.length === 1) return median(values).toFixed(digits);
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
  return `${median(values).toFixed(digits)} (${least!}–${most!})`;
}
