/** What is expected of a peer's words, and secrets taken out of them. Pure. */
import { excerpt } from '../core/excerpt.ts';

/** A text that must be contained, or an expression that must match. */
export type Pattern = string | RegExp;

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
