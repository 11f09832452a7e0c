/** The configurations of other monitors, recognised by what they hold. */
import { dirname, join, resolve } from 'node:path';

import { fieldsAt, isFields, listAt, readDocument, unusable, type Fields } from './document.ts';
import type { Findings } from './draft.ts';
import { gatusServices } from './gatus.ts';
import { blackboxServices } from './prometheus.ts';
import { kumaServices } from './uptime-kuma.ts';

/** Where the modules of a blackbox exporter usually are, beside the `prometheus.yml`. */
const MODULE_FILES = ['blackbox.yml', 'blackbox.yaml'];

/**
 * Reads files of Gatus, Uptime Kuma, Prometheus and the blackbox exporter.
 * @param files as the user named them, from the folder `cwd`
 * @throws ConfigError where one can't be read or is none of these, or there are modules but no targets
 */
export async function readMonitorFiles(files: readonly string[], cwd: string): Promise<Findings> {
  const documents = await Promise.all(
    files.map(async (file) => {
      const document = await readDocument(file, cwd);
      return { file, document, kind: kindOf(file, document) };
    }),
  );
  const modules: Record<string, unknown> = {};
  for (const { file, document, kind } of documents) {
    if (kind === 'prometheus') Object.assign(modules, await modulesBeside(resolve(cwd, file)));
    if (kind === 'modules') Object.assign(modules, document['modules']);
  }
  const lonely = documents.find(({ kind }) => kind === 'modules');
  if (lonely !== undefined && !documents.some(({ kind }) => kind === 'prometheus'))
    throw unusable(
      lonely.file,
      'these are the modules of a blackbox exporter, which have no targets: those are in prometheus.yml, so --from prometheus.yml too',
    );
  const found = documents.map(({ document, kind }) => {
    if (kind === 'gatus') return gatusServices(document);
    if (kind === 'kuma') return kumaServices(document);
    return kind === 'prometheus' ? blackboxServices(document, modules) : { drafts: [], leftOut: [] };
  });
  return { drafts: found.flatMap(({ drafts }) => drafts), leftOut: found.flatMap(({ leftOut }) => leftOut) };
}

function kindOf(file: string, document: Fields): 'gatus' | 'kuma' | 'prometheus' | 'modules' {
  const { services } = document;
  if (Array.isArray(document['monitorList'])) return 'kuma';
  if (document['scrape_configs'] !== undefined) return 'prometheus';
  if (Object.values(fieldsAt(document, 'modules')).some((module) => isFields(module) && 'prober' in module))
    return 'modules';
  if (isFields(services)) throw unusable(file, `this is a Compose file: gapwatch init --compose ${file}`);
  if (listAt(document, 'services').some((service) => isFields(service) && 'type' in service))
    throw unusable(file, `this is a configuration of gapwatch already: gapwatch --config ${file}`);
  if (['endpoints', 'external-endpoints', 'services'].some((field) => Array.isArray(document[field]))) return 'gatus';
  throw unusable(
    file,
    'this is none of the files that init reads: Gatus (with "endpoints"), a backup of Uptime Kuma (with "monitorList"), or a prometheus.yml (with "scrape_configs")',
  );
}

/** The modules of a blackbox exporter beside a file; none where there is no such file. */
async function modulesBeside(path: string): Promise<Fields> {
  for (const name of MODULE_FILES) {
    const document = await readDocument(join(dirname(path), name), '/').catch(() => null);
    if (document !== null) return fieldsAt(document, 'modules');
  }
  return {};
}
