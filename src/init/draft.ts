/** What was found, from any source, and the `services.json` that comes of it. */
import { hostInUrl } from '../config/target-url.ts';
import { serviceSchema } from '../config/config-schema.ts';
import { problemsOf, type Place, type Problem } from '../config/config-error.ts';
import { watchedOf, type Settings } from '../config/watched.ts';
import type { Surroundings } from '../config/section-reader.ts';
import { durationMs } from '../core/duration.ts';
import { count } from '../core/format.ts';
import { printable, toJson } from '../core/printable.ts';
import { redactedUrls } from '../core/shown-url.ts';
import { VERSION } from '../core/version.ts';

/** A service as it will stand in the file, and what is known of it. */
export interface Draft {
  /** What a person would call it; made unique later. */
  readonly name: string;
  /** Distinguishes it from others that have the same name, such as its port. */
  readonly suffix: string;
  /** Its fields as the configuration has them, without `name`. */
  readonly entry: Readonly<Record<string, unknown>>;
  /** How it was found, or where it comes from: one line. */
  readonly why: string;
  /** What the user has to know or do, each one line. */
  readonly notes: readonly string[];
}

/** Something that is not in the file, and why. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

/** All that a source has. */
export interface Findings {
  readonly drafts: readonly Draft[];
  readonly leftOut: readonly LeftOut[];
}

/** A draft that has its name. */
export interface NamedDraft extends Draft {
  readonly entry: Readonly<Record<string, unknown>> & { readonly name: string };
}

const NAME_LIMIT = 100;
/** Of `gapwatch watch`: a service that goes without a timeout has this one. */
const DEFAULTS: Settings = {
  ...{ interval: 1000, timeout: 1000, connection: 'new', family: null, rise: 1, fall: 1 },
  ...{ recheck: undefined, slow: null, sentinel: false },
};

/** Where a service is, as the configuration writes it. */
export function addressText(host: string, port: number): string {
  return `${hostInUrl(host)}:${String(port)}`;
}

/** A text of others as the name of a service or a group: on one line, nothing unseen in it, and not too long; null where nothing is left. */
export function asLabel(text: string): string | null {
  const shown = printable(text.replaceAll(/\s+/g, ' ').trim());
  return shown === '' ? null : Array.from(shown).slice(0, NAME_LIMIT).join('');
}

/**
 * Gives each draft a name of its own, and leaves out what the configuration would refuse.
 * @param surroundings where files and environment variables are that an entry names
 */
export async function settled(
  { drafts, leftOut }: Findings,
  surroundings: Surroundings,
): Promise<{ readonly drafts: NamedDraft[]; readonly leftOut: LeftOut[] }> {
  const taken = new Set<string>();
  const kept: NamedDraft[] = [];
  const refused: LeftOut[] = [];
  for (const draft of drafts) {
    const name = freeName(asLabel(draft.name) ?? 'service', draft.suffix, taken);
    const entry = { name, ...draft.entry };
    const problem = await refusal(entry, surroundings);
    if (problem === null) {
      taken.add(name);
      kept.push({ ...draft, entry });
    } else refused.push({ what: name, why: problem });
  }
  return { drafts: kept, leftOut: [...leftOut, ...refused] };
}

function freeName(name: string, suffix: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  const cut = (end: string): string =>
    `${Array.from(name)
      .slice(0, NAME_LIMIT - end.length)
      .join('')}${end}`;
  const first = suffix === '' ? cut('-2') : cut(`-${suffix}`);
  if (!taken.has(first)) return first;
  for (let next = 2; ; next += 1) {
    const candidate = cut(`${suffix === '' ? '' : `-${suffix}`}-${String(next + (suffix === '' ? 1 : 0))}`);
    if (!taken.has(candidate)) return candidate;
  }
}

/** Why the configuration would refuse an entry, without any secret of it; null where it would not. */
async function refusal(entry: Readonly<Record<string, unknown>>, surroundings: Surroundings): Promise<string | null> {
  const place: Place = (path) => ({ file: null, line: null, column: null, place: path.map(String).join('.') });
  const parsed = serviceSchema.safeParse(entry);
  const problems: Problem[] = parsed.success ? [] : problemsOf(parsed.error, place);
  if (parsed.success) await watchedOf([{ entry: parsed.data, place, from: 'file' }], DEFAULTS, surroundings, problems);
  const [first] = problems;
  return first === undefined ? null : redactedUrls(`${first.place ?? ''}: ${first.message}`.replace(/^: /, ''));
}

/**
 * The text of the file: JSON with a comment above each service, which the configuration reads.
 * @param schema the path or URL of the JSON Schema
 */
export function servicesText(drafts: readonly NamedDraft[], leftOut: readonly LeftOut[], schema: string): string {
  const defaults = commonSettings(drafts);
  const rows = drafts.flatMap((draft, index) => {
    const { name, ...fields } = draft.entry;
    const own = Object.entries(fields).filter(([field, value]) => defaults[field] !== value);
    const entry = { name, ...Object.fromEntries(own) };
    const comments = [draft.why, ...draft.notes].map((line) => `    // ${comment(line)}`);
    const end = index === drafts.length - 1 ? '' : ',';
    return [...comments, `    ${oneLine(entry)}${end}`];
  });
  return [
    `// Written by gapwatch ${VERSION} init. Comments are allowed in this file, and so is a comma behind the last entry.`,
    '//   gapwatch check   probes each service once',
    '//   gapwatch         watches them; gapwatch serve as a daemon',
    ...(leftOut.length === 0 ? [] : [`// ${count(leftOut.length, 'thing')} left out, listed at the end.`]),
    '{',
    `  "$schema": ${toJson(schema)},`,
    ...(Object.keys(defaults).length === 0 ? [] : [`  "defaults": ${oneLine(defaults)},`]),
    '  "services": [',
    ...rows,
    '  ]',
    '}',
    ...(leftOut.length === 0 ? [] : ['// Left out:']),
    ...leftOut.map(({ what, why }) => `//   ${comment(`${what}: ${why}`)}`),
    '',
  ].join('\n');
}

/** Settings that most services share: they are written once. */
function commonSettings(drafts: readonly NamedDraft[]): Record<string, unknown> {
  const common: Record<string, unknown> = {};
  for (const field of ['interval', 'timeout']) {
    const [first] = drafts;
    const value = first?.entry[field];
    // One that has none would get it.
    if (typeof value !== 'string' || durationMs(value) === null) continue;
    if (drafts.length > 1 && drafts.every(({ entry }) => entry[field] === value)) common[field] = value;
  }
  return common;
}

/** No comment ends early or says more than it should. */
function comment(line: string): string {
  return printable(redactedUrls(line));
}

/** JSON as people write it on one line. */
function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return toJson(value);
  const fields = Object.entries(value).map(([name, inner]) => `${toJson(name)}: ${oneLine(inner)}`);
  return `{ ${fields.join(', ')} }`;
}
