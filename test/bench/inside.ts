/** Loaded into a process that is measured (`node --import`): answers, when asked, what only the process itself can see. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

export interface Inside {
  /** Of the main thread. */
  readonly heapBytes: number;
  /** How late the main thread's loop was since the last question: 99th percentile and at most, in milliseconds. */
  readonly loopP99Ms: number;
  readonly loopMostMs: number;
}

/** The question. */
export const ASK_INSIDE = 'inside?';
const RESOLUTION_MS = 20;

if (isMainThread && process.send !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  /** What is measured is the time from one timer to the next. */
  const lateMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  process.on('message', (asked) => {
    if (asked !== ASK_INSIDE) return;
    const inside: Inside = {
      heapBytes: process.memoryUsage().heapUsed,
      loopP99Ms: lateMs(delay.percentile(99)),
      loopMostMs: lateMs(delay.max),
    };
    delay.reset();
    process.send?.(inside);
  });
  process.channel?.unref();
}
