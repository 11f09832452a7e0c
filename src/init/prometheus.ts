/** Jobs of a Prometheus that probe by the blackbox exporter, and its modules. Pure. */
import { isIP } from 'node:net';

import { withoutSecrets } from '../core/shown-url.ts';
import { fieldsAt, isFields, isTrueAt, listAt, textAt, type Fields } from './document.ts';
import type { Draft, Findings, LeftOut } from './draft.ts';
import { acceptedStatuses, BASIC_LOGIN, goDurationMs, hostAndPort, MigratedService } from './migrated-service.ts';

/** Prometheus' own, in milliseconds. */
const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 10_000;
const REDIRECTS = 10;
/** The exporter's own, where none is named. */
const DEFAULT_MODULE = 'http_2xx';
const DISCOVERIES = /_sd_configs$/;

/**
 * The targets of the jobs that are probed by a blackbox exporter.
 * @param modules those of the exporter, by their names; where one is missing its name tells the prober
 */
export function blackboxServices(document: Fields, modules: Fields): Findings {
  const drafts: Draft[] = [];
  const leftOut: LeftOut[] = [];
  const global = fieldsAt(document, 'global');
  for (const job of listAt(document, 'scrape_configs').filter(isFields)) {
    const name = textAt(job, 'job_name') ?? 'a job';
    const ownModule =
      textAt(fieldsAt(job, 'params'), 'module') ?? listAt(fieldsAt(job, 'params'), 'module').map(String)[0] ?? null;
    for (const discovery of Object.keys(job).filter((field) => DISCOVERIES.test(field)))
      leftOut.push({ what: `${name}: ${discovery}`, why: 'only the targets of static_configs are taken over' });
    const configs = listAt(job, 'static_configs').filter(isFields);
    // Other exporters take a module too, such as that of SNMP.
    const isBlackbox = /\/probe$/.test(textAt(job, 'metrics_path') ?? '');
    if (!isBlackbox) {
      leftOut.push({ what: name, why: 'it scrapes metrics, and is not probed by a blackbox exporter' });
      continue;
    }
    for (const config of configs) {
      const labels = fieldsAt(config, 'labels');
      const module = textAt(labels, '__param_module') ?? ownModule ?? DEFAULT_MODULE;
      for (const target of listAt(config, 'targets').map(String)) {
        const taken = serviceOf(target, { job, jobName: name, global, labels, module, modules });
        if ('why' in taken) leftOut.push(taken);
        else {
          drafts.push(taken.draft);
          leftOut.push(...taken.leftOut);
        }
      }
    }
  }
  return { drafts, leftOut };
}

interface Context {
  readonly job: Fields;
  readonly jobName: string;
  readonly global: Fields;
  readonly labels: Fields;
  readonly module: string;
  readonly modules: Fields;
}

