/** Tokens, which clients of a feed show as `Authorization: Bearer TOKEN`. Pure. */

/** Why a token can't be sent in a header, as a clause that shows nothing of it; null where it can. */
export function tokenProblem(token: string): string | null {
  if (token.trim() === '') return 'it is blank';
  if (/\p{Cc}/u.test(token)) return 'it holds a line break, or another control character';
  if (/[^\x20-\x7e]/.test(token)) return 'it holds a character that is not ASCII, which no header can carry';
  return token === token.trim() ? null : 'a blank stands before or behind it';
}
