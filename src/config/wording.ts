/** The words of messages about a value: what stands there, what may, and what was probably meant. */
import { excerpt } from '../core/format.ts';

/** A value in a message. Of what is not a word or a number only the kind is told. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return excerpt(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return kindOf(value);
}

/** What kind of value it is, without telling it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

/** What zod tells of a value that it refuses. */
interface Refused {
  readonly input?: unknown;
}

/** The `error` of a zod type and of its checks, for a value that may be told. */
export function says(noun: string, allowed: string): { error: (issue: Refused) => string } {
  return {
    error: ({ input }) => (input === undefined ? `missing; ${allowed}` : `${shown(input)} is not ${noun}; ${allowed}`),
  };
}

/** Words as a list: `a, b or c`. */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

/** `, did you mean "port"?` where one of the words is near to what was written, otherwise nothing. */
export function didYouMean(written: string, words: readonly string[]): string {
  let best: string | null = null;
  let least = written.length < 4 ? 2 : 3;
  for (const word of words) {
    const far = distance(written.toLowerCase(), word.toLowerCase());
    if (far < least) [best, least] = [word, far];
  }
  return best === null ? '' : `, did you mean "${best}"?`;
}

/** How many letters must be put in, taken out, replaced, or exchanged with their neighbour; 3 for all that is more. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 3;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const ways = [at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1)];
      row.push(Math.min(...ways, exchanged ? at(i - 2, j - 2) + 1 : 3));
    }
  }
  return at(a.length, b.length);
}
