/** The files that a report is written into. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { reportFiles } from '../../src/cli/report-paths.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { runReport, observed, vantage } from './scene.ts';

const REPORT = runReport([vantage('here', observed('web'))]);

describe('report files', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gapwatch-report-'));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('are of the kind that their ending names, and leave nothing else behind', () => {
    const paths = ['a.json', 'a.md', 'a.XML', 'a.svg', 'a.html'].map((name) => join(folder, name));
    assert.deepEqual(reportFiles(paths).write(REPORT), []);
    const starts = paths.map((path) => readFileSync(path, 'utf8').slice(0, 5));
    assert.deepEqual(starts, ['{\n  "', '# gap', '<?xml', '<svg ', '<!doc']);
    assert.deepEqual(readdirSync(folder).sort(), ['a.XML', 'a.html', 'a.json', 'a.md', 'a.svg']);
  });

  it('keep what is in them until there is something to put in its place', () => {
    const path = join(folder, 'old.json');
    writeFileSync(path, 'the old one');
    const files = reportFiles([path]);
    assert.equal(readFileSync(path, 'utf8'), 'the old one');
    files.discard();
    assert.equal(readFileSync(path, 'utf8'), 'the old one');
    assert.ok(readdirSync(folder).every((name) => !name.endsWith('.part')));
  });

  it('write through a link', () => {
    const [path, link] = [join(folder, 'real.json'), join(folder, 'link.json')];
    writeFileSync(path, 'old');
    symlinkSync(path, link);
    assert.deepEqual(reportFiles([link]).write(REPORT), []);
    assert.match(readFileSync(path, 'utf8'), /"format": 1/);
  });

  it('are refused, all with their reasons, where one has another ending or can not be written', () => {
    mkdirSync(join(folder, 'folder.json'));
    const paths = ['a.txt', 'folder.json', 'missing/a.json', 'old.json/a.json', 'a.md/'].map((name) =>
      join(folder, name),
    );
    assert.throws(
      () => reportFiles([join(folder, 'fine.md'), ...paths]),
      (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(
          error.message,
          /a\.txt: the ending names the kind of report, .* \.json, \.md, \.xml, \.svg, \.html/,
        );
        assert.match(error.message, /folder\.json: this is not a file, but a folder or a device/);
        assert.match(error.message, /missing\/a\.json: its folder does not exist/);
        assert.match(error.message, /old\.json\/a\.json: its folder is a file, not a folder/);
        assert.match(error.message, /a\.md\/: this names a folder/);
        return true;
      },
    );
    assert.ok(!readdirSync(folder).some((name) => name.includes('fine')));
  });
});
