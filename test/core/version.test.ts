import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { it } from 'node:test';

import { VERSION } from '../../src/core/version.ts';

it('the version is that of the package', () => {
  assert.equal(VERSION, (createRequire(import.meta.url)('#package.json') as { version: string }).version);
});
