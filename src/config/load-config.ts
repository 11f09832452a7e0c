/** From the command line and the file to what is watched: reads, checks, applies defaults, and reports all problems. */
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';

import type { z } from 'zod';

import type { BusAddress } from '../bus/bus-connection.ts';
import { BUS_URL_FORMS, busUrl } from './bus-url.ts';
import type { Watched } from '../probe/spec.ts';
import type { HookSettings } from '../hooks/hook-settings.ts';
import type { HeartbeatSettings } from '../hooks/heartbeat.ts';
import type { NoteText } from '../core/notes.ts';
import { tokenProblem } from '../core/token.ts';
import {
  commandLinePlace,
  commandLineProblem,
  ConfigError,
  invalid,
  type Problem,
  problemsOf,
  type Place,
} from './config-error.ts';
import type { Listen } from './target-url.ts';
import { type Logo, SectionReader, type Surroundings } from './section-reader.ts';
import { fileSchema, optionsSchema, serviceSchema, type ServiceEntry } from './config-schema.ts';
import { heartbeatOf, hooksOf, maintenanceOf } from './hook-entries.ts';
import { readSource, type ConfigSource } from './config-source.ts';
import { masked } from './masked-problems.ts';
import { targetEntry, targetPlace } from './target-entry.ts';
import { namesOf, watchedOf, type Candidate, type Settings } from './watched.ts';

