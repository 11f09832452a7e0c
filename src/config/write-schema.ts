/** Writes `services.schema.json` at the root of the package. Run it after a change of the configuration's schema. */
import { writeFileSync } from 'node:fs';

import { jsonSchema } from './config-schema.ts';

// Compiled, this file is dist/src/config/write-schema.js.
writeFileSync(new URL('../../../services.schema.json', import.meta.url), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
