/** `--help` of every command is complete in itself, and what it shows can be typed. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { endPrograms, folderWith, run } from './program.ts';

const MOST_COLUMNS = 80;
/** Annotations of yargs that are no default. */
const TYPES = /\[(string|boolean|number|array|required|choices: [^\]]*)\]/g;
/** What makes a command end soon, where its example would go on. */
const SOON: Readonly<Record<string, readonly string[]>> = {
  watch: ['--for', '300ms', '--listen', 'off'],
  serve: ['--for', '300ms', '--listen', 'off', '--data', 'off'],
  attach: ['--for', '300ms'],
  run: ['--before', '100ms', '--after', '100ms', '--give-up', '500ms'],
  report: ['--data', 'history'],
  check: [],
  init: ['new.json', '--force'],
  completion: [],
  hub: ['--for', '300ms', '--listen', '127.0.0.1:0'],
  demo: ['--for', '300ms', '--listen', 'off'],
};

/** The help of a command; of all, without one. */
async function helpOf(...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await run([...command, '--help']);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout;
}

/** The commands that the help of all lists. */
async function commandsOf(): Promise<string[]> {
  const [, block = ''] = /^Commands:\n([^]*?)\n\n/m.exec(await helpOf()) ?? [];
  return [...block.matchAll(/^ {2}gapwatch (\w+)/gm)].map(([, name = '']) => name);
}

/** Each option with its description, in one line. */
function optionsIn(help: string): string[] {
  const [, block = ''] = /^Options:\n([^]*?)\n\n/m.exec(help) ?? [];
  return block.split(/\n(?= +(?:-\w, )?--)/).map((option) => option.replaceAll(/\s+/g, ' ').trim());
}

function examplesIn(help: string): string[] {
  const [, block = ''] = /^Examples:\n([^]*?)\n\n/m.exec(help) ?? [];
  // As words of a shell, up to what only a shell understands.
  return [...block.matchAll(/^ {2}(?:eval "\$\()?gapwatch ([^>)\n]+)/gm)].map(([, line = '']) => line.trim());
}

/** An example that ends soon: where it has one of the options itself, the value of the test is taken. */
function shortened(words: readonly string[], command: string): string[] {
  const dashes = words.indexOf('--');
  const own = dashes < 0 ? [...words] : words.slice(0, dashes);
  const soon = SOON[command] ?? [];
  for (let at = 0; at < soon.length; at += 2) {
    const known = own.indexOf(soon[at] ?? '');
    if (known >= 0) own.splice(known, 2);
  }
  // An example of init may name its file already.
  const file = own.findIndex((word) => word === 'new.json');
  if (file >= 0) own.splice(file, 1);
  // Whatever listens on this machine: no example restarts anything on it.
  return [...own, ...soon, ...(dashes < 0 ? [] : ['--', 'true'])];
}

const commands = await commandsOf();

describe('the help', { concurrency: 2 }, () => {
  after(endPrograms);

  it('names every command', () => {
    for (const command of Object.keys(SOON)) assert.ok(commands.includes(command), command);
  });

  for (const command of commands.filter((name) => name in SOON)) {
    it(`of ${command} is complete, and fits 80 columns`, async () => {
      const help = await helpOf(command);
      for (const line of help.split('\n')) assert.ok(line.length <= MOST_COLUMNS, line);
      const examples = examplesIn(help);
      assert.ok(examples.length >= 2, `${String(examples.length)} examples`);
      assert.match(help, /^Exit codes:\n( +\d+ {2}\S.*\n)+/m);
      assert.match(help, /^ +2 {2}/m);
      assert.match(help, /^A duration is a number with its unit/m);
      if (help.includes(`gapwatch ${command} [target..]`)) assert.match(help, /^A TARGET is \[NAME=\]WHERE/m);
      assert.equal(/^-- COMMAND/m.test(help), command === 'run');
      // The daemons read their configuration again.
      assert.equal(/^ +129 {2}SIGHUP/m.test(help), ['watch', 'attach', 'run', 'demo'].includes(command));
      for (const option of optionsIn(help)) {
        if (/--(version|help)\b/.test(option)) continue;
        assert.match(option.replaceAll(TYPES, ''), /\[[^\]]+\]/, `no default: ${option}`);
      }
    });
  }

  for (const command of commands.filter((name) => name in SOON)) {
    it(`of ${command} has examples that can be typed`, async () => {
      const services = [{ name: 'web', type: 'tcp', host: '127.0.0.1', port: 1 }];
      const folder = folderWith('services.json', { services });
      writeFileSync(join(folder, 'docker-compose.yml'), 'services: { web: { image: nginx, ports: ["8080:80"] } }\n');
      writeFileSync(join(folder, 'gatus.yaml'), 'endpoints: [{ name: web, url: "tcp://127.0.0.1:1" }]\n');
      for (const example of examplesIn(await helpOf(command))) {
        // Nothing leaves this machine.
        const words = example
          .replace(/example\.org|rack-2/, 'localhost')
          .replace('0.0.0.0:9720', '127.0.0.1:0')
          .split(' ');
        const named = Object.keys(SOON).find((name) => name === words[0]) ?? 'watch';
        const { code, stderr } = await run(shortened(words, named), { cwd: folder, env: { T: 'x', TOKEN: 'x' } });
        // There is no history; what is wrong with a command line is found before.
        if (named === 'report') assert.match(stderr, /^gapwatch: [^\n]*history/);
        else assert.ok(code !== 2 && code !== 70, `${example}: ${String(code)} ${stderr}`);
      }
    });
  }
});
