/** Every server of the corpus, probed over new connections and over a kept one. A new report of a server becomes one more file. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';

import { AMPLE_MS, httpSpec, Probing, verdict } from '../support/probing.ts';
import { held, released } from '../support/resources.ts';
import { serve } from '../support/servers.ts';
import type { MisbehavingServer } from './misbehaving-server.ts';

const FOLDER = new URL('./servers/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.js'));

for (const file of FILES) {
  const { default: variants } = (await import(new URL(file, FOLDER).href)) as { default: MisbehavingServer };

  describe(`a server of the kind ${file.replace('.js', '')}`, () => {
    for (const [name, { behave, over, found, message }] of Object.entries(variants)) {
      for (const connection of ['new', 'kept'] as const) {
        it(`${name}: ${found} (${connection})`, async () => {
          const before = held();
          const server = await serve(behave);
          const url = `http://127.0.0.1:${String(server.port)}/`;
          const probing = await Probing.of(httpSpec(url, { expectBody: /^ok$/, ...over }), connection);
          try {
            for (let sent = 0; sent < 3; sent++) {
              const sample = await probing.probe(AMPLE_MS);
              assert.equal(verdict(sample), found, String(sample.message));
              assert.doesNotMatch(sample.message ?? '', /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
              if (message !== undefined) assert.match(String(sample.message), message);
            }
            assert.deepEqual(probing.lost, []);
          } finally {
            probing.close();
            await server.idle();
            await server.close();
          }
          await released(before);
        });
      }
    }
  });
}
