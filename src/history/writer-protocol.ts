/** What passes between the writer's thread and the one that holds it. Plain data. */
import type { Batch } from './batch.ts';
import type { FileFault } from './database.ts';
import type { Stored } from './event-blocks.ts';
import type { HistoryFault } from './history-error.ts';
import type { Seed } from './ledger.ts';
import type { Expected } from './store.ts';

/** What a writer begins with. */
export interface WriterTask {
  readonly dir: string;
  readonly keepMs: number;
  readonly expected: Expected | null;
  /** Whether the file is damaged: then it is set aside first. */
  readonly isDamaged: boolean;
  /** What a new file goes on from; null where nothing is known. */
  readonly seed: Seed | null;
}

export type ToWriter =
  | { readonly type: 'write'; readonly batch: Batch; readonly now: number }
  /** Somebody else found that the file is damaged. */
  | { readonly type: 'leave'; readonly message: string }
  /** Nothing more comes. `newest`: the number of the newest event that was told. */
  | { readonly type: 'close'; readonly newest: number };

export type FromWriter =
  | {
      readonly type: 'opened';
      readonly stored: Stored;
      /** The new name of what was set aside. */ readonly aside: string | null;
    }
  | { readonly type: 'written'; readonly stored: Stored; readonly bytes: number }
  /** It can't be used at all; the thread ends. */
  | { readonly type: 'refused'; readonly code: HistoryFault; readonly message: string }
  /** All is in the file, which is closed; the thread ends. */
  | { readonly type: 'closed' }
  /** Nothing of the batch, or of the opening, was done; the thread ends. `gone`: the file is not there any more. */
  | {
      readonly type: 'failed';
      readonly fault: FileFault | 'gone';
      readonly message: string;
      readonly seed: Seed | null;
    };
