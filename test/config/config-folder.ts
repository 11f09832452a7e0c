/** A folder of its own for a test of the configuration, and what comes of loading it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { ConfigError } from '../../src/config/config-error.ts';
import { type Config, loadConfig } from '../../src/config/load-config.ts';
import type { Watched } from '../../src/probe/spec.ts';

export interface Asked {
  /** Written as `services.json`; text as it is, anything else as JSON. Left out: there is no such file. */
  readonly json?: unknown;
  /** Given with `--config`; left out: none is. */
  readonly file?: string;
  readonly targets?: readonly string[];
  readonly options?: Parameters<typeof loadConfig>[0]['options'];
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder that is removed when the tests of the file are done. */
export class ConfigFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'gapwatch-config-'));

  constructor() {
    after(() => {
      rmSync(this.path, { recursive: true });
    });
  }

  write(name: string, content: string | Uint8Array): void {
    // To write over a file takes ext4 a millisecond: it goes to the disk at once.
    rmSync(join(this.path, name), { force: true });
    writeFileSync(join(this.path, name), content);
  }

  load(asked: Asked): Promise<Config> {
    const { json, file, targets = [], options = {}, env = {} } = asked;
    if (json === undefined) rmSync(join(this.path, 'services.json'), { force: true });
    else {
      const asItIs = typeof json === 'string' || json instanceof Uint8Array;
      this.write('services.json', asItIs ? json : JSON.stringify(json, null, 2));
    }
    const named = file ?? (json === undefined ? null : 'services.json');
    return loadConfig({ file: named, targets, options, defaultIntervalMs: 100, cwd: this.path, env });
  }

  /** The error of a configuration that can't be used. */
  async refusal(asked: Asked): Promise<ConfigError> {
    try {
      await this.load(asked);
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
    return assert.fail('this configuration was accepted');
  }

  /** The one problem of a service that is wrong in one way, as it is printed after the place of the service. */
  async problem(
    service: Readonly<Record<string, unknown>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { problems } = await this.refusal({ json: { services: [{ name: 'web', ...service }] }, env });
    assert.equal(problems.length, 1, JSON.stringify(problems));
    return `${problems[0]!.place ?? ''}: ${problems[0]!.message}`;
  }

  /** The only service of a configuration. */
  async only(service: Readonly<Record<string, unknown>>, env: Readonly<Record<string, string>> = {}): Promise<Watched> {
    const { watched } = await this.load({ json: { services: [{ name: 'web', ...service }] }, env });
    assert.equal(watched.length, 1);
    return watched[0]!;
  }
}
