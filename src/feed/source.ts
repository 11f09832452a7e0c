/** What the feed needs of a monitor, or of what speaks for several. */
import type { Monitor } from '../engine/monitor.ts';
import type { Mark } from './messages.ts';

export interface FeedSource extends Pick<Monitor, 'identity' | 'events' | 'now' | 'board' | 'subscribe' | 'counters'> {
  /** Why it can't tell how the services are at present, in words; null where it can. Left out where it always can. */
  readonly trouble?: string | null;
  /** Marks this moment. Returns the event that tells it. */
  mark(text: string): Mark | Promise<Mark>;
}
