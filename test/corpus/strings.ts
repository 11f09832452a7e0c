/**
 * Texts as others may send them, each of one kind. They come as names, groups, vantages, marks, messages and identities, and
 * leave at every edge. What has to be seen of each there is `seen`, what must not be there as it is, `unseen`.
 */
export interface HostileText {
  readonly kind: string;
  readonly text: string;
  /** What people see of it. */
  readonly seen: string;
  /** Characters of it that no edge may pass through. */
  readonly unseen: string;
}

function hostile(kind: string, text: string, unseen: string, seen: string): HostileText {
  return { kind, text, unseen, seen };
}

export const HOSTILE_TEXTS: readonly HostileText[] = [
  hostile('ANSI colour', 'a\x1b[31mred\x1b[0m', '\x1b', 'a\\u001b[31mred'),
  hostile('ANSI title and bell', 'a\x1b]0;owned\x07z', '\x1b\x07', '\\u0007z'),
  hostile('CSI of C1', 'a\x9b2Jz', '\x9b', 'a\\u009b2Jz'),
  hostile('delete and backspace', 'a\x7f\bz', '\x7f\b', 'a\\u007f\\u0008z'),
  hostile('NUL', 'a\0z', '\0', 'a\\u0000z'),
  hostile('next line', 'a\x85z', '\x85', 'a\\u0085z'),
  hostile('form feed', 'a\fz', '\f', 'a\\u000cz'),
  hostile('right-to-left override', 'user\u202egpj.exe', '\u202e', 'user\\u202egpj.exe'),
  hostile(
    'embeddings',
    'a\u202ab\u202bc\u202cd\u202dz',
    '\u202a\u202b\u202c\u202d',
    'a\\u202ab\\u202bc\\u202cd\\u202dz',
  ),
  hostile('isolates', 'a\u2066b\u2067c\u2068d\u2069z', '\u2066\u2067\u2068\u2069', 'a\\u2066b\\u2067c\\u2068d\\u2069z'),
  hostile('direction marks', 'a\u200eb\u200fc\u061cz', '\u200e\u200f\u061c', 'a\\u200eb\\u200fc\\u061cz'),
  hostile('zero-width space', 'a\u200bz', '\u200b', 'a\\u200bz'),
  hostile('joiners between Latin letters', 'pay\u200dpal\u200cz', '\u200d\u200c', 'pay\\u200dpal\\u200cz'),
  hostile('word joiner and byte order mark', 'a\u2060\ufeffz', '\u2060\ufeff', 'a\\u2060\\ufeffz'),
  hostile('soft hyphen', 'a\u00adz', '\u00ad', 'a\\u00adz'),
  hostile('Hangul filler', 'a\u3164z', '\u3164', 'a\\u3164z'),
  hostile('line and paragraph separator', 'a\u2028b\u2029z', '\u2028\u2029', 'a\\u2028b\\u2029z'),
  hostile('first half of a pair', 'a\ud83dz', '\ud83d', 'a\\ud83dz'),
  hostile('second half of a pair', 'a\ude00z', '\ude00', 'a\\ude00z'),
  hostile('not a character', 'a\uffffb\ufffez', '\uffff\ufffe', 'a\\uffffb\\ufffez'),
  hostile('tags', 'a\u{e0041}\u{e007f}z', '\u{e0041}\u{e007f}', 'a\\u{e0041}\\u{e007f}z'),
  hostile('variation selectors with data', 'a\u{e0100}z', '\u{e0100}', 'a\\u{e0100}z'),
  hostile('line break', 'a\nSPOOFED', '', 'a\\nSPOOFED'),
  hostile('carriage return', 'a\rSPOOFED', '\r', 'a\\rSPOOFED'),
  hostile('tab', 'a\tz', '\t', 'a\\tz'),
];

/** Texts that are no attack, and the cells that each takes. They stay as they are, in their column. */
export const FOREIGN_TEXTS: readonly (readonly [text: string, cells: number])[] = [
  ['web', 3],
  ['数据库', 6],
  ['ｗｅｂ', 6],
  ['한국', 4],
  ['cafe\u0301', 4],
  ['a\u0308\u0323', 1],
  ['שרת', 3],
  ['خادم', 4],
  ['🚀', 2],
  ['👨\u200d👩\u200d👧', 6],
  ['a\u202eb', 8],
  ['нода', 4],
];
