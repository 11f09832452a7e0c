/** Which TCP ports this machine listens on, and whose they are: from the kernel's tables, or by `lsof` where there are none. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { promisify } from 'node:util';

import { ConfigError } from '../config/config-error.ts';

/** A program that listens, as far as this user may see it. */
export interface Owner {
  /** The kernel's name of it: at most 15 characters. */
  readonly program: string;
  /** How it was started. They may hold secrets: never shown as they are. */
  readonly args: readonly string[];
  /** How the program that started it was started; empty where that is not known. */
  readonly parentArgs: readonly string[];
  /** Its current folder; null where that is not known. */
  readonly cwd: string | null;
}

/** A TCP port on which something listens. */
export interface Listener {
  /** As it is bound: `0.0.0.0` and `::` are all addresses. */
  readonly address: string;
  readonly port: number;
  /** Null where this user may not see it. */
  readonly owner: Owner | null;
}

/** A socket that listens, by the kernel's table. */
interface ListeningSocket {
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** The state `TCP_LISTEN` of include/net/tcp_states.h. */
const LISTEN = '0A';
const LSOF_MS = 10_000;

/**
 * All TCP listeners of this machine, or of this network namespace.
 * @throws ConfigError where the system has no way to list them
 */
export async function findListeners(): Promise<Listener[]> {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => textOf(path) ?? []);
  if (tables.length > 0) return ownersOf(tables.flatMap((table) => listeningSockets(table)));
  try {
    const { stdout } = await promisify(execFile)('lsof', ['-nP', '-iTCP', '-sTCP:LISTEN', '+c', '0', '-F', 'pctn'], {
      timeout: LSOF_MS,
    });
    return lsofListeners(stdout);
  } catch (error) {
    // lsof ends with 1 where nothing listens.
    if ((error as { code?: unknown }).code === 1) return [];
    throw new ConfigError(
      'unreadable',
      `This system has neither /proc/net/tcp nor lsof, so what listens on it can't be found. Name the services instead:
  gapwatch init --compose docker-compose.yml
  gapwatch init --from FILE of Gatus, Uptime Kuma or Prometheus
  gapwatch web=8080 api=http://localhost:3000/health`,
      [],
    );
  }
}

/**
 * The listening sockets in the text of `/proc/net/tcp` or `/proc/net/tcp6` (proc_net(5)).
 * @example
 * listeningSockets('   0: 0100007F:18EB 00000000:0000 0A …') // [{ address: '127.0.0.1', port: 6379, inode: … }]
 */
export function listeningSockets(table: string, order = endianness()): ListeningSocket[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== LISTEN || !/^(?:[\dA-F]{8}|[\dA-F]{32})$/.test(address)) return [];
    return [{ address: addressOf(address, order), port: Number.parseInt(port, 16), inode }];
  });
}

/** An address as the kernel prints it: words of 32 bits, each in the byte order of the machine. */
function addressOf(hex: string, order: 'LE' | 'BE'): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => {
    const inWord = Array.from(Buffer.from(word, 'hex'));
    return order === 'LE' ? inWord.reverse() : inWord;
  });
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  // As people write it: ::ffff:127.0.0.1, ::1, fe80::1.
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') return bytes.slice(12).join('.');
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

function ownersOf(sockets: readonly ListeningSocket[]): Listener[] {
  const wanted = new Set(sockets.map(({ inode }) => inode));
  const owners = new Map<string, Owner>();
  for (const pid of namesIn('/proc')) {
    if (!/^\d+$/.test(pid) || owners.size === wanted.size) continue;
    const held = namesIn(`/proc/${pid}/fd`).flatMap((fd) => {
      const [, inode = ''] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`) ?? '') ?? [];
      return wanted.has(inode) && !owners.has(inode) ? [inode] : [];
    });
    if (held.length === 0) continue;
    const owner = {
      program: (textOf(`/proc/${pid}/comm`) ?? '').trim(),
      args: argsOf(pid),
      parentArgs: argsOf(/^PPid:\s*(\d+)/m.exec(textOf(`/proc/${pid}/status`) ?? '')?.[1] ?? ''),
      cwd: linkOf(`/proc/${pid}/cwd`),
    };
    for (const inode of held) owners.set(inode, owner);
  }
  return sockets.map(({ address, port, inode }) => ({ address, port, owner: owners.get(inode) ?? null }));
}

/** How a process was started. */
function argsOf(pid: string): string[] {
  return (textOf(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1);
}

/** The listeners in what `lsof -F pctn` prints: a line for each process, its program, and each of its sockets. */
export function lsofListeners(output: string): Listener[] {
  const found: Listener[] = [];
  let [program, all] = ['', '0.0.0.0'];
  for (const line of output.split('\n')) {
    if (line.startsWith('c')) program = line.slice(1).replaceAll('\\x20', ' ');
    if (line.startsWith('t')) all = line === 'tIPv6' ? '::' : '0.0.0.0';
    const [, host = '', port = ''] = /^n(\*|\[[^\]]+\]|[^:]+):(\d+)$/.exec(line) ?? [];
    if (port === '') continue;
    const address = host === '*' ? all : host.replace(/^\[|\]$/g, '');
    found.push({ address, port: Number(port), owner: { program, args: [], parentArgs: [], cwd: null } });
  }
  return found;
}

/** Empty where this user may not look, or the process has ended. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
