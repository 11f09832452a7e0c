/**
 * Matches expressions in a time that grows with the text alone. JavaScript's own engine backtracks: `/^(a+)+$/` takes longer than
 * the age of the universe for a line of a hundred characters, and whoever waits for it does nothing else. So it is used only
 * where an expression repeats nothing; all others are matched by RE2 (https://github.com/google/re2/wiki/Syntax).
 *
 * What differs there: `\s` is the whitespace of ASCII, and `.` takes a carriage return too. Measured on 100 kB: 0.2 ms where it
 * begins with plain text (`"load": \d+`), otherwise up to 12 ms.
 */
import { createRequire } from 'node:module';

import type * as Re2 from 're2js';

/** Choices that an expression without repetition may have: each may double the time. */
const CHOICES = 8;
/** An escape, as one character. */
const ESCAPE = /\\(?:[pPu]\{[^}]*\}|.)/gs;
const CLASS = /\[[^\]]*\]/g;
/** What RE2 would take for something else: a reference to a group, by number or by name. */
const REFERENCE = /\\(?:[1-9]|k<)/;

const require = createRequire(import.meta.url);
const compiled = new WeakMap<RegExp, Re2.RE2JS>();

/** Why an expression can't be matched in linear time, as a clause; null where it can. */
export function linearProblem(pattern: RegExp): string | null {
  if (repeatsNothing(pattern.source)) return null;
  const { source, flags } = pattern;
  if (flags.includes('v') || REFERENCE.test(source.replace(/\\\\/g, ''))) return LIMITS;
  try {
    linear(pattern);
    return null;
  } catch {
    return LIMITS;
  }
}

const LIMITS =
  'it could take endless time: where it repeats something (* + { }) it has no look-around, no reference to a group, no flag v, and counts up to 1000';

/** The index just behind the first match of an expression without a `linearProblem`; -1 where there is none. */
export function linearMatchEnd(text: string, pattern: RegExp): number {
  if (!repeatsNothing(pattern.source)) {
    const matcher = linear(pattern).matcher(text);
    return matcher.find() ? matcher.end() : -1;
  }
  pattern.lastIndex = 0; // where the flags g or y remember the last match
  const match = pattern.exec(text);
  return match === null ? -1 : match.index + match[0].length;
}

/** What the first group of the first match of such an expression holds; null where there is none. */
export function linearGroup(text: string, pattern: RegExp): string | null {
  if (!repeatsNothing(pattern.source)) {
    const matcher = linear(pattern).matcher(text);
    return matcher.find() ? matcher.group(1) : null;
  }
  pattern.lastIndex = 0;
  return pattern.exec(text)?.[1] ?? null;
}

function repeatsNothing(source: string): boolean {
  const plain = source.replace(ESCAPE, 'x').replace(CLASS, 'x');
  if (/[*+{]/.test(plain)) return false;
  const choices = plain.match(/(?<!\()\?|\|/g) ?? [];
  return choices.length <= CHOICES;
}

/** @throws where RE2 does not take it */
function linear(pattern: RegExp): Re2.RE2JS {
  const before = compiled.get(pattern);
  if (before !== undefined) return before;
  // Loaded where it is needed: it takes 70 ms.
  const { RE2JS: engine } = require('re2js') as typeof Re2;
  const flags =
    (pattern.ignoreCase ? engine.CASE_INSENSITIVE : 0) |
    (pattern.multiline ? engine.MULTILINE : 0) |
    (pattern.dotAll ? engine.DOTALL : 0);
  const made = engine.compile(engine.translateRegExp(pattern.source), flags);
  compiled.set(pattern, made);
  return made;
}
