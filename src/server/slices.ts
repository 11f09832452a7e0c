/**
 * Long work in slices of some milliseconds: one slice of one answer in each turn of the loop, however many answers are
 * worked at, so that events and other requests come in between.
 */
const waiting: (() => void)[] = [];

/** Resolves when the next slice may be worked at. */
export function nextSlice(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(release);
  });
}

function release(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(release);
}
