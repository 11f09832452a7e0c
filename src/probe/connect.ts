/**
 * Opens the one connection of an attempt: look-up, connect, TLS, each a phase of the attempt. Node is given an address,
 * never a name: so its happy eyeballs, which would try other addresses and book their time as this one's, have no part.
 */
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { createSecureContext, connect as tlsConnect, type SecureContext, type TLSSocket } from 'node:tls';

import type { Attempt } from './attempt.ts';
import { failureOf } from './failure.ts';
import { literalAddress, resolve } from './lookup.ts';
import type { Endpoint, TlsSpec } from './spec.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Where a prober connects to; made once for each prober. */
export class Dialler {
  readonly #endpoint: Endpoint;
  readonly #socketPath: string | null;
  readonly #literal: string | null;
  /** For the messages of probes that need no look-up. */
  readonly #where: string;
  readonly #secureContext: SecureContext | null;

  /**
   * @param socketPath a unix socket to connect to instead of host and port
   * @throws where the certificates to trust can't be read as PEM
   */
  constructor(endpoint: Endpoint, socketPath: string | null = null) {
    this.#endpoint = endpoint;
    this.#socketPath = socketPath;
    this.#literal = literalAddress(endpoint.host, endpoint.family);
    this.#where = socketPath ?? shownAddress(this.#literal ?? endpoint.host, endpoint.port);
    const ca = endpoint.tls?.ca ?? null;
    this.#secureContext = endpoint.tls === null ? null : createSecureContext(ca === null ? {} : { ca });
  }

  /**
   * Connects for an attempt. Every failure ends the attempt; the attempt's end destroys the socket until the caller
   * takes it over by setting `attempt.release` in `connected`. The socket is not read yet.
   * @param connected called with the open socket, TLS done, in the phase `reply`
   */
  dial(attempt: Attempt, connected: (socket: Socket) => void): void {
    if (this.#socketPath !== null || this.#literal !== null) {
      attempt.address = this.#where;
      this.#connect(attempt, this.#literal ?? '', connected);
      return;
    }
    resolve(attempt, this.#endpoint.host, this.#endpoint.family, (address) => {
      attempt.address = shownAddress(address, this.#endpoint.port);
      attempt.enter('connect');
      this.#connect(attempt, address, connected);
    });
  }

  #connect(attempt: Attempt, address: string, connected: (socket: Socket) => void): void {
    const { port, tls } = this.#endpoint;
    const to = this.#socketPath === null ? { host: address, port } : { path: this.#socketPath };
    const socket: Socket | TLSSocket =
      tls === null ? netConnect({ ...to, noDelay: true }) : tlsConnect({ ...to, ...this.#tlsOptions(tls) });
    attempt.release = (reason) => {
      abandon(socket, reason !== null && tls === null && !socket.connecting);
    };
    socket.on('error', (error: Error) => {
      attempt.fail(failureOf(error, attempt.phase, attempt.address));
    });
    if (tls === null) {
      socket.once('connect', () => {
        attempt.enter('reply');
        connected(socket);
      });
      return;
    }
    socket.once('connect', () => {
      attempt.enter('tls');
    });
    socket.once('secureConnect', () => {
      const trouble = expiresSoon(socket as TLSSocket, tls);
      if (trouble !== null) {
        attempt.fail({ reason: 'tls', message: trouble });
        return;
      }
      attempt.enter('reply');
      connected(socket);
    });
    socket.once('close', () => {
      if (attempt.phase === 'tls')
        attempt.fail({ reason: 'tls', message: `closed during the TLS handshake (${this.#where})` });
    });
  }

  #tlsOptions(tls: TlsSpec): { servername: string; rejectUnauthorized: boolean; secureContext?: SecureContext } {
    const host = this.#endpoint.host;
    // An address is no server name (RFC 6066, 3); it is verified as an address.
    const servername = tls.servername ?? (isIP(host) === 0 ? host : '');
    return {
      servername,
      rejectUnauthorized: tls.verify,
      ...(this.#secureContext === null ? {} : { secureContext: this.#secureContext }),
    };
  }
}

/**
 * Ends a socket at once. A probe that was given up resets the connection: a polite close would leave it half closed for
 * a minute where the peer is silent, and with it a local port.
 */
function abandon(socket: Socket, reset: boolean): void {
  if (reset && !socket.destroyed) socket.resetAndDestroy();
  else socket.destroy();
}

function shownAddress(address: string, port: number): string {
  return isIP(address) === 6 ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}

/** What is wrong with the days that the certificate has left; null where nothing is. */
function expiresSoon(socket: TLSSocket, tls: TlsSpec): string | null {
  if (tls.minDays === null) return null;
  const until = socket.getPeerCertificate().valid_to;
  const days = (Date.parse(until) - Date.now()) / DAY_MS;
  if (days >= tls.minDays) return null;
  return `the certificate is valid for ${days.toFixed(1)} days more, less than ${String(tls.minDays)} (until ${until})`;
}
