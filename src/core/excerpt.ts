/** What peers sent, made fit for a message to people: short, on one line, without control characters. */

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
