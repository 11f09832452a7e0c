/** The command line: argv to a command and its plain arguments, errors to words and exit codes. */
import { writeSync } from 'node:fs';

import yargs, { type Options } from 'yargs';

import { ConfigError } from '../config/config-error.ts';
import { list } from '../core/format.ts';
import { redactedUrls } from '../core/shown-url.ts';
import { didYouMean } from '../config/fields.ts';
import { VERSION } from '../core/version.ts';
import { HistoryError } from '../history/history-error.ts';
import { FeedError } from '../server/feed-error.ts';
import { EXIT, isReaderGone } from './ending.ts';
import { hangups } from './hangups.ts';
import { explained } from './help-texts.ts';
import {
  ATTACH_OPTIONS,
  DAEMON_LOG_OPTIONS,
  DEMO_OPTIONS,
  FILE_LOG_OPTIONS,
  HUB_OPTIONS,
  INIT_OPTIONS,
  MONITOR_OPTIONS,
  WATCHING_OPTIONS,
  PROBE_OPTIONS,
  REPEATED,
  REPORT_OPTIONS,
  RUN_OPTIONS,
  SHOW_OPTIONS,
} from './options.ts';
import { say } from './say.ts';
import { completedByShell } from './shell-completion.ts';

/** Words without a dash, as yargs names them. */
const POSITIONAL: readonly string[] = ['target', 'url', 'file'];
type AllOptions = Readonly<Record<string, Options>>;

/** The options of each command. */
const OPTIONS: Readonly<Record<string, AllOptions>> = {
  watch: { ...WATCHING_OPTIONS, ...SHOW_OPTIONS, ...FILE_LOG_OPTIONS },
  serve: { ...MONITOR_OPTIONS, ...DAEMON_LOG_OPTIONS },
  attach: { ...SHOW_OPTIONS, ...ATTACH_OPTIONS },
  run: RUN_OPTIONS,
  report: REPORT_OPTIONS,
  check: PROBE_OPTIONS,
  init: INIT_OPTIONS,
  hub: HUB_OPTIONS,
  demo: { ...DEMO_OPTIONS, ...SHOW_OPTIONS },
  completion: {},
};
const COMMANDS = Object.keys(OPTIONS);
/** Those of all commands: one name means the same in all of them. */
const EVERY_OPTION = Object.assign({}, ...Object.values(OPTIONS)) as AllOptions;
/** Options whose value may be `off`. */
const CAN_BE_OFF: readonly string[] = ['recheck', 'listen', 'data', 'sentinel'];

/** What the completion script asks by. */
const COMPLETING = '--get-yargs-completions';

/** Commands that read their configuration again at SIGHUP. */
const RELOADING: readonly string[] = ['watch', 'serve', 'hub'];

/** The command line itself is wrong. */
class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

/** Their messages are for people, and say all. */
const FOR_PEOPLE = [ConfigError, FeedError, HistoryError, UsageError] as const;

/** What the bare program does where no service is named anywhere. */
export type WithoutServices = 'explain' | 'demo';

/**
 * Runs a command line.
 * @param argv the words behind the program's name
 * @returns the exit code
 */
