/** From an HTTP connection to a client of the feed, or to an error response. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';

import type { Access } from './access.ts';
import { closingAnswer } from './http-response.ts';
import type { FanOut } from './fan-out.ts';
import { plainAddress } from './proxies.ts';
import { feedQuery, isBad } from './query.ts';
import type { FeedSource } from '../core/source.ts';
import { CLOSE, closeSocket } from './subscriber.ts';

/** A client has nothing to say. */
const MAX_PAYLOAD = 1024;
/** Clients of the feed that one address may have through a proxy that is trusted. */
const PER_CLIENT = 100;

export class Upgrader {
  readonly #source: FeedSource;
  readonly #access: Access;
  readonly #fanOut: FanOut;
  readonly #log: Logger;
  /** How many clients an address has. */
  readonly #viewers = new Map<string, number>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    autoPong: false,
    // One frame of a client in each turn of the loop: many do not hold up what others get.
    allowSynchronousEvents: false,
  });

  constructor(source: FeedSource, access: Access, fanOut: FanOut, log: Logger) {
    this.#source = source;
    this.#access = access;
    this.#fanOut = fanOut;
    this.#log = log;
  }

  /**
   * Serves a client that asks for a websocket, or refuses it.
   * @param asked `client`: whose request it is; `waitS`: in how many seconds that address may come again; null where it may now
   */
  upgrade(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    { url, client, waitS }: { readonly url: URL | null; readonly client: string; readonly waitS: number | null },
  ): void {
    const refuse = (status: number, reason: string, problem: string, headers: readonly string[] = []): void => {
      socket.on('error', () => {
        // The client disconnected before the response came.
      });
      socket.end(closingAnswer(status, reason, problem, headers), () => {
        socket.destroy();
      });
    };
    if (url?.pathname !== '/feed') {
      refuse(404, 'Not Found', 'no websocket is here; the feed is at /feed');
      return;
    }
    if (request.method !== 'GET') {
      refuse(405, 'Method Not Allowed', '/feed takes GET', ['allow: GET']);
      return;
    }
    const tokens = url.searchParams.getAll('token');
    const granted = this.#access.judge(request.headers, tokens[0] ?? null);
    if ('status' in granted && granted.status === 403) {
      refuse(403, 'Forbidden', granted.problem);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', (error) => {
        // The library closes the connection; a client that breaks the protocol is its own fault.
        this.#log.debug(
          { address: socket.remoteAddress, error: error.message },
          'a client of the feed broke the protocol',
        );
      });
      if (waitS !== null) {
        closeSocket(
          ws,
          CLOSE.notAllowed,
          `too many clients and requests come from this address: come back in ${String(waitS)} s`,
        );
        return;
      }
      if ('status' in granted) {
        closeSocket(ws, CLOSE.notAllowed, granted.problem);
        return;
      }
      const query = feedQuery(url.searchParams, (service) => this.#source.board.services.has(service));
      if (isBad(query)) {
        closeSocket(ws, CLOSE.notAllowed, query.problem);
        return;
      }
      // Behind a proxy the limit of connections does not see whose they are.
      const viewers = this.#viewers.get(client) ?? 0;
      if (client !== plainAddress(socket.remoteAddress) && viewers >= PER_CLIENT) {
        closeSocket(ws, CLOSE.notAllowed, 'too many clients of the feed come from this address');
        return;
      }
      this.#viewers.set(client, viewers + 1);
      ws.once('close', () => {
        const left = (this.#viewers.get(client) ?? 1) - 1;
        if (left === 0) this.#viewers.delete(client);
        else this.#viewers.set(client, left);
      });
      // Not in the public view: to send every probe costs the engine something.
      const samples = query.samples && granted.view === 'private';
      this.#log.debug({ address: client, view: granted.view, samples }, 'a client of the feed connected');
      ws.once('close', (code) => {
        this.#log.debug({ address: client, code }, 'a client of the feed disconnected');
      });
      this.#fanOut.join(ws, socket, granted.view, { ...query, samples });
    });
  }
}
