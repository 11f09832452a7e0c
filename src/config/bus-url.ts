/** Where the stream is: one Redis, a cluster, or a master that sentinels know. A service may be such a master too. */
import type { BusAddress, RedisNode } from '../bus/bus-connection.ts';
import { redacted } from '../core/shown-url.ts';
import { hostInUrl, type Parsed, redisUrl, type RedisWhere } from './target-url.ts';

/** How it is written, for messages. */
export const BUS_URL_FORMS =
  'redis://[[USER]:PASSWORD@]HOST[:PORT][/DB] (rediss: with TLS), redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT,HOST:PORT/MASTER[/DB]';

const MANY = /^(rediss?)\+(cluster|sentinel):\/\/(?:([^/?#]*)@)?([^/?#@]+)(\/[^?#]*)?$/is;
const SENTINEL_PORT = 26_379;

/** Reads the URL of a bus. A problem is a clause that holds nothing of the text. */
export function busUrl(text: string): Parsed<BusAddress> {
  const match = MANY.exec(text);
  if (match === null) return single(text);
  const [, rawScheme = '', rawKind = '', userinfo, hosts = '', path = ''] = match;
  const scheme = rawScheme.toLowerCase();
  const kind = rawKind.toLowerCase() === 'cluster' ? 'cluster' : 'sentinel';
  const [, master = '', db = ''] = /^\/([^/]*)\/?(.*)$/.exec(path) ?? [];
  if (kind === 'cluster' && master !== '') return { problem: 'a cluster has one database only, which is not named' };
  if (kind === 'sentinel' && !/^[\w.-]+$/.test(master))
    return { problem: "the master's name is missing behind the hosts" };
  if (!/^\d{0,6}$/.test(db)) return { problem: "what follows the master's name is not the number of a database" };
  const login = userinfo === undefined ? '' : `${userinfo}@`;
  const nodes: RedisNode[] = [];
  let first: { username: string | null; password: string | null } | null = null;
  for (const host of hosts.split(',')) {
    const hasPort = /(^|[^:]):\d+$|\]:\d+$/.test(host);
    const parsed = redisUrl(`${scheme}://${login}${host}`);
    if ('problem' in parsed) return parsed;
    first ??= parsed.value;
    const port = kind === 'sentinel' && !hasPort ? SENTINEL_PORT : parsed.value.port;
    nodes.push({ host: parsed.value.host, port });
  }
  return {
    value: {
      kind,
      nodes,
      username: first?.username ?? null,
      password: first?.password ?? null,
      db: Number(db),
      encrypted: scheme === 'rediss',
      master,
      shown: `${scheme}+${kind}://${nodes.map(shownNode).join(',')}${master === '' ? '' : `/${master}`}`,
    },
  };
}

/** Reads the URL of a Redis that is a service: one, or a master that sentinels know. */
export function redisServiceUrl(text: string): Parsed<RedisWhere> {
  if (!/^rediss?\+sentinel:/i.test(text)) return redisUrl(text);
  const parsed = busUrl(text);
  if ('problem' in parsed) return parsed;
  const { nodes, username, password, db, encrypted, master } = parsed.value;
  const [first] = nodes;
  if (first === undefined) return { problem: 'its host is missing' };
  return {
    value: { ...first, username, password, db: db === 0 ? null : db, encrypted, sentinels: { nodes, master } },
  };
}

function single(text: string): Parsed<BusAddress> {
  const parsed = redisUrl(text);
  if ('problem' in parsed) return parsed;
  const { host, port, username, password, db, encrypted } = parsed.value;
  const shown = `${encrypted ? 'rediss' : 'redis'}://${shownNode({ host, port })}${db === null ? '' : `/${String(db)}`}`;
  return {
    value: { kind: 'single', nodes: [{ host, port }], username, password, db: db ?? 0, encrypted, master: '', shown },
  };
}

function shownNode({ host, port }: RedisNode): string {
  return `${hostInUrl(host)}:${String(port)}`;
}

/** A URL that may be wrong, as people may see it. */
export function shownBusUrl(text: string): string {
  const parsed = busUrl(text);
  return 'value' in parsed ? parsed.value.shown : redacted(text);
}
