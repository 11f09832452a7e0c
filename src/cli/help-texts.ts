/** What `--help` of each command says below its options: what a TARGET is, examples, and exit codes. */
import type { Argv } from 'yargs';

const TARGET_HELP = `A TARGET is [NAME=]WHERE, and WHERE is one of
  PORT, HOST:PORT or tcp://HOST:PORT         a TCP port; alone, on 127.0.0.1
  http://…, https://…, unix:/SOCKET:/PATH    a page: 2xx and 3xx are up
  redis://[USER:PASSWORD@]HOST:PORT[/DB]     a Redis (rediss:// with TLS)
  redis+sentinel://HOST:PORT/MASTER          the master that a Sentinel names
Without NAME the WHERE, less any password, is the name. Without a TARGET,
services.json in the current folder is read.`;

const COMMAND_HELP = `-- COMMAND: what comes after -- is run as it stands, without a shell; for
pipes and variables, -- sh -c '…'. It starts once every service is up.`;

const FEED_HELP = `A feed is ws://HOST:PORT/feed, http://HOST:PORT, HOST:PORT, HOST or PORT (on
this machine).`;

/** Of every command. */
const ALWAYS = {
  2: 'wrong usage or configuration, or an address in use; nothing was started',
  70: 'a fault of gapwatch itself, with what to report',
  74: 'the output could not be written',
} as const;
const SIGNALLED = { 130: 'SIGINT', 143: 'SIGTERM' } as const;
const ENDED = { 0: 'ended by --for or q', ...SIGNALLED, 129: 'SIGHUP' } as const;
/** Of the daemons, to which SIGHUP means something else. */
const SERVED = { 0: 'ended by --for', ...SIGNALLED } as const;

interface Help {
  readonly about: readonly string[];
  readonly examples: readonly (readonly [line: string, does: string])[];
  readonly codes: Readonly<Record<number, string>>;
}

