/** Preloaded: once, the thread that is started first freezes after a while, as in an expression that does not end. */
import { existsSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const AFTER_MS = 2500;
const marker = process.env['FREEZE_MARKER'] ?? '';

if (!isMainThread && !existsSync(marker)) {
  writeFileSync(marker, '');
  setTimeout(() => {
    for (;;);
  }, AFTER_MS);
}
