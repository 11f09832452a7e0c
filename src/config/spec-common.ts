/** What the kinds of service have in common on their way from the configuration to a probe. */
import { isIP } from 'node:net';

import type { ProbeSpec, TlsSpec } from '../probe/spec.ts';
import { URL_PARSERS, type Secret } from './fields.ts';
import type { Reader } from './section-reader.ts';
import type { Tls } from './config-schema.ts';
import { URL_FORMS } from './target-url.ts';

/** How to probe a service, and where others may see that it is. */
export interface Drafted<Spec extends ProbeSpec> {
  /** Without user and password, and without what was kept out of the configuration. */
  readonly target: string;
  readonly probe: Spec;
}

/** What a URL of each kind says. */
type UrlOf<Kind extends keyof typeof URL_PARSERS> = Extract<
  ReturnType<(typeof URL_PARSERS)[Kind]>,
  { value: unknown }
>['value'];

/** Reads a URL that may be a secret; null where that fails, which is told. */
export async function readUrl<Kind extends keyof typeof URL_PARSERS>(
  reader: Reader,
  kind: Kind,
  url: Secret,
): Promise<UrlOf<Kind> | null> {
  const text = await reader.secret(url, ['url']);
  if (text === null) return null;
  const parsed = URL_PARSERS[kind](text);
  if ('value' in parsed) return parsed.value;
  reader.problem(['url'], `the URL that is kept there: ${parsed.problem}; ${URL_FORMS[kind]}`);
  return null;
}

/** The TLS of a service; `undefined` and `true` are all defaults. */
export async function tlsSpec(reader: Reader, tls: Tls | undefined): Promise<TlsSpec> {
  const settings = tls === undefined || tls === true ? {} : tls;
  return {
    verify: settings.verify ?? true,
    ca: settings.ca === undefined ? null : await reader.certificates(settings.ca, ['tls', 'ca']),
    servername: settings.servername ?? null,
    minDays: settings.minDays ?? null,
  };
}

/** Tells where an address is not of the family that is asked for. */
export function checkFamily(reader: Reader, host: string, family: 4 | 6 | null): void {
  const of = isIP(host);
  if (of === 0 || family === null || of === family) return;
  reader.problem([], `"family" is ${String(family)}, but ${host} is an address of family ${String(of)}`);
}
