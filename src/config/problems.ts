/** From zod's issues to problems with places. */
import type { z } from 'zod';

import type { Problem } from './config-error.ts';

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
      // Who writes "Name: value" for a name has written a secret there.
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
    else text += `[${JSON.stringify(String(key).slice(0, 60))}]`;
  }
  return text;
}
