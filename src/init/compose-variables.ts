/** Variables in a Compose file, as its specification ("Interpolation") has them, and the `.env` beside it. Pure. */

/** Names and values. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** How deep defaults may hold variables. */
const MOST_DEPTH = 10;

/**
 * A text with its variables replaced; one that is not set and has no default is empty, as in Compose.
 * @param onUnset called with the name of each such one
 * @example interpolated('${PORT:-8080}:80', {}) // '8080:80'
 */
export function interpolated(
  text: string,
  variables: Variables,
  onUnset: (name: string) => void = ignore,
  depth = 0,
): string {
  if (!text.includes('$') || depth > MOST_DEPTH) return text;
  const valueOf = (inner: string): string => variableOf(inner, variables, onUnset, depth);
  let result = '';
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const [plain = ''] = /^[^$]+/.exec(rest) ?? [];
    const [bare = '', name] = /^\$([A-Za-z_]\w*)/.exec(rest) ?? [];
    if (plain !== '') {
      result += plain;
      at += plain.length;
    } else if (rest.startsWith('$$')) {
      result += '$';
      at += 2;
    } else if (name !== undefined) {
      result += valueOf(name);
      at += bare.length;
    } else {
      const braced = rest.startsWith('${') ? bracedEnd(rest) : -1;
      result += braced < 0 ? '$' : valueOf(rest.slice(2, braced));
      at += braced < 0 ? 1 : braced + 1;
    }
  }
  return result;
}

/** Where the brace closes that a text opens with its second character, those inside it closed; -1 where none does. */
function bracedEnd(text: string): number {
  let open = 0;
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === '{') open += 1;
    if (text[at] === '}') open -= 1;
    if (open === 0) return at;
  }
  return -1;
}

/** The value of what stands between the braces: `NAME`, `NAME:-DEFAULT`, `NAME-DEFAULT`, `NAME:+OTHER`, `NAME+OTHER`, `NAME:?MESSAGE`. */
function variableOf(inner: string, variables: Variables, onUnset: (name: string) => void, depth: number): string {
  const [, name = '', colon, sign, word = ''] = /^([A-Za-z_]\w*)(?:(:?)([-+?])([^]*))?$/.exec(inner) ?? [];
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  const isSet = value !== undefined && (colon !== ':' || value !== '');
  if (sign === '-' && !isSet) return interpolated(word, variables, onUnset, depth + 1);
  if (sign === '+') return isSet ? interpolated(word, variables, onUnset, depth + 1) : '';
  if (!isSet && name !== '') onUnset(name);
  return value ?? '';
}

function ignore(): void {
  // Compose warns, and goes on.
}

/** The variables of an `.env` file: `NAME=VALUE`, the value also in quotes, with or without `export`. */
export function parseEnvFile(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name = '', written = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === '') continue;
    const [, , single, double] = /^('([^']*)'|"((?:[^"\\]|\\.)*)")/.exec(written) ?? [];
    if (single !== undefined) variables[name] = single;
    else if (double !== undefined) variables[name] = interpolated(double.replaceAll(/\\(["\\])/g, '$1'), variables);
    else variables[name] = interpolated(written.replace(/(^|\s+)#.*$/, ''), variables);
  }
  return variables;
}