function serviceOf(target: string, context: Context): ReturnType<MigratedService['done']> | LeftOut {
  const { job, jobName, global, labels, module, modules } = context;
  const known = modules[module];
  const settings = isFields(known) ? known : {};
  const prober =
    textAt(settings, 'prober') ??
    /http|tcp|icmp|dns|grpc|ssh|smtp|pop3|imap|irc/.exec(module.toLowerCase())?.[0] ??
    'http';
  const isPage = prober === 'http';
  const name = ['name', 'service', 'instance', 'app']
    .map((label) => textAt(labels, label))
    .find((label) => label !== null);
  const service = new MigratedService(name ?? shortName(target), isPage ? 'http' : 'tcp', jobName);
  const refused = (why: string): LeftOut => ({ what: service.name, why });
  if (['icmp', 'dns', 'grpc'].includes(prober)) return refused(`${prober.toUpperCase()} can't be watched`);
  if (isPage) {
    if (!service.page(/^https?:\/\//i.test(target) ? target : `http://${target}`))
      return refused("its URL can't be read");
    applyHttp(service, fieldsAt(settings, 'http'));
  } else {
    const where = hostAndPort(target.replace(/^[a-z]+:\/\//i, ''));
    if (where === null) return refused("its host and port can't be read");
    service.set('host', where.host);
    service.set('port', where.port);
    applyTcp(service, fieldsAt(settings, 'tcp'));
    if (prober === 'ssh' && !isFields(known)) service.set('expect', 'SSH-');
  }
  if (!isFields(known))
    service.note(
      `The module ${module} was not given, only its name: --from with the file of the exporter too takes its settings over.`,
    );
  const interval = textAt(job, 'scrape_interval') ?? textAt(global, 'scrape_interval') ?? '';
  const timeout =
    textAt(settings, 'timeout') ?? textAt(job, 'scrape_timeout') ?? textAt(global, 'scrape_timeout') ?? '';
  service.duration('interval', goDurationMs(interval) ?? INTERVAL_MS);
  service.duration('timeout', goDurationMs(timeout) ?? TIMEOUT_MS);
  return service.done('Prometheus', jobName);
}

/** What a person would call a target: its host, and what follows where there is more. */
function shortName(target: string): string {
  const [, host = target, rest = ''] = /^(?:[a-z]+:\/\/)?(?:[^@/]*@)?([^/?#]+)([^?#]*)/i.exec(target) ?? [];
  return withoutSecrets(`${isIP(host) === 0 ? host.replace(/:(?:80|443)$/, '') : host}${rest === '/' ? '' : rest}`);
}

function applyHttp(service: MigratedService, http: Fields): void {
  const method = textAt(http, 'method')?.toUpperCase() ?? 'GET';
  if (method !== 'GET') service.set('method', method);
  const valid = listAt(http, 'valid_status_codes').map(Number);
  const statuses = acceptedStatuses((status) =>
    valid.length === 0 ? status >= 200 && status < 300 : valid.includes(status),
  );
  if (statuses.length > 0) service.expect('status', statuses.length === 1 ? statuses[0] : statuses);
  const follows = textAt(http, 'follow_redirects') !== 'false' && !isTrueAt(http, 'no_follow_redirects');
  if (follows) service.set('follow', REDIRECTS);
  service.headers(fieldsAt(http, 'headers'));
  const body = textAt(http, 'body');
  if (body !== null) service.payload('body', body);
  const [wanted, ...more] = listAt(http, 'fail_if_body_not_matches_regexp').map(String);
  if (wanted !== undefined) service.expect('body', `/${wanted}/`);
  if (more.length > 0) service.notTaken('fail_if_body_not_matches_regexp', 'only the first expression is taken over');
  for (const field of [
    'fail_if_body_matches_regexp',
    'fail_if_header_matches',
    'fail_if_header_not_matches',
    'fail_if_ssl',
    'fail_if_not_ssl',
    'fail_if_body_json_matches_cel',
    'fail_if_body_json_not_matches_cel',
    'valid_http_versions',
    'proxy_url',
    'oauth2',
    'compression',
  ])
    if (http[field] !== undefined && http[field] !== false)
      service.notTaken(field, 'gapwatch has no such condition or setting');
  const hasToken = ['authorization', 'bearer_token', 'bearer_token_file', 'credentials'].some(
    (field) => http[field] !== undefined,
  );
  if (isFields(http['basic_auth'])) service.login(BASIC_LOGIN);
  else if (hasToken) service.login('"Bearer " and the token');
  applyFamily(service, http);
  applyTls(service, fieldsAt(http, 'tls_config'));
}

function applyTcp(service: MigratedService, tcp: Fields): void {
  const [first, second, ...more] = listAt(tcp, 'query_response').filter(isFields);
  const send = textAt(first, 'send') ?? null;
  const expected = textAt(first, 'expect') ?? (send === null ? null : textAt(second, 'expect'));
  if (send !== null) service.payload('send', send);
  if (expected !== null) service.set('expect', `/${expected}/`);
  const isWhole =
    second === undefined || (send !== null && textAt(first, 'expect') === null && textAt(second, 'send') === null);
  if (!isWhole || more.length > 0) service.notTaken('query_response', 'only its first step is taken over');
  applyFamily(service, tcp);
  // Without `tls` they are for the TLS after a STARTTLS in query_response.
  if (!isTrueAt(tcp, 'tls')) return;
  service.tls(null);
  applyTls(service, fieldsAt(tcp, 'tls_config'));
}

function applyFamily(service: MigratedService, settings: Fields): void {
  if (textAt(settings, 'ip_protocol_fallback') === 'false')
    service.set('family', textAt(settings, 'preferred_ip_protocol') === 'ip4' ? 4 : 6);
}

function applyTls(service: MigratedService, tls: Fields): void {
  if (isTrueAt(tls, 'insecure_skip_verify')) service.tls({ verify: false });
  for (const [theirs, ours] of [
    ['ca_file', 'ca'],
    ['server_name', 'servername'],
  ] as const) {
    const value = textAt(tls, theirs);
    if (value !== null) service.tls({ [ours]: value });
  }
  const [cert, key] = [textAt(tls, 'cert_file'), textAt(tls, 'key_file')];
  if (cert !== null && key !== null) service.tls({ cert, key });
}
