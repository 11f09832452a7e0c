/** Reads the files of a configuration, which may be anything that has a path: also a pipe, or a device without an end. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** No configuration is longer. */
const MOST_BYTES = 16 * 1024 * 1024;
/** A pipe must have been written and closed within this time, and opened by its writer within that. In milliseconds. */
const PIPE_MS = 30_000;
const WRITER_MS = 3000;
const POLL_MS = 20;

/**
 * Never blocks one of the threads that read files: an open that waits for the other end of a pipe would keep the process from
 * ending, so a pipe is polled, by timers that do not.
 * @param mostBytes what is longer is refused
 * @throws Error with the code of the system; ETIMEDOUT for a pipe that is not written, EFBIG for what is too long
 */
export async function readBytes(path: string, mostBytes = MOST_BYTES): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const isPipe = (await handle.stat()).isFIFO();
    const began = performance.now();
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(65_536), 0, 65_536).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        return { bytesRead: null, buffer: Buffer.alloc(0) };
      });
      const isWaiting = bytesRead === null || (bytesRead === 0 && isPipe && length === 0);
      if (bytesRead === 0 && !isWaiting) return Buffer.concat(chunks);
      if (isWaiting) {
        const within = bytesRead === null ? PIPE_MS : WRITER_MS;
        if (performance.now() - began > within)
          throw fault('ETIMEDOUT', 'this is a pipe into which nothing is written');
        await sleep(POLL_MS, undefined, { ref: false });
        continue;
      }
      length += bytesRead;
      if (length > mostBytes) throw fault('EFBIG', `it is longer than ${String(mostBytes / 1024 / 1024)} MiB`);
      chunks.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

function fault(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
