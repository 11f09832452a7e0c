/**
 * Text of others (names, marks, messages, what servers send) as it is shown. Nothing in it may move a cursor, change a colour,
 * turn the direction, break a line or be there unseen: such characters are shown as the escapes that JavaScript and JSON have
 * for them. Every edge at which text leaves uses this. Pure.
 */

/** Controls, formats (bidi controls among them), halves of pairs, line and paragraph separators, and what is never drawn. */
const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\u{e0100}-\u{e01ef}]/gu;
/** Formats that are drawn: signs before Arabic, Syriac and Kaithi numbers. */
const DRAWN = /^[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]$/u;
/** What joiners may stand between: the parts of an emoji, and letters of scripts whose spelling needs them. */
const BEFORE_JOINER = /(?:\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]*|[^\p{Script=Latin}\P{L}]\p{M}*)$/u;
const AFTER_JOINER = /^(?:\p{Extended_Pictographic}|[\u2640\u2642\u2695]|[^\p{Script=Latin}\P{L}])/u;
const PLAIN = /^[\x20-\x7e]*$/;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A text as one line in which everything is seen.
 * @example
 * printable('a\u202eb\n') // 'a\\u202eb\\n'
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, (char, at: number) => (isShown(char, at, text) ? char : (SHORT[char] ?? escape(char))));
}

/** The same of several lines. */
export function printableLines(text: string): string {
  return PLAIN.test(text) ? text : text.split('\n').map(printable).join('\n');
}

/** A text as it may stand between tags and in attributes of XML and HTML. It has to be printable: XML has no place for controls. */
export function escapedXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** JSON that shows everything; parsed, it is the same. */
export function toJson(value: unknown, indent?: number): string {
  return printableJson(JSON.stringify(value, null, indent));
}

/** The same of what is JSON already. */
export function printableJson(json: string): string {
  // Controls and halves of pairs are escaped already, so what is a line break here stands between its parts.
  if (/^[\x20-\x7e\n]*$/.test(json)) return json;
  return json.replace(UNSAFE, (char, at: number) =>
    char === '\n' || isShown(char, at, json) ? char : jsonEscape(char),
  );
}

/** What a name or a mark consists of: no control character, half of a pair, or line break. */
export function isOneLine(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
}

function isShown(char: string, at: number, text: string): boolean {
  if (char !== '\u200d' && char !== '\u200c') return DRAWN.test(char);
  return BEFORE_JOINER.test(text.slice(Math.max(0, at - 16), at)) && AFTER_JOINER.test(text.slice(at + 1, at + 3));
}

function escape(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : jsonEscape(char);
}

function jsonEscape(char: string): string {
  return Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
}
