/** From a TCP service in the configuration to its probe. */
import type { TcpSpec } from '../probe/spec.ts';
import { durationText } from '../core/duration.ts';
import type { Reader } from './section-reader.ts';
import type { TcpEntry } from './config-schema.ts';
import { hostInUrl, hostOf, type TcpWhere } from './target-url.ts';
import { checkFamily, readUrl, tlsSpec, type Drafted } from './spec-common.ts';

const HOLD_MS = 25;

/** The probe of a TCP service; null where something is wrong, which is told. */
export async function tcpSpec(
  entry: TcpEntry,
  family: 4 | 6 | null,
  timeoutMs: number,
  reader: Reader,
): Promise<Drafted<TcpSpec> | null> {
  const where = await whereOf(entry, reader);
  const send = await reader.secret(entry.send, ['send']);
  const tls = entry.tls === undefined ? null : await tlsSpec(reader, entry.tls);
  const holdMs = entry.hold ?? Math.min(HOLD_MS, timeoutMs / 2);
  if (holdMs >= timeoutMs && entry.expect === undefined) {
    const message = `${durationText(holdMs)} does not fit into the timeout of ${durationText(timeoutMs)}; less than it`;
    reader.problem(['hold'], message);
  }
  if (where === null) return null;
  checkFamily(reader, where.host, family);
  return {
    target: `tcp://${hostInUrl(where.host)}:${String(where.port)}`,
    probe: { kind: 'tcp', endpoint: { ...where, family, tls }, holdMs, send, expect: entry.expect ?? null },
  };
}

async function whereOf(entry: TcpEntry, reader: Reader): Promise<TcpWhere | null> {
  if (entry.url !== undefined) return readUrl(reader, 'tcp', entry.url);
  const host = hostOf(entry.host ?? '');
  return host === null || entry.port === undefined ? null : { host, port: entry.port };
}
