/**
 * What a prober is given: plain data that crosses to the engine's thread. Secrets are resolved in here, so a spec is
 * never printed, logged, stored or sent; `Service` is what others may see.
 */
import { excerpt } from '../core/format.ts';
import { linearMatchEnd } from '../core/linear-match.ts';
import type { Service } from '../core/model.ts';

/** Inclusive bounds of HTTP status codes. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

export interface TlsSpec {
  /** Whether the certificate must be trusted and name the server. */
  readonly verify: boolean;
  /** Certificates to trust instead of the system's, in PEM; null for the system's. */
  readonly ca: string | null;
  /** The name asked for (SNI) and verified; null for the host. */
  readonly servername: string | null;
  /** The certificate must be valid for this many days more; null for any. */
  readonly minDays: number | null;
  /** The certificate that is shown where the server asks for one, and its key, both in PEM; null for none. */
  readonly client: { readonly cert: string; readonly key: string } | null;
}

/** Where to connect to. */
export interface Endpoint {
  /** A name or an address. `localhost` is 127.0.0.1, or ::1 where the family is 6. */
  readonly host: string;
  readonly port: number;
  /** The family to look up; null takes the first address that the look-up gives. */
  readonly family: 4 | 6 | null;
  readonly tls: TlsSpec | null;
}

export interface TcpSpec {
  readonly kind: 'tcp';
  readonly endpoint: Endpoint;
  /** How long the peer must keep the accepted connection open. Not waited for where `expect` is given: an answer proves more. */
  readonly holdMs: number;
  readonly send: string | null;
  readonly expect: Pattern | null;
  /** Who answered is in the first group of this; null or left out for not known. Only with `expect`. */
  readonly identity?: RegExp | null;
}

export interface HttpSpec {
  readonly kind: 'http';
  /** Without user and password; those are in `headers`. */
  readonly url: string;
  /** The zone of an IPv6 address, such as `eth0` of `fe80::1%eth0`, which no URL holds; null for none. */
  readonly zone: string | null;
  /** A unix socket to connect to instead of the URL's host; null for none. */
  readonly socketPath: string | null;
  readonly family: 4 | 6 | null;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly expectStatus: readonly StatusRange[];
  readonly expectBody: Pattern | null;
  /** Who answered: what a header holds, by its name in lower case, or the first group of what matches the body; null or left out for not known. */
  readonly identity?: { readonly header: string } | { readonly body: RegExp } | null;
  /** How many redirects are followed. */
  readonly follow: number;
  readonly tls: TlsSpec;
}

export interface RedisSpec {
  readonly kind: 'redis';
  readonly endpoint: Endpoint;
  readonly username: string | null;
  readonly password: string | null;
  readonly db: number;
  readonly role: 'master' | 'replica' | null;
  /** The key to which each probe writes; null or left out for none. */
  readonly write?: string | null;
  /** Where `endpoint` is one of several sentinels: all of them, and the name by which they know the master; null or left out for none. */
  readonly sentinels?: { readonly nodes: readonly Pick<Endpoint, 'host' | 'port'>[]; readonly master: string } | null;
}

export type ProbeSpec = TcpSpec | HttpSpec | RedisSpec;

/** One service to watch: what others may see of it, and how to probe it. */
export interface Watched {
  readonly service: Service;
  readonly probe: ProbeSpec;
  /** How often it is probed beside the grid while it is down, in milliseconds; null or left out for never. */
  readonly recheckMs?: number | null;
  /** A good answer that took longer is slow, in milliseconds; null or left out for any. */
  readonly slowMs?: number | null;
  /** Whether an idle connection is held to it, which shows at once where the process dies; left out for not. */
  readonly sentinel?: boolean;
}

/** A text that must be contained, or an expression that must match. */
export type Pattern = string | RegExp;

/** A pattern as the configuration writes it. */
export function shownPattern(pattern: Pattern): string {
  return typeof pattern === 'string' ? excerpt(pattern) : String(pattern);
}

/** The index just behind the first match of a pattern; -1 where there is none. */
export function matchEnd(text: string, pattern: Pattern): number {
  if (typeof pattern === 'string') {
    const at = text.indexOf(pattern);
    return at < 0 ? -1 : at + pattern.length;
  }
  return linearMatchEnd(text, pattern);
}

/** A text without the words of a secret: peers repeat what they do not understand. */
export function redact(text: string, secret: string): string {
  const words = secret.split(/[\s\p{Cc}]+/u).filter((word) => word.length > 3);
  return words.reduce((rest, word) => rest.replaceAll(word, '***'), text);
}