export async function run(argv: readonly string[], withoutServices: WithoutServices = 'explain'): Promise<number> {
  const [first, second = '', ...others] = argv;
  if (first === 'version' && second === '') return run(['--version']);
  if (first === 'help' && COMMANDS.includes(second)) return run([second, '--help', ...others]);
  let code: number = EXIT.ok;
  for (const stream of [process.stdout, process.stderr]) stream.on('error', tolerate);
  if (first === COMPLETING) {
    const words = completedByShell(argv.slice(2), EVERY_OPTION);
    if (words !== null) {
      process.stdout.write(words.map((word) => `${word}\n`).join(''));
      return code;
    }
  }
  if (!hasFolder()) {
    say('gapwatch: the current folder does not exist any more: change to another one, and start again.');
    return EXIT.usage;
  }
  const target = {
    type: 'string',
    array: true,
    describe: 'Services to watch: [NAME=]WHERE, see below',
  } as const;
  const wantsHelp = argv.some((word) => /^(--)?help|^-\w*h/.test(word));
  const parser = yargs([...argv])
    .scriptName('gapwatch')
    .usage('Watches services from outside while daemons restart, and states every gap with its bounds.')
    .parserConfiguration({ 'parse-positional-numbers': false, 'dot-notation': false })
    .command(
      ['watch [target..]', '$0'],
      'Watch services (the default)',
      (args) =>
        explained(args, 'watch', wantsHelp)
          .positional('target', target)
          .options(WATCHING_OPTIONS)
          .options(SHOW_OPTIONS)
          .options(FILE_LOG_OPTIONS),
      async (args) => {
        refuseMistyped(args.target?.[0]);
        const { watch } = await import('./watch-command.ts');
        try {
          code = await watch(args);
        } catch (error) {
          if (!(error instanceof ConfigError && error.code === 'no-services' && withoutServices === 'demo'))
            throw error;
          const { demo } = await import('./demo-command.ts');
          code = await demo(args);
        }
      },
    )
    .command(
      'serve [target..]',
      'The daemon: feed, status page, metrics, and a structured log on stderr',
      (args) =>
        explained(args, 'serve', wantsHelp)
          .positional('target', target)
          .options(MONITOR_OPTIONS)
          .options(DAEMON_LOG_OPTIONS),
      async (args) => {
        const { serve } = await import('./serve-command.ts');
        code = await serve(args);
      },
    )
    .command(
      'attach <url..>',
      'The dashboard over the feeds of one or more running monitors, side by side',
      (args) =>
        explained(args, 'attach', wantsHelp)
          .positional('url', {
            type: 'string',
            array: true,
            demandOption: true,
            describe: 'ws://HOST:PORT/feed, http://HOST:PORT, HOST:PORT, HOST or PORT (on this machine)',
          })
          .options(SHOW_OPTIONS)
          .options(ATTACH_OPTIONS),
      async (args) => {
        const { attach } = await import('./attach-command.ts');
        code = await attach(args);
      },
    )
    .command(
      'run [target..]',
      'Watch before, during and after a command (-- COMMAND...); report and verdict',
      (args) => explained(args, 'run', wantsHelp).positional('target', target).options(RUN_OPTIONS),
      async (args) => {
        const { run: runCommand } = await import('./run-command.ts');
        const dashes = argv.indexOf('--');
        code = await runCommand(args, dashes < 0 ? [] : argv.slice(dashes + 1));
      },
    )
    .command(
      'report',
      'Gaps and uptime from the history',
      (args) => explained(args, 'report', wantsHelp).options(REPORT_OPTIONS),
      async (args) => {
        const { report } = await import('./report-command.ts');
        code = await report(args);
      },
    )
    .command(
      'check [target..]',
      'Read the configuration, probe each service once, print what was found',
      (args) => explained(args, 'check', wantsHelp).positional('target', target).options(PROBE_OPTIONS),
      async (args) => {
        const { check } = await import('./check-command.ts');
        code = await check(args);
      },
    )
    .command(
      'init [file]',
      'Find the services of this machine, or take over another configuration, and write services.json',
      (args) =>
        explained(args, 'init', wantsHelp)
          .positional('file', { type: 'string', describe: 'The file to write  [services.json]' })
          .options(INIT_OPTIONS),
      async (args) => {
        const { init } = await import('./init-command.ts');
        code = await init(args);
      },
    )
    .command(
      'hub',
      'Serve the feeds of all monitors that publish to one Redis stream, combined; it does not probe',
      (args) => explained(args, 'hub', wantsHelp).options(HUB_OPTIONS),
      async (args) => {
        const { hub } = await import('./hub-command.ts');
        code = await hub(args);
      },
    )
    .command(
      'demo',
      'Watch three services of its own that are restarted now and then',
      (args) => explained(args, 'demo', wantsHelp).options(DEMO_OPTIONS).options(SHOW_OPTIONS),
      async (args) => {
        const { demo } = await import('./demo-command.ts');
        code = await demo(args);
      },
    )
    .command(
      'completion',
      'Print a script for bash or zsh (by $SHELL) that completes commands and options',
      (args) => explained(args, 'completion', wantsHelp),
      () => {
        parser.showCompletionScript();
      },
    )
    .locale('en')
    .middleware(({ _: [command], ...args }) => {
      const dashes = argv.indexOf('--');
      if (argv[0] !== COMPLETING) refuseNoValue(args, dashes < 0 ? argv : argv.slice(0, dashes));
      if (dashes < 0 || command === 'run' || argv[0] === COMPLETING) return;
      throw new UsageError(
        `${String(command ?? 'watch')} takes no command after --; did you mean gapwatch run? As in:\n  gapwatch run web=8080 -- systemctl restart docker`,
      );
    }, true)
    .middleware(({ _: [command] }) => {
      if (!RELOADING.includes(String(command ?? 'watch'))) hangups.release();
      // yargs renders the help of each command that it runs, which takes a while; and next to nothing where all is hidden.
      for (const option of Object.keys(EVERY_OPTION)) parser.hide(option);
    })
    .version(VERSION)
    .help()
    .alias('h', 'help')
    .strict()
    .check((args) => {
      const twice = Object.entries(args).find(
        ([name, value]) => name.length > 1 && ![...POSITIONAL, ...REPEATED].includes(name) && Array.isArray(value),
      );
      if (twice !== undefined) throw new UsageError(`--${twice[0]} is given twice; once is enough.`);
      const empty = Object.entries(args).find(
        ([name, value]) => name.length > 1 && !POSITIONAL.includes(name) && [value].flat().includes(''),
      );
      if (empty !== undefined) throw new UsageError(`--${empty[0]} has no value; leave it out where none is meant.`);
      return true;
    })
    .wrap(80)
    .exitProcess(false)
    .fail((message, error: Error | undefined) => {
      // yargs passes its own findings as a message, some with an error of its own; what a command throws as an error.
      if (error !== undefined && error.name !== 'YError') throw error;
      if (!COMMANDS.includes(argv[0] ?? '')) refuseMistyped(argv[0]);
      const command = COMMANDS.includes(argv[0] ?? '') ? (argv[0] ?? '') : 'watch';
      throw new UsageError(
        `${withMeant(redactedUrls(message), command, argv)}\n'gapwatch ${command} --help' lists its options, 'gapwatch --help' the commands.`,
      );
    });
  try {
    await parser.parseAsync();
    return code;
  } catch (error) {
    if (!(error instanceof Error && FOR_PEOPLE.some((kind) => error instanceof kind))) throw error;
    say(`gapwatch: ${error.message}`);
    return EXIT.usage;
  }
}

