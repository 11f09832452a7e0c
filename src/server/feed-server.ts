/** Serves the feed, the status page, the API, the badges and the metrics of a monitor on one port. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';

import type { Logger } from 'pino';

import type { Archive } from '../core/archive.ts';
import type { FeedSource, HookFigures } from '../core/source.ts';
import { Access, type AccessRules } from './access.ts';
import { Api } from './api.ts';
import { AddressRates, admit, answered, defaultLimits, limitConnections } from './connection-limits.ts';
import { FanOut } from './fan-out.ts';
import { FeedError, listenFault, notProtected } from './feed-error.ts';
import { closingAnswer, errorResponse, send } from './http-response.ts';
import { Metrics } from './metrics.ts';
import { Page, type PageAssets, type Site } from './page-files.ts';
import { TrustedProxies } from './proxies.ts';
import { answerTo, type Served } from './routes.ts';
import { TtlCache } from './ttl-cache.ts';
import { Upgrader } from './upgrade.ts';

/** Port 0 takes a free one. */
interface Listen {
  readonly host: string;
  readonly port: number;
}

interface FeedAddress extends Listen {
  readonly url: string;
}

interface FeedParts {
  readonly open: (listen: Listen) => Promise<Server>;
  readonly fanOut: FanOut;
  readonly access: Access;
  readonly page: Page;
  /** Those of the rules that hold now. */
  readonly proxies: { current: TrustedProxies };
}

export interface FeedServerOptions extends AccessRules {
  readonly listen: Listen;
  readonly monitor: FeedSource;
  /** What the past is read from; none where nothing is kept. */
  readonly archive?: Archive | null;
  readonly page: PageAssets;
  /** How the page introduces itself; left out where nothing is configured. */
  readonly site?: Site;
  /** What each hook has done; left out where there are none. */
  readonly hooks?: () => readonly HookFigures[];
  readonly log: Logger;
  /** How much each address may ask for; what `AddressRates` allows where it is left out. */
  readonly rates?: AddressRates;
}

/** A client must have sent its headers within this time, and its whole request within the next. In milliseconds. */
const HEADERS_MS = 5000;
const REQUEST_MS = 10_000;
/** A scraper that comes every 15 s or 30 s keeps its connection. */
const KEEP_ALIVE_MS = 65_000;
const HEADER_BYTES = 8192;
/** How long an answer of the API is kept for equal requests, in milliseconds. */
const RECENT_MS = 250;
/** What is in flight when the monitor stops may take this long to end. */
const CLOSE_MS = 2000;

export class FeedServer {
  readonly #open: (listen: Listen) => Promise<Server>;
  readonly #fanOut: FanOut;
  readonly #access: Access;
  readonly #page: Page;
  readonly #proxies: { current: TrustedProxies };
  #server: Server;
  /** As it was asked for: port 0 stays 0. */
  #listen: Listen;
  #rules: AccessRules;
  #address: FeedAddress;
  #closed: Promise<void> | null = null;

  private constructor(parts: FeedParts, server: Server, { listen, ...options }: FeedServerOptions) {
    this.#open = parts.open;
    this.#fanOut = parts.fanOut;
    this.#access = parts.access;
    this.#page = parts.page;
    this.#proxies = parts.proxies;
    this.#server = server;
    this.#listen = listen;
    this.#rules = rulesOf(options);
    this.#address = addressOf(server);
  }

