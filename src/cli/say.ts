/** What commands say to people on stderr, beside their results. */
import { printableLines } from '../core/printable.ts';

/** Says one line or several. Names, addresses and messages in it may be of others. */
export function say(text: string): void {
  process.stderr.write(`${printableLines(text)}\n`);
}
