/** Keeps what is written to stderr while the picture is on the terminal, where it would tear it. */

/** Characters that are kept: the newest. */
const MOST = 100_000;

/**
 * Holds back what this process writes to stderr, if that is a terminal.
 * @returns lets it go on, and writes what was held back
 */
export function holdStderr(stream: NodeJS.WriteStream = process.stderr): () => void {
  if (!stream.isTTY) return () => undefined;
  const write = stream.write.bind(stream);
  let held = '';
  stream.write = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
    held = (held + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).slice(-MOST);
    const done = rest.findLast((argument) => typeof argument === 'function') as (() => void) | undefined;
    if (done !== undefined) process.nextTick(done);
    return true;
  };
  return () => {
    stream.write = write;
    if (held !== '') write(held);
    held = '';
  };
}
