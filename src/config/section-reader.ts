/** Reads what a configuration only points to: secrets, and certificates. */
import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';

import type { Problem, Path, Place } from './config-error.ts';
import type { Secret } from './fields.ts';
import { readProblem } from './config-source.ts';
import { readBytes } from './read-file.ts';

/** What a configuration may point to. */
export interface Surroundings {
  /** The folder from which paths go. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

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
      this.problem(path, `the environment variable ${secret.env} ${problem}; it has to hold this secret`);
      return null;
    }
    const text = await this.#file(secret.file, [...path, 'file']);
    const value = text?.replace(/\r?\n$/, '') ?? null;
    if (value !== '') return value;
    this.problem([...path, 'file'], `${secret.file}: the file is empty; it has to hold this secret`);
    return null;
  }

  /** The certificates of a PEM file; null where they can't be read, which is reported. */
  async certificates(file: string, path: Path): Promise<string | null> {
    const pem = await this.#file(file, path);
    if (pem === null) return null;
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
    if (blocks.length > 0 && blocks.every(isCertificate)) return pem;
    const problem = blocks.length === 0 ? 'there is no certificate in it' : 'a certificate in it is broken';
    this.problem(path, `${file}: ${problem}; a PEM file with -----BEGIN CERTIFICATE-----`);
    return null;
  }

  /** The text of a file; null where it can't be read, which is reported. */
  async #file(file: string, path: Path): Promise<string | null> {
    try {
      return (await readBytes(resolve(this.#surroundings.dir, file))).toString();
    } catch (error) {
      this.problem(path, `${file}: ${readProblem(error)}`);
      return null;
    }
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
