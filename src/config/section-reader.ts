/** Reads what a configuration only points to: secrets, certificates, and the logo of the page. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';

import { readProblem } from '../core/file-problem.ts';
import { safeText } from '../core/shown-url.ts';
import type { Problem, Path, Place } from './config-error.ts';
import type { Secret } from './fields.ts';
import { readBytes } from './read-file.ts';

/** What a configuration may point to. */
export interface Surroundings {
  /** The folder from which paths go. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A picture as it is served. */
export interface Logo {
  readonly kind: 'svg' | 'png' | 'jpg' | 'webp';
  readonly body: Buffer;
}

const LOGO_BYTES = 200_000;
/** What a picture of each kind begins with, or has near its beginning. Of text, or bytes as latin1. */
const LOOKS_LIKE: Readonly<Record<Logo['kind'], RegExp>> = {
  svg: /^[^<]*(<[?!][^>]*>[^<]*)*<svg[\s>]/,
  png: /^\x89PNG\r\n/,
  jpg: /^\xff\xd8\xff/,
  webp: /^RIFF[^]{4}WEBP/,
};

/** A reader for one part of a configuration, which collects the problems that it finds there. */
export class SectionReader {
  readonly #surroundings: Surroundings;
  readonly #place: Place;
  readonly #problems: Problem[];

  /** @param problems where problems are added */
  constructor(surroundings: Surroundings, place: Place, problems: Problem[]) {
    this.#surroundings = surroundings;
    this.#place = place;
    this.#problems = problems;
  }

  /** Reports a problem with the value at a path. */
  problem(path: Path, message: string): void {
    this.#problems.push({ ...this.#place(path, 'value'), message });
  }

  /** The text of a secret; null where there is none, or where it is missing, which is reported. */
  async secret(secret: Secret | undefined, path: Path): Promise<string | null> {
    if (secret === undefined || typeof secret === 'string') return secret ?? null;
    if ('env' in secret) {
      const value = this.#surroundings.env[secret.env];
      if (value !== undefined && value !== '') return value;
      const problem = value === undefined ? 'is not set' : 'is empty';
      this.problem(path, `the environment variable ${safeText(secret.env)} ${problem}; it has to hold this secret`);
      return null;
    }
    const text = await this.#file(secret.file, [...path, 'file']);
    const value = text?.replace(/\r?\n$/, '') ?? null;
    if (value !== '') return value;
    this.problem([...path, 'file'], `${safeText(secret.file)}: the file is empty; it has to hold this secret`);
    return null;
  }

  /** The certificates of a PEM file; null where they can't be read, which is reported. */
  async certificates(file: string, path: Path): Promise<string | null> {
    const pem = await this.#file(file, path);
    if (pem === null) return null;
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
    if (blocks.length > 0 && blocks.every(isCertificate)) return pem;
    const problem = blocks.length === 0 ? 'there is no certificate in it' : 'a certificate in it is broken';
    this.problem(path, `${safeText(file)}: ${problem}; a PEM file with -----BEGIN CERTIFICATE-----`);
    return null;
  }

  /** The certificate that a client shows, and its key, from two PEM files; null where there is none, or they are of no use, which is reported. */
  async clientCertificate(
    { cert, key }: { readonly cert?: string | undefined; readonly key?: string | undefined },
    path: Path,
  ): Promise<{ cert: string; key: string } | null> {
    if (cert === undefined && key === undefined) return null;
    if (cert === undefined || key === undefined) {
      const [given, other] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
      this.problem([...path, given], `"${other}" is missing beside it: a certificate is of no use without its key`);
      return null;
    }
    const certPem = await this.certificates(cert, [...path, 'cert']);
    const keyPem = await this.#file(key, [...path, 'key']);
    if (certPem === null || keyPem === null) return null;
    const problem = keyProblem(certPem, keyPem);
    if (problem === null) return { cert: certPem, key: keyPem };
    this.problem([...path, 'key'], `${safeText(key)}: ${problem}`);
    return null;
  }

  /** A picture; null where it can't be read, or is none that may be shown, which is reported. */
  async logo(file: string, path: Path): Promise<Logo | null> {
    const ending = /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase().replace('jpeg', 'jpg') ?? '';
    if (!isKind(ending)) {
      this.problem(path, `${safeText(file)} is not the path of a picture; its name ends in .svg, .png, .jpg or .webp`);
      return null;
    }
    try {
      const body = await readBytes(resolve(this.#surroundings.dir, file), LOGO_BYTES);
      if (LOOKS_LIKE[ending].test(body.toString('latin1', 0, 4096))) return { kind: ending, body };
      this.problem(path, `${safeText(file)}: this is not the ${ending} picture that its name promises`);
    } catch (error) {
      const isLong = (error as NodeJS.ErrnoException).code === 'EFBIG';
      this.problem(path, `${safeText(file)}: ${isLong ? 'it is larger than 200 kB' : readProblem(error)}`);
    }
    return null;
  }

  /** The text of a file; null where it can't be read, which is reported. */
  async #file(file: string, path: Path): Promise<string | null> {
    try {
      return (await readBytes(resolve(this.#surroundings.dir, file))).toString();
    } catch (error) {
      this.problem(path, `${safeText(file)}: ${readProblem(error)}`);
      return null;
    }
  }
}

function isKind(ending: string): ending is Logo['kind'] {
  return Object.hasOwn(LOOKS_LIKE, ending);
}

/** What is wrong with a client's key; null where it is the one of its certificate, the first in the file. Shows nothing of it. */
function keyProblem(certPem: string, keyPem: string): string | null {
  if (!/-----BEGIN (\w+ )*PRIVATE KEY-----/.test(keyPem))
    return 'there is no private key in it; a PEM file with -----BEGIN PRIVATE KEY-----';
  if (/-----BEGIN ENCRYPTED|^Proc-Type: *4,ENCRYPTED/m.test(keyPem))
    return 'the key is encrypted; one without a passphrase, which only this user may read';
  try {
    if (new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem))) return null;
    return 'this is not the key of the certificate in "cert"';
  } catch {
    return 'the key in it is broken';
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
