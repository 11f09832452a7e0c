/** One service of another monitor's configuration on its way into ours: what all of those formats have in common. Pure. */
import { OWN_HEADERS } from '../config/probe-specs.ts';
import { hostOf, httpUrl } from '../config/target-url.ts';
import { durationMs, durationText } from '../core/duration.ts';
import { list } from '../core/format.ts';
import { withoutSecrets } from '../core/shown-url.ts';
import { IN_FLIGHT } from '../config/watched.ts';
import { asLabel, type Draft, type LeftOut } from './draft.ts';
import type { Fields } from './document.ts';

const DAY_MS = 86_400_000;
/** What the header of a login with a password is. */
export const BASIC_LOGIN = '"Basic " and the Base64 of USER:PASSWORD';
/** What each may be at least, in milliseconds. */
const LEAST_MS = { interval: 10, timeout: 1, slow: 1 } as const;
const SECRET_WORD = /auth|cookie|token|secret|passw|pwd|credential|session|signature|(?:^|[^a-z])key|api.?key/i;
/** A variable that the other monitor would replace. */
const VARIABLE = /\$(?:\{[A-Za-z_]\w*\}|[A-Za-z_]\w*)/;
const ONLY_VARIABLE = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))$/;
const UNITS: Readonly<Record<string, number>> = {
  ...{ ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 },
  ...{ d: DAY_MS, w: 7 * DAY_MS, y: 365 * DAY_MS },
};

/** The fields of a service, as they are collected, and all that has to be said of it. */
export class MigratedService {
  readonly name: string;
  readonly #entry: Record<string, unknown>;
  readonly #tls: Record<string, unknown> = {};
  readonly #notes: string[] = [];
  /** Variables that hold its secrets. */
  readonly #variables = new Set<string>();
  readonly #notTaken: string[] = [];
  #wantsTls = false;

  /** @param name of whatever length and content */
  constructor(name: string, type: 'tcp' | 'http' | 'redis', group: string | null) {
    this.name = asLabel(name) ?? 'service';
    const label = group === null ? null : asLabel(group);
    this.#entry = { type, ...(label !== null && { group: label }) };
  }

  set(field: string, value: unknown): void {
    this.#entry[field] = value;
  }

  /** A condition on the reply: `status` or `body`. */
  expect(field: string, value: unknown): void {
    const { expect = {} } = this.#entry;
    this.#entry['expect'] = { ...(expect as object), [field]: value };
  }

