/** What the feed's server needs of a history. */
import type { History } from '../history/history.ts';

export type Archive = Pick<History, 'reader' | 'trouble' | 'figures'>;
