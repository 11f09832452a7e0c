/** Every command that the README and the pages of the docs name exists, and those that they show in their blocks of commands run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { benchesOf } from './bench/benches.ts';
import { endPrograms, entry, folderWith, Program } from './cli/program.ts';
import { isInstalled } from './support/tools.ts';

const root = dirname(createRequire(import.meta.url).resolve('#package.json'));
const compiled = fileURLToPath(new URL('..', import.meta.url));
const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...docs.map((name) => join('docs', name))]
  .map((name) => readFileSync(join(root, name), 'utf8'))
  .join('\n');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** The lines of all blocks of commands, without their comments. */
const shown = [...pages.matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap((match) => (match[1] ?? '').replaceAll('\\\n', ' ').split('\n'))
  .map((line) => line.replace(/(^|\s+)#.*$/, '').trim())
  .filter((line) => line !== '');
/** Commands within the text, and in the unit. */
const named = [...pages.matchAll(/`((?:gapwatch|npm) [^`\n]+)`|^ExecStart=.*?(gapwatch .+)$/gm)].map(
  (match) => match[1] ?? match[2] ?? '',
);
const all = [...shown, ...named].map(wordsOf);

/** The words of a command, up to where the shell takes over: a pipe, a redirection, a second command. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  const end = words.findIndex((word) => /^([|&;]|\d?[<>]|&&)/.test(word));
  return end === -1 ? words : words.slice(0, end);
}

/** The words behind `gapwatch`, or behind `npm start --`, which is the same. */
function argumentsOf(words: readonly string[]): string[] | null {
  if (words[0] === 'gapwatch') return words.slice(1);
  return words.slice(0, 3).join(' ') === 'npm start --' ? words.slice(3) : null;
}

const helps = new Map<string, string>();

/** What `--help` says of one command, or of the whole program. */
function helpOf(command: string): string {
  const known = helps.get(command);
  if (known !== undefined) return known;
  const words = command === '' ? [] : [command];
  const { stdout } = spawnSync(process.execPath, [entry('main'), ...words, '--help'], { encoding: 'utf8' });
  helps.set(command, stdout);
  return stdout;
}

/** The command among the words behind `gapwatch`; without one it is `watch`. */
function commandOf(words: readonly string[]): string {
  const first = (words[0] ?? '').replace(/^\[(.*)\]$/, '$1');
  const [commands = ''] = helpOf('').split('Positionals:');
  const real = [...commands.matchAll(/^ {2}gapwatch ([a-z]+)/gm)].map((match) => match[1]);
  if (real.includes(first)) return first;
  assert.doesNotMatch(first, /^[a-z]+$/, `gapwatch has no command '${first}', but ${real.join(', ')}`);
  return 'watch';
}

/** Long and short options, without the values that some have behind `=`. */
function optionsOf(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  return (end === -1 ? words : words.slice(0, end))
    .map((word) => word.replace(/^\[+|\]+$/g, '').split('=')[0] ?? '')
    .filter((word) => /^-{1,2}[a-z]/.test(word));
}

function hasOption(command: string, option: string): boolean {
  return new RegExp(`(^|[ ,])${option}([ ,]|$)`, 'm').test(helpOf(command).split('Options:')[1] ?? '');
}

/** A script's own commands: what npm would run, and where it comes from. */
function assertRunnable(name: string): void {
  const script = scripts[name];
  assert.ok(script !== undefined, `package.json has no script '${name}'`);
  for (const part of script.split(/&&|\|\|/)) {
    const [program = '', ...words] = part
      .replace(/^[\s{]+/, '')
      .trim()
      .split(/\s+/);
    const file = words.find((word) => word.startsWith('dist/') && !word.includes('*'));
    if (program === 'npm' && words[0] === 'run')
      assertRunnable(words.find((word) => /^[a-z]/.test(word) && word !== 'run')!);
    else if (program === 'node' && file !== undefined && file.endsWith('.js')) {
      assert.ok(existsSync(join(compiled, file.slice('dist/'.length))), `${file}, of the script '${name}'`);
    } else {
      const bin = join(root, 'node_modules', '.bin', program);
      assert.ok(existsSync(bin) || isInstalled(program), `${program}, of the script '${name}'`);
    }
  }
}

describe('a command in the README or the docs', () => {
  let folder = '';
  before(() => {
    folder = folderWith('README.md', '');
    copyFileSync(join(root, 'services.example.json'), join(folder, 'services.json'));
    writeFileSync(join(folder, 'docker-compose.yml'), 'services: { web: { image: nginx, ports: ["8080:80"] } }\n');
    writeFileSync(join(folder, 'gatus.yaml'), 'endpoints: [{ name: web, url: "tcp://127.0.0.1:1" }]\n');
  });
  after(endPrograms);

  it('is one that this test knows how to judge', () => {
    // The programs of others, which the reference of the feed names.
    const others = shown.filter((line) => !/^(npm|gapwatch|npx wscat|curl)\b/.test(line));
    assert.deepEqual(others, [], 'teach test/readme-commands.test.ts what these commands want');
    assert.ok(shown.length > 3 && named.length > 10);
  });

  it('is a script that there is, and so are the programs that the script starts', () => {
    const names = [...pages.matchAll(/npm run (?:--silent )?([a-z:-]+)/g)].map((match) => match[1] ?? '');
    for (const name of new Set([...names, 'start', 'test'])) {
      assertRunnable(name);
      if (`pre${name}` in scripts) assertRunnable(`pre${name}`);
    }
  });

  it('is a benchmark that there is', () => {
    const runs = [...pages.matchAll(/npm run (?:--silent )?bench -- ([^`\n]+)/g)].map((match) =>
      wordsOf(match[1] ?? ''),
    );
    assert.ok(runs.length > 3);
    for (const name of runs.flat().filter((word) => /^[a-z]/.test(word))) {
      assert.ok(benchesOf(name).length > 0, `npm run bench -- ${name}`);
    }
    const bench = join(compiled, 'test', 'bench', 'main.js');
    for (const slip of ['no such', '--quik', '--json=yes']) {
      const { status, stderr } = spawnSync(process.execPath, [bench, slip], { encoding: 'utf8' });
      assert.equal(status, 2);
      assert.match(stderr, /There are:\n {2}truth /);
    }
    const { status, stdout } = spawnSync(process.execPath, [bench, '--help'], { encoding: 'utf8' });
    assert.equal(status, 0);
    assert.match(stdout, /There are:\n {2}truth /);
  });

  it('has a command and options that there are', () => {
    for (const words of all) {
      const args = argumentsOf(words);
      if (args === null) continue;
      const command = commandOf(args);
      for (const option of optionsOf(args)) assert.ok(hasOption(command, option), `${words.join(' ')}: ${option}`);
    }
  });

  it('runs, with the words that are shown, where it is shown in a block', async () => {
    let ran = 0;
    for (const line of shown) {
      const args = argumentsOf(wordsOf(line));
      if (args === null) continue;
      ran += 1;
      const program = new Program(runnable(args), {
        entry: line.startsWith('npm start') ? 'start' : 'main',
        cwd: folder,
        env: { GAPWATCH_TOKEN: 'x', XDG_STATE_HOME: folder },
      });
      // What does not end by itself has run until then.
      const timer = setTimeout(() => {
        program.signal('SIGTERM');
      }, 5000);
      const code = await program.ended;
      clearTimeout(timer);
      assert.ok(code !== 2 && !program.stderr.includes('    at '), `${line} (${String(code)}): ${program.stderr}`);
    }
    assert.ok(ran > 0);
  });
});

/** Hosts of examples: what is sent in a test stays on this machine. */
const ELSEWHERE = /\b(192\.0\.2\.\d+|rack-2|redis\.internal)\b/g;

/** The same words, for a short while and on no port that another program may hold; nothing is restarted for a test. */
function runnable(shownArgs: readonly string[]): string[] {
  const args = shownArgs.map((word) => word.replace(ELSEWHERE, '127.0.0.1').replace(/^[\d.]+:9720$/, '127.0.0.1:0'));
  const command = commandOf(args);
  const end = args.indexOf('--');
  const [own, child] = end === -1 ? [args, []] : [args.slice(0, end), ['--', 'true']];
  const more = [
    ['--for', '300ms'],
    ['--listen', 'off'],
  ].filter(([option = '']) => hasOption(command, option) && !optionsOf(own).includes(option));
  // What init finds is written beside the file that the other commands read.
  const found = command === 'init' ? ['found.json', '--force'] : [];
  return [...own, ...found, ...more.flat(), ...child];
}
