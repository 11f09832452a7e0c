/** What a publisher needs of a monitor. */
import type { Monitor } from '../engine/monitor.ts';

export type Published = Pick<Monitor, 'identity' | 'events' | 'board' | 'now' | 'subscribe'>;
