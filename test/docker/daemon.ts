/** A Docker daemon in a machine of the test's own, with a folder of its own: how it is started, stopped and asked. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Client } from 'undici';

import { inside } from './machine.ts';

const run = promisify(execFile);

/** How long the daemon stays away in a restart. */
const PAUSE_MS = 2000;
const PATIENCE_MS = 30_000;

/** Where a daemon is: plain data, so that another process can restart it. */
export interface Daemon {
  /** A process in its machine, as the outside numbers it. */
  readonly pid: number;
  /** Holds its configuration (`daemon.json`) and everything that it writes. */
  readonly folder: string;
  /** A folder of programs that come before those of the system: another version of Docker. */
  readonly programs?: string | undefined;
}

/** What happened when, in milliseconds since the Unix epoch. */
export interface Restart {
  /** SIGTERM was sent. */
  readonly asked: number;
  /** The daemon was gone. */
  readonly gone: number;
  /** It was started again. */
  readonly started: number;
  /** It answered. */
  readonly answered: number;
}

/** Starts the daemon, and waits until it answers. */
export async function startDaemon(daemon: Daemon): Promise<void> {
  const { folder, programs } = daemon;
  const words = [
    ...(programs === undefined ? [] : [`PATH='${programs}':"$PATH"`]),
    `dockerd --config-file ${folder}/daemon.json --data-root ${folder}/data --exec-root ${folder}/exec`,
    `--pidfile ${folder}/pid --host unix://${folder}/socket`,
  ];
  // As the child of a shell that ends: then it belongs to the machine, not to the process that restarts it.
  await shell(daemon, `${words.join(' ')} >>${folder}/log 2>&1 </dev/null &`);
  const end = performance.now() + PATIENCE_MS;
  while (!(await answers(daemon))) {
    if (performance.now() > end) throw new Error(`the Docker daemon does not answer; see ${folder}/log`);
    await sleep(20);
  }
}

/** Stops the daemon by SIGTERM, and waits until it is gone. */
export async function stopDaemon(daemon: Daemon): Promise<void> {
  await shell(daemon, `pid=$(cat ${daemon.folder}/pid); kill $pid; while kill -0 $pid 2>&-; do sleep 0.01; done`);
}

/** `systemctl restart docker`, with a pause. */
export async function restart(daemon: Daemon, pauseMs = PAUSE_MS): Promise<Restart> {
  const asked = now();
  await stopDaemon(daemon);
  const gone = now();
  await sleep(pauseMs);
  const started = now();
  await startDaemon(daemon);
  return { asked, gone, started, answered: now() };
}

/**
 * Asks the daemon's API.
 * @param body JSON, or a stream of a tar archive's bytes
 * @returns what it answered
 * @throws where it does not accept that
 */
export async function ask(
  daemon: Daemon,
  method: 'GET' | 'POST',
  path: string,
  body?: object | Buffer,
): Promise<string> {
  // A connection for each question: one that is kept dies with the daemon.
  const client = new Client('http://docker', { socketPath: join(daemon.folder, 'socket') });
  try {
    const isTar = Buffer.isBuffer(body);
    const reply = await client.request({
      method,
      path,
      headers: { 'content-type': isTar ? 'application/x-tar' : 'application/json' },
      body: body === undefined ? null : isTar ? body : JSON.stringify(body),
    });
    const text = await reply.body.text();
    if (reply.statusCode >= 300) throw new Error(`Docker does not ${method} ${path}: ${text}`);
    return text;
  } finally {
    await client.destroy();
  }
}

async function answers(daemon: Daemon): Promise<boolean> {
  if (!existsSync(join(daemon.folder, 'socket'))) return false;
  return ask(daemon, 'GET', '/_ping').then(
    () => true,
    () => false,
  );
}

async function shell(daemon: Daemon, script: string): Promise<void> {
  const [command = '', ...args] = inside(daemon, ['sh', '-c', script]);
  await run(command, args);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
