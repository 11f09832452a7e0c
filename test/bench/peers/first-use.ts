/** From nothing to the first gap seen, with each tool: what is typed and written, and how long it takes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { StagedService } from '../staged-service.ts';
import type { Bench, Row } from '../table.ts';
import { withFolder } from './folder.ts';
import { debian, type Needing, present } from './needs.ts';
import { freePort } from '../../support/servers.ts';
import { Program } from './program.ts';
import { medianAndSpread } from './rounds.ts';
import { GAPWATCH } from './tools.ts';

const ROUNDS = 3;
const QUICK_ROUNDS = 1;
/** The service goes down so long after the first command. */
const UP_MS = 1000;
const GIVE_UP_MS = 20_000;
/** What an installation puts on the PATH; without the port of its feed, which another monitor may hold. */
const GAPWATCH_COMMAND = `gapwatch() { '${process.execPath}' '${GAPWATCH}' "$@" --listen off; }`;

interface Recipe extends Needing {
  /** The commands that install it. They are counted and not run: how fast a download is says nothing of a tool. */
  readonly install: readonly string[];
  /** The name and the lines of the file that it wants. */
  readonly file: { readonly name: string; readonly text: string } | null;
  /** What is typed, each line a command, in each of the terminals that it needs. */
  readonly terminals: readonly string[];
  /** A line that says that the service is down. */
  readonly down: RegExp;
  readonly note: string;
}

/** @param folder where the commands are typed */
function recipes(service: number, exporter: number, folder: string): Recipe[] {
  const target = `127.0.0.1:${String(service)}`;
  return [
    {
      name: 'gapwatch',
      missing: () => null,
      install: ['git clone', 'npm install --global'],
      file: null,
      terminals: [`gapwatch ${String(service)}`],
      down: / DOWN /,
      note: 'tells when it was down, how long, between which bounds, and why',
    },
    {
      name: 'nc loop',
      missing: debian({ nc: 'netcat-openbsd' }),
      install: ['apt-get install netcat-openbsd'],
      file: null,
      terminals: [`while :; do nc -z 127.0.0.1 ${String(service)} && echo up || echo down; sleep 5; done`],
      down: /^down$/,
      note: 'tells up or down each 5 s, without a time',
    },
    {
      name: 'blackbox exporter and curl',
      missing: debian({ 'prometheus-blackbox-exporter': 'prometheus-blackbox-exporter', curl: 'curl' }),
      install: ['apt-get install prometheus-blackbox-exporter curl'],
      file: null,
      terminals: [
        `prometheus-blackbox-exporter --config.file=/etc/prometheus/blackbox.yml --web.listen-address=127.0.0.1:${String(exporter)}`,
        `while :; do curl -s 'http://127.0.0.1:${String(exporter)}/probe?module=tcp_connect&target=${target}' | grep ^probe_success; sleep 0.1; done`,
      ],
      down: /^probe_success 0$/,
      note: 'tells 1 or 0; for times it wants Prometheus, its file and a query',
    },
    {
      name: 'nping',
      missing: debian({ nping: 'nmap' }),
      install: ['apt-get install nmap'],
      file: null,
      terminals: [`nping --tcp-connect --rate 10 --count 0 -p ${String(service)} 127.0.0.1`],
      down: /Connection refused/,
      note: 'tells each answer with its time, ten a second; not how long',
    },
    {
      name: 'HAProxy',
      missing: debian({ haproxy: 'haproxy' }),
      install: ['apt-get install haproxy'],
      file: {
        name: 'haproxy.cfg',
        text: `global
  log stdout format raw local0
defaults
  log global
  option log-health-checks
  timeout connect 1s
  timeout client 1s
  timeout server 1s
listen status
  mode http
  bind unix@${folder}/status.sock
  stats enable
backend service
  server s ${target} check inter 100ms fall 1 rise 1
`,
      },
      terminals: ['haproxy -db -f haproxy.cfg'],
      down: /is DOWN/,
      note: 'tells up and down as lines of a log, and why; not how long',
    },
    {
      name: 'monit',
      missing: debian({ monit: 'monit' }),
      install: ['apt-get install monit'],
      file: {
        name: 'monitrc',
        text: `set daemon 1
set pidfile ${folder}/pid
set statefile ${folder}/state
set idfile ${folder}/id
check host service with address 127.0.0.1
  if failed port ${String(service)} with timeout 1 seconds then alert
`,
      },
      terminals: ['chmod 600 monitrc\nmonit -I -c monitrc'],
      down: /failed protocol test/,
      note: 'tells up and down as lines of a log, and why; not how long',
    },
  ];
}

export const firstUse: Bench = {
  name: 'peers:first-use',
  about: 'from nothing to the first gap seen: commands typed, files written, seconds',
  async run(say, isQuick) {
    const rounds = isQuick ? QUICK_ROUNDS : ROUNDS;
    const { there, absent } = present(recipes(0, 0, ''));
    const times = new Map(there.map((recipe): [Recipe, number[]] => [recipe, []]));
    for (let round = 1; round <= rounds; round++) {
      for (const recipe of there) {
        say(`round ${String(round)} of ${String(rounds)}: ${recipe.name}`);
        times.get(recipe)!.push(await use(recipe.name));
      }
    }
    return [...[...times].map(([recipe, seconds]) => rowOf(recipe, seconds)), ...absent];
  },
};

/** One first use, in seconds: from the first command to the line that tells that the service is down. */
async function use(name: string): Promise<number> {
  return withFolder(async (folder) => {
    const service = new StagedService({ outage: 'refused', kind: 'tcp', host: '127.0.0.1', greeting: '' });
    await service.listen();
    const recipe = recipes(service.port, await freePort(), folder).find((one) => one.name === name)!;
    if (recipe.file !== null) writeFileSync(join(folder, recipe.file.name), recipe.file.text);
    let hear = (): void => undefined;
    const told = new Promise<true>((resolve) => {
      hear = () => {
        resolve(true);
      };
    });
    const begin = performance.now();
    const terminals = recipe.terminals.map((script) => {
      return new Program(
        'sh',
        ['-c', `${GAPWATCH_COMMAND}\n${script}`],
        (line) => {
          if (recipe.down.test(line)) hear();
        },
        folder,
      );
    });
    try {
      await sleep(UP_MS);
      await service.fall();
      if (!(await Promise.race([told, sleep(GIVE_UP_MS, false, { ref: false })])))
        throw new Error(`${name} did not see the outage`);
      return (performance.now() - begin) / 1000;
    } finally {
      for (const terminal of terminals) await terminal.stop();
    }
  });
}

function rowOf({ name, install, file, terminals, note }: Recipe, seconds: readonly number[]): Row {
  const commands = terminals.join('\n').split('\n').length;
  const lines = file === null ? 0 : file.text.trim().split('\n').length;
  const written = file === null ? 'no file' : `1 file of ${String(lines)} lines`;
  return {
    what: name,
    found:
      `${String(install.length)} command${install.length > 1 ? 's' : ''} to install it (not timed), ` +
      `${String(commands)} to use it, ${written}, told after ${medianAndSpread(seconds, 2)} s, the service down after ` +
      `${(UP_MS / 1000).toFixed(1)} s; ${note}`,
    reach: '',
    reached: null,
    figures: { installs: install.length, commands, files: file === null ? 0 : 1, lines, seconds },
  };
}
