/** What the feed needs of a monitor. */
import type { Monitor } from '../engine/monitor.ts';

export type FeedSource = Pick<Monitor, 'identity' | 'now' | 'board' | 'subscribe' | 'mark' | 'counters'>;
