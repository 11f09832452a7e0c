/** What peers sent, made fit for a message to people: short, on one line, without control characters. */
import type { Pattern } from './spec.ts';

const SHOWN = 60;

/** A quoted excerpt of at most 60 characters. Control characters are escaped, so a terminal can't be addressed. */
export function excerpt(text: string): string {
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  // JSON.stringify leaves DEL and the C1 controls as they are.
  return JSON.stringify(short).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A pattern as the configuration writes it. */
export function shownPattern(pattern: Pattern): string {
  return typeof pattern === 'string' ? excerpt(pattern) : String(pattern);
}

/** The index just behind the first match of a pattern; -1 where there is none. */
export function matchEnd(text: string, pattern: Pattern): number {
  if (typeof pattern === 'string') {
    const at = text.indexOf(pattern);
    return at < 0 ? -1 : at + pattern.length;
  }
  pattern.lastIndex = 0; // where the flags g or y remember the last match
  const match = pattern.exec(text);
  return match === null ? -1 : match.index + match[0].length;
}

/** A text without the words of a secret: peers repeat what they do not understand. */
export function redact(text: string, secret: string): string {
  const words = secret.split(/[\s\p{Cc}]+/u).filter((word) => word.length > 3);
  return words.reduce((rest, word) => rest.replaceAll(word, '***'), text);
}
