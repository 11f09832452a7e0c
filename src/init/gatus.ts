/** A configuration of Gatus: https://github.com/TwiN/gatus#configuration. Pure. */
import { list } from '../core/format.ts';
import { redacted } from '../core/shown-url.ts';
import { fieldsAt, isFields, isTrueAt, listAt, textAt, type Fields } from './document.ts';
import type { Draft, Findings, LeftOut } from './draft.ts';
import {
  acceptedStatuses,
  globPattern,
  goDurationMs,
  hostAndPort,
  MigratedService,
  exactPattern,
} from './migrated-service.ts';

/** Gatus' own, in milliseconds. */
const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 10_000;
/** It follows as many redirects as Go does. */
const REDIRECTS = 10;

/** Sections beside the endpoints, and where to look for the same here. */
const SECTIONS: Readonly<Record<string, string>> = {
  alerting: 'see "hooks" in services.json',
  'external-endpoints': 'they are reported by others, not probed',
  maintenance: 'a "maintenance" here has a beginning and an end',
  suites: "steps that depend on each other can't be expressed here",
  remote: 'see gapwatch attach and gapwatch hub',
  tunneling: 'gapwatch connects directly',
};

/** The endpoints of a Gatus configuration. */
export function gatusServices(document: Fields): Findings {
  const drafts: Draft[] = [];
  const leftOut: LeftOut[] = Object.keys(SECTIONS)
    .filter((section) => document[section] !== undefined)
    .map((section) => ({ what: section, why: SECTIONS[section] ?? '' }));
  // Before version 3 they were called services.
  for (const endpoint of [...listAt(document, 'endpoints'), ...listAt(document, 'services')]) {
    const taken = isFields(endpoint) ? serviceOf(endpoint) : { what: 'an endpoint', why: 'it has no fields' };
    if ('why' in taken) leftOut.push(taken);
    else {
      drafts.push(taken.draft);
      leftOut.push(...taken.leftOut);
    }
  }
  return { drafts, leftOut };
}

function serviceOf(endpoint: Fields): ReturnType<MigratedService['done']> | LeftOut {
  const url = textAt(endpoint, 'url') ?? '';
  const [, scheme = ''] = /^([a-z0-9+]+):\/\//i.exec(url) ?? [];
  const kind = scheme.toLowerCase();
  const name = textAt(endpoint, 'name') ?? redacted(url);
  const group = textAt(endpoint, 'group');
  const isPage = kind === 'http' || kind === 'https';
  const service = new MigratedService(name, isPage ? 'http' : 'tcp', group);
  const refused = (why: string): LeftOut => ({ what: service.name, why });
  if (isFields(endpoint['dns'])) return refused("DNS can't be watched");
  if (isPage) {
    if (!service.page(url)) return refused("its URL can't be read");
  } else if (['tcp', 'tls', 'ssh', 'starttls'].includes(kind)) {
    const where =
      hostAndPort(url.slice(scheme.length + 3)) ?? (kind === 'ssh' ? hostAndPort(`${url.slice(6)}:22`) : null);
    if (where === null) return refused("its host and port can't be read");
    service.set('host', where.host);
    service.set('port', where.port);
    if (kind === 'tls') service.tls(null);
    if (kind === 'ssh') service.set('expect', 'SSH-');
    if (kind === 'starttls') service.notTaken('STARTTLS', 'only the connection is watched');
  } else return refused(kind === '' ? 'its URL has no scheme' : `${kind}:// can't be watched`);

  if (endpoint['enabled'] === false) service.set('enabled', false);
  service.duration('interval', goDurationMs(textAt(endpoint, 'interval') ?? '') ?? INTERVAL_MS);
  const speaksTls = isPage || kind === 'tls';
  applyClient(service, fieldsAt(endpoint, 'client'), isPage, speaksTls);
  if (isPage) applyRequest(service, endpoint);
  else if (textAt(endpoint, 'body') !== null) service.payload('send', textAt(endpoint, 'body') ?? '');
  applyConditions(service, listAt(endpoint, 'conditions').map(String), isPage, speaksTls);
  return service.done('Gatus', group ?? '');
}

function applyRequest(service: MigratedService, endpoint: Fields): void {
  const method = textAt(endpoint, 'method')?.toUpperCase();
  if (method !== undefined && method !== 'GET') service.set('method', method);
  service.headers(fieldsAt(endpoint, 'headers'));
  const body = textAt(endpoint, 'body');
  if (body === null) return;
  if (isTrueAt(endpoint, 'graphql')) service.notTaken('graphql', 'a "body" of JSON with "query" says the same');
  else service.payload('body', body);
}

