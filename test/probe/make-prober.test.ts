/** What is loaded for which kind of probe. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { childScript, runChild } from '../support/children.ts';

describe('the prober of a service', () => {
  for (const [kind, libraries] of [
    ['tcp', []],
    ['http', []],
    ['redis', ['ioredis']],
  ] as const) {
    it(`loads what ${kind} needs, and no more`, async () => {
      assert.deepEqual(await runChild(process.execPath, [childScript('loaded'), kind]), libraries);
    });
  }
});
