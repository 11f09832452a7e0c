/**
 * The files of `--report`. That they can be written is known before anything is started, and what is in them stays until
 * there is something to put in its place.
 */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

import { writeProblem } from '../core/file-problem.ts';
import { toJson } from '../core/printable.ts';
import { html } from './html-report.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import type { ObservedVantage } from './observed.ts';
import type { Report } from './report.ts';
import { svg } from './svg.ts';

/** How a report is written; `observed` is what it was made from, where that is kept. */
type Form = (report: Report, observed: readonly ObservedVantage[]) => string;

const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['.json', (report) => `${toJson(report, 2)}\n`],
  ['.md', markdown],
  ['.xml', junit],
  ['.svg', svg],
  ['.html', html],
]);

interface Prepared {
  /** As it was named. */
  readonly path: string;
  /** Where it is. */
  readonly file: string;
  /** What is written first, and then takes the name of the other. */
  readonly draft: string;
  readonly form: Form;
}

/** The files of `--report`, each with an empty draft beside it until the report is written. */
export class ReportFiles {
  readonly #prepared: readonly Prepared[];
  readonly #onExit = (): void => {
    this.discard();
  };

  private constructor(prepared: readonly Prepared[]) {
    this.#prepared = prepared;
    process.once('exit', this.#onExit);
  }

  /**
   * Makes sure that all can be written, and leaves an empty draft beside each.
   * @returns the files, or what is wrong with each that can't be written: then no draft is left
   */
  static prepare(
    paths: readonly string[],
  ): ReportFiles | readonly { readonly path: string; readonly problem: string }[] {
    const problems: { path: string; problem: string }[] = [];
    const prepared: Prepared[] = [];
    for (const path of new Set(paths)) {
      const one = prepare(path);
      if (typeof one === 'string') problems.push({ path, problem: one });
      else prepared.push(one);
    }
    const files = new ReportFiles(prepared);
    if (problems.length === 0) return files;
    files.discard();
    return problems;
  }

  /** Whether one of them shows every single probe. */
  get wantsProbes(): boolean {
    return this.#prepared.some(({ form }) => form === html);
  }

  /**
   * Writes the report into all of them. Returns what went wrong, for people, one line each.
   * @param observed what the report was made from, vantage by vantage: only there are the single probes
   */
  write(report: Report, observed: readonly ObservedVantage[] = []): string[] {
    const problems = this.#prepared.flatMap(({ path, file, draft, form }) => {
      try {
        writeFileSync(draft, form(report, observed));
        renameSync(draft, file);
        return [];
      } catch (error) {
        return [`${path}: the report could not be written: ${writeProblem(error)}`];
      }
    });
    this.discard();
    return problems;
  }

  /** Deletes the drafts that were not used. */
  discard(): void {
    process.off('exit', this.#onExit);
    for (const { draft } of this.#prepared) rmSync(draft, { force: true });
  }
}

/** Prepares a file; why it can't be, for people. */
function prepare(path: string): Prepared | string {
  const form = FORMS.get(extname(path).toLowerCase());
  if (form === undefined) {
    return `the ending names the kind of report, and must be one of ${[...FORMS.keys()].join(', ')}`;
  }
  if (path.endsWith('/')) return 'this names a folder, not a file';
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    // Where the path is a symbolic link, its target is replaced, not the link.
    const file = there === undefined ? path : realpathSync(path);
    const draft = join(dirname(file), `.${basename(file)}.${String(process.pid)}.part`);
    if (there !== undefined && !there.isFile()) return 'this is not a file, but a folder or a device';
    if (there !== undefined) accessSync(path, constants.W_OK);
    closeSync(openSync(draft, 'w'));
    return { path, file, draft, form };
  } catch (error) {
    return writeProblem(error);
  }
}
