/**
 * Machines for the tests, made of the kernel's namespaces. Each lives as long as a process that waits for the end of a
 * pipe which this process holds: whatever ends this process, SIGKILL too, ends the machine, and with it everything that
 * runs or is mounted in it, its interfaces and its packet filter. The real machine's are not touched.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Bash reaps the orphans of its namespace. It tells the number by which the outside knows it, and waits. What a daemon
 * writes into folders of the system stays in here; and a fresh machine does not forward, so that Docker switches it on.
 */
const HOST = `
  set -e
  read -r pid rest </proc/self/stat
  mount -t proc proc /proc
  for folder in /run /opt /etc/docker; do [ ! -d $folder ] || mount -t tmpfs tmpfs $folder; done
  echo 0 >/proc/sys/net/ipv4/ip_forward
  ip link set lo up
  echo $pid
  while read -r line; do :; done`;
const SECOND = 'set -e; ip link set lo up; echo $$; while read -r line; do :; done';

/** For benchmarks: belongs to nobody's network (RFC 2544). */
const HOST_ADDRESS = '198.18.0.1';
const SECOND_ADDRESS = '198.18.0.2';

/** A machine whose network is its own. */
export interface Machine {
  /** A process in it, as the outside numbers it. */
  readonly pid: number;
  /** Where the other machine finds it; on a host without a second machine nothing has this address. */
  readonly address: string;
  /** Ends it, and everything in it. */
  close(): Promise<void>;
  /** As `close`, at once, for the end of this process. */
  kill(): void;
}

/** A machine with network, processes and mounts of its own, in which a Docker daemon may run. */
export async function hostMachine(): Promise<Machine> {
  return hold(['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', 'bash', '-c', HOST], HOST_ADDRESS);
}

/** Another machine, joined to this one by a cable: a veth pair. */
export async function secondMachine(host: Machine): Promise<Machine> {
  const second = await hold(['unshare', '--net', 'bash', '-c', SECOND], SECOND_ADDRESS);
  const ip = (machine: Machine, words: string): void => {
    const [command = '', ...args] = inNetwork(machine, ['ip', ...words.split(' ')]);
    execFileSync(command, args);
  };
  try {
    ip(host, `link add cable type veth peer name cable netns ${String(second.pid)}`);
    for (const machine of [host, second]) {
      ip(machine, `address add ${machine.address}/30 dev cable`);
      ip(machine, 'link set cable up');
    }
    return second;
  } catch (error) {
    await second.close();
    throw error;
  }
}

/** The words that run a command in a machine's network, as its child: `ip netns exec` for a namespace without a name. */
export function inNetwork(machine: Pick<Machine, 'pid'>, command: readonly string[]): string[] {
  return ['nsenter', '--target', String(machine.pid), '--net', ...command];
}

/** As `inNetwork`, among the processes and mounts of a host machine too. */
export function inside(host: Pick<Machine, 'pid'>, command: readonly string[]): string[] {
  return ['nsenter', '--target', String(host.pid), '--net', '--mount', '--pid', ...command];
}

async function hold([command = '', ...args]: readonly string[], address: string): Promise<Machine> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    return { pid: Number(line), address, close: () => close(child, gone), kill: () => child.kill('SIGKILL') };
  }
  throw new Error(
    `no namespaces can be made here: ${command} ${args[0] ?? ''} ended; it needs root, and CAP_SYS_ADMIN`,
  );
}

async function close(child: ChildProcess, gone: Promise<unknown>): Promise<void> {
  child.kill('SIGKILL');
  await gone;
}
