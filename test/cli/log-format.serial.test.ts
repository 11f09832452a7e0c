/** The log of daemons: lines for people on a terminal, JSON anywhere else, and either where it is asked for. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { textLine } from '../../src/cli/log.ts';
import { showTime } from '../../src/core/format.ts';
import { TerminalDriver } from '../support/terminal-driver.ts';
import { endServices, TestService } from '../support/test-service.ts';
import { requireTool } from '../support/tools.ts';
import { endPrograms, entry, Program, run } from './program.ts';

const QUIET = ['--data', 'off', '--listen', '127.0.0.1:0'];

describe('the log of serve', { concurrency: 4 }, () => {
  after(endServices);
  after(endPrograms);

  it('is JSON where it is no terminal, as for the journal', async () => {
    const service = await TestService.start();
    const { stderr } = await run(['serve', String(service.port), ...QUIET, '--for', '500ms']);
    const records = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      records.map(({ msg }) => msg).filter((msg) => msg !== 'transition' && !String(msg).startsWith('the probes')),
      [
        'started',
        'no gap means: none, as far as probes 1 s apart can show; a shorter interval (-i) shows more',
        'stopping',
      ],
    );
  });

  it('is text where that is asked for: the address first, then events as watch prints them', async () => {
    const service = await TestService.start();
    const program = new Program([
      'serve',
      `web=${String(service.port)}`,
      ...QUIET,
      '--interval',
      '50ms',
      '--log-format',
      'text',
    ]);
    await program.said(/^Status page: http:\/\/127\.0\.0\.1:\d+\/\nWatching 1 service from .*\n/);
    await program.said(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}web {3}UP +first answer$/m);
    service.down();
    await program.said(/ {2}web {3}DOWN +\w+: /);
    await service.up();
    await program.said(/ {2}web {3}GAP +(0\.\d\d s|\d+ ms)/);
    assert.equal(await program.end(), 143);
    assert.match(program.stderr, /stopping {2}why=SIGTERM\n/);
    // Neither JSON nor colours.
    assert.doesNotMatch(program.stderr, /[{\u001b]/);
  });

  it('holds back what is below the level in both', async () => {
    for (const format of ['text', 'json']) {
      const { stderr } = await run([
        'serve',
        '1',
        ...QUIET,
        '--for',
        '500ms',
        '--log-level',
        'error',
        '--log-format',
        format,
      ]);
      assert.equal(stderr, '');
    }
  });

  it('is text on a terminal, in colour unless NO_COLOR says otherwise, and JSON where that is asked for', async (t) => {
    if (!requireTool(t, 'tmux')) return;
    for (const [env, more, expected, inColour] of [
      [{}, '', /^Status page: http/m, true],
      [{ NO_COLOR: '1' }, '', /^Status page: http/m, false],
      [{}, '--log-format json', /"msg":"started"/, false],
    ] as const) {
      const terminal = await TerminalDriver.open({ width: 160, env });
      t.after(() => terminal.close());
      await terminal.command(`clear; '${process.execPath}' '${entry('main')}' serve 1 ${QUIET.join(' ')} ${more}`);
      await terminal.waitFor('the log', (lines) => expected.test(lines.join('\n')));
      await terminal.waitFor('an event', (lines) => /DOWN|"to":"down"/.test(lines.join('\n')));
      assert.equal(/\u001b\[(?:\d+;)?33m/.test(await terminal.colours()), inColour);
      await terminal.keys('C-c');
      await terminal.waitFor('the end', (lines) => /stopping {2}why=SIGINT|"why":"SIGINT"/.test(lines.join('\n')));
    }
  });
});

describe('a line of the log', () => {
  const time = '2026-11-23T04:05:06.789Z';
  const at = showTime(Date.parse(time));
  const line = (fields: object, inColour = false): string =>
    textLine(JSON.stringify({ level: 'info', time, msg: 'm', ...fields }), inColour);

  it('has the local time, the level where it is worth a look, and its fields', () => {
    assert.equal(line({}), `${at}  m\n`);
    assert.equal(
      line({ level: 'warn', a: 1, b: 'x', c: 'x y', d: '', e: null, f: { g: [1] } }),
      `${at}  WARN  m  a=1  b=x  c="x y"  d=""  e=null  f={"g":[1]}\n`,
    );
    assert.equal(line({ level: 'error', err: { message: 'lost', stack: 'at x' } }), `${at}  ERROR  m  error=lost\n`);
    assert.equal(line({ line: 'as\nit is' }), 'as\nit is\n');
    assert.equal(line({ msg: undefined }), `${at}  \n`.replace(/ +\n/, '  \n'));
  });

  it('shows what would do harm in a terminal', () => {
    assert.equal(line({ msg: 'a\u001b[2Jb', x: 'c\u202ed\n' }), `${at}  a\\u001b[2Jb  x="c\\u202ed\\n"\n`);
    assert.equal(line({ line: '\u001b[2J' }), '\\u001b[2J\n');
  });

  it('is in colour where its level is worth a look', () => {
    assert.equal(line({ level: 'warn' }, true), `\u001b[33m${at}  WARN  m\u001b[0m\n`);
    assert.equal(line({ level: 'error' }, true), `\u001b[31m${at}  ERROR  m\u001b[0m\n`);
    assert.equal(line({}, true), `${at}  m\n`);
  });
});