const HELP = {
  watch: {
    about: ['gapwatch COMMAND --help has the options, examples and exit codes of each command.', TARGET_HELP],
    examples: [
      ['gapwatch web=8080 api=3000 redis://127.0.0.1:6379', 'three services, every 100 ms, on the dashboard'],
      ['gapwatch https://example.org/ -i 1s --for 10m', 'one page, for ten minutes'],
      ['gapwatch web=8080 --format json --samples', 'every event and probe as JSON, one a line'],
      ['gapwatch run web=8080 -- systemctl restart docker', 'what did users notice?'],
      ['gapwatch demo', 'see what it looks like'],
    ],
    codes: ENDED,
  },
  serve: {
    about: [TARGET_HELP, 'The page is at http://HOST:PORT/ of --listen; SIGHUP reads the configuration again.'],
    examples: [
      ['gapwatch serve -c services.json', 'what a configuration names'],
      ['gapwatch serve web=8080 -i 100ms --data /var/lib/gapwatch', 'one service, often, with a history'],
      ['gapwatch serve web=8080 --listen 127.0.0.1:8081', 'the page on another port'],
      ['gapwatch serve web=8080 --listen 0.0.0.0:9720 --public', 'the page for all'],
      ['gapwatch serve web=8080 --listen 0.0.0.0:9720 --token env:T', 'for those who know it'],
    ],
    codes: SERVED,
  },
  attach: {
    about: [FEED_HELP],
    examples: [
      ['gapwatch attach 9720', 'the monitor on this machine'],
      ['gapwatch attach 127.0.0.1:9720 localhost:9721', 'two monitors, side by side'],
      ['gapwatch attach 9720 --format lines --for 1h', 'an event a line, for an hour'],
      ['gapwatch attach rack-2:9720 --token env:TOKEN', 'a monitor that asks for a token'],
    ],
    codes: ENDED,
  },
  run: {
    about: [TARGET_HELP, COMMAND_HELP, FEED_HELP],
    examples: [
      ['gapwatch run web=8080 -- systemctl restart docker', 'what did users notice?'],
      ['gapwatch run web=8080 --max-gap 500ms -- docker compose up -d', 'gaps of half a second are allowed'],
      ['gapwatch run -c services.json --report run.html -- ./deploy.sh', 'with a report to look into'],
    ],
    codes: {
      0: 'PASS: no gap over the budget',
      1: 'FAIL or NOT PROVEN: a gap over it, or a service that did not come back',
      3: 'the command failed; its own code stands in the report',
      4: 'the services were not up before it, so it was not started',
      ...SIGNALLED,
      129: 'SIGHUP',
    },
  },
  report: {
    about: [
      `A time is "2026-11-23T03:00" or "03:00" (the last one), local unless a zone follows
it, milliseconds since 1970, or a duration such as "7d": for --until back from
now, for --since back from --until.`,
    ],
    examples: [
      ['gapwatch report --since 7d', 'the last week'],
      ['gapwatch report --since 02:00 --until 04:00 --service web', 'two hours of this night'],
      ['gapwatch report --data /var/lib/gapwatch --report week.md', 'from another folder, into a file'],
    ],
    codes: { 0: 'the report was made', 2: `${ALWAYS[2].split(',')[0] ?? ''}, or no history` },
  },
  check: {
    about: [TARGET_HELP],
    examples: [
      ['gapwatch check web=8080 redis://127.0.0.1:6379', 'are these up?'],
      ['gapwatch check -c services.json', 'is the configuration right, and all of it up?'],
    ],
    codes: { 0: 'every service is up', 1: 'one is down' },
  },
  init: {
    about: [
      `What listens is found in the kernel's tables, or by lsof; no Docker is asked.
Each port is asked on this machine who it is, by a PING, a GET or a TLS
handshake, which change nothing. What is left out is named, with the reason.
Secrets are never copied: the file names the environment variables to set, and
such a service has "enabled": false until then.`,
    ],
    examples: [
      ['gapwatch init', 'what listens on this machine'],
      ['gapwatch init --compose docker-compose.yml', 'and what a Compose file publishes'],
      ['gapwatch init --from gatus.yaml new.json', 'what Gatus watches, into another file'],
    ],
    codes: { 0: 'the file was written', 2: 'nothing was written: the file is there already, or nothing was found' },
  },
  completion: {
    about: ['What it prints belongs into ~/.bashrc, ~/.zshrc, or the shell that runs.'],
    examples: [
      ['eval "$(gapwatch completion)"', 'in this shell'],
      ['gapwatch completion >> ~/.bashrc', 'in every bash to come'],
    ],
    codes: { 0: 'the script was printed' },
  },
  hub: {
    about: ['Monitors publish with watch --bus or serve --bus, each under its own --vantage.'],
    examples: [
      ['gapwatch hub --bus redis://127.0.0.1:6379', 'all monitors of a stream on one page'],
      ['gapwatch hub --bus redis://127.0.0.1:6379/1 --listen 127.0.0.1:9800', 'on another port'],
    ],
    codes: SERVED,
  },
  demo: {
    about: ['It needs no service: three of its own are killed and started again.'],
    examples: [
      ['gapwatch demo', 'see what it looks like'],
      ['gapwatch demo --format lines --for 30s', 'half a minute of it, an event a line'],
    ],
    codes: ENDED,
  },
} as const satisfies Record<string, Help>;

/** Completes the help of a command where it is wanted: yargs would lay it out whenever the command is run. */
export function explained<T>(args: Argv<T>, command: keyof typeof HELP, wantsHelp: boolean): Argv<T> {
  if (!wantsHelp) return args;
  const { about, examples, codes }: Help = HELP[command];
  const lines = [
    ...about.flatMap((text) => [text, '']),
    'Examples:',
    ...examples.flatMap(([line, does]) => [`  ${line}`, `      ${does}`]),
    '',
    'Exit codes:',
    ...Object.entries({ ...ALWAYS, ...codes }).map(([code, is]) => `  ${code.padStart(3)}  ${is}`),
    '',
    'A duration is a number with its unit: 250ms, 1.5s, 5m, 12h, 90d.',
  ];
  return args.epilogue(lines.join('\n'));
}
