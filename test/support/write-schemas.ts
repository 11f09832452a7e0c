/**
 * The JSON Schemas in the package's folder `schemas`: of the feed's messages, made of the schemas by which they are read, and of the
 * `.json` report, made of its types and their comments. `npm run schema` writes them; a test compares.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createGenerator } from 'ts-json-schema-generator';

import { jsonSchemaOf, MESSAGES } from '../../src/core/message-schema.ts';

// Compiled, this file is dist/test/support/write-schemas.js.
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Of any message of the feed. */
function feedSchema(): object {
  const types = Object.entries(MESSAGES);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: "A message of gapwatch's feed",
    description: 'Later versions may add types and fields.',
    anyOf: types.map(([type]) => ({ $ref: `#/$defs/${type}` })),
    $defs: Object.fromEntries(types.map(([type, schema]) => [type, jsonSchemaOf(schema)])),
  };
}

/** Of a `.json` report. */
function reportSchema(): object {
  const options = { path: join(ROOT, 'src/report/report.ts'), tsconfig: join(ROOT, 'tsconfig.json'), type: 'Report' };
  // Types are checked elsewhere.
  return createGenerator({ ...options, skipTypeCheck: true, additionalProperties: true }).createSchema('Report');
}

/** By the names of the files. */
export function schemas(): Readonly<Record<string, object>> {
  return { 'feed.schema.json': feedSchema(), 'report.schema.json': reportSchema() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(ROOT, 'schemas'), { recursive: true });
  for (const [name, schema] of Object.entries(schemas()))
    writeFileSync(join(ROOT, 'schemas', name), `${JSON.stringify(schema, null, 2)}\n`);
}
