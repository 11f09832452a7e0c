/** The JSON Schema of the configuration, for editors: from the definition that also checks it. */
import { z } from 'zod';

import { fileSchema } from './config-schema.ts';

/** The JSON Schema of `services.json`, draft 7: what editors know best. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7' });
  return { title: 'gapwatch: services.json', ...schema };
}
