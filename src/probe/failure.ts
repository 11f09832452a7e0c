/** Failures of probes are values: `failureOf` gives any error of a socket or a look-up the contract's reason. */
import type { Reason } from '../core/model.ts';
import { type CodedError, tlsWords } from './tls-words.ts';

/** Why a probe failed. */
export interface Failure {
  readonly reason: Reason;
  /** For people; names no secret. */
  readonly message: string;
  /** Whether a peer says so that has waited too long for this monitor. */
  readonly impatient?: boolean;
  /** See `Sample`. */
  readonly silent?: boolean;
}

/** The part of a probe in which it is. */
export type Phase = 'dns' | 'connect' | 'tls' | 'reply';

/**
 * Reasons by the system's and Node's error codes: errno(3), getaddrinfo(3).
 * Exhausted descriptors, ports and buffers are the monitor's own problem: nothing was observed. Whether `unreachable` is one
 * too, the error does not say: a router on the way gives the same as a route that is missing here (see `Dialler`).
 */
const BY_CODE: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: 'refused',
  ENOENT: 'refused', // a unix socket that is not there
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  // From connect(2) here, or from what ICMP and ICMPv6 say from elsewhere (Linux: icmp_err_convert, icmpv6_err_convert).
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENONET: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  ENOPROTOOPT: 'unreachable',
  EOPNOTSUPP: 'unreachable',
  EPROTO: 'unreachable',
  EMSGSIZE: 'unreachable',
  EINVAL: 'unreachable', // a route that is a black hole
  ETIMEDOUT: 'timeout-connect',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  EAI_NONAME: 'dns',
  EAI_MEMORY: 'resources',
  EAI_SYSTEM: 'resources',
  EMFILE: 'resources',
  ENFILE: 'resources',
  ENOBUFS: 'resources',
  ENOMEM: 'resources',
  EAGAIN: 'resources', // no port left
  EADDRNOTAVAIL: 'resources',
  EADDRINUSE: 'resources',
  ENETDOWN: 'network',
  ENODEV: 'network',
  EAFNOSUPPORT: 'network',
};

const WORDS: Partial<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOENT: 'the socket file is not there',
  ECONNRESET: 'the peer reset the connection',
  EPIPE: 'the peer reset the connection',
  EHOSTUNREACH: 'no way to the host',
  EHOSTDOWN: 'no way to the host',
  ENETUNREACH: 'no way to the network',
  ENONET: 'no way to the network',
  ENOPROTOOPT: 'the host does not speak TCP',
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'the name server does not answer',
  EMFILE: 'this monitor has no descriptors left: raise its limit (ulimit -n)',
  ENFILE: 'this machine has no descriptors left',
  EADDRNOTAVAIL: 'this machine has no local port left for that address, or not such an address',
  EACCES: 'a firewall or a router does not allow it',
  EPERM: 'a firewall does not allow it',
};

/**
 * The failure that an error means in a phase.
 * @param address the address that was tried, for the message; null where it is not known
 */
export function failureOf(error: CodedError, phase: Phase, address: string | null): Failure {
  const code = typeof error.code === 'string' ? error.code : '';
  const where = shownWhere(address);
  // Of a unix socket it says that its queue is full: the service does not accept.
  if (address?.startsWith('/') === true) {
    if (code === 'EAGAIN') return { reason: 'refused', message: `its queue of connections is full${where}` };
    if (code === 'EACCES' || code === 'EPERM')
      return { reason: 'resources', message: `this monitor's user may not open the socket file${where}` };
  }
  const said = typeof error.message === 'string' && error.message !== '' ? error.message : code;
  const ofTls = phase === 'tls' || isTlsCode(code) || said.includes(':SSL routines:') ? tlsWords(error) : null;
  const message = `${ofTls ?? WORDS[code] ?? said}${where}`;
  const known = BY_CODE[code];
  // A timeout of the kernel on a connection that was made: the peer is silent.
  if (code === 'ETIMEDOUT' && phase === 'reply') return { reason: 'timeout-reply', message };
  // Whatever breaks a handshake is `tls`: also a reset in the middle of it.
  if (phase === 'tls' && (known === undefined || known === 'reset')) return { reason: 'tls', message };
  if (known !== undefined) return { reason: known, message };
  if (isTlsCode(code) || ofTls !== null) return { reason: 'tls', message };
  return { reason: phase === 'dns' ? 'dns' : 'error', message };
}

/** Codes of OpenSSL's certificate verification and of Node's TLS errors. */
function isTlsCode(code: string): boolean {
  return (
    code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_') || code.startsWith('CERT_') || code.includes('_CERT')
  );
}

/**
 * The peer ended the connection before it had answered in full.
 * @param bytes what it had said until then
 */
export function closedFailure(address: string | null, bytes: number): Failure {
  const where = shownWhere(address);
  if (bytes > 0) return { reason: 'protocol', message: `closed in the middle of its reply${where}` };
  return { reason: 'closed', message: `accepted, then closed before an answer${where}` };
}

function shownWhere(address: string | null): string {
  return address === null ? '' : ` (${address})`;
}
