/** Waits in tests. */
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/**
 * Waits until a condition holds, which is looked at every 20 ms.
 * @param explanation what was waited for, or how to say it when the deadline has passed
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  explanation: string | (() => string | Promise<string>),
  deadlineMs = 30_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) {
      const words = typeof explanation === 'string' ? explanation : await explanation();
      throw new Error(`waited for ${String(deadlineMs)} ms in vain: ${words}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}
