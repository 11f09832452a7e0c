/** Shell completion, as bash does it with what `gapwatch completion` prints; and what is said of words that are none. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { isInstalled } from '../support/tools.ts';
import { endPrograms, entry, folderWith, run } from './program.ts';

/** Sources the script in bash, where a `gapwatch` is in the path, and completes each line as Tab at its end would. */
function completed(...lines: string[]): string[][] {
  const folder = folderWith('gapwatch', `#!/bin/sh\nexec "${process.execPath}" "${entry('main')}" "$@"\n`);
  chmodSync(join(folder, 'gapwatch'), 0o755);
  const script = `source <(gapwatch completion)
for line; do
COMP_WORDS=(gapwatch $line); [[ $line == *' ' ]] && COMP_WORDS+=(''); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_gapwatch_yargs_completions
echo "\${COMPREPLY[*]}"
done`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', ...lines], {
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, SHELL: '/bin/bash', HOME: folder },
  });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((words) => words.split(' '));
}

describe('shell completion', () => {
  after(endPrograms);

  it('completes commands and options in bash', { skip: !isInstalled('bash') }, () => {
    const [init, serve, options, latency] = completed('in', 'se', 'init --', 'run --max-l');
    assert.deepEqual([init, serve, latency], [['init'], ['serve'], ['--max-latency']]);
    assert.ok(options?.includes('--compose') === true && !options.includes('--interval'));
  });

  it(
    'leaves the values of options, and what follows a command, to the files of the shell',
    { skip: !isInstalled('bash') },
    () => {
      const lines = [
        'check -c ',
        'run --report ',
        'run --report = ',
        'init --from ',
        'init --compose ',
        'report --data ',
      ];
      const rest = ['run web=1 -- ', 'run web=1 -- ls ', 'run web=1 -- ./', 'run -i '];
      for (const [n, words] of completed(...lines, ...rest, 'in').entries())
        assert.deepEqual(words, n < lines.length + rest.length ? [''] : ['init'], [...lines, ...rest][n]);
    },
  );

  it('completes choices, options after a value, and commands after --', { skip: !isInstalled('bash') }, () => {
    const [choices, options, flags, programs] = completed(
      ...['check --connection ', 'check -c x --conn', 'serve --public --lis', 'run web=1 -- gapwat'],
    );
    assert.deepEqual([choices, options, flags], [['new', 'kept', 'both'], ['--connection'], ['--listen']]);
    assert.deepEqual(programs, ['gapwatch']);
  });

  it('has a script for zsh too, with nothing else beside it', async () => {
    const { code, stdout, stderr } = await run(['completion'], { env: { SHELL: '/usr/bin/zsh' } });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^#compdef gapwatch\n/);
    const folder = folderWith('_gapwatch', stdout);
    if (!isInstalled('zsh')) return;
    const { status } = spawnSync('zsh', ['-n', join(folder, '_gapwatch')]);
    assert.equal(status, 0);
  });

  it('writes a script that a file can hold', async () => {
    const { stdout } = await run(['completion'], { env: { SHELL: '/bin/bash' } });
    const folder = folderWith('x', '');
    writeFileSync(join(folder, 'completion.sh'), stdout);
    assert.equal(spawnSync('bash', ['-n', join(folder, 'completion.sh')]).status, 0);
  });
});

const MISTYPED = [
  [['srve'], /there is no command srve, did you mean "serve"\?/],
  [['inti'], /did you mean "init"\?/],
  [['completoin'], /did you mean "completion"\?/],
  [['serve', '--intervall', '2s'], /intervall, did you mean "--interval"\?/],
  [
    ['--intervall', '1s', '--timout', '3s', '80'],
    /intervall, did you mean "--interval"\?; timout, did you mean "--timeout"\?/,
  ],
  [['serve', '--log-levle', 'info'], /^gapwatch: Unknown argument: log-levle, did you mean "--log-level"\?$/m],
  [['report', '--sinse', '1d'], /sinse, did you mean "--since"\?/],
  [['check', '--format', 'json', '80'], /format, which is an option of watch, attach and demo/],
  [['serve', '--compose', 'x'], /compose, which is an option of init/],
  [['init', '--forse'], /forse, did you mean "--force"\?/],
] as const;

/** Runs each command line, one after the other in one process, and prints what came of it. */
const RUN_EACH = `
const { run } = await import(process.argv[1]);
for (const args of JSON.parse(process.argv[2])) {
  const code = await run(args);
  console.log(code);
  console.error('end');
}`;

describe('a mistyped word', () => {
  const lines = JSON.stringify(MISTYPED.map(([args]) => args));
  const words = ['--input-type=module', '-e', RUN_EACH, entry('cli/command-line'), lines];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  const outputs = stderr.split('end\n');

  it('is wrong usage', () => {
    assert.deepEqual(stdout, '2\n'.repeat(MISTYPED.length));
  });

  for (const [n, [args, message]] of MISTYPED.entries())
    it(`is answered with what may be meant: ${args.join(' ')}`, () => {
      assert.match(outputs[n] ?? '', message);
    });

  it('ends the program so', async () => {
    const { code, stdout, stderr } = await run(['srve']);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, MISTYPED[0][1]);
  });
});
