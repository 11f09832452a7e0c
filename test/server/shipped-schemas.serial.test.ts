/** The JSON Schemas of the package are those of the program, and what a feed sends and a report says is valid against them. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { hintsOf } from '../../src/report/hints.ts';
import type { Report } from '../../src/report/report.ts';
import { buildReport } from '../../src/report/build-report.ts';
import { judge } from '../../src/report/verdict.ts';
import { endPrograms, run as runProgram } from '../cli/program.ts';
import { observed, runReport, START, vantage, within } from '../report/scene.ts';
import { endServices, TestService } from '../support/test-service.ts';
import { ROOT, schemas } from '../support/write-schemas.ts';
import { Listener } from './listener.ts';
import { inScene, scene, TOKEN } from './scene.ts';

const read = (name: string): object => JSON.parse(readFileSync(join(ROOT, 'schemas', name), 'utf8')) as object;
const isMessage = new Ajv2020({ strictTypes: false }).compile(read('feed.schema.json'));
const isReport = new Ajv({ strictTypes: false, allowUnionTypes: true }).compile(read('report.schema.json'));

function assertReport(report: unknown, where: string): void {
  // As it is written: without what is undefined.
  assert.ok(isReport(JSON.parse(JSON.stringify(report))), `${where}: ${JSON.stringify(isReport.errors)}`);
}

describe('the JSON Schemas in the package', () => {
  after(async () => {
    await endPrograms();
    await endServices();
  });

  it('are those of the program; npm run schema writes them again', () => {
    for (const [name, schema] of Object.entries(schemas()))
      assert.deepEqual(read(name), JSON.parse(JSON.stringify(schema)), name);
  });

  for (const view of ['private', 'public'] as const)
    it(
      `fit every message of a feed, ${view}`,
      inScene({ rise: 1, fall: 2, feed: { public: view === 'public', token: TOKEN } }, async (at) => {
        const query = view === 'private' ? `?samples=1&token=${TOKEN}` : '';
        const client = await Listener.open(at.ws + query);
        await at.services[0]!.flap(at.monitor);
        at.monitor.mark('here');
        for (const type of ['transition', 'gap', 'mark', 'heartbeat']) await client.first(type);
        if (view === 'private') await client.first('sample');
        await client.close();
        const types = new Set(client.received.map(({ type }) => type));
        assert.ok(types.size >= 5, [...types].join());
        for (const message of client.received)
          assert.ok(isMessage(message), `${message.type}: ${JSON.stringify(isMessage.errors).slice(0, 500)}`);
      }),
    );

  it('refuse what is no message', async () => {
    const at = await scene({ names: ['web'] });
    const client = await Listener.open(at.ws);
    await client.close();
    await at.end();
    const hello = client.received[0]!;
    for (const wrong of [{}, { type: 'gap' }, { ...hello, seq: '1' }, { ...hello, services: [{ service: 'web' }] }])
      assert.ok(!isMessage(wrong), JSON.stringify(wrong).slice(0, 200));
  });

  it('fit reports of all kinds, and refuse what is none', () => {
    const service = observed('web', {
      falls: [
        { from: 100, to: 400, silenceMs: 450 },
        { from: 1000, to: null },
      ],
      unobserved: [{ from: 600, to: 800 }],
      lostAt: [2000],
    });
    const report = runReport([vantage('here', service), vantage('there', observed('web'))]);
    const judged = { ...report, verdict: judge(report, report.run), hints: hintsOf(report) };
    assertReport(judged, 'a run');
    assertReport(
      runReport([vantage('here')], { ending: null, endedAt: null, durationMs: null, exitCode: null }),
      'cut',
    );
    assertReport(buildReport([vantage('here', service)], within(-60_000, 60_000), null), 'the history');
    const [first] = report.vantages;
    const wrongs: unknown[] = [
      ...[
        {},
        { ...report, format: 2 },
        { ...report, from: String(START) },
        { ...report, vantages: [{ ...first, services: 1 }] },
      ],
    ];
    for (const wrong of wrongs) assert.ok(!isReport(wrong), JSON.stringify(wrong).slice(0, 200));
  });

  it('fit the report that the program writes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gapwatch-schemas-'));
    const file = join(folder, 'report.json');
    const service = await TestService.start();
    const times = ['--before', '200ms', '--after', '200ms'];
    await runProgram(['run', `web=${String(service.port)}`, ...times, '--report', file, '--', 'sleep', '0.3']);
    assert.ok(existsSync(file));
    assertReport(JSON.parse(readFileSync(file, 'utf8')) as Report, 'written');
    rmSync(folder, { recursive: true });
  });
});