/** @param speaksTls whether the connection begins with TLS; elsewhere its settings mean nothing, or the TLS after STARTTLS */
function applyClient(service: MigratedService, client: Fields, isPage: boolean, speaksTls: boolean): void {
  service.duration('timeout', goDurationMs(textAt(client, 'timeout') ?? '') ?? TIMEOUT_MS);
  if (isPage && !isTrueAt(client, 'ignore-redirect')) service.set('follow', REDIRECTS);
  if (speaksTls && isTrueAt(client, 'insecure')) service.tls({ verify: false });
  const network = textAt(client, 'network');
  const family = network === 'ip4' ? 4 : network === 'ip6' ? 6 : undefined;
  if (family !== undefined) service.set('family', family);
  const tls = fieldsAt(client, 'tls');
  const [cert, key] = [textAt(tls, 'certificate-file'), textAt(tls, 'private-key-file')];
  if (speaksTls && cert !== null && key !== null) service.tls({ cert, key });
  for (const field of ['oauth2', 'proxy-url', 'dns-resolver', 'identity-aware-proxy', 'tunnel'])
    if (client[field] !== undefined) service.notTaken(`client.${field}`, 'gapwatch has no such setting');
}

function applyConditions(
  service: MigratedService,
  conditions: readonly string[],
  isPage: boolean,
  speaksTls: boolean,
): void {
  const statuses: ((status: number) => boolean)[] = [];
  for (const condition of conditions) {
    const [, left = '', sign = '', right = ''] = /^(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$/.exec(condition.trim()) ?? [];
    const isSwapped = !left.startsWith('[') && right.startsWith('[');
    const [what, operator, value] = isSwapped ? [right, SWAPPED[sign] ?? sign, left] : [left, sign, right];
    const status = what === '[STATUS]' && isPage ? statusRule(operator, value) : null;
    const [, glob] = /^pat\((.*)\)$/s.exec(value) ?? [];
    if (status !== null) statuses.push(status);
    else if (what === '[CONNECTED]' && operator === '==' && value === 'true') continue;
    else if (what === '[RESPONSE_TIME]' && /^<=?$/.test(operator) && /^\d+(?:ms|s)?$/.test(value)) {
      const limit = /\d$/.test(value) ? `${value}ms` : value;
      service.duration('slow', goDurationMs(limit));
      service.note(`An answer that takes longer than ${limit} counts as slow here, not as down.`);
    } else if (what === '[BODY]' && operator === '==' && isPage && !/^any\(|\[/.test(value))
      service.expect('body', glob === undefined ? exactPattern(value) : globPattern(glob));
    else if (what === '[BODY]' && operator === '==' && !isPage && glob !== undefined)
      service.set('expect', globPattern(glob));
    else if (speaksTls && what === '[CERTIFICATE_EXPIRATION]' && /^>=?$/.test(operator) && goDurationMs(value) !== null)
      service.tls({ minDays: Math.round((goDurationMs(value) ?? 0) / 864_000) / 100 });
    else service.notTaken(condition, 'gapwatch has no such condition');
  }
  if (!isPage) return;
  const accepted = acceptedStatuses((status) => statuses.every((rule) => rule(status)));
  if (accepted.length > 0) service.expect('status', accepted.length === 1 ? accepted[0] : accepted);
  else service.notTaken(list(conditions), 'no status fulfils them');
}

const SWAPPED: Readonly<Record<string, string>> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' };

/** The rule for `[STATUS] == 200`, `[STATUS] == any(200, 429)`, `[STATUS] < 300`; null where it is none of these. */
function statusRule(operator: string, value: string): ((status: number) => boolean) | null {
  const [, any = value] = /^any\((.*)\)$/.exec(value) ?? [];
  const numbers = any.split(',').map((each) => Number(each.trim()));
  const [first = NaN] = numbers;
  if (numbers.some((each) => !Number.isInteger(each)) || (numbers.length > 1 && !/^[=!]=$/.test(operator))) return null;
  const rules: Readonly<Record<string, (status: number) => boolean>> = {
    '==': (status) => numbers.includes(status),
    '!=': (status) => !numbers.includes(status),
    '<': (status) => status < first,
    '<=': (status) => status <= first,
    '>': (status) => status > first,
    '>=': (status) => status >= first,
  };
  return rules[operator] ?? null;
}
