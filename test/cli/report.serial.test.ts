/** `gapwatch report`, the real program over a history that was written before. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import type { Report } from '../../src/report/report.ts';
import { endServices, type SignalledService, startSignalledService } from '../support/test-service.ts';
import { endPrograms, FOLDER, folderWith, type Outcome, Program, run } from './program.ts';

describe('gapwatch report', { concurrency: 2 }, () => {
  const data = join(FOLDER, 'history');
  let service: SignalledService;

  before(async () => {
    service = await startSignalledService();
    const web = [`web=${String(service.port)}`, '-i', '50ms', '-t', '300ms', '--vantage', 'rack-2'];
    const { code, stderr } = await run([
      ...['run', ...web, '--data', data],
      ...['--before', '300ms', '--after', '300ms', '--', 'sh', '-c', `kill -USR2 ${String(service.pid)}; sleep 0.8`],
    ]);
    assert.equal(code, 1, stderr);
  });

  after(async () => {
    await endPrograms();
    await endServices();
  });

  const report = (...options: string[]): Promise<Outcome> => run(['report', '--data', data, ...options]);

  it('reports gaps with bounds and reasons, uptime and marks', async () => {
    const { code, stdout, stderr } = await report();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^From .* to .*, seen from rack-2$/m);
    assert.match(stdout, /^web +(UP|UNOBSERVED) +\d+\.\d+ % of [\d.]+ s +\d+ /m);
    assert.match(stdout, /^\d{4}-\d\d-\d\d [\d:.]+ {2}web {2}down 0\.\d\d s \(0\.\d\d–0\.\d\d\), .*refused ×\d+/m);
    assert.match(stdout, /^\d{4}-\d\d-\d\d [\d:.]+ {2}run: sh -c .* started$/m);
  });

  it('writes the same in every form', async () => {
    const file = (ending: string): string => join(FOLDER, `report.${ending}`);
    const { code } = await report(
      ...['json', 'md', 'xml', 'svg', 'html'].flatMap((ending) => ['--report', file(ending)]),
    );
    assert.equal(code, 0);
    const written = JSON.parse(readFileSync(file('json'), 'utf8')) as Report;
    assert.equal(written.run, null);
    assert.equal(written.vantages[0]?.vantage, 'rack-2');
    const [web] = written.vantages[0].services;
    assert.ok((web?.downMs ?? 0) > 0);
    assert.equal(web?.gaps[0]?.fromStartMs, null);
    assert.ok(web.gaps.some(({ minMs, maxMs }) => minMs <= 450 && (maxMs ?? Infinity) >= 300));
    for (const ending of ['md', 'xml', 'svg', 'html'])
      assert.match(readFileSync(file(ending), 'utf8'), /down 0\.\d\d s/);
  });

  it('says of a time without data that nothing was recorded, and what the history has', async () => {
    const { code, stdout, stderr } = await report('--since', '3h', '--until', '2h');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Nothing was recorded in this time\.$/m);
    assert.doesNotMatch(stdout, /^service +state/m);
    assert.match(stderr, /^The history has \d{4}-\d\d-\d\d [\d:.]+ to \d{4}-\d\d-\d\d [\d:.]+\.$/m);
  });

  it('reads while a monitor writes', async () => {
    const live = join(FOLDER, 'live');
    const program = new Program([
      'watch',
      `web=${String(service.port)}`,
      '--listen',
      'off',
      '--data',
      live,
      '-i',
      '50ms',
    ]);
    await program.line(/UP/);
    // Written within a second: asked until it is there.
    let outcome = await run(['report', '--data', live]);
    for (let asked = 0; asked < 20 && !/^web +UP/m.test(outcome.stdout); asked++)
      outcome = await run(['report', '--data', live]);
    assert.match(outcome.stdout, /^web +UP/m);
    assert.equal(await program.end('SIGTERM'), 143);
  });

  it('looks in the usual folder where none is named', async () => {
    const { code, stderr } = await run(['report'], { env: { XDG_STATE_HOME: join(FOLDER, 'no-state') } });
    assert.equal(code, 2);
    assert.match(stderr, /no-state\/gapwatch/);
  });

  const wrong: readonly (readonly [what: string, options: readonly string[], says: RegExp])[] = [
    ['a service that it does not know', ['--service', 'db'], /--service: the history knows no "db"; there are: web/],
    ['a time that is none', ['--since', 'yesterday'], /--since: "yesterday" is no time; a time such as/],
    ['a time to come', ['--until', '2999-01-01'], /--until: 2999-01-01 .* is still to come/],
    [
      'a window that is none',
      ['--since', '2026-01-02', '--until', '2026-01-01'],
      /--since: .* is not before 2026-01-01/,
    ],
    ['a report of another kind', ['--report', 'a.pdf'], /\.json, \.md, \.xml, \.svg/],
  ];
  for (const [what, options, says] of wrong) {
    it(`says so for ${what}`, async () => {
      const { code, stdout, stderr } = await report(...options);
      assert.equal(code, 2);
      assert.match(stderr, says);
      assert.equal(stdout, '');
    });
  }

  it('says so for a history that is switched off', async () => {
    const { code, stderr } = await run(['report', '--data', 'off']);
    assert.equal(code, 2);
    assert.match(stderr, /--data: a report is made from a history/);
  });

  it('says so for a folder without a history', async () => {
    const { code, stderr } = await run(['report', '--data', folderWith('empty.txt', '')]);
    assert.equal(code, 2);
    assert.notEqual(stderr, '');
  });
});
