/** What is wrong with a configuration, for people: every problem with its place. */
import type { z } from 'zod';

import { redactedUrls, safeExcerpt } from '../core/shown-url.ts';

/** What kind of fault it is. `no-services`: neither a file nor a service is named. */
type ConfigFault = 'no-services' | 'unreadable' | 'syntax' | 'invalid';

/** One thing that is wrong. Never holds the value of a secret. */
export interface Problem {
  /** The file as it was named; null for the command line. */
  readonly file: string | null;
  /** From 1, as editors count; null where the problem is with the whole file, or not in a file. */
  readonly line: number | null;
  /** From 1, in UTF-16 units, as editors count; null as `line`. */
  readonly column: number | null;
  /** `services[2].port`, a target less its password, or an option's name; null for the whole file. */
  readonly place: string | null;
  /** What is there, and what is allowed. */
  readonly message: string;
}

/** The line for a problem: `services.json:14:11  services[2].port: 70000 is not a port; …`. */
function problemLine(problem: Problem): string {
  const { line, column, place, message } = problem;
  // Whatever was typed there.
  const file = problem.file === null ? null : redactedUrls(problem.file);
  const where = file === null ? '' : line === null ? file : `${file}:${String(line)}:${String(column)}`;
  if (place === null) return `${where}: ${message}`;
  return `${where}${where === '' ? '' : '  '}${place}: ${message}`;
}

/** Problems that are printed; the others are counted. */
const PRINTED = 20;

/** The configuration can't be used. The message is a block of lines for people, and the whole of what to print. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigFault;
  readonly problems: readonly Problem[];

  /** @param headline the first line of the message; the problems follow, one a line */
  constructor(code: ConfigFault, headline: string, problems: readonly Problem[]) {
    const more = problems.length - PRINTED;
    const lines = problems.slice(0, PRINTED).map((problem) => `  ${problemLine(problem)}`);
    super([headline, ...lines, ...(more > 0 ? [`  … and ${String(more)} more`] : [])].join('\n'));
    this.code = code;
    this.problems = problems;
  }
}

/** The error for problems, of which there is at least one. Those of the file come first, in its order. */
export function invalid(problems: readonly Problem[], code: ConfigFault = 'invalid'): ConfigError {
  const count = problems.length === 1 ? '' : ` (${String(problems.length)} problems)`;
  const sorted = problems.toSorted(
    (a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || (a.column ?? 0) - (b.column ?? 0) || 0,
  );
  return new ConfigError(code, `The configuration can't be used${count}:`, sorted);
}

/** The place of a problem on the command line: an option or a target. */
export function commandLinePlace(place: string): Omit<Problem, 'message'> {
  return { file: null, line: null, column: null, place: redactedUrls(place) };
}

/** A problem on the command line. */
export function commandLineProblem(place: string, message: string): Problem {
  return { ...commandLinePlace(place), message };
}

/** A path into a configuration: `['services', 2, 'port']`. */
export type Path = readonly PropertyKey[];

/** Where a problem is: everything of it but its message. `name`: the field is wrong, `value`: what it holds. */
export type Place = (path: Path, part: 'name' | 'value') => Omit<Problem, 'message'>;

type Issue = z.core.$ZodIssue;

/** The problems that zod found, each place and message once. */
export function problemsOf(error: z.ZodError, place: Place): Problem[] {
  const problems = new Map<string, Problem>();
  const add = (path: Path, message: string, part: 'name' | 'value' = 'value', shownAs?: string | null): void => {
    const at = place(path, part);
    const problem = { ...at, place: shownAs === undefined ? at.place : shownAs, message };
    problems.set(JSON.stringify([path, message]), problem);
  };
  const visit = (issue: Issue, above: Path): void => {
    const path = [...above, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const messages = issue.message.split('\n');
      issue.keys.forEach((key, index) => {
        add([...path, key], messages[index] ?? '', 'name');
      });
      return;
    }
    if (issue.code === 'invalid_key') {
      // A name such as "Name: value" may hold a secret.
      const { place: object } = place(path.slice(0, -1), 'name');
      add(path, issue.message, 'name', object);
      return;
    }
    const meant = issue.code === 'invalid_union' ? meantBranch(issue.errors) : null;
    if (meant === null) add(path, issue.message);
    else for (const inner of meant) visit(inner, path);
  };
  for (const issue of error.issues) visit(issue, []);
  return [...problems.values()];
}

/** The one alternative of a union whose shape fits best, so that what is wrong is inside it; null where that is not one. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const known = (issue: Issue): boolean => issue.path.length > 0 && issue.code !== 'unrecognized_keys';
  const inside = (issue: Issue): boolean => issue.path.length > 0 || issue.code === 'unrecognized_keys';
  for (const fits of [known, inside]) {
    const [meant, other] = branches.filter((issues) => issues.length > 0 && issues.every(fits));
    if (meant !== undefined) return other === undefined ? meant : null;
  }
  return null;
}

/** A path as people write it: `services[2].headers["X-Key"]`. */
export function pathText(path: Path): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${String(key)}]`;
    else if (/^[\w$-]+$/.test(String(key))) text += `${text === '' ? '' : '.'}${String(key)}`;
    else text += `[${safeExcerpt(String(key))}]`;
  }
  return text;
}
