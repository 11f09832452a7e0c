/** A fault of the program itself: what is said of it, and the exit code. */
import { arch, platform, release } from 'node:os';

import { VERSION } from '../core/version.ts';
import type { WithoutServices } from './command-line.ts';
import { EXIT } from './ending.ts';

const ISSUES = 'https://github.com/gapwatch/gapwatch/issues';

/** Runs the command line of this process. Whatever is thrown past it, now or later, ends the process with 70. */
export async function runOrExplain(withoutServices: WithoutServices): Promise<void> {
  process.on('uncaughtException', explain);
  // What a command waits for may be nothing that keeps a process.
  const hold = setInterval(() => undefined, 2 ** 30);
  try {
    // Loaded here: it takes a while, and what goes wrong meanwhile is a fault too.
    const { run } = await import('./command-line.ts');
    process.exitCode = await run(process.argv.slice(2), withoutServices);
  } catch (error) {
    explain(error);
  } finally {
    clearInterval(hold);
  }
}

function explain(error: unknown): never {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const where = `gapwatch ${VERSION}, Node ${process.version}, ${platform()} ${release()} ${arch()}`;
  process.stderr.write(
    `gapwatch: this is a fault of gapwatch itself. Please report it, with the lines below, at ${ISSUES}\n${where}\n${what}\n`,
  );
  process.exit(EXIT.fault);
}
