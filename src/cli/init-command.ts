/** `gapwatch init`: finds the services of this machine, or reads them from other files, and writes a `services.json`. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

import { ConfigError } from '../config/config-error.ts';
import { writeProblem } from '../core/file-problem.ts';
import { count } from '../core/format.ts';
import { printable } from '../core/printable.ts';
import { redactedUrls, safeText } from '../core/shown-url.ts';
import { table } from '../core/text-width.ts';
import { VERSION } from '../core/version.ts';
import { readCompose } from '../init/compose.ts';
import { containerNames } from '../init/containers.ts';
import { addressText, servicesText, settled, type Findings, type NamedDraft } from '../init/draft.ts';
import { findListeners } from '../init/listeners.ts';
import { composeDrafts, machineServices } from '../init/machine.ts';
import { readMonitorFiles } from '../init/monitor-files.ts';
import { EXIT } from './ending.ts';
import type { InitArguments } from './options.ts';
import { say } from './say.ts';

const DEFAULT_FILE = 'services.json';
const SCHEMA = 'services.schema.json';

/** Finds services, shows them, and writes the file. Returns the exit code. */
export async function init(args: InitArguments & { readonly file?: string | undefined }): Promise<number> {
  const file = args.file ?? DEFAULT_FILE;
  const path = resolve(file);
  refuseUnwritable(file, path, args.force);
  const cwd = process.cwd();
  const found = await findServices(args, cwd);
  const { drafts, leftOut } = await settled(found, { dir: dirname(path), env: process.env });
  if (drafts.length > 0) process.stdout.write(table([['name', 'address', 'kind', 'why'], ...drafts.map(row)], 4));
  if (leftOut.length > 0) {
    const lines = leftOut.map(({ what, why }) => `  ${redactedUrls(`${what}: ${why}`)}`);
    say(`${drafts.length > 0 ? '\n' : ''}Left out:\n${lines.map(printable).join('\n')}`);
  }
  if (drafts.length === 0) throw nothingFound(args);
  write(file, path, servicesText(drafts, leftOut, schemaFor(path)), args.force);
  const options = file === DEFAULT_FILE ? [] : ['--config', /^[\w./-]+$/.test(file) ? file : `'${file}'`];
  say(
    `\n${count(drafts.length, 'service')} written to ${safeText(file)}. Next: ${typed('check', ...options)}, then ${typed(...options)}`,
  );
  return EXIT.ok;
}

/** A command as it is typed by a person who ran this program in the same way: it may not be on the PATH. */
function typed(...words: readonly string[]): string {
  const [, script = ''] = process.argv;
  const isNpmStart = basename(script) === 'start.js';
  const program = isNpmStart
    ? ['npm start', ...(words.length > 0 ? ['--'] : [])]
    : [script.endsWith('.mjs') ? `node ${relative(process.cwd(), script)}` : 'gapwatch'];
  return [...program, ...words].join(' ');
}

async function findServices(args: InitArguments, cwd: string): Promise<Findings> {
  const compose = await Promise.all(args.compose.map((file) => readCompose(file, cwd, process.env)));
  const ports = compose.flatMap((one) => one.ports);
  const taken = args.from.length === 0 ? { drafts: [], leftOut: [] } : await readMonitorFiles(args.from, cwd);
  const isPublished = (port: number): boolean => ports.some((published) => published.port === port);
  // Where another monitor's configuration is taken over, that is all that is wanted.
  const listeners = args.from.length === 0 ? await findListeners() : [];
  const others = listeners.filter(({ port }) => !isPublished(port));
  const [published, machine] = await Promise.all([composeDrafts(ports), machineServices(others, containerNames())]);
  return {
    drafts: [...published, ...machine.drafts, ...taken.drafts],
    leftOut: [...compose.flatMap((one) => one.leftOut), ...machine.leftOut, ...taken.leftOut],
  };
}

/** A row of the table. */
function row({ entry, why, notes }: NamedDraft): string[] {
  const { name, type, url, host, port } = entry as Readonly<Record<string, string | object | undefined>>;
  const address =
    typeof url === 'string' ? url : typeof host === 'string' ? addressText(host, Number(port)) : '(secret)';
  const isOff = entry['enabled'] === false ? ' Not watched yet.' : notes.length > 0 ? ' See the file.' : '';
  const kind = /^(https|rediss):/.exec(address)?.[1] ?? type;
  return [name, address, kind, redactedUrls(`${why.replace(/\.$/, '')}.${isOff}`)].map(String);
}

/** The schema beside the file where there is one, otherwise the published one of this version. */
function schemaFor(path: string): string {
  return existsSync(join(dirname(path), SCHEMA)) ? `./${SCHEMA}` : `https://unpkg.com/gapwatch@${VERSION}/${SCHEMA}`;
}

const THERE_ALREADY = 'it is there already: --force overwrites it, another name keeps both';

/** @throws ConfigError before anything is asked, where the file could not be written at the end */
function refuseUnwritable(file: string, path: string, force: boolean): void {
  if (file === '') throw refusal('""', 'this names no file');
  if (/^\d+$|^[^=/]+=|^[a-z+]+:\/\//i.test(file))
    throw refusal(file, 'this looks like a service; init takes the file to write');
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) throw refusal(file, 'this is a folder; a file in it can be named');
  if (there !== undefined && !force) throw refusal(file, THERE_ALREADY);
  if (!existsSync(dirname(path))) throw refusal(file, 'its folder does not exist');
}

/** @throws ConfigError where it can't be written */
function write(file: string, path: string, text: string, force: boolean): void {
  try {
    writeFileSync(path, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw refusal(file, code === 'EEXIST' ? THERE_ALREADY : writeProblem(error));
  }
}

function refusal(file: string, message: string): ConfigError {
  return new ConfigError('unreadable', 'Nothing was written:', [
    { file: safeText(file), line: null, column: null, place: null, message },
  ]);
}

function nothingFound({ from, compose }: InitArguments): ConfigError {
  const what =
    from.length > 0
      ? 'Nothing in it can be watched'
      : compose.length > 0
        ? 'No port is published, and nothing else listens on this machine'
        : 'Nothing that can be watched listens on this machine (as far as this user and this network namespace may see)';
  return new ConfigError(
    'no-services',
    `${what}, so nothing was written. Services can be named as well:\n  gapwatch web=8080 api=http://localhost:3000/health`,
    [],
  );
}