  /** A setting of TLS; null asks for TLS without any. */
  tls(setting: Readonly<Record<string, unknown>> | null): void {
    this.#wantsTls = true;
    Object.assign(this.#tls, setting ?? {});
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  /** A part of it that the configuration can't express. */
  notTaken(what: string, why: string): void {
    this.#notTaken.push(`${what}: ${why}`);
  }

  /** A duration, brought within what the configuration allows. */
  duration(field: keyof typeof LEAST_MS, ms: number | null): void {
    if (ms === null || !Number.isFinite(ms) || ms <= 0) return;
    const within = Math.round(Math.min(DAY_MS, Math.max(LEAST_MS[field], ms)));
    if (within !== Math.round(ms)) this.note(`Its ${field} was ${durationText(ms)}: out of what is allowed here.`);
    this.#entry[field] = durationText(within);
  }

  /**
   * The URL of a page. One that holds a secret or a variable comes from the environment.
   * @returns whether it is one that can be taken over
   */
  page(url: string): boolean {
    if (!VARIABLE.test(url) && 'problem' in httpUrl(url)) return false;
    const isSecret = withoutSecrets(url) !== url || /^[a-z]+:\/\/[^/?#]*@/i.test(url);
    this.#entry['url'] = isSecret || VARIABLE.test(url) ? this.secret('URL', url) : url;
    return true;
  }

  /** Headers; those that hold secrets come from the environment. */
  headers(headers: Fields): void {
    const taken: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(headers)) {
      if (OWN_HEADERS.has(name.toLowerCase())) {
        this.notTaken(`header ${name}`, 'gapwatch sends it itself');
        continue;
      }
      const text = String(value);
      taken[name] = SECRET_WORD.test(name) || VARIABLE.test(text) ? this.secret(name, text) : text;
    }
    const { headers: earlier = {} } = this.#entry;
    if (Object.keys(taken).length > 0) this.#entry['headers'] = { ...(earlier as object), ...taken };
  }

  /**
   * A login, which the other monitor makes a header of, and which is written as that header here.
   * @param value what the header is made of, in words
   */
  login(value: string): void {
    this.headers({ Authorization: 'secret' });
    this.note(`The header Authorization is ${value}.`);
  }

  /** What is sent; text that looks as if it held a secret comes from the environment. */
  payload(field: 'body' | 'send', text: string): void {
    this.#entry[field] = SECRET_WORD.test(text) || VARIABLE.test(text) ? this.secret(field, text) : text;
  }

  /**
   * A secret of the old configuration. It is not copied: the configuration reads it from a variable, and the service is not watched
   * until that is set.
   */
  secret(what: string, value: string): { readonly env: string } {
    const [, braced, bare] = ONLY_VARIABLE.exec(value) ?? [];
    const own = `${this.name}_${what}`
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '');
    const env = braced ?? bare ?? (/^[A-Z_]/.test(own) ? own : `SERVICE_${own}`);
    this.#variables.add(env);
    return { env };
  }

  /** @param from the format that it comes from */
  done(from: string, suffix = ''): { readonly draft: Draft; readonly leftOut: readonly LeftOut[] } {
    const { url, follow, interval, timeout } = this.#entry;
    const mostMs = IN_FLIGHT * (durationMs(String(interval)) ?? DAY_MS);
    if ((durationMs(String(timeout)) ?? 0) > mostMs) this.duration('timeout', mostMs);
    // Settings of TLS at a page without it do no harm elsewhere; here they are refused, where no redirect may lead to another.
    const isPlain = typeof url === 'string' && url.startsWith('http:') && follow === undefined;
    if (this.#wantsTls && !isPlain) this.#entry['tls'] = Object.keys(this.#tls).length === 0 ? true : this.#tls;
    const notes = [...this.#notes];
    if (this.#variables.size > 0) {
      this.#entry['enabled'] = false;
      const names = list([...this.#variables]);
      notes.push(
        `Not watched yet: its secrets were not copied. Set ${names} to what stands in the old file, and remove "enabled".`,
      );
    }
    const entry = Object.fromEntries(Object.entries(this.#entry).sort(([a], [b]) => rank(a) - rank(b)));
    const draft = { name: this.name, suffix, entry, why: `Taken over from ${from}.`, notes };
    return { draft, leftOut: this.#notTaken.map((why) => ({ what: this.name, why })) };
  }
}

const ORDER = ['type', 'url', 'host', 'port', 'group', 'interval', 'timeout', 'method'];

function rank(field: string): number {
  const at = ORDER.indexOf(field);
  return at < 0 ? ORDER.length : at;
}

/** `HOST:PORT`, or `[HOST]:PORT`, to its parts; null where the text is neither. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } | null {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:/]+)):(\d{1,5})\/?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host !== undefined && hostOf(host) !== null && port >= 1 && port <= 65_535 ? { host, port } : null;
}

/**
 * A duration as Go and Prometheus write it, in milliseconds; null where the text is none.
 * @example goDurationMs('1m30s') // 90_000
 */
export function goDurationMs(text: string): number | null {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdwy])/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text.trim()) return null;
  return parts.reduce((sum, [, amount = '', unit = '']) => sum + Number(amount) * (UNITS[unit] ?? 0), 0);
}

/**
 * The statuses that a rule accepts, as the configuration writes them.
 * @example acceptedStatuses((status) => status < 300) // ['100-299']
 */
export function acceptedStatuses(accepts: (status: number) => boolean): (string | number)[] {
  const ranges: (string | number)[] = [];
  let from = 0;
  for (let status = 100; status <= 600; status += 1) {
    const isIn = status < 600 && accepts(status);
    if (isIn && from === 0) from = status;
    if (!isIn && from !== 0) {
      ranges.push(from === status - 1 ? from : `${String(from)}-${String(status - 1)}`);
      from = 0;
    }
  }
  return ranges.map((range) => (/^([1-5])00-(?:\1)99$/.test(String(range)) ? `${String(range).slice(0, 1)}xx` : range));
}

/** The pattern that finds a text, which is written otherwise where it looks like an expression. */
export function textPattern(text: string): string {
  return /^\/.+\/[a-z]*$/s.test(text) ? `/${escaped(text)}/` : text;
}

/** The pattern for a text in which `*` stands for anything. */
export function globPattern(glob: string): string {
  const [, inner] = /^\*([^*?]+)\*$/.exec(glob) ?? [];
  if (inner !== undefined) return textPattern(inner);
  return `/^${escaped(glob).replaceAll('\\*', '.*').replaceAll('\\?', '.')}$/s`;
}

/** The pattern for a text that must be all there is. */
export function exactPattern(text: string): string {
  return `/^${escaped(text)}$/`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
