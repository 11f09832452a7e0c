/** From what a port answered to the fields of a service, and what its user has to know. Pure. */
import { addressText, type Draft } from './draft.ts';
import type { PortIdentity } from './port-identity.ts';

/** The fields of a service that was asked, and what to know of it. */
export function entryOf(
  host: string,
  port: number,
  identity: PortIdentity,
  name: string,
): Pick<Draft, 'entry' | 'notes'> {
  const at = addressText(host, port);
  const { kind, status, certificate, refusal } = identity;
  if (refusal !== null) return refusedRedis(host, port, identity, name);
  switch (kind) {
    case 'redis':
      return { entry: { type: 'redis', url: `redis://${at}` }, notes: [] };
    case 'rediss': {
      const { tls, notes } = tlsOf(certificate);
      return { entry: { type: 'redis', url: `rediss://${at}`, ...tls }, notes };
    }
    case 'http':
    case 'https': {
      const { tls, notes } = kind === 'https' ? tlsOf(certificate) : { tls: {}, notes: [] };
      const { expect, note } = statusOf(status ?? 200);
      const url = `${kind}://${at.replace(kind === 'http' ? /:80$/ : /:443$/, '')}/`;
      const slowNote = identity.isWhole
        ? []
        : ['The reply to / did not come to its end within 1 s: name a lighter page.'];
      return { entry: { type: 'http', url, ...expect, ...tls }, notes: [...notes, ...note, ...slowNote] };
    }
    case 'tls':
      if (certificate === null)
        return {
          entry: { type: 'tcp', host, port },
          notes: ['It speaks TLS, but wants a client certificate or a name: "tls" has fields for both.'],
        };
      return {
        entry: {
          type: 'tcp',
          host,
          port,
          ...tlsOf(certificate).tls,
          ...(identity.protocol === null ? {} : greeting(identity.protocol)),
        },
        notes: tlsOf(certificate).notes,
      };
    case 'tcp':
      return {
        entry: { type: 'tcp', host, port, ...greeting(identity.protocol) },
        notes: identity.protocol === 'mysql' ? [MYSQL_NOTE] : [],
      };
  }
}

export const MYSQL_NOTE =
  'MySQL counts each probe as an interrupted connection, and blocks the host that they come from after max_connect_errors (100) in a row: raise that.';

/** A Redis that does not let this client in is watched by what it says. */
function refusedRedis(
  host: string,
  port: number,
  { kind, refusal, certificate }: PortIdentity,
  name: string,
): Pick<Draft, 'entry' | 'notes'> {
  const { tls, notes } = kind === 'rediss' ? tlsOf(certificate) : { tls: {}, notes: [] };
  const variable = `${name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_')}_PASSWORD`;
  const better = { type: 'redis', host, port, password: { env: variable } };
  const isLogin = /^-(?:NOAUTH|WRONGPASS|NOPERM)/.test(refusal ?? '');
  const how = isLogin
    ? `This Redis wants a password: until it has one here, this proves that it answers. Better: ${JSON.stringify(better)}`
    : `This Redis refuses this client (${refusal ?? ''}): this proves that it answers.`;
  return { entry: { type: 'tcp', host, port, send: 'PING\r\n', expect: refusal, ...tls }, notes: [...notes, how] };
}

/** What a server that speaks first must say. */
function greeting(protocol: string | null): Record<string, unknown> {
  const expect = { ssh: 'SSH-', smtp: '/^220/', ftp: '/^220/', imap: '* OK', pop3: '+OK', vnc: 'RFB ', nats: 'INFO ' }[
    protocol ?? ''
  ];
  return expect === undefined ? {} : { expect };
}

function tlsOf(certificate: PortIdentity['certificate']): { tls: Record<string, unknown>; notes: string[] } {
  if (certificate === null || certificate.trust === 'trusted') return { tls: {}, notes: [] };
  const { name, trust } = certificate;
  if (trust === 'under its name') return { tls: { tls: { servername: name } }, notes: [] };
  const whose = name === null ? 'Its certificate' : `Its certificate, for ${name},`;
  return {
    tls: { tls: { verify: false, ...(name !== null && { servername: name }) } },
    notes: [`${whose} is not trusted here, so it is not verified: "ca" names the authority to trust.`],
  };
}

function statusOf(status: number): { expect: Record<string, unknown>; note: string[] } {
  if (status < 400) return { expect: {}, note: [] };
  if (status >= 500)
    return { expect: {}, note: [`It answers / with ${String(status)} now: it is down until it answers 2xx or 3xx.`] };
  const why = [401, 403, 407].includes(status)
    ? 'It wants a login'
    : [404, 410].includes(status)
      ? 'It has nothing at /'
      : 'It refuses a plain GET of /';
  return {
    expect: { expect: { status: ['2xx', '3xx', status] } },
    note: [`${why} (${String(status)}), which counts as up here: a page for health checks says more.`],
  };
}
