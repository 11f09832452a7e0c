/**
 * Uptime Kuma, as npm has it. It is configured over the socket that its page uses, and what it finds comes over that too, with
 * the time at which each look began. It is too large to be installed by a benchmark: 730 packages, one of which is compiled.
 */
import { randomUUID } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../support/servers.ts';
import { Program } from './program.ts';
import type { Tool, Watchable } from './tool.ts';
import type { Witness } from './witness.ts';

const VERSION = '2.0.0-dev.0';
const PREFIX = join(homedir(), '.cache', 'gapwatch-peers');
const KUMA = join(PREFIX, 'node_modules', 'uptime-kuma');
/** Seconds. Its form takes 20 and more; later versions take 1, which is what its database is given here. */
const FORM_INTERVAL_S = 20;
const INTERVAL_S = 1;
/** It leaves a fifth of the interval between a timeout and the next look. */
const TIMEOUT_S = 0.8;
const STARTS_WITHIN_MS = 30_000;
const STATED_LATE_MS = 150;
const STATUS = { down: 0, up: 1 } as const;

interface Socket {
  on(event: string, take: (message: never) => void): void;
  emitWithAck(event: string, ...words: unknown[]): Promise<unknown>;
  close(): void;
}

interface Database {
  run(statement: string, done: (error: Error | null) => void): void;
  configure(option: 'busyTimeout', ms: number): void;
  close(done: () => void): void;
}

interface Answer {
  readonly ok: boolean;
  readonly msg?: string;
  readonly monitorID?: number;
}

interface Heartbeat {
  readonly monitorID: number;
  readonly status: number;
  /** UTC, without saying so. */
  readonly time: string;
}

export const uptimeKuma: Tool = {
  name: `Uptime Kuma ${VERSION}, 1 s`,
  missing() {
    if (existsSync(KUMA)) return null;
    return `it is missing; with a C++ compiler: npm install --prefix ${PREFIX} uptime-kuma@${VERSION}`;
  },
  intervalMs: INTERVAL_S * 1000,
  lateMs: STATED_LATE_MS,
  async start(targets, witness, parent) {
    const folder = join(parent, 'kuma');
    mkdirSync(folder);
    layFiles(folder);
    const database = join(folder, 'kuma.db');
    // It would ask a server of the internet for its newest version.
    await change(database, "INSERT INTO setting (key, value, type) VALUES ('checkUpdate', 'false', 'general')");
    const port = await freePort();
    const program = await serve(folder, port);
    try {
      const socket = await watch(targets, witness, port, database);
      return {
        pid: program.pid,
        async stop() {
          socket.close();
          await program.stop();
        },
      };
    } catch (error) {
      await program.stop();
      throw error;
    }
  },
};

/** What it looks for in the folder in which it is started. Of its migrations the package has some where it does not look. */
function layFiles(folder: string): void {
  const db = join(folder, 'db');
  cpSync(join(KUMA, 'db'), db, { recursive: true });
  for (const file of readdirSync(db).filter((name) => name.endsWith('.sql')))
    copyFileSync(join(db, file), join(db, 'old_migrations', file));
  copyFileSync(join(db, 'kuma.db'), join(folder, 'kuma.db'));
  for (const part of ['dist', 'extra', 'server', 'src']) symlinkSync(join(KUMA, part), join(folder, part));
}

async function serve(folder: string, port: number): Promise<Program> {
  const words = [
    join(KUMA, 'server', 'server.js'),
    '--host=127.0.0.1',
    `--port=${String(port)}`,
    `--data-dir=${folder}/`,
  ];
  const env = ['UPTIME_KUMA_DB_TYPE=sqlite', 'NODE_ENV=production'];
  let listens = (): void => undefined;
  const listening = new Promise<void>((resolve) => (listens = resolve));
  const program = new Program(
    'env',
    [...env, process.execPath, ...words],
    (line) => {
      if (line.includes('Listening on')) listens();
    },
    folder,
  );
  try {
    await within(listening, 'listen');
    return program;
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** Signs up, adds the monitors, starts them at their interval, and listens. */
async function watch(targets: readonly Watchable[], witness: Witness, port: number, database: string): Promise<Socket> {
  const { io } = itsOwn('socket.io-client') as { io: (url: string, options: object) => Socket };
  const socket = io(`http://127.0.0.1:${String(port)}`, { transports: ['websocket'] });
  const ask = async (event: string, ...words: unknown[]): Promise<Answer> => {
    const answer = (await within(socket.emitWithAck(event, ...words), event)) as Answer;
    if (!answer.ok) throw new Error(`Uptime Kuma does not ${event}: ${answer.msg ?? ''}`);
    return answer;
  };
  const names = new Map<number, string>();
  socket.on('heartbeat', ({ monitorID, status, time }: Heartbeat) => {
    const name = names.get(monitorID);
    if (name === undefined || (status !== STATUS.up && status !== STATUS.down)) return;
    witness.saw(name, status === STATUS.up, Date.parse(`${time.replace(' ', 'T')}Z`));
  });
  const [user, password] = ['bench', `a1${randomUUID()}`];
  await ask('setup', user, password);
  await ask('login', { username: user, password });
  for (const target of targets) {
    const { monitorID } = await ask('add', monitor(target));
    if (monitorID !== undefined) names.set(monitorID, target.name);
  }
  await change(database, `UPDATE monitor SET interval = ${String(INTERVAL_S)}, retry_interval = ${String(INTERVAL_S)}`);
  for (const id of names.keys()) await ask('resumeMonitor', id);
  return socket;
}

/** What its form sends. A port that greets is one that is connected to: it has no more. */
function monitor({ name, kind, host, port }: Watchable): object {
  const where = `${host}:${String(port)}`;
  const type = {
    http: { type: 'http', url: `http://${where}/`, method: 'GET' },
    tcp: { type: 'port', hostname: host, port },
    redis: { type: 'redis', databaseConnectionString: `redis://${where}` },
  }[kind];
  return {
    ...type,
    name,
    active: false,
    interval: FORM_INTERVAL_S,
    retryInterval: FORM_INTERVAL_S,
    resendInterval: 0,
    maxretries: 0,
    timeout: TIMEOUT_S,
    maxredirects: 10,
    accepted_statuscodes: ['200-299'],
    notificationIDList: {},
    dns_resolve_type: 'A',
    dns_resolve_server: '127.0.0.1',
    kafkaProducerBrokers: [],
    kafkaProducerSaslOptions: { mechanism: 'None' },
  };
}

async function change(path: string, statement: string): Promise<void> {
  const { Database } = itsOwn('@louislam/sqlite3') as { Database: new (path: string) => Database };
  const database = new Database(path);
  database.configure('busyTimeout', 5000);
  await new Promise<void>((resolve, reject) => {
    database.run(statement, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  await new Promise<void>((resolve) => {
    database.close(resolve);
  });
}

/** A module that comes with it. */
function itsOwn(name: string): unknown {
  return createRequire(join(KUMA, 'package.json'))(name);
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`Uptime Kuma does not ${what} within ${String(STARTS_WITHIN_MS / 1000)} s`));
    }, STARTS_WITHIN_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
