/** Requests as no library would send them, and a websocket handshake that says how it was refused. */
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export async function ask(url: string, question: Question = {}): Promise<Reply> {
  const asked = request(url, { method: question.method ?? 'GET', headers: question.headers ?? {}, agent: false });
  asked.end(question.body);
  const [response] = (await once(asked, 'response')) as [
    AsyncIterable<Buffer> & { statusCode: number; headers: IncomingHttpHeaders },
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

export async function askJson(
  url: string,
  question: Question = {},
): Promise<{ status: number; value: Record<string, unknown> }> {
  const { status, body } = await ask(url, question);
  return { status, value: JSON.parse(body) as Record<string, unknown> };
}

/**
 * Sends bytes, and resolves with all that came back when the other side has closed.
 * @param hurry does not wait for more than the first bytes
 */
export async function raw(url: string, bytes: string, hurry = false): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString();
    if (hurry) socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

/** The headers of a good handshake. */
export function handshake(path: string, more: readonly string[] = [], method = 'GET'): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  const given = new Set(more.map((line) => line.split(':')[0]?.toLowerCase()));
  const kept = lines.filter((line, index) => index === 0 || !given.has(line.split(':')[0]?.toLowerCase()));
  return `${[...kept, ...more].join('\r\n')}\r\n\r\n`;
}