/** Whether there is a current folder: it may have been removed. */
function hasFolder(): boolean {
  try {
    return process.cwd() !== '';
  } catch {
    return false;
  }
}

/** A message of yargs, where it is about unknown options with what may be meant by each, or whose option it is. */
function withMeant(message: string, command: string, argv: readonly string[]): string {
  if (message.startsWith('Not enough non-option arguments'))
    return `${command} needs the feed of a running monitor: HOST:PORT, or PORT on this machine, such as 9720`;
  const [, option = '', given = '', choices = ''] =
    /^Invalid values:\s+Argument: (.+), Given: (.+), Choices: (.+)$/.exec(message) ?? [];
  if (option !== '')
    return `--${dashed(option)} is ${given}, and takes ${list(choices.replaceAll('"', '').split(', '), 'or')}`;
  const [, names] = /^Unknown arguments?: (.+)$/.exec(message) ?? [];
  if (names === undefined) return message;
  // Of an option with dashes yargs names a second form.
  const isOther = (name: string): boolean => !/[A-Z]/.test(name) || !names.includes(dashed(name));
  const unknown = names.split(', ').filter(isOther);
  const explained = unknown.map((name) => {
    // A word is no option that was mistyped.
    if (argv.includes(name)) return name;
    const option = name.replace(/^-+/, '');
    const others = COMMANDS.filter((each) => Object.hasOwn(OPTIONS[each] ?? {}, option));
    if (others.length > 0) return `${name}, which is an option of ${list(others)}`;
    return `${name}${option.length < 2 ? '' : didYouMean(option, Object.keys(OPTIONS[command] ?? {}), '--')}`;
  });
  return `Unknown ${unknown.length === 1 ? 'argument' : 'arguments'}: ${explained.join('; ')}`;
}

/** `logLevel` as it is typed: `log-level`. */
function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * What yargs makes a value of that is none: `--no-recheck` is false, `--force=no` is true, and `-` an empty word or none at all.
 * @param words those before `--`
 * @throws UsageError
 */
function refuseNoValue(args: Readonly<Record<string, unknown>>, words: readonly string[]): void {
  if (words.some((word, n) => word === '-' && !(words[n - 1] ?? '').startsWith('-')))
    throw new UsageError('- is neither a file nor a service: nothing is read from the standard input.');
  const isOption = (name: string): boolean => Object.hasOwn(EVERY_OPTION, name);
  const takesValue = (name: string): boolean => isOption(name) && EVERY_OPTION[name]?.type !== 'boolean';
  for (const word of words) {
    const [, flag = '', value = ''] = /^--([^=]+)=(.*)$/s.exec(word) ?? [];
    if (isOption(flag) && !takesValue(flag) && !['true', 'false'].includes(value))
      throw new UsageError(`--${flag} takes no value: it is given, or left out.`);
  }
  const name = Object.keys(args).find((each) => takesValue(each) && [args[each]].flat().includes(false));
  if (name === undefined) return;
  const instead = CAN_BE_OFF.includes(name)
    ? `did you mean --${name} off?`
    : `leave --${name} out where none is meant.`;
  throw new UsageError(`there is no --no-${name}; ${instead}`);
}

/** @throws UsageError where what is taken for a service is rather a command with a slip of the pen in it */
function refuseMistyped(first = ''): void {
  if (!/^[a-z]+$/i.test(first) || first === 'localhost') return;
  if (COMMANDS.includes(first)) throw new UsageError(`${first} is a command: it comes first, as in gapwatch ${first}`);
  const meant = didYouMean(first, COMMANDS);
  if (meant !== '') throw new UsageError(`there is no command ${first}${meant}`);
}

/**
 * A reader that went away is no fault; and what was meant for it needs no other place. A stream that can't take the
 * output for another reason, such as a full disk, does not get the rest of it either.
 */
function tolerate(error: Error): void {
  if (isReaderGone(error)) return;
  try {
    writeSync(process.stderr.fd, `gapwatch: the output could not be written: ${error.message}\n`);
  } catch {
    // Then there is no place left to say it.
  }
  process.exit(EXIT.output);
}
