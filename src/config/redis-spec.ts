/** From a Redis service in the configuration to its probe. */
import type { RedisSpec } from '../probe/spec.ts';
import type { Reader } from './section-reader.ts';
import type { RedisEntry } from './config-schema.ts';
import { hostInUrl, hostOf, REDIS_PORT, type RedisWhere } from './target-url.ts';
import { checkFamily, readUrl, tlsSpec, type Drafted } from './spec-common.ts';

/** The probe of a Redis service; null where something is wrong, which is told. */
export async function redisSpec(
  entry: RedisEntry,
  family: 4 | 6 | null,
  reader: Reader,
): Promise<Drafted<RedisSpec> | null> {
  const where = await whereOf(entry, reader);
  const fields = {
    username: await reader.secret(entry.username, ['username']),
    password: await reader.secret(entry.password, ['password']),
    db: entry.db ?? null,
  };
  if (where === null) return null;
  for (const field of ['username', 'password', 'db'] as const) {
    if (entry[field] !== undefined && where[field] !== null) {
      reader.problem([field], 'stands beside "url", which says it already; one of the two has to go');
    }
  }
  const username = where.username ?? fields.username;
  const password = where.password ?? fields.password;
  if (username !== null && password === null && entry.password === undefined) {
    const field = entry.username === undefined ? 'url' : 'username';
    reader.problem([field], 'a user without a password; Redis takes a user only with one: "password"');
  }
  checkFamily(reader, where.host, family);
  const { host, port } = where;
  const db = where.db ?? fields.db ?? 0;
  const tls = where.encrypted || entry.tls !== undefined ? await tlsSpec(reader, entry.tls) : null;
  const scheme = tls === null ? 'redis' : 'rediss';
  return {
    target: `${scheme}://${hostInUrl(host)}:${String(port)}${db === 0 ? '' : `/${String(db)}`}`,
    probe: { kind: 'redis', endpoint: { host, port, family, tls }, username, password, db, role: entry.role ?? null },
  };
}

async function whereOf(entry: RedisEntry, reader: Reader): Promise<RedisWhere | null> {
  if (entry.url !== undefined) return readUrl(reader, 'redis', entry.url);
  const host = hostOf(entry.host ?? '');
  if (host === null) return null;
  return { host, port: entry.port ?? REDIS_PORT, username: null, password: null, db: null, encrypted: false };
}
