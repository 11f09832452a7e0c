/** How each kind of service is spoken to: a spec, and what a good server answers. */
import type { Kind } from '../../src/core/model.ts';
import type { ProbeSpec, TlsSpec } from '../../src/probe/spec.ts';
import { endpoint, httpSpec, redisSpec, tcpSpec } from './probing.ts';
import type { Behaviour } from './servers.ts';

export interface Dialect {
  readonly kind: Kind;
  spec(port: number, over?: { host?: string; tls?: TlsSpec | null; family?: 4 | 6 | null }): ProbeSpec;
  /** A good server's answers to what was received: none where that is no whole request. */
  answers(received: string): string[];
}

const HTTP_OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const REDIS_REPLIES: Partial<Record<string, string>> = { PING: '+PONG\r\n', INFO: '-NOPERM no INFO for you\r\n' };

export const DIALECTS: readonly Dialect[] = [
  {
    kind: 'tcp',
    spec(port, over = {}) {
      return tcpSpec(port, { endpoint: endpoint(port, over), send: 'ping\n', expect: 'pong\n' });
    },
    answers(received) {
      return Array<string>(received.split('ping\n').length - 1).fill('pong\n');
    },
  },
  {
    kind: 'http',
    spec(port, { host = '127.0.0.1', tls = null, family = null } = {}) {
      const url = `${tls === null ? 'http' : 'https'}://${host}:${String(port)}/`;
      return httpSpec(url, { family, ...(tls === null ? {} : { tls }) });
    },
    answers(received) {
      return Array<string>(received.split('\r\n\r\n').length - 1).fill(HTTP_OK);
    },
  },
  {
    kind: 'redis',
    spec(port, over = {}) {
      return redisSpec(port, { endpoint: endpoint(port, over) });
    },
    answers(received) {
      const commands = [...received.matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)];
      return commands.map(([, name]) => REDIS_REPLIES[name?.toUpperCase() ?? ''] ?? '-ERR unknown command\r\n');
    },
  },
];

/** Answers everything well. */
export function good(dialect: Dialect): Behaviour {
  return (socket) => {
    socket.on('data', (data) => {
      socket.write(dialect.answers(data.toString()).join(''));
    });
  };
}

/** What a good server says to one probe. */
export function goodAnswer({ kind }: Dialect): string {
  if (kind === 'tcp') return 'pong\n';
  return kind === 'http' ? HTTP_OK : '+PONG\r\n';
}
