/**
 * Asks a port who listens there. Nothing is sent that any protocol takes for a command which changes something: PING and GET, a TLS
 * handshake, PostgreSQL's question whether it speaks TLS. At most three connections, most ports need one or two.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';

import { hostInUrl } from '../config/target-url.ts';

/** What a port speaks. */
export type PortKind = 'redis' | 'rediss' | 'http' | 'https' | 'tls' | 'tcp';

/** What came of asking a port. */
export interface PortIdentity {
  readonly kind: PortKind;
  /** Of TCP: `ssh`, `smtp`, `postgres` and so on, by what it said; null where it said nothing that is known. */
  readonly protocol: string | null;
  /** What it answered, for people: `answered PING`, `GET / answered 404`. Holds nothing that the service could choose. */
  readonly evidence: string;
  /** The status of `GET /`; null where there is none. */
  readonly status: number | null;
  /** Whether the reply to `GET /` came to its end. */
  readonly isWhole: boolean;
  /** Of a Redis that does not let this client in: the first word of what it says, such as `-NOAUTH`; null otherwise. */
  readonly refusal: string | null;
  readonly certificate: CertificateFacts | null;
  /** Whether it is the page of a gapwatch. */
  readonly isGapwatch: boolean;
  /** Whether it closed a connection before it was asked anything. */
  readonly closesAtOnce: boolean;
}

/** What a server's certificate says. */
export interface CertificateFacts {
  /** A name that it is for, without a wildcard; null where it names none. */
  readonly name: string | null;
  /** Whether it can be verified: as it is, under its own name, or not. */
  readonly trust: 'trusted' | 'under its name' | 'not trusted';
}

/** For so long a server may introduce itself before it is asked, in milliseconds. */
const BANNER_MS = 150;
/** For an answer to PING: a Redis is given time, as a GET would be an attack in its log; others are asked otherwise then. */
const REPLY_MS = { redis: 800, other: 300 } as const;
/** For a page, or a TLS handshake and a page. */
const PAGE_MS = 1000;
const MOST_BYTES = 65_536;

