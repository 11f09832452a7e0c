/** The files of `--report`, as they were typed. Only for the commands that have them: this loads every form of the report. */
import { commandLineProblem, invalid } from '../config/config-error.ts';
import { ReportFiles } from '../report/report-files.ts';

/**
 * The files of `--report`.
 * @throws ConfigError where one can't be written, or its ending is none of the known ones
 */
export function reportFiles(paths: readonly string[]): ReportFiles {
  const prepared = ReportFiles.prepare(paths);
  if (prepared instanceof ReportFiles) return prepared;
  throw invalid(prepared.map(({ path, problem }) => commandLineProblem(`--report ${path}`, problem)));
}