/** What the command line says. */
interface LoadRequest {
  /** The file of `--config`; null where it is not given. */
  readonly file: string | null;
  readonly targets: readonly string[];
  /** As typed. */
  readonly options: {
    readonly interval?: string | undefined;
    readonly timeout?: string | undefined;
    readonly connection?: string | undefined;
    readonly recheck?: string | undefined;
    readonly slow?: string | undefined;
    readonly vantage?: string | undefined;
  };
  /** The default of the command. */
  readonly defaultIntervalMs: number;
  /** Whether an idle connection is held to each service; left out for not. */
  readonly sentinel?: boolean;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How the status page introduces itself; null for what the file does not say. */
interface SiteSettings {
  readonly title: string | null;
  readonly description: string | null;
  readonly logo: Logo | null;
  /** An http or https address. */
  readonly home: string | null;
}

interface FeedSettings {
  /** Null where the file does not say. */
  readonly listen: Listen | null;
  /** A secret. */
  readonly token: string | null;
  readonly public: boolean;
  /** Origins from which a proxy serves the page. */
  readonly origins: readonly string[];
  /** Origins whose pages may frame the page. */
  readonly embed: readonly string[];
  /** Proxies, and networks of them, that say whose request they pass on. */
  readonly proxies: readonly string[];
  /** The file's `page`. */
  readonly site: SiteSettings;
}

interface HistorySettings {
  /** An absolute path; null where the file does not say. */
  readonly dir: string | null;
  readonly keepMs: number;
}

interface BusSettings {
  /** Null where the file does not say. */
  readonly where: BusAddress | null;
  readonly stream: string;
}

/** What a hub needs of a file. It holds secrets: it is never printed. */
export interface HubConfig {
  readonly feed: FeedSettings;
  readonly bus: BusSettings;
}

/** What is watched, and how. It holds secrets: it is never printed. */
export interface Config extends HubConfig {
  readonly vantage: string;
  /** At least one. */
  readonly watched: readonly Watched[];
  /** The names of those that are not enabled. */
  readonly disabled: readonly string[];
  readonly history: HistorySettings;
  readonly hooks: readonly HookSettings[];
  /** Null where none is wanted. */
  readonly heartbeat: HeartbeatSettings | null;
  /** As the notes that they are published as. */
  readonly maintenance: readonly NoteText[];
  /** The file that was read, as it was named; null where there is none. */
  readonly file: string | null;
}

/** Read where neither a file nor a service is named. */
const DEFAULT_FILE = 'services.json';
const DEFAULT_TIMEOUT_MS = 1000;
/** The name of the stream where none is configured. */
export const DEFAULT_STREAM = 'gapwatch';
/** How long the history is kept where that is not configured. */
export const DEFAULT_KEEP_MS = 90 * 86_400_000;

/** @throws ConfigError with everything that is wrong */
export async function loadConfig(request: LoadRequest): Promise<Config> {
  const source = await findSource(request);
  const fileName = source === null ? null : (request.file ?? DEFAULT_FILE);
  const dir = fileName === null ? request.cwd : dirname(resolve(request.cwd, fileName));
  const surroundings: Surroundings = { dir, env: request.env };
  const placeInFile: Place = (path, part) => source?.place(path, part) ?? commandLinePlace(DEFAULT_FILE);
  const problems: Problem[] = [];

  const file = checked(fileSchema, source?.value ?? {}, placeInFile, problems);
  const optionPlace: Place = ([option]) => commandLinePlace(`--${String(option)}`);
  const options = checked(optionsSchema, typed(request.options), optionPlace, problems);
  const candidates = [
    ...fileCandidates(file?.services ?? [], placeInFile),
    ...targetCandidates(request.targets, problems),
  ];
  const refusal = (): ConfigError => invalid(masked(problems, source?.value, request.targets, surroundings));
  if (file === null || options === null) throw refusal();

  const settings: Settings = {
    interval: options.interval ?? file.defaults?.interval ?? request.defaultIntervalMs,
    timeout: options.timeout ?? file.defaults?.timeout ?? DEFAULT_TIMEOUT_MS,
    connection: options.connection ?? file.defaults?.connection ?? 'new',
    family: file.defaults?.family ?? null,
    rise: file.defaults?.rise ?? 1,
    fall: file.defaults?.fall ?? 1,
    recheck: options.recheck === undefined ? file.defaults?.recheck : options.recheck,
    slow: options.slow ?? file.defaults?.slow ?? null,
    sentinel: request.sentinel === true,
  };
  const watched = await watchedOf(candidates, settings, surroundings, problems);
  const reader = new SectionReader(surroundings, placeInFile, problems);
  const shared = await sharedOf(file, reader);
  const names = new Set(
    candidates.flatMap(({ entry }) =>
      namesOf(entry.name, entry.connection ?? settings.connection).map(({ name }) => name),
    ),
  );
  const hooks = await hooksOf(file.hooks ?? [], names, surroundings, placeInFile, problems);
  const heartbeat = await heartbeatOf(file.heartbeat, reader);
  const maintenance = maintenanceOf(file.maintenance ?? [], names, reader);
  if (problems.length > 0) throw refusal();
  if (watched.length === 0) throw nothingToWatch(fileName, candidates.length);
  return {
    vantage: options.vantage ?? file.vantage ?? hostname(),
    watched,
    disabled: candidates.flatMap(({ entry }) => (entry.enabled === false ? [entry.name] : [])),
    ...shared,
    hooks,
    heartbeat,
    maintenance,
    history: {
      dir: file.history?.dir === undefined ? null : resolve(dir, file.history.dir),
      keepMs: file.history?.keep ?? DEFAULT_KEEP_MS,
    },
    file: fileName,
  };
}

/**
 * What a hub needs of a configuration: it watches nothing.
 * @param file the file of `--config`; null where it is not given: then none is read
 * @throws ConfigError with everything that is wrong
 */
export async function loadHubConfig({ file, cwd, env }: Pick<LoadRequest, 'file' | 'cwd' | 'env'>): Promise<HubConfig> {
  const source = file === null ? null : await findSource({ file, cwd, targets: [] });
  const place: Place = (path, part) => source?.place(path, part) ?? commandLinePlace('--config');
  const problems: Problem[] = [];
  const read = checked(fileSchema, source?.value ?? {}, place, problems);
  const surroundings = { dir: file === null ? cwd : dirname(resolve(cwd, file)), env };
  const refusal = (): ConfigError => invalid(masked(problems, source?.value, [], surroundings));
  if (read === null) throw refusal();
  const shared = await sharedOf(read, new SectionReader(surroundings, place, problems));
  if (problems.length > 0) throw refusal();
  return shared;
}

/** The settings that monitors and hubs have. */
async function sharedOf({ feed, bus, page }: z.output<typeof fileSchema>, reader: SectionReader): Promise<HubConfig> {
  const token = await reader.secret(feed?.token, ['feed', 'token']);
  const unsendable = token === null ? null : tokenProblem(token);
  if (unsendable !== null) {
    reader.problem(
      ['feed', 'token'],
      `no client could send this token: ${unsendable}; letters, digits and signs of ASCII`,
    );
  }
  const url = await reader.secret(bus?.url, ['bus', 'url']);
  const where = url === null ? null : busUrl(url);
  // What comes from a file or the environment is not shown.
  if (where !== null && 'problem' in where) reader.problem(['bus', 'url'], `${where.problem}; ${BUS_URL_FORMS}`);
  return {
    feed: {
      ...{ listen: feed?.listen ?? null, token, public: feed?.public ?? false },
      ...{ origins: feed?.origins ?? [], embed: feed?.embed ?? [], proxies: feed?.proxies ?? [] },
      site: {
        ...{ title: page?.title ?? null, description: page?.description ?? null, home: page?.home ?? null },
        logo: page?.logo === undefined ? null : await reader.logo(page.logo, ['page', 'logo']),
      },
    },
    bus: { where: where !== null && 'value' in where ? where.value : null, stream: bus?.stream ?? DEFAULT_STREAM },
  };
}

/** The file that is named, or else the one that is there; null where there is none, and none is needed. */
async function findSource({
  file,
  targets,
  cwd,
}: Pick<LoadRequest, 'file' | 'targets' | 'cwd'>): Promise<ConfigSource | null> {
  if (file === null && targets.length > 0) return null;
  const source = await readSource(file ?? DEFAULT_FILE, cwd);
  if (source !== null) return source;
  if (file === null) throw nothingToWatch(null, 0);
  throw invalid([{ file, line: null, column: null, place: null, message: 'no such file' }], 'unreadable');
}

/** What a schema makes of a value; null where it refuses it, which is reported. */
function checked<T>(schema: z.ZodType<T>, value: unknown, place: Place, problems: Problem[]): T | null {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  problems.push(...problemsOf(result.error, place));
  return null;
}

/** The options that were typed. */
function typed(options: LoadRequest['options']): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function fileCandidates(entries: readonly ServiceEntry[], placeInFile: Place): Candidate[] {
  return entries.map((entry, index) => ({
    entry,
    place: (path, part) => placeInFile(['services', index, ...path], part),
    from: 'file',
  }));
}

function targetCandidates(targets: readonly string[], problems: Problem[]): Candidate[] {
  const candidates: Candidate[] = [];
  for (const target of targets) {
    const place: Place = () => commandLinePlace(targetPlace(target));
    const parsed = targetEntry(target);
    if ('problem' in parsed) {
      problems.push(commandLineProblem(targetPlace(target), parsed.problem));
      continue;
    }
    const entry = checked(serviceSchema, parsed.value, place, problems);
    if (entry !== null) candidates.push({ entry, place, from: 'command line' });
  }
  return candidates;
}

/** @param disabled how many services there are, none of them enabled */
function nothingToWatch(file: string | null, disabled: number): ConfigError {
  const why = file === null ? '' : disabled === 0 ? `${file} names none. ` : `In ${file} none is enabled. `;
  const headline = `No service to watch. ${why}Name some on the command line:
  gapwatch web=8080 api=http://localhost:3000/health redis://localhost:6379
or in ${DEFAULT_FILE} in this folder (services.example.json shows how). Without either:
  gapwatch init   finds what listens on this machine, and writes ${DEFAULT_FILE}
  gapwatch demo   shows gapwatch at work`;
  return new ConfigError(file === null ? 'no-services' : 'invalid', headline, []);
}
