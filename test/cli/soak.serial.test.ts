/** Where nothing goes wrong, nothing is logged as wrong: a daemon with history, clients that come and go, and questions. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { WebSocket } from 'ws';

import { TestService, endServices } from '../support/test-service.ts';
import { endPrograms, FOLDER, Program } from './program.ts';

const SECONDS = 10;

describe('a soak without faults', () => {
  after(endServices);
  after(endPrograms);

  it('logs no warning', async () => {
    const backends = await Promise.all([TestService.start(), TestService.start(), TestService.start()]);
    const data = mkdtempSync(join(FOLDER, 'soak-'));
    const targets = backends.map(({ port }, index) => `s${String(index)}=${String(port)}`);
    const program = new Program(['serve', '-i', '100ms', '--data', data, '--listen', '127.0.0.1:0', ...targets]);
    await program.said(/"msg":"started"/);
    const http = /"feed":"(http:[^"]+)"/.exec(program.stderr)?.[1] ?? '';
    const ask = async (path: string): Promise<void> => {
      const response = await fetch(`${http}${path}`);
      await response.arrayBuffer();
      assert.equal(response.status, 200, path);
    };
    const until = performance.now() + SECONDS * 1000;
    while (performance.now() < until) {
      const ws = new WebSocket(`${http.replace('http', 'ws')}/feed?samples=1`);
      await once(ws, 'message');
      await Promise.all(
        ['/api/v1/status', '/api/v1/gaps', '/api/v1/timeline', '/api/v1/days', '/metrics', '/'].map(ask),
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
      ws.close();
      await once(ws, 'close');
    }
    assert.equal(await program.end(), 143);
    const lines = program.stderr.trim().split('\n');
    // A busy machine may truly stall the program, which says so.
    const warnings = lines.filter(
      (line) => /"level":"(warn|error|fatal)"/.test(line) && !/stalled|overloaded/.test(line),
    );
    assert.deepEqual(warnings, []);
    assert.ok(
      lines.every((line) => line.startsWith('{')),
      'stderr has nothing but the log',
    );
  });
});
