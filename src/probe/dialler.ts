/**
 * Opens the one connection of an attempt: look-up, connect, TLS, each a phase of the attempt. Node is given an address,
 * never a name: so its happy eyeballs, which would try other addresses and book their time as this one's, have no part.
 */
import { isIP, Socket } from 'node:net';
import { createSecureContext, connect as tlsConnect, type ConnectionOptions, type TLSSocket } from 'node:tls';

import type { Attempt } from './attempt.ts';
import { failureOf, type Failure } from './failure.ts';
import { literalAddress, lookUp } from './lookup.ts';
import { askRoute } from './own-routes.ts';
import type { Endpoint, TlsSpec } from './spec.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/**
 * After so long without a packet the kernel asks a connection that is held whether it is alive: a firewall or a NAT does not forget it, and
 * one that it has forgotten breaks while nothing waits for it. In milliseconds.
 */
export const KEEP_ALIVE_MS = 15_000;

/** Where a socket connects to: an address and a port, or a unix socket. */
type To = { readonly host: string; readonly port: number } | { readonly path: string };

/** Where a prober connects to; made once for each prober. */
export class Dialler {
  readonly #endpoint: Endpoint;
  readonly #tls: ConnectionOptions | null;
  /** Known from the beginning where there is nothing to look up. */
  readonly #to: To | null;
  readonly #address: string;

  /** @param socketPath a unix socket to connect to instead of host and port */
  constructor(endpoint: Endpoint, socketPath: string | null = null) {
    this.#endpoint = endpoint;
    this.#tls = endpoint.tls === null ? null : tlsOptions(endpoint.host, endpoint.tls);
    const literal = literalAddress(endpoint.host, endpoint.family);
    if (socketPath !== null) this.#to = { path: socketPath };
    else this.#to = literal === null ? null : { host: literal, port: endpoint.port };
    this.#address = socketPath ?? shownAddress(literal ?? endpoint.host, endpoint.port);
  }

  /**
   * Connects for an attempt. Every failure ends the attempt, and errors of the open socket too; the attempt's end
   * destroys the socket until the caller takes it over by setting `attempt.release`. The socket is not read yet.
   * @param connected called with the open socket, TLS done, in the phase `reply`
   */
  dial(attempt: Attempt, connected: (socket: Socket) => void): void {
    if (this.#to !== null) {
      attempt.address = this.#address;
      this.#connect(attempt, this.#to, connected);
      return;
    }
    const { host, port, family } = this.#endpoint;
    lookUp(attempt, host, family, (address) => {
      attempt.address = shownAddress(address, port);
      attempt.enter('connect');
      this.#connect(attempt, { host: address, port }, connected);
    });
  }

  #connect(attempt: Attempt, to: To, connected: (socket: Socket) => void): void {
    if ('host' in to) attempt.ip = to.host.includes(':') ? 6 : 4;
    // `net.connect` copies its options for each socket, and V8 makes a hidden class for each such copy.
    const socket = this.#tls === null ? new Socket().connect(to) : tlsConnect({ ...to, ...this.#tls });
    attempt.release = (failure) => {
      if (failure === null || attempt.answered) socket.destroy();
      else abandon(socket);
    };
    // Node asks the kernel in a tick of its own, which is before this one.
    process.nextTick(() => {
      attempt.asked();
    });
    socket.on('error', (error: Error) => {
      if (attempt.ended) return;
      const failure = attempt.unaccepted ?? failureOf(error, attempt.phase, attempt.address);
      if (failure.reason === 'unreachable' && 'host' in to) failWhereReached(attempt, failure, to.host);
      else attempt.fail(failure);
    });
    socket.once('connect', () => {
      failItself(attempt, socket, to);
      attempt.enter(this.#tls === null ? 'reply' : 'tls');
      if (attempt.ended || this.#tls !== null) return;
      connected(socket);
      attempt.asked();
    });
    if (this.#tls !== null) this.#secure(attempt, socket as TLSSocket, connected);
  }

  #secure(attempt: Attempt, socket: TLSSocket, connected: (socket: Socket) => void): void {
    const onClose = (): void => {
      attempt.fail({ reason: 'tls', message: `closed during the TLS handshake (${attempt.address ?? ''})` });
    };
    socket.once('close', onClose);
    socket.once('secureConnect', () => {
      socket.off('close', onClose);
      const certUntil = Date.parse(socket.getPeerCertificate().valid_to);
      if (!Number.isNaN(certUntil)) attempt.certUntil = certUntil;
      const { minDays = null, verify = true } = this.#endpoint.tls ?? {};
      if (verify || minDays !== null) attempt.certGoodUntil = certUntil - (minDays ?? 0) * DAY_MS;
      const problem = expiresSoon(certUntil, minDays);
      if (problem !== null) {
        attempt.fail({ reason: 'tls', message: problem });
        return;
      }
      attempt.enter('reply');
      connected(socket);
      attempt.asked();
    });
  }
}

/**
 * Ends a connection on which an answer was still to come. It is reset: a polite close would leave it half closed for
 * a minute where the peer is silent, and with it a local port.
 */
function abandon(socket: Socket): void {
  // Only TCP has a reset: neither TLS nor a unix socket passes one on.
  if (socket.connecting || socket.destroyed || socket.remotePort === undefined || 'encrypted' in socket)
    socket.destroy();
  else socket.resetAndDestroy();
}

/**
 * Ends an attempt whose address was not reached. Where this machine itself has no way there at that moment, nothing was observed;
 * otherwise its packets had left, and a router or the host itself sent them back.
 */
function failWhereReached(attempt: Attempt, failure: Failure, address: string): void {
  attempt.unaccepted = failure;
  askRoute(address, (hasRoute) => {
    const message = `this machine has no way there (${attempt.address ?? address})`;
    attempt.fail(hasRoute ? failure : { reason: 'network', message });
  });
}

/**
 * Ends an attempt whose socket is connected to itself. Where nothing listens on a port of this machine, the kernel may
 * give that very port to the probe as its own, and the two ends meet (simultaneous open, RFC 9293, 3.5): about one of
 * 30,000 probes.
 */
function failItself(attempt: Attempt, socket: Socket, to: To): void {
  if (!('port' in to) || socket.localPort !== to.port || socket.localAddress !== socket.remoteAddress) return;
  attempt.fail({ reason: 'refused', message: `nothing listens there (${attempt.address ?? ''})` });
}

/** No session is kept between connections: a resumed one shows no certificate. */
function tlsOptions(host: string, tls: TlsSpec): ConnectionOptions {
  return {
    // An address is no server name (RFC 6066, 3), nor is the dot at the end of a name; an address is verified as one.
    servername: (tls.servername ?? (isIP(host) === 0 ? host : '')).replace(/\.$/, ''),
    rejectUnauthorized: tls.verify,
    secureContext: createSecureContext({ ...(tls.ca !== null && { ca: tls.ca }), ...tls.client }),
  };
}

/** `127.0.0.1:80`, `[::1]:80`. */
export function shownAddress(address: string, port: number): string {
  return isIP(address) === 6 ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}

/** What is wrong with the days that the certificate has left; null where nothing is. */
function expiresSoon(certUntil: number, minDays: number | null): string | null {
  if (minDays === null) return null;
  const days = (certUntil - Date.now()) / DAY_MS;
  if (days >= minDays) return null;
  const until = Number.isNaN(certUntil) ? 'unknown' : new Date(certUntil).toUTCString();
  return `the certificate is valid for ${days.toFixed(1)} days more, less than ${String(minDays)} (until ${until})`;
}
