/** The tools, each configured as its own manual recommends for seeing short outages. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Message } from '../../../src/core/messages.ts';
import { debian } from './needs.ts';
import { Program } from './program.ts';
import type { Tool, Watchable } from './tool.ts';
import { now, type Witness } from './witness.ts';

/** The compiled program. */
export const GAPWATCH = fileURLToPath(new URL('../../../src/main.js', import.meta.url));
/** Room for lines that arrive while this process is busy. */
const LOG_BYTES = 1 << 20;
/** What one look may take, where a tool can't overlap its looks or counts in whole seconds. */
const SLOW_TIMEOUT_S = 1;
/** Of a tool whose time of a look is that of its line: by its timeout, and by others that it looks at before. */
const LINE_LATE_MS = 2500;
/** Of a tool that states or lets derive when it looked. */
const STATED_LATE_MS = 150;

const addressOf = ({ host, port }: Watchable): string => `${host}:${String(port)}`;

/** The real program with targets on its command line, as it is typed. */
export const gapwatch = gapwatchWith('gapwatch, -i 100ms', []);
/** Over one connection a service that is kept. */
export const gapwatchKept = gapwatchWith('gapwatch, --connection kept', ['--connection', 'kept']);

function gapwatchWith(name: string, more: readonly string[]): Tool {
  return {
    name,
    missing: () => null,
    intervalMs: 100,
    lateMs: STATED_LATE_MS,
    start(targets, witness) {
      const words = targets.map((target) => {
        const where = addressOf(target);
        return `${target.name}=${target.kind === 'tcp' ? where : `${target.kind}://${where}${target.kind === 'http' ? '/' : ''}`}`;
      });
      const options = [...more, '-i', '100ms', '--format', 'json', '--listen', 'off'];
      const program = new Program(process.execPath, [GAPWATCH, ...words, ...options], (line) => {
        hear(line, witness);
      });
      return Promise.resolve(program);
    },
  };
}

function hear(line: string, witness: Witness): void {
  if (!line.startsWith('{')) return;
  const message = JSON.parse(line) as Message;
  if (message.type === 'transition') {
    const { service, to, at } = message;
    if (to === 'unobserved') witness.looksAway(service, at);
    else witness.looksAgain(service, at);
    if (to === 'up') witness.seenUp.add(service);
    if (to === 'down') witness.seenDown.add(service);
  } else if (message.type === 'gap') {
    const { service, from, to, durationMs, minMs, maxMs } = message;
    witness.told({ service, from, to, durationMs, bounds: { minMs, maxMs: maxMs ?? Infinity } });
  }
}

/** The loop that is in everybody's notes: a line a service and a pause. */
export const ncLoop: Tool = {
  name: 'nc -z every 5 s',
  missing: debian({ nc: 'netcat-openbsd' }),
  intervalMs: 5000,
  lateMs: LINE_LATE_MS,
  start(targets, witness) {
    const looks = targets.map(({ name, host, port }) => {
      return `nc -z -w ${String(SLOW_TIMEOUT_S)} ${host} ${String(port)} && echo up ${name} || echo down ${name}`;
    });
    const script = `while :; do\n${looks.join('\n')}\nsleep 5\ndone`;
    const program = new Program('sh', ['-c', script], (line) => {
      const [, state, name] = /^(up|down) ([\w-]+)$/.exec(line) ?? [];
      if (name !== undefined) witness.saw(name, state === 'up', now());
    });
    return Promise.resolve(program);
  },
};

/** Health checks of servers to which nothing is sent. Its log comes as syslog, of which it drops less than of stdout. */
export const haproxy: Tool = {
  name: 'HAProxy, inter 100ms',
  missing: debian({ haproxy: 'haproxy' }),
  intervalMs: 100,
  lateMs: STATED_LATE_MS,
  async start(targets, witness, folder) {
    const log = createSocket('udp4').bind(0, '127.0.0.1');
    await once(log, 'listening');
    log.setRecvBufferSize(LOG_BYTES);
    log.on('message', (line) => {
      const text = line.toString();
      const [, name, result] = /^Health check for server ([\w-]+)\/s (succeeded|failed)/.exec(text) ?? [];
      if (name === undefined) return;
      // It writes when a check has ended, and how long that took: the difference is when the check was sent.
      const [, took = '0'] = /check duration: (\d+)ms/.exec(text) ?? [];
      witness.saw(name, result === 'succeeded', now() - Number(took));
    });
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, haproxyConfig(targets, folder, log.address().port));
    const program = new Program('haproxy', ['-db', '-q', '-f', file], () => undefined);
    return {
      pid: program.pid,
      async stop() {
        await program.stop();
        log.close();
      },
    };
  },
};

function haproxyConfig(targets: readonly Watchable[], folder: string, logPort: number): string {
  const backends = targets.map((target) => {
    const check =
      target.kind === 'http'
        ? ['option httpchk GET /']
        : target.kind === 'redis'
          ? ['option redis-check']
          : target.greeting === ''
            ? []
            : ['option tcp-check', `tcp-check expect string ${target.greeting.trim().replaceAll(' ', '\\ ')}`];
    const mode = target.kind === 'http' ? 'http' : 'tcp';
    const server = `server s ${addressOf(target)} check inter 100ms fall 1 rise 1`;
    return [`backend ${target.name}`, ...[`mode ${mode}`, ...check, server].map((line) => `  ${line}`)].join('\n');
  });
  return `global
  log 127.0.0.1:${String(logPort)} format raw local0
defaults
  log global
  option log-health-checks
  timeout connect 1s
  timeout client 1s
  timeout server 1s
# It does not start without something to listen on.
listen status
  mode http
  bind unix@${join(folder, 'status.sock')}
  stats enable
${backends.join('\n')}
`;
}

/** Its shortest cycle is a second; it goes from service to service. */
export const monit: Tool = {
  name: 'monit, set daemon 1',
  missing: debian({ monit: 'monit' }),
  intervalMs: 1000,
  lateMs: LINE_LATE_MS,
  start(targets, witness, folder) {
    const file = join(folder, 'monitrc');
    writeFileSync(file, monitConfig(targets, folder), { mode: 0o600 });
    const program = new Program('monit', ['-I', '-c', file], (line) => {
      // Of services that are well from the beginning it says nothing.
      if (/ started$/.test(line)) for (const target of targets) witness.seenUp.add(target.name);
      const [, name, result] = /^'([\w-]+)' (connection succeeded|failed)/.exec(line.trim()) ?? [];
      if (name !== undefined) witness.saw(name, result !== 'failed', now());
    });
    return Promise.resolve(program);
  },
};

function monitConfig(targets: readonly Watchable[], folder: string): string {
  const checks = targets.map(({ name, kind, host, port, greeting }) => {
    const how = kind !== 'tcp' ? ` protocol ${kind}` : greeting === '' ? '' : ` expect "${greeting.trim()}.*"`;
    const test = `if failed port ${String(port)}${how} with timeout ${String(SLOW_TIMEOUT_S)} seconds then alert`;
    return `check host ${name} with address ${host}\n  ${test}`;
  });
  const files = ['pidfile', 'statefile', 'idfile'].map((file) => `set ${file} ${join(folder, file)}`);
  return `set daemon 1\n${files.join('\n')}\n${checks.join('\n')}\n`;
}
