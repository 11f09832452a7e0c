/** Waits in tests: each has a deadline, and says what was waited for in vain. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Shorter than the runner's time for a test, so that the explanation is seen. */
const DEADLINE_MS = 60_000;
const LOOK_EVERY_MS = 10;

type Explanation = string | (() => string | Promise<string>);

async function failure(explanation: Explanation, deadlineMs: number): Promise<Error> {
  const words = typeof explanation === 'string' ? explanation : await explanation();
  return new Error(`waited for ${String(deadlineMs)} ms in vain: ${words}`);
}

/**
 * Waits until a condition holds, which is looked at every 10 ms.
 * @param explanation what was waited for, or how to say it when the deadline has passed
 * @throws Error when the deadline has passed
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  explanation: Explanation = condition.toString(),
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw await failure(explanation, deadlineMs);
    await sleep(LOOK_EVERY_MS);
  }
}

/** An object that knows when it changes: what is waited for is looked at then, not by a clock. */
export class Waitable {
  #waiting: (() => void)[] = [];

  /** As `waitFor`. The wait ends with the error of a condition that throws. */
  async waitFor(
    condition: () => boolean,
    explanation: Explanation = condition.toString(),
    deadlineMs = DEADLINE_MS,
  ): Promise<void> {
    const end = performance.now() + deadlineMs;
    const deadline = setInterval(() => {
      this.changed();
    }, deadlineMs);
    try {
      while (!condition()) {
        if (performance.now() >= end) throw await failure(explanation, deadlineMs);
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      clearInterval(deadline);
    }
  }

  protected changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
