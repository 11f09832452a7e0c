/** URLs as people may see them: in messages, lines, dashboards, reports and logs. Pure. */
import { excerpt } from './format.ts';
import { printable } from './printable.ts';

/** Stands for what is left out. */
const LEFT_OUT = '…';
const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#]*)@)?(\[[^\]/?#]*\]|[^:/?#[\]]*)(?::([^/?#]*))?([/?#].*)?$/is;
const URL_IN_TEXT = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi;
const PARAMETER = /([?&;])([^=&;#]+)=[^&;#]*/g;
/** A fragment that is more than the name of a place in a page. */
const LONG_FRAGMENT = /#(?=.*=|.{20}).*$/s;
const ANY_FRAGMENT = /#.+$/s;
/** A word of lower and upper case and digits. */
const TOKEN = /^(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[^\s:/@.]{8,}$/;
/** Names of parameters whose values are secrets. */
const SECRET_NAME =
  /token|secret|passw|passphrase|pwd|api.?key|signature|credential|jwt|auth|session.?id|(?:^|[^a-z])(?:pass|pw|key|sig|sid)(?:$|[^a-z])/i;

/**
 * A URL that can be read, less its secrets: the password, the values of parameters such as `token`, and a long fragment.
 * It stays a name that people know the service by. For a text that can't be read see `redacted`.
 * @example withoutSecrets('http://me:pw@shop:8080/health?token=1&deep=1') === 'http://me@shop:8080/health?token=…&deep=1'
 */
export function withoutSecrets(text: string): string {
  const [, scheme, userinfo, host, port, rest = ''] = URL_PARTS.exec(text) ?? [];
  if (scheme === undefined || host === undefined) return withoutParameters(text);
  const user = userinfo?.split(':')[0] ?? '';
  const authority = `${user === '' ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`;
  return `${scheme}://${authority}${withoutParameters(rest)}`;
}

/** Whatever could be a secret in a text that may not even be a URL is left out, at the cost of too much. */
export function redacted(text: string): string {
  const start = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0].length ?? 0;
  const at = text.lastIndexOf('@');
  if (at >= start) {
    const [user = ''] = text.slice(start, at).split(':');
    return withoutParameters(
      `${text.slice(0, start)}${user === '' ? '' : `${user}@`}${text.slice(at + 1)}`,
      ANY_FRAGMENT,
    );
  }
  // redis://user:password, the host forgotten: a port that is not a number is not shown.
  const pattern = /^((?:[a-z][a-z0-9+.-]*:\/\/)?[^:/?#]+):(?=[^/?#:]*[^\d/?#:])[^/?#]*/i;
  return withoutParameters(text.replace(pattern, `$1:${LEFT_OUT}`), ANY_FRAGMENT);
}

/**
 * A text that may be anything, and stands where it does not belong: what looks like a URL with a password, or like a password
 * and a host, has none, and what looks like a token is not shown. One line, in which everything is seen.
 */
export function safeText(text: string): string {
  return printable(withoutLogin(text));
}

/** The same as a quoted excerpt. */
export function safeExcerpt(text: string): string {
  return excerpt(withoutLogin(text));
}

function withoutLogin(text: string): string {
  if (TOKEN.test(text)) return LEFT_OUT;
  return /^[a-z][a-z0-9+.-]*:\/\/|:.*@/is.test(text) ? redacted(text) : text;
}

/** A text in which each URL is `redacted`: a message, or a command as it was typed. */
export function redactedUrls(text: string): string {
  return text.replace(URL_IN_TEXT, redacted);
}

function withoutParameters(text: string, fragment = LONG_FRAGMENT): string {
  const shown = text.replace(PARAMETER, (parameter, mark: string, name: string) =>
    SECRET_NAME.test(name) ? `${mark}${name}=${LEFT_OUT}` : parameter,
  );
  return shown.replace(fragment, `#${LEFT_OUT}`);
}
