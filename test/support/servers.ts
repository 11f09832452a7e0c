/** Servers that count, and that do with each connection what a test asks. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** What a server does with a connection. */
export type Behaviour = (socket: Socket) => void;

export class TestServer {
  /** Connections accepted so far. */
  accepted = 0;
  /** Connections that are open now. */
  readonly open = new Set<Socket>();
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.accepted += 1;
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
    });
  }

  /** 0 where it listens at a path. */
  get port(): number {
    const address = this.#server.address() as AddressInfo | string;
    return typeof address === 'string' ? 0 : address.port;
  }

  /** Resolves when the next connection is accepted. */
  async nextConnection(): Promise<Socket> {
    const [socket] = (await once(this.#server, 'connection')) as [Socket];
    return socket;
  }

  /** Resolves when no connection is open. */
  async idle(): Promise<void> {
    // Not by `once` of node:events, which takes an error before it for the end.
    await Promise.all([...this.open].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  /** Ends it, with all its connections. */
  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.open) socket.destroy();
    await once(this.#server, 'close');
  }
}

/**
 * Starts a server on a free port of 127.0.0.1, or at a path.
 * @param tls certificate and key; undefined for a plain server
 */
export async function serve(behave: Behaviour, tls?: TlsOptions, path?: string): Promise<TestServer> {
  const accept = (socket: Socket): void => {
    socket.on('error', () => undefined);
    behave(socket);
  };
  const server: Server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  server.on('tlsClientError', () => undefined);
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  return new TestServer(server);
}

/**
 * A port of 127.0.0.1 on which nothing listens. It is below those that the system gives to outgoing connections (from 32,768 on
 * Linux, from 49,152 elsewhere), so that none of the tests beside takes it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(15_000, 32_768);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error('no port of 127.0.0.1 is free');
}

/** Accepts, and says nothing. */
export const silent: Behaviour = (socket) => {
  socket.resume();
};

export const closing: Behaviour = (socket) => {
  socket.resume();
  socket.end();
};

export const resetting: Behaviour = (socket) => {
  reset(socket);
};

/** Resets a connection. (Node's `resetAndDestroy` closes it politely first: the peer may see either.) */
export function reset(socket: Socket): void {
  // Of one that is being shut down Node can't; its handle would never close, and this process would spin at its end.
  if (!socket.writableEnded) Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}

/** Closes every other connection, the first one excepted; the others stay open. */
export function alternating(): Behaviour {
  let isUp = false;
  return (socket) => {
    isUp = !isUp;
    socket.resume();
    if (!isUp) socket.destroy();
  };
}

/** Says this once it is asked, and no more. */
export function saying(text: string | Buffer): Behaviour {
  return (socket) => {
    socket.once('data', () => socket.write(text));
  };
}

/** Says this each time it is asked. */
export function answering(text: string | Buffer): Behaviour {
  return (socket) => {
    socket.on('data', () => socket.write(text));
  };
}

/** Says this once it is asked, and closes. */
export function sayingLast(text: string): Behaviour {
  return (socket) => {
    socket.once('data', () => socket.end(text));
  };
}

/**
 * Says this without end, as fast as the peer reads, once it is asked.
 * @param sent called with how many bytes the peer took
 */
export function pouring(first: string, then: string, sent: (bytes: number) => void): Behaviour {
  return (socket) => {
    const chunk = then.repeat(Math.ceil(16_384 / then.length));
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.once('data', () => {
      socket.write(first);
      pour();
    });
    socket.on('drain', pour);
    socket.once('close', () => {
      sent(socket.bytesWritten);
    });
  };
}
