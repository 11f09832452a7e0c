/** A Docker host of the test's own: a daemon in its own namespaces, three containers, and a second machine beside it. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { ask, type Daemon, startDaemon } from './daemon.ts';
import { rootFileSystem } from './images.ts';
import { hostMachine, type Machine, secondMachine } from './machine.ts';
import { clear, makeFolder, sweep } from './sweep.ts';

/** The settings of a daemon that matter here. */
export interface DockerSettings {
  readonly liveRestore: boolean;
  readonly userlandProxy: boolean;
  /** Of another version than the system's; see `Daemon`. */
  readonly programs?: string;
}

/** The host's own address. */
export const LOOPBACK = '127.0.0.1';

/** FeedSource ports of the containers, on every address of the host. */
export const PORTS = { web: 8080, redis: 6379, empty: 9000, logging: 8082 } as const;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** In seconds: programs with the number 1 ignore SIGTERM, and the default of 10 s would only make the tests slower. */
const STOP_TIMEOUT_S = 3;

/** Not busybox: its httpd keeps no connection, and its queue of 9 overflows when the second meter knocks. */
const WEB = "require('node:http').createServer((ask, answer) => answer.end('served from a container')).listen(80)";

/** Writes as C does: it waits until the line is taken. */
const LOGGING = WEB.replace('=> ', "=> require('node:fs').writeSync(1, 'x'.repeat(1000)) && ");

const CONTAINERS = {
  web: { image: 'node', port: 80, command: ['/bin/node', '--eval', WEB] },
  redis: { image: 'redis', port: 6379, command: ['/bin/redis-server', '--save', '', '--protected-mode', 'no'] },
  /** Writes a long line for each request: a pipe that nobody reads is full after some seconds. */
  logging: { image: 'node', port: 80, command: ['/bin/node', '--eval', LOGGING] },
  /** Its port is published, and nothing listens on it. */
  empty: { image: 'node', port: 80, command: ['/bin/node', '--eval', 'setInterval(() => undefined, 1e6)'] },
} as const;

export interface Docker {
  readonly daemon: Daemon;
  /** Where the daemon runs. Its loopback is not that of the real machine. */
  readonly host: Machine;
  /** Reaches the host at `host.address`. */
  readonly second: Machine;
  /** Ends all of it, and leaves nothing behind. */
  readonly close: () => Promise<void>;
}

/** Starts a daemon and the containers; waits until the daemon has started them, not until they answer. */
export async function startDocker(settings: DockerSettings): Promise<Docker> {
  sweep();
  const folder = makeFolder();
  const machines: Machine[] = [];
  const kill = (): void => {
    for (const machine of machines) machine.kill();
  };
  const closeAndExit = (): void => {
    void close().finally(() => process.exit(1));
  };
  const close = async (): Promise<void> => {
    await Promise.all(machines.map((machine) => machine.close()));
    await clear(folder);
    process.off('exit', kill);
    for (const signal of SIGNALS) process.off(signal, closeAndExit);
  };
  process.once('exit', kill);
  for (const signal of SIGNALS) process.once(signal, closeAndExit);
  try {
    const host = await hostMachine();
    machines.push(host);
    const second = await secondMachine(host);
    machines.push(second);
    const daemon = { pid: host.pid, folder, programs: settings.programs };
    writeFileSync(join(folder, 'daemon.json'), JSON.stringify(configuration(settings, basename(folder))));
    await startDaemon(daemon);
    await startContainers(daemon);
    return { daemon, host, second, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function configuration(settings: DockerSettings, group: string): object {
  return {
    'storage-driver': 'vfs',
    'live-restore': settings.liveRestore,
    'userland-proxy': settings.userlandProxy,
    'cgroup-parent': `/${group}`,
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
  };
}

async function startContainers(daemon: Daemon): Promise<void> {
  await ask(
    daemon,
    'POST',
    '/images/create?fromSrc=-&repo=node&tag=1',
    rootFileSystem([process.execPath], daemon.folder),
  );
  await ask(
    daemon,
    'POST',
    '/images/create?fromSrc=-&repo=redis&tag=1',
    rootFileSystem(['redis-server'], daemon.folder),
  );
  for (const [name, { image, port, command }] of Object.entries(CONTAINERS)) {
    const inner = `${String(port)}/tcp`;
    await ask(daemon, 'POST', `/containers/create?name=${name}`, {
      Image: `${image}:1`,
      Cmd: command,
      StopTimeout: STOP_TIMEOUT_S,
      ExposedPorts: { [inner]: {} },
      HostConfig: {
        PortBindings: { [inner]: [{ HostPort: String(PORTS[name as keyof typeof PORTS]) }] },
        RestartPolicy: { Name: 'always' },
      },
    });
    await ask(daemon, 'POST', `/containers/${name}/start`);
  }
}
