/** Real web servers, and what an HTTP server says. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real web server, and what it was asked. */
export async function website(
  listener: RequestListener,
): Promise<{ url: string; asked: IncomingMessage[]; close: () => void }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url,
    asked,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A reply with its length. */
export function reply(status: string, body: string | Buffer, ...headers: string[]): Buffer {
  const lines = [`HTTP/1.1 ${status}`, `Content-Length: ${String(Buffer.byteLength(body))}`, ...headers, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n')), Buffer.from(body)]);
}
