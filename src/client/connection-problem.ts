/** Why a feed can't be reached, in words that say what to try. Pure. */
import type { IncomingHttpHeaders } from 'node:http';

import { excerpt } from '../core/format.ts';
import { DEFAULT_PORT } from './feed-url.ts';

const NOT_GAPWATCH = 'a web server answers there, but no gapwatch';
const TOKEN_NEEDED = 'a token is needed there: --token, or http://TOKEN@HOST:PORT';

/**
 * What an answer means that opens no websocket.
 * @param url where the feed should be
 * @param hasToken whether a token was shown
 */
export function problemOfAnswer(
  { statusCode = 0, headers }: { readonly statusCode?: number | undefined; readonly headers: IncomingHttpHeaders },
  url: URL,
  hasToken: boolean,
): string {
  const status = String(statusCode);
  if (statusCode === 401) {
    return hasToken ? `the token is not accepted (${status})` : TOKEN_NEEDED;
  }
  if (statusCode === 403) return `access is not allowed there (${status})`;
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    // Not followed: the token would go to another server.
    return `it redirects to ${excerpt(headers.location.replace(/[?#].*$/s, ''))} (${status}): attach to that address instead`;
  }
  if (statusCode === 404 || statusCode < 400) {
    const other = url.port === DEFAULT_PORT ? '' : `; gapwatch is usually on port ${DEFAULT_PORT}`;
    return `${NOT_GAPWATCH} at ${url.pathname} (${status})${other}`;
  }
  if (statusCode === 400 && url.protocol === 'ws:') return `${NOT_GAPWATCH} (${status}); is TLS needed, as wss://?`;
  return statusCode >= 500
    ? `the server in front of it can't reach it, or fails (${status})`
    : `it does not open the feed (${status})`;
}

/** What it means that the other side closed a connection that was open. @param reason what it said */
export function problemOfClose(code: number, reason: string): string {
  if (code === 1006) return 'the connection broke';
  // It says so to a browser too, and of HTTP.
  if (code === 1008 && reason.startsWith('a token is needed')) return TOKEN_NEEDED;
  return reason === '' ? `closed with ${String(code)}` : reason.replace(/\p{Cc}/gu, ' ');
}

/** What an error of a connection means. */
export function problemOfError({ code = '', message }: NodeJS.ErrnoException, url: URL): string {
  const where = `${url.hostname}:${url.port === '' ? (url.protocol === 'wss:' ? '443' : '80') : url.port}`;
  if (code === 'ECONNREFUSED') return `nothing listens at ${where} (${code})`;
  if (code === 'ENOTFOUND') return `there is no host ${url.hostname} (${code})`;
  if (code === 'EAI_AGAIN') return `the name ${url.hostname} can't be looked up at present (${code})`;
  if (code === 'ETIMEDOUT' || message.includes('timed out')) return `nothing answers at ${where}`;
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return `there is no way to ${url.hostname} (${code})`;
  if (url.protocol === 'wss:' && (code === 'EPROTO' || code.startsWith('ERR_SSL_'))) {
    return `no TLS is spoken at ${where}: try ws:// or http://`;
  }
  if (code.startsWith('HPE_')) return `no HTTP is spoken at ${where}: is TLS needed, as wss://, or is it another port?`;
  if (code === 'ECONNRESET') {
    const tls = url.protocol === 'ws:' ? '; is TLS needed, as wss://?' : '';
    return `the connection was closed without an answer (${code})${tls}`;
  }
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'it sent a message that is longer than any of a feed';
  if (code.startsWith('WS_ERR_')) return `it does not speak websocket as a feed does: ${oneLine(message)}`;
  if (/CERT|SIGNED|ALTNAME/.test(code)) return `its certificate is not accepted: ${oneLine(message)}`;
  if (/Sec-WebSocket|Upgrade header|subprotocol/i.test(message)) return `${NOT_GAPWATCH} (${oneLine(message)})`;
  return oneLine(message === '' ? code : message) || 'no connection';
}

function oneLine(message: string): string {
  return message.trim().replace(/\s+/g, ' ');
}
