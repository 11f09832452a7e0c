/** `gapwatch run` over a service that freezes for less than the timeout: the real program, a real process that is stopped. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import type { Report } from '../../src/report/report.ts';
import { endChild, startChild } from '../support/children.ts';
import { endPrograms, FOLDER, type Outcome, run } from './program.ts';

const SERVER = `const s = require('http').createServer((q, r) => r.end('ok')); s.listen(0, '127.0.0.1', () => console.log(s.address().port))`;

describe('gapwatch run over a freeze of 0.9 s', () => {
  let port = '';
  let child: Awaited<ReturnType<typeof startChild>>;

  before(async () => {
    child = await startChild(process.execPath, ['-e', SERVER], (line) => {
      port = line.trim();
      return true;
    });
  });

  after(async () => {
    await endPrograms();
    await endChild(child);
  });

  const freeze = (...options: string[]): Promise<Outcome> => {
    const pid = String(child.pid);
    const command = ['sh', '-c', `kill -STOP ${pid}; sleep 0.9; kill -CONT ${pid}`];
    const quick = ['--before', '1s', '--after', '500ms', '-i', '50ms', '-t', '3s', '--max-gap', '1m'];
    return run(['run', `web=http://127.0.0.1:${port}/`, ...quick, ...options, '--', ...command]);
  };

  it('says for how long there was no answer, and what is usual', async () => {
    const file = join(FOLDER, 'freeze.json');
    const { code, stdout } = await freeze('--report', file, '--report', join(FOLDER, 'freeze.md'));
    assert.match(
      stdout,
      /PASS: .*, but slow: no answer for (0\.9\d|1\.[01]\d) s from [+−]\d+ m?s, usually \d+(\.\d)? ms/,
    );
    assert.match(stdout, /^service .*  usual, slowest answer\nweb .* ms, (0\.[89]\d|1\.[01]\d) s$/m);
    assert.equal(code, 0);
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    const { before: usual, during } = report.vantages[0]!.services[0]!.latency!;
    assert.ok(usual!.p50Ms! < 100);
    assert.ok(during!.maxMs! > 800 && during!.maxMs! < 1200, String(during!.maxMs));
    assert.ok(during!.silence!.durationMs > 850 && during!.silence!.durationMs < 1200);
    assert.match(readFileSync(join(FOLDER, 'freeze.md'), 'utf8'), /\| web \| p50 .* \| no answer for /);
  });

  it('fails where the slowest answer has a smaller budget', async () => {
    const { code, stdout } = await freeze('--max-latency', '500ms', '--slow', '300ms');
    assert.match(
      stdout,
      /FAIL: web was slow: an answer took .* at .*, over the budget of 0\.50 s for the slowest answer/,
    );
    assert.match(stdout, /\d+ slow answers within .*, the slowest after /);
    assert.equal(code, 1);
  });
});
