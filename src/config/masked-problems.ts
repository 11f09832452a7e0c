/** Keeps secrets out of the messages of a configuration, also where one stands in the wrong field and is refused there. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

import { excerpt } from '../core/format.ts';
import { redacted } from '../core/shown-url.ts';
import type { Problem } from './config-error.ts';
import type { Surroundings } from './section-reader.ts';

const MASK = '***';
/** Fields whose text is a secret; all of `headers` is. */
const SECRET_FIELDS = new Set(['username', 'password', 'token', 'body', 'send', 'secret']);
/** A shorter secret is masked only where it is shown as a whole: every third message holds an "a". */
const SHORT = 4;
/** The longest file that may hold a secret, in bytes. */
const FILE_LIMIT = 1_048_576;

/**
 * Problems without any secret of the configuration that they are about.
 * @param value the file as it was read, of whatever shape
 * @param targets of the command line
 */
export function masked(
  problems: readonly Problem[],
  value: unknown,
  targets: readonly string[],
  surroundings: Surroundings,
): Problem[] {
  const secrets = new Set<string>();
  collect(value, [], surroundings, secrets);
  for (const target of targets) addLogin(target, secrets);
  const forms = [...secrets].flatMap(formsOf).sort((a, b) => b.length - a.length);
  const mask = (text: string): string => forms.reduce(withoutForm, text);
  return problems.map((problem) => ({
    ...problem,
    place: problem.place === null ? null : mask(problem.place),
    message: mask(problem.message),
  }));
}

function collect(value: unknown, path: readonly string[], { dir, env }: Surroundings, secrets: Set<string>): void {
  const [parent = '', field = ''] = path.slice(-2);
  if (typeof value === 'string') {
    const isSecret = (SECRET_FIELDS.has(field) && parent !== 'expect') || parent === 'headers';
    if (isSecret) secrets.add(value);
    if (field === 'env') secrets.add(env[value] ?? '');
    if (field === 'file') secrets.add(contentOf(resolve(dir, value)));
    addLogin(value, secrets);
    addLogin(field === 'env' ? (env[value] ?? '') : '', secrets);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      // The elements of a list are as the list: a secret that is given as a list is refused, and may be shown.
      collect(inner, Array.isArray(value) ? path : [...path, key], { dir, env }, secrets);
    }
  }
}

/** The user and password of a URL, as they are written and as they are meant. */
function addLogin(text: string, secrets: Set<string>): void {
  const [, login = ''] = /^(?:[^=]*=)?[a-z][a-z0-9+.-]*:\/\/(.*)@/is.exec(text) ?? [];
  const [, password = ''] = /^[^:]*:(.*)$/s.exec(login) ?? [];
  secrets.add(password);
  try {
    secrets.add(decodeURIComponent(password));
  } catch {
    // A % that is no escape: it is as it is written.
  }
}

function contentOf(file: string): string {
  try {
    const about = statSync(file);
    return about.isFile() && about.size <= FILE_LIMIT ? readFileSync(file, 'utf8').replace(/\r?\n$/, '') : '';
  } catch {
    return ''; // its own problem
  }
}

/** How a secret may stand in a message: as it is, escaped, and without what looked like a password in it. */
function formsOf(secret: string): string[] {
  if (secret.trim() === '') return [];
  const escaped = JSON.stringify(secret).slice(1, -1);
  const forms = new Set([secret, escaped, secret.trim(), redacted(secret), excerpt(redacted(secret)).slice(1, -1)]);
  forms.add(excerpt(secret).slice(1, -1));
  return [...forms].filter((form) => form !== '');
}

function withoutForm(text: string, form: string): string {
  if (form.length < SHORT) return text.replaceAll(`"${form}"`, `"${MASK}"`);
  let rest = text.replaceAll(form, MASK);
  // An excerpt may end in the middle of it.
  for (let length = form.length - 1; length >= SHORT && rest.includes('…'); length -= 1) {
    rest = rest.replaceAll(`${form.slice(0, length)}…`, `${MASK}…`);
  }
  return rest;
}