  /**
   * Begins to listen.
   * @throws FeedError where it may not, or can't
   */
  static async start(options: FeedServerOptions): Promise<FeedServer> {
    const { listen, monitor, archive = null, log } = options;
    const access = new Access(listen.host, options);
    const proxies = { current: new TrustedProxies(options.proxies ?? []) };
    const page = new Page(options.page, monitor, options);
    if (!access.possible) throw notProtected(hostPort(listen));
    let serve: ((server: Server) => void) | null = null;
    const limits = defaultLimits();
    const open = async (where: Listen): Promise<Server> => {
      const server = createServer({
        headersTimeout: HEADERS_MS,
        requestTimeout: REQUEST_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: 1000,
        maxHeaderSize: HEADER_BYTES,
      });
      limitConnections(server, limits, (address) => proxies.current.has(address), log);
      serve?.(server);
      server.listen(where.port, where.host, 1024);
      try {
        await once(server, 'listening');
      } catch (error) {
        throw listenFault(error as NodeJS.ErrnoException, hostPort(where)) ?? error;
      }
      return server;
    };
    const server = await open(listen);

    const fanOut = new FanOut(monitor);
    const metrics = new Metrics(monitor, fanOut, archive, options.hooks ?? null);
    const scrapes = new TtlCache<string>(RECENT_MS);
    const served: Served = {
      source: monitor,
      access,
      archive,
      api: new Api(monitor, archive),
      page,
      metrics: (scrape) =>
        scrapes.get(JSON.stringify([scrape.isOpen, scrape.isPublic, [...(scrape.services ?? [])]]), () =>
          metrics.text(scrape),
        ),
      recent: new TtlCache(RECENT_MS),
    };
    serve = serving(served, new Upgrader(monitor, access, fanOut, log), proxies, options);
    serve(server);
    return new FeedServer({ open, fanOut, access, page, proxies }, server, options);
  }

  /** Where it listens. */
  get address(): FeedAddress {
    return this.#address;
  }

  /**
   * Another address, or other rules of access. Clients of the feed are closed then: they reconnect under the new ones. The
   * new address is opened before the old one is left.
   * @throws FeedError where it may not listen there, or can't, or the address would be open to every client: then nothing is
   * changed
   */
  async change(listen: Listen, rules: AccessRules & { readonly site?: Site }): Promise<void> {
    const moves = listen.host !== this.#listen.host || listen.port !== this.#listen.port;
    const changed = rulesOf(rules);
    if (!new Access(listen.host, changed).possible) throw notProtected(hostPort(listen));
    if (moves) await this.#move(listen);
    if (rules.site !== undefined) this.#page.site = rules.site;
    if (!moves && isDeepStrictEqual(changed, this.#rules)) return;
    this.#rules = changed;
    this.#access.change(listen.host, changed);
    this.#page.embed = changed.embed ?? [];
    this.#proxies.current = new TrustedProxies(changed.proxies ?? []);
    this.#fanOut.closeClients();
  }

  async #move(listen: Listen): Promise<void> {
    const before = this.#server;
    try {
      this.#server = await this.#open(listen);
    } catch (error) {
      // All addresses of a port include this one, and it must be left before.
      const isOwn = listen.port === this.#address.port && error instanceof FeedError && error.code === 'address-in-use';
      if (!isOwn) throw error;
      void ended(before);
      try {
        this.#server = await this.#open(listen);
      } catch (stillUsed) {
        this.#server = await this.#open(this.#address);
        throw stillUsed;
      }
    }
    void ended(before);
    this.#listen = listen;
    this.#address = addressOf(this.#server);
  }

  /** How many clients the feed has. */
  get clients(): number {
    return this.#fanOut.size;
  }

  /** Ends it: clients of the feed are closed, and what is in flight may end. */
  close(): Promise<void> {
    this.#fanOut.close();
    return (this.#closed ??= ended(this.#server));
  }
}

/** Listens no more, and resolves when what is in flight has ended; after a time it is ended by force. */
async function ended(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, CLOSE_MS);
  await closed;
  clearTimeout(timer);
}

function addressOf(server: Server): FeedAddress {
  const { address: host, port } = server.address() as AddressInfo;
  return { host, port, url: `http://${hostPort({ host, port })}` };
}

/** The rules alone, all of them. */
function rulesOf({ token, public: isPublic, origins = [], embed = [], proxies = [] }: AccessRules): AccessRules {
  return { token, public: isPublic, origins, embed, proxies };
}

/** What makes a server answer. */
function serving(
  served: Served,
  upgrader: Upgrader,
  proxies: { readonly current: TrustedProxies },
  { log, rates = new AddressRates() }: FeedServerOptions,
): (server: Server) => void {
  return (server) => {
    server.on('connection', (socket: Socket) => {
      // What comes on it is refused.
      rates.take(socket.remoteAddress ?? '');
    });
    server.on('request', (request, response) => {
      const turn = admit(request, response);
      const waitS = rates.take(proxies.current.clientOf(request));
      if (turn !== null) void turn.then(() => handle(served, request, response, { log, waitS }));
    });
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const protocols = (request.headers.upgrade ?? '').toLowerCase().split(/ *, */);
      if (protocols.includes('websocket')) {
        request.headers.upgrade = 'websocket';
        const client = proxies.current.clientOf(request);
        upgrader.upgrade(request, socket, head, { url: urlOf(request), client, waitS: rates.take(client) });
      } else void ignoreUpgrade(server, request, socket, head);
    });
    server.on('clientError', (error, socket) => {
      void refuseUnreadable(error, socket);
    });
    server.on('connect', (_: IncomingMessage, socket: Socket) => {
      socket.end(closingAnswer(405, 'Method Not Allowed', 'this is no proxy', ['allow: GET, HEAD, POST']));
    });
  };
}

