/** Where the stream is: one Redis, a cluster, or a master that sentinels know. */
import { hostInUrl, type Parsed, redacted, redisUrl } from '../config/where.ts';

interface Node {
  readonly host: string;
  readonly port: number;
}

/** It holds a secret: it is never printed. */
export interface BusWhere {
  readonly kind: 'single' | 'cluster' | 'sentinel';
  /** At least one: the Redis, some of the cluster's nodes, or some sentinels. */
  readonly nodes: readonly Node[];
  readonly username: string | null;
  readonly password: string | null;
  readonly db: number;
  readonly encrypted: boolean;
  /** The name under which the sentinels know the master; empty otherwise. */
  readonly master: string;
  /** The same as people may see it. */
  readonly shown: string;
}

/** How it is written, for messages. */
export const BUS_URL_FORMS =
  'redis://[[USER]:PASSWORD@]HOST[:PORT][/DB] (rediss: with TLS), redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT,HOST:PORT/MASTER[/DB]';

const MANY = /^(rediss?)\+(cluster|sentinel):\/\/(?:([^/?#]*)@)?([^/?#@]+)(\/[^?#]*)?$/is;
const SENTINEL_PORT = 26_379;

/** Reads the URL of a bus. What is wrong is told in a clause that holds nothing of the text. */
export function busUrl(text: string): Parsed<BusWhere> {
  const match = MANY.exec(text);
  if (match === null) return single(text);
  const [, rawScheme = '', rawKind = '', userinfo, hosts = '', path = ''] = match;
  const scheme = rawScheme.toLowerCase();
  const kind = rawKind.toLowerCase() === 'cluster' ? 'cluster' : 'sentinel';
  const [, master = '', db = ''] = /^\/([^/]*)\/?(.*)$/.exec(path) ?? [];
  if (kind === 'cluster' && master !== '') return { trouble: 'a cluster has one database only, which is not named' };
  if (kind === 'sentinel' && !/^[\w.-]+$/.test(master))
    return { trouble: "the master's name is missing behind the hosts" };
  if (!/^\d{0,6}$/.test(db)) return { trouble: "what follows the master's name is not the number of a database" };
  const login = userinfo === undefined ? '' : `${userinfo}@`;
  const nodes: Node[] = [];
  let first: { username: string | null; password: string | null } | null = null;
  for (const host of hosts.split(',')) {
    const hasPort = /(^|[^:]):\d+$|\]:\d+$/.test(host);
    const parsed = redisUrl(`${scheme}://${login}${host}`);
    if ('trouble' in parsed) return parsed;
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

function single(text: string): Parsed<BusWhere> {
  const parsed = redisUrl(text);
  if ('trouble' in parsed) return parsed;
  const { host, port, username, password, db, encrypted } = parsed.value;
  const shown = `${encrypted ? 'rediss' : 'redis'}://${shownNode({ host, port })}${db === null ? '' : `/${String(db)}`}`;
  return {
    value: { kind: 'single', nodes: [{ host, port }], username, password, db: db ?? 0, encrypted, master: '', shown },
  };
}

function shownNode({ host, port }: Node): string {
  return `${hostInUrl(host)}:${String(port)}`;
}

/** A URL that may be wrong, as people may see it. */
export function shownBusUrl(text: string): string {
  const parsed = busUrl(text);
  return 'value' in parsed ? parsed.value.shown : redacted(text);
}
