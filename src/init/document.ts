/** Files of others, in YAML or JSON: read, and looked through without trust in their shape. */
import { resolve } from 'node:path';

import { LineCounter, parseDocument } from 'yaml';

import { ConfigError } from '../config/config-error.ts';
import { readBytes } from '../config/read-file.ts';
import { readProblem } from '../core/file-problem.ts';
import { redactedUrls } from '../core/shown-url.ts';

/** An object of a file, of whatever shape. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a file that holds an object, in YAML or JSON.
 * @param file as the user named it, from the folder `cwd`
 * @throws ConfigError where it can't be read, or is neither
 */
export async function readDocument(file: string, cwd: string): Promise<Fields> {
  const value = parsed(file, await readText(file, cwd));
  if (isFields(value)) return value;
  throw unusable(file, 'it holds no object with fields, as the files of Compose, Gatus, Uptime Kuma and Prometheus do');
}

/** The text of a file. @throws ConfigError where it can't be read */
async function readText(file: string, cwd: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readBytes(resolve(cwd, file));
  } catch (error) {
    throw unusable(file, readProblem(error));
  }
  if (bytes.toString('latin1', 0, 15) === 'SQLite format 3')
    throw unusable(
      file,
      "this is a SQLite database, such as Uptime Kuma's kuma.db; init reads the JSON of its Settings, Backup, Export",
    );
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unusable(file, 'this is not UTF-8 text');
  }
}

function parsed(file: string, text: string): unknown {
  if (/^\s*[{[]/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // YAML may begin with a bracket too, and says where it is wrong.
    }
  }
  const lines = new LineCounter();
  // Errors without an excerpt: it may hold a secret. Tags of Compose, such as !reset, are no warning.
  const document = parseDocument(text, { merge: true, prettyErrors: false, logLevel: 'error', lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const message =
      error.code === 'MULTIPLE_DOCS'
        ? 'another document begins here; init reads files with one'
        : `this is not YAML: ${redactedUrls(error.message)}`;
    throw unusable(file, message, { line, column: col });
  }
  try {
    return document.toJS() as unknown;
  } catch (problem) {
    // Too many aliases, or one that is not there.
    throw unusable(file, `this YAML can't be used: ${problem instanceof Error ? problem.message : String(problem)}`);
  }
}

/** The error for a file that can't be taken over. */
export function unusable(
  file: string,
  message: string,
  at: { line: number; column: number } | null = null,
): ConfigError {
  const { line, column } = at ?? { line: null, column: null };
  const headline = 'Nothing can be taken over, and nothing was written:';
  return new ConfigError('unreadable', headline, [{ file, line, column, place: null, message }]);
}

/** Whether a value is an object with fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that is an object; one without fields where it is not. */
export function fieldsAt(value: unknown, name: string): Fields {
  const field = isFields(value) ? value[name] : undefined;
  return isFields(field) ? field : {};
}

/** A field that is a list; an empty one where it is not. A single value is a list of one. */
export function listAt(value: unknown, name: string): readonly unknown[] {
  const field = isFields(value) ? value[name] : undefined;
  return field === undefined || field === null ? [] : [field].flat();
}

/** A field that is text or a number, as text; null where it is neither. */
export function textAt(value: unknown, name: string): string | null {
  const field = isFields(value) ? value[name] : undefined;
  if (typeof field === 'number' || typeof field === 'boolean') return String(field);
  return typeof field === 'string' && field !== '' ? field : null;
}

/** Whether a field says yes: true, 1, "true". */
export function isTrueAt(value: unknown, name: string): boolean {
  return ['true', '1'].includes(textAt(value, name) ?? '');
}