/** @param waitS in how many seconds its address may ask again; null where it may now */
async function handle(
  served: Served,
  request: IncomingMessage,
  response: ServerResponse,
  { log, waitS }: { readonly log: Logger; readonly waitS: number | null },
): Promise<void> {
  if (response.destroyed) return;
  // The client disconnected: nothing to be done.
  response.on('error', () => undefined);
  const url = urlOf(request);
  try {
    const answer =
      url === null ? errorResponse(400, 'this is not a path') : await answerTo(served, request, url, waitS);
    send(request, response, answer);
  } catch (error) {
    if (request.destroyed && request.errored !== null) return;
    log.error({ err: error, path: url?.pathname }, 'a request to the feed failed');
    send(request, response, errorResponse(500, 'this is a fault of the monitor; its log says more'));
  }
}

/** What a request asks for; null where it is no path. The path of `OPTIONS *` is `*`. */
function urlOf(request: IncomingMessage): URL | null {
  const target = request.url ?? '';
  if (target === '*' && request.method === 'OPTIONS') return new URL('any:*');
  // A browser's answer to "//host/" would be another host.
  const isPath = target.startsWith('/');
  const whole = isPath ? `http://monitor${target}` : target;
  if (!(isPath || /^https?:\/\//i.test(target)) || !URL.canParse(whole)) return null;
  const url = new URL(whole);
  // RFC 9112, 3.2.2: then the Host counts for nothing.
  if (!isPath) request.headers.host = url.host;
  return url;
}

/** The answers to what is no request, by the code of the fault: a status and its name. */
const UNREADABLE: Readonly<Record<string, readonly [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  HPE_INVALID_METHOD: [501, 'Not Implemented'],
};

async function refuseUnreadable(
  { code = '', rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer },
  socket: Duplex,
): Promise<void> {
  await answered(socket);
  // What follows the last request of a connection is none of its own.
  if (!socket.writable || code === 'HPE_CLOSED_CONNECTION') return;
  // Without a target and a version it is no method either.
  const isRequest =
    code !== 'HPE_INVALID_METHOD' || /^\S+ \S+ HTTP\/1\.\d\r\n/.test(rawPacket?.toString('latin1') ?? '');
  const [status, reason] = (isRequest ? UNREADABLE[code] : undefined) ?? [400, 'Bad Request'];
  socket.end(closingAnswer(status, reason, reason.toLowerCase()), () => {
    socket.destroy();
  });
}

/**
 * Goes on with a request as if it had not asked for another protocol (RFC 9110, 7.8: that may be ignored). Node has let go
 * of the connection by then: it gets the request again, without that wish.
 */
async function ignoreUpgrade(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
  // Answers keep the order of the requests.
  await answered(socket);
  const { method = '', url = '', httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let n = 0; n + 1 < rawHeaders.length; n += 2) {
    const name = rawHeaders[n] ?? '';
    if (!/^(connection|upgrade|http2-settings)$/i.test(name)) lines.push(`${name}: ${rawHeaders[n + 1] ?? ''}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

function hostPort({ host, port }: Listen): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