const PING = 'PING\r\n\r\n';
/** `SSLRequest` (PostgreSQL's protocol, "SSL Session Encryption"): it is answered by one letter, and begins no session. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Servers that speak first, by how they begin. Of bytes as latin1. */
const BANNERS: readonly (readonly [protocol: string, pattern: RegExp])[] = [
  ['ssh', /^SSH-/],
  ['smtp', /^220[ -][^\r\n]*(?:smtp|mail|postfix|exim)/i],
  ['ftp', /^220[ -]/],
  ['imap', /^\* OK/],
  ['pop3', /^\+OK(?!$)/],
  ['mysql', /^[^]{3}\0(?:\x0a[\d.]|\xff)/],
  ['vnc', /^RFB \d/],
  ['nats', /^INFO \{/],
  ['nntp', /^20[01] /],
  ['http2', /^[^]{3}\x04[^]\0{4}/],
];
/** Servers that do not know PING, by how they say so. */
const REPLIES: readonly (readonly [protocol: string, pattern: RegExp])[] = [
  ['memcached', /^ERROR\r\n/],
  ['amqp', /^AMQP[^]/],
];

/** Protocols that are not written in capitals. */
const PROPER_NAMES: Readonly<Record<string, string>> = { mysql: 'MySQL', http2: 'HTTP/2', memcached: 'memcached' };

/** What the page of a gapwatch has, or says to those who have no token. */
const OWN_PAGE = /<body data-connection=|realm="gapwatch/;

/** What may help to ask the right thing first. */
export interface Hint {
  /** What the program or the port usually speaks; null where that is not known. */
  readonly usually: string | null;
}

interface Reply {
  /** `refused`: nothing listens there. `closed`: by the peer. */
  readonly end: 'refused' | 'closed' | 'silent' | 'enough';
  /** Bytes as latin1. */
  readonly text: string;
  /** Null where there was no TLS handshake, or it failed. */
  readonly certificate: CertificateFacts | null;
  /** Whether the peer answered a TLS handshake by TLS, if only to refuse it. */
  readonly speaksTls: boolean;
  /** Whether the question was sent. */
  readonly wasAsked: boolean;
}

interface Question {
  readonly host: string;
  readonly port: number;
  /** Sent once the peer had time to introduce itself. */
  readonly send: string | Buffer;
  readonly bannerMs: number;
  /** For the whole exchange. */
  readonly withinMs: number;
  readonly tls?: boolean;
  isEnough(text: string): boolean;
}

/** Asks a port; null where nothing listens there. */
export async function askPort(host: string, port: number, hint: Hint): Promise<PortIdentity | null> {
  const isPostgres = hint.usually === 'postgres';
  const withinMs = BANNER_MS + REPLY_MS[hint.usually === 'redis' ? 'redis' : 'other'];
  const first = await exchange({
    ...{ host, port, send: isPostgres ? SSL_REQUEST : PING, bannerMs: BANNER_MS, withinMs },
    isEnough: (text) =>
      /^[+-].*\r\n|^HTTP\/1|^</.test(text) || protocolOf(text) !== null || (isPostgres && text !== ''),
  });
  if (first.end === 'refused') return null;
  const { text } = first;
  if (isPostgres && /^[SN]/.test(text))
    return identified('tcp', { protocol: 'postgres', evidence: 'answered as PostgreSQL does' });
  const protocol = protocolOf(text);
  if (protocol !== null)
    return identified('tcp', {
      protocol,
      evidence: `introduced itself as ${PROPER_NAMES[protocol] ?? protocol.toUpperCase()}`,
    });
  const redis = redisIdentity('redis', text);
  if (redis !== null) return redis;
  const isAlert = /^\x15\x03/.test(text);
  const isHttp = /^HTTP\/1|^<(?:!doctype|html)/i.test(text);
  const saysTls = /https|\bssl\b|\btls\b/i.test(text);
  // What closes at once does not know what it was sent: a TLS server without a word, or an HTTP server.
  const order = isAlert || saysTls || (first.end === 'closed' && !isHttp) ? [askTls, askHttp] : [askHttp, askTls];
  const attempts = isPostgres || (first.end === 'silent' && !isHttp && !suggestsTls(port)) ? order.slice(0, 1) : order;
  for (const ask of attempts) {
    const found = await ask(host, port, hint);
    if (found !== null) return found;
  }
  if (!first.wasAsked && text === '')
    return identified('tcp', { evidence: 'closes each connection at once', closesAtOnce: true });
  if (isHttp) return identified('tcp', { evidence: 'speaks HTTP, but does not answer GET /' });
  const evidence = text === '' ? 'accepts connections' : 'answered in a protocol that is not known';
  return identified('tcp', { evidence });
}

async function askHttp(host: string, port: number): Promise<PortIdentity | null> {
  const reply = await exchange({ ...page(host, port), tls: false });
  // Only now it says that it wants TLS.
  if (/^HTTP\/1\.\d 400/.test(reply.text) && /https|\bssl\b|\btls\b/i.test(reply.text))
    return askTls(host, port, { usually: null });
  return httpIdentity('http', reply);
}

async function askTls(host: string, port: number, hint: Hint): Promise<PortIdentity | null> {
  const isRedis = hint.usually === 'redis';
  const question = isRedis
    ? { ...page(host, port), send: PING, isEnough: (text: string) => text.includes('\r\n') }
    : page(host, port);
  const reply = await exchange({ ...question, tls: true });
  const { certificate, speaksTls, text } = reply;
  if (certificate === null) return speaksTls ? identified('tls', { evidence: 'refused a TLS handshake' }) : null;
  const found = (isRedis ? redisIdentity('rediss', text) : null) ?? httpIdentity('https', reply);
  const { name, trust } = certificate;
  const shown = `over TLS${name === null ? '' : `, certificate for ${name}`}${trust === 'not trusted' ? ', not trusted here' : ''}`;
  if (found !== null) return { ...found, certificate, evidence: `${found.evidence} ${shown}` };
  return identified('tls', { protocol: protocolOf(text), evidence: `answered ${shown}`, certificate });
}

function page(host: string, port: number): Omit<Question, 'tls'> {
  const request = `GET / HTTP/1.1\r\nHost: ${hostInUrl(host)}:${String(port)}\r\nUser-Agent: gapwatch\r\nAccept: */*\r\nConnection: close\r\n\r\n`;
  return { host, port, send: request, bannerMs: 0, withinMs: PAGE_MS, isEnough: isWholeReply };
}

/** What is known of a port, the rest as of one that says nothing. */
export function identified(kind: PortKind, over: Partial<PortIdentity> & Pick<PortIdentity, 'evidence'>): PortIdentity {
  return {
    kind,
    protocol: null,
    status: null,
    isWhole: true,
    refusal: null,
    certificate: null,
    isGapwatch: false,
    closesAtOnce: false,
    ...over,
  };
}

function protocolOf(text: string): string | null {
  return [...BANNERS, ...REPLIES].find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}

/** What an answer to PING says of a Redis; null where no Redis says it. */
function redisIdentity(kind: 'redis' | 'rediss', text: string): PortIdentity | null {
  if (text.startsWith('+PONG')) return identified(kind, { evidence: 'answered PING' });
  const [, word = ''] = /^-([A-Z]+)\b/.exec(text) ?? [];
  if (word === '') return null;
  if (['LOADING', 'BUSY', 'MASTERDOWN', 'MISCONF', 'TRYAGAIN', 'CLUSTERDOWN'].includes(word))
    return identified(kind, { evidence: `answered PING with ${word}` });
  return identified(kind, { evidence: `answered PING with ${word}`, refusal: `-${word}` });
}

function httpIdentity(kind: 'http' | 'https', reply: Reply): PortIdentity | null {
  const [, status = ''] = /^HTTP\/1\.\d (\d{3})/.exec(reply.text) ?? [];
  if (status === '') return null;
  const isWhole = reply.end === 'closed' || isWholeReply(reply.text) || reply.text.length >= MOST_BYTES;
  const isGapwatch = OWN_PAGE.test(reply.text);
  return identified(kind, { evidence: `GET / answered ${status}`, status: Number(status), isWhole, isGapwatch });
}

/** Whether an HTTP reply is complete; one that ends with its connection is not seen here. */
function isWholeReply(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = text.slice(0, end);
  if (/^HTTP\/1\.\d (?:204|304)/.test(head)) return true;
  const [, length] = /^content-length: *(\d+) *$/im.exec(head) ?? [];
  if (length !== undefined) return text.length >= end + 4 + Number(length);
  return /^transfer-encoding:.*chunked/im.test(head) && /\r\n0\r\n\r\n$/.test(text);
}

/** Ports of TLS by custom. */
function suggestsTls(port: number): boolean {
  return [443, 465, 563, 636, 853, 990, 992, 993, 995, 5671, 6443, 8443, 8883, 9443].includes(port);
}

/** One connection: waits for a banner, sends, and waits for what comes. */
function exchange(question: Question): Promise<Reply> {
  const { host, port, tls = false, withinMs } = question;
  return new Promise((resolve) => {
    let text = '';
    let certificate: CertificateFacts | null = null;
    let speaksTls = false;
    let wasAsked = false;
    const socket: Socket | TLSSocket = tls
      ? connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
      : connect({ host, port });
    let isConnected = false;
    let banner: NodeJS.Timeout | undefined;
    const finish = (end: Reply['end']): void => {
      clearTimeout(timer);
      clearTimeout(banner);
      socket.destroy();
      resolve({ end, text, certificate, speaksTls, wasAsked });
    };
    const giveUp = (): void => {
      finish(isConnected ? 'silent' : 'refused');
    };
    // On a busy machine the timers run before the sockets are read.
    const expire = (): void => void setImmediate(giveUp);
    let timer = setTimeout(expire, withinMs);
    const ask = (): void => {
      wasAsked = true;
      if (text === '') socket.write(question.send);
    };
    socket.once('connect', () => {
      isConnected = true;
      if (tls) return;
      // On a busy machine it is asked late, and has its time for the answer from then on.
      clearTimeout(timer);
      banner = setTimeout(() => {
        timer = setTimeout(expire, withinMs - question.bannerMs);
        ask();
      }, question.bannerMs);
    });
    socket.once('secureConnect', () => {
      const secured = socket as TLSSocket;
      speaksTls = true;
      certificate = certificateFacts(secured.getPeerCertificate(), secured);
      ask();
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (question.isEnough(text) || text.length >= MOST_BYTES) finish('enough');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // An alert, such as for a client certificate that is missing, comes from a server that speaks TLS.
      if (/alert/i.test(error.code ?? error.message)) {
        speaksTls = true;
        // After the handshake of TLS 1.3.
        certificate = null;
      }
      finish(isConnected ? 'closed' : 'refused');
    });
    socket.once('close', () => {
      finish('closed');
    });
  });
}

function certificateFacts(certificate: PeerCertificate, socket: TLSSocket): CertificateFacts {
  const names = [...(certificate.subjectaltname ?? '').matchAll(/DNS:([^,\s]+)/g)].map(([, name = '']) => name);
  const common: unknown = (certificate.subject as { CN?: unknown } | undefined)?.CN;
  const name =
    [...names, typeof common === 'string' ? common : ''].find((each) => /^(?!\*)[\w.-]+$/.test(each)) ?? null;
  const problem = String(socket.authorizationError);
  const isOther = problem.includes('ALTNAME') && name !== null && names.includes(name);
  return { name, trust: socket.authorized ? 'trusted' : isOther ? 'under its name' : 'not trusted' };
}
