/** Services named on the command line: `[NAME=]WHERE`, to entries of the same kind as the file's. */
import { excerpt } from '../core/format.ts';
import { redacted, withoutSecrets } from '../core/shown-url.ts';
import { URL_PARSERS } from './fields.ts';
import { hostOf, schemeOf, URL_FORMS, type Parsed } from './target-url.ts';

/** A service as the file would name it; not checked yet. */
type TargetEntry = Readonly<Record<string, unknown>>;

const NAME_LIMIT = 100;
const KINDS: Readonly<Record<string, keyof typeof URL_PARSERS>> = {
  tcp: 'tcp',
  http: 'http',
  https: 'http',
  redis: 'redis',
  rediss: 'redis',
  'redis+sentinel': 'redis',
  'rediss+sentinel': 'redis',
};
const FORMS = 'PORT, HOST:PORT, or a URL with tcp, http, https, redis, rediss, redis+sentinel or unix';

/** A target as messages name it: less whatever could be a password in it, on one line, and not too long. */
export function targetPlace(target: string): string {
  if (target === '') return '""';
  const name = nameIn(target);
  const prefix = name === null ? '' : `${name}=`;
  return excerpt(prefix + redacted(target.slice(prefix.length))).slice(1, -1);
}

/**
 * The entry for a target.
 * @returns or what is wrong, in words that hold no password
 */
export function targetEntry(target: string): Parsed<TargetEntry> {
  const name = nameIn(target);
  const where = name === null ? target : target.slice(name.length + 1);
  const parsed = whereEntry(where);
  if ('problem' in parsed) return parsed;
  const ownName = name ?? withoutSecrets(where);
  if (name === null && ownName.length > NAME_LIMIT) {
    return { problem: `too long to be its own name (at most ${String(NAME_LIMIT)} characters); NAME=WHERE names it` };
  }
  return { value: { name: ownName, ...parsed.value } };
}

/** What precedes the first `=`, unless that is in a URL's query. */
function nameIn(target: string): string | null {
  return /^([^=/:]*)=/.exec(target)?.[1] ?? null;
}

function whereEntry(where: string): Parsed<TargetEntry> {
  if (/^\d+$/.test(where)) return { value: { type: 'tcp', host: '127.0.0.1', port: Number(where) } };
  const scheme = /^unix:/i.test(where) ? 'http' : schemeOf(where);
  if (scheme !== null) {
    const type = KINDS[scheme];
    if (type === undefined) return { problem: `${scheme}:// can't be probed; ${FORMS}` };
    const parsed = URL_PARSERS[type](where);
    if ('problem' in parsed) return { problem: `${parsed.problem}; ${URL_FORMS[type]}` };
    return { value: { type, url: where } };
  }
  const [, rawHost = '', port = ''] = /^(\[[^\]]*\]|[^:]*):([^:]*)$/.exec(where) ?? [];
  const host = rawHost.startsWith('[') ? rawHost.slice(1, -1) : rawHost;
  if (hostOf(host) !== null) {
    if (!/^\d+$/.test(port)) return { problem: 'its port is not a whole number from 1 to 65535' };
    return { value: { type: 'tcp', host, port: Number(port) } };
  }
  if (/^[\da-f:.]*:[\da-f:.]*:[\da-f:.]*$/i.test(where)) {
    return { problem: 'an IPv6 address goes in brackets, followed by its port: [::1]:8080' };
  }
  if (hostOf(where) !== null) return { problem: 'its port is missing; HOST:PORT such as localhost:8080' };
  return { problem: `this is no address; ${FORMS}` };
}
