/** What everything that is drawn at one moment goes by. Times in milliseconds since the epoch, by the monitor's clock. */
import type { Theme } from './theme.ts';

export interface Frame {
  readonly now: number;
  /** Until when the present states are known. */
  readonly heard: number;
  /** What is shown is not fresh any more. */
  readonly old: boolean;
  /** How far back the strips reach. */
  readonly spanMs: number;
  /** `10 min` */
  readonly spanName: string;
  /** Of a strip, in CSS pixels. */
  readonly width: number;
  /** Device pixels for each CSS pixel. */
  readonly density: number;
  readonly theme: Theme;
}
