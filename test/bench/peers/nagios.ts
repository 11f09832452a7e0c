/** Nagios with the plugins that come with it, which it starts anew for each look. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { debian } from './needs.ts';
import { Program } from './program.ts';
import type { Tool, Watchable } from './tool.ts';
import { now } from './witness.ts';

const PLUGINS = '/usr/lib/nagios/plugins';
/** As seen from `/usr/bin`: they are not on the PATH. */
const PLUGIN_BESIDE_BIN = '../lib/nagios/plugins/check_tcp';
const LINE_LATE_MS = 2500;

/** Its shortest interval is a second. It writes a line where a state changes; at its start it takes each service for one that is up. */
export const nagios: Tool = {
  name: 'Nagios, check_interval 1 s',
  missing: debian({ nagios4: 'nagios4-core', [PLUGIN_BESIDE_BIN]: 'monitoring-plugins-basic' }),
  intervalMs: 1000,
  lateMs: LINE_LATE_MS,
  start(targets, witness, parent) {
    const folder = join(parent, 'nagios');
    mkdirSync(join(folder, 'results'), { recursive: true });
    const log = join(folder, 'log');
    writeFileSync(log, '');
    writeFileSync(join(folder, 'objects.cfg'), objects(targets));
    writeFileSync(join(folder, 'nagios.cfg'), settings(folder));
    // It ends where its log is followed no longer, and the other way round.
    const script = `nagios4 ${folder}/nagios.cfg >${folder}/out 2>&1 & exec tail -n +1 -f --pid=$! ${log}`;
    const program = new Program('sh', ['-c', script], (line) => {
      const [, name, state] = /SERVICE (?:ALERT|STATE): here;([\w-]+);(\w+);/.exec(line) ?? [];
      if (name !== undefined) witness.saw(name, state === 'OK', now());
    });
    return Promise.resolve(program);
  },
};

/** The first bad answer counts. */
const LOOKS = { max_check_attempts: '1', check_period: 'always' };

function settings(folder: string): string {
  const files = {
    log_file: 'log',
    cfg_file: 'objects.cfg',
    lock_file: 'lock',
    temp_file: 'temp',
    temp_path: '',
    status_file: 'status',
    object_cache_file: 'objects.cache',
    precached_object_file: 'objects.precache',
    state_retention_file: 'retention',
    command_file: 'commands',
    query_socket: 'queries',
    check_result_path: 'results',
    log_archive_path: '',
  };
  const options = {
    nagios_user: 'root',
    nagios_group: 'root',
    // Seconds.
    interval_length: 1,
    service_check_timeout: 5,
    check_external_commands: 0,
    check_for_updates: 0,
    enable_flap_detection: 0,
    enable_notifications: 0,
    log_initial_states: 1,
    max_concurrent_checks: 0,
    use_syslog: 0,
    retain_state_information: 0,
  };
  return [
    ...Object.entries(files).map(([key, file]) => `${key}=${join(folder, file)}`),
    ...Object.entries(options).map(([key, value]) => `${key}=${String(value)}`),
    '',
  ].join('\n');
}

function objects(targets: readonly Watchable[]): string {
  const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
  return [
    define('timeperiod', { timeperiod_name: 'always', alias: 'always', ...fill(days, '00:00-24:00') }),
    define('command', { command_name: 'look', command_line: `${PLUGINS}/$ARG1$` }),
    // It does not start without one, who is told nothing.
    define('contact', {
      contact_name: 'operator',
      ...ofBoth('notification_period', 'always'),
      ...ofBoth('notification_commands', 'look'),
    }),
    define('host', { host_name: 'here', address: '127.0.0.1', contacts: 'operator', ...LOOKS }),
    ...targets.map((target) =>
      define('service', {
        host_name: 'here',
        service_description: target.name,
        check_command: `look!${plugin(target)}`,
        contacts: 'operator',
        check_interval: '1',
        retry_interval: '1',
        ...LOOKS,
      }),
    ),
  ].join('\n');
}

function ofBoth(setting: string, value: string): Record<string, string> {
  return fill([`host_${setting}`, `service_${setting}`], value);
}

function fill(keys: readonly string[], value: string): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, value]));
}

function define(what: string, fields: Readonly<Record<string, string>>): string {
  return [`define ${what} {`, ...Object.entries(fields).map(([key, value]) => `  ${key} ${value}`), '}'].join('\n');
}

/** A port that greets and a Redis are asked to say what they say; `!` and `$` would be its own. */
function plugin({ kind, host, port, greeting }: Watchable): string {
  const where = `-H ${host} -p ${String(port)} -t 1`;
  if (kind === 'http') return `check_http ${where} -u /`;
  if (kind === 'redis') return `check_tcp ${where} -E -s 'PING\\r\\n' -e +PONG`;
  return greeting === '' ? `check_tcp ${where}` : `check_tcp ${where} -e '${greeting.trim()}'`;
}
