/** The services of this machine: what listens, who it is, and what a person would call it. */
import { basename, dirname } from 'node:path';

import { addressText, type Draft, type Findings, type LeftOut } from './draft.ts';
import type { PublishedPort } from './compose.ts';
import { entryOf, MYSQL_NOTE } from './identity-entry.ts';
import { knownByImage, knownByPort, knownByProgram, speaksOnPort } from './known-services.ts';
import type { Listener, Owner } from './listeners.ts';
import { isRuntime, ownName } from './owner-name.ts';
import { askPort, identified, type PortIdentity } from './port-identity.ts';

/** Ports that are asked at the same time. */
const AT_ONCE = 64;

/** Addresses that only this machine reaches, and that its resolver uses: systemd-resolved, Docker's DNS. */
const RESOLVERS: ReadonlySet<string> = new Set(['127.0.0.53', '127.0.0.54', '127.0.0.11']);
/** Programs whose listeners are for themselves, and why. The kernel cuts their names. */
const INTERNAL: readonly (readonly [RegExp, string])[] = [
  [/^systemd-resolve/, 'the resolver of this machine'],
  [/^containerd/, 'internal to containerd'],
  [/^(?:rpc\.statd|rpc\.mountd|rpc\.statd)$/, 'a port that changes with each start'],
  [/^(?:code|code-tunnel|cursor|windsurf|zed|electron|idea|pycharm|webstorm|goland|clion)\b/, 'a tool for developers'],
  [/^(?:rust-analyzer|gopls|clangd|pyright|jdtls|tsserver|copilot)/, 'a tool for developers'],
  [/^(?:chrome|chromium|firefox|msedge|brave|Google Chrome|Code Helper)/, 'a browser or a tool for developers'],
  [/^(?:ControlCe|ControlCenter|rapportd|sharingd)/, 'internal to macOS'],
  [/^(?:gdbserver|lldb-server|dlv|debugserver)/, 'a debugger, which ends when a connection does'],
  [/^adb$/, 'a tool for developers'],
];
const INTERNAL_ARGS = /\.(?:vscode|cursor|windsurf)-server\/|language-?server|jetbrains\/(?:toolbox|gateway)/i;
/** Ports of debuggers: Node's inspector, and those beside it. */
const INSPECTOR = { from: 9229, to: 9240 };
/** Displays that sshd passes on: 6010 and up, on loopback. */
const X11 = { from: 6010, to: 6099 };
/** They would print what they are sent, or end after one connection: not asked. */
const NOT_ASKED = /^(?:p910nd|nc|ncat|netcat|nc\.(?:openbsd|traditional))$/;

/** A port of this machine. */
interface PortOfMachine {
  readonly hosts: readonly string[];
  readonly bound: readonly string[];
  readonly port: number;
  readonly owner: Owner | null;
}

/**
 * Finds the services behind listeners, asking all of them at once.
 * @param containers the names of containers by their addresses
 */
export async function machineServices(
  listeners: readonly Listener[],
  containers: ReadonlyMap<string, string> = new Map(),
): Promise<Findings> {
  const leftOut: LeftOut[] = [];
  const ports: PortOfMachine[] = [];
  for (const port of merged(listeners)) {
    const why = internalReason(port);
    if (why === null) ports.push(port);
    else leftOut.push({ what: `${addressText(port.bound[0] ?? '', port.port)}${ownerNote(port.owner)}`, why });
  }
  const drafts: (Draft | null)[] = ports.map(() => null);
  const rest = [...ports.entries()];
  const lane = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [index, port] = next;
      const asked = await askFirst(port);
      if (asked === null) leftOut.push({ what: whereText(port), why: 'it did not accept a connection' });
      else if (asked.identity.isGapwatch) leftOut.push({ what: whereText(port), why: 'gapwatch itself' });
      else
        drafts[index] = draftOf(
          port,
          asked.host,
          asked.identity,
          containers.get(proxied(port.owner, 'ip') ?? 'none') ?? null,
        );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { drafts: drafts.filter((draft) => draft !== null), leftOut };
}

/** The services of a Compose file: what they speak is asked where they are up, and taken from image and port where they are not. */
export function composeDrafts(ports: readonly PublishedPort[]): Promise<Draft[]> {
  return Promise.all(ports.map(composeDraft));
}

async function composeDraft(published: PublishedPort): Promise<Draft> {
  const { service, host, port, containerPort, image, isOneOfSeveral } = published;
  const byImage = image === null ? null : knownByImage(image);
  const byPort = speaksOnPort(containerPort);
  const speaks = byPort !== 'tcp' || knownByPort(containerPort) !== null ? byPort : (byImage?.speaks ?? 'tcp');
  const asked = await askPort(host, port, { usually: speaks });
  const name = isOneOfSeveral ? `${service}-${String(containerPort)}` : service;
  const from = `${service} of the Compose file${image === null ? '' : ` (${image})`}, its port ${String(containerPort)} on ${addressText(host, port)}`;
  const kind = speaks === 'postgres' || speaks === 'mysql' ? 'tcp' : speaks;
  const refusal = kind === 'redis' && published.wantsPassword ? '-NOAUTH' : null;
  const identity =
    asked ?? identified(kind, { evidence: 'not up now, so what it speaks is taken from its image and port', refusal });
  const { entry, notes } = entryOf(host, port, identity, name);
  const blocked = speaks === 'mysql' && !notes.includes(MYSQL_NOTE) ? [MYSQL_NOTE] : [];
  return { name, suffix: String(port), entry, why: `${from}: ${identity.evidence}`, notes: [...notes, ...blocked] };
}

/** One service for each port of one program, however many addresses it is bound to. In the order of their ports. */
function merged(listeners: readonly Listener[]): PortOfMachine[] {
  const groups = new Map<string, Listener[]>();
  for (const listener of listeners) {
    const { port, owner, address } = listener;
    const isResolver = RESOLVERS.has(address);
    const key = `${String(port)} ${owner === null ? '' : `${owner.program} ${owner.args.join(' ')}`} ${isResolver ? address : ''}`;
    groups.set(key, [...(groups.get(key) ?? []), listener]);
  }
  return [...groups.values()]
    .map((group) => {
      const bound = [...new Set(group.map(({ address }) => address))];
      const [first] = group;
      return { bound, hosts: hostsOf(bound), port: first?.port ?? 0, owner: first?.owner ?? null };
    })
    .sort((a, b) => a.port - b.port);
}

/** Where to connect to, the best address first. */
function hostsOf(bound: readonly string[]): string[] {
  const hosts = bound.flatMap((address) => {
    if (address === '0.0.0.0') return ['127.0.0.1'];
    if (address === '::') return ['127.0.0.1', '::1'];
    return [address];
  });
  const rank = (host: string): number =>
    host === '127.0.0.1' ? 0 : host === '::1' ? 1 : host.startsWith('127.') ? 2 : 3;
  return [...new Set(hosts)].sort((a, b) => rank(a) - rank(b));
}

/** Why a listener is none that a person would watch; null where it may be one. */
function internalReason({ bound, hosts, port, owner }: PortOfMachine): string | null {
  if (bound.some((address) => RESOLVERS.has(address))) return 'the resolver of this machine';
  if (hosts.every((host) => host.startsWith('fe80:'))) return 'only on a link-local address';
  const isLocal = hosts.every((host) => host.startsWith('127.') || host === '::1');
  const isInspector = isLocal && port >= INSPECTOR.from && port <= INSPECTOR.to;
  if (owner === null) return isInspector ? "Node's debugger, by its port" : null;
  if (isOwn(owner.args) || isOwn(owner.parentArgs)) return 'gapwatch itself';
  const [, reason] = INTERNAL.find(([program]) => program.test(owner.program)) ?? [];
  if (reason !== undefined) return reason;
  if (owner.args.some((arg) => INTERNAL_ARGS.test(arg))) return 'a tool for developers';
  if (isLocal && owner.program === 'sshd' && port >= X11.from && port <= X11.to) return 'a display that sshd passes on';
  if (isInspector && isNode(owner)) return "Node's debugger";
  return null;
}

function isNode({ program, args }: Owner): boolean {
  return /^(?:node|MainThread)/.test(program) || /^(?:node|nodejs)$/.test(basename(args[0] ?? ''));
}

/** Whether it is a gapwatch: this installation, another one, or a service of its demo. */
function isOwn(args: readonly string[]): boolean {
  const [, own = ''] = process.argv;
  const script = args.slice(1).find((arg) => !arg.startsWith('-')) ?? '';
  if (script === '') return false;
  const isProgram = /(?:^|\/)dist\/src\/(?:main|start)\.js$/.test(own) && script.startsWith(`${dirname(own)}/`);
  return script === own || isProgram || /(?:^|\/)gapwatch(?:\.mjs|\/dist\/src\/\S+)?$/.test(script);
}

/** The first address that answers, and what; null where none does. */
async function askFirst(port: PortOfMachine): Promise<{ host: string; identity: PortIdentity } | null> {
  const program = port.owner?.program ?? '';
  const known = knownByProgram(program) ?? knownByPort(port.port);
  const usually =
    containerPort(port.owner) === null
      ? (known?.speaks ?? null)
      : (knownByPort(containerPort(port.owner) ?? 0)?.speaks ?? null);
  for (const host of port.hosts) {
    if (NOT_ASKED.test(program)) return { host, identity: notAsked(program) };
    const identity = await askPort(host, port.port, { usually });
    if (identity !== null) return { host, identity };
  }
  return null;
}

function notAsked(program: string): PortIdentity {
  const evidence = `not asked: ${program === 'p910nd' ? 'it prints what it is sent' : `${program} may end after one connection`}`;
  return identified('tcp', { evidence });
}

/** @param container the name of the container behind it; null where that is not known */
function draftOf(port: PortOfMachine, host: string, identity: PortIdentity, container: string | null): Draft {
  const name = container ?? nameOf(port, identity);
  const { entry, notes } = entryOf(host, port.port, identity, name);
  const base = { name, suffix: String(port.port), why: `${whereText(port)}: ${identity.evidence}` };
  // A proxy that accepts and closes has no container behind it: that is down.
  if (!identity.closesAtOnce || containerPort(port.owner) !== null) return { ...base, entry, notes };
  if (port.owner === null) {
    const why =
      'Not watched yet: it may have nothing behind it, or not serve this machine. Remove "enabled" where it should be up, or set "hold" to "0ms" where that is its way.';
    return { ...base, entry: { ...entry, enabled: false }, notes: [...notes, why] };
  }
  return { ...base, entry: { ...entry, hold: '0ms' }, notes: [...notes, 'Up means only that it accepts connections.'] };
}

/** What a person would call it: by its program, by its port, or by what it speaks. */
function nameOf({ port, owner }: PortOfMachine, { kind, protocol }: PortIdentity): string {
  const inside = containerPort(owner);
  const program = owner === null || inside !== null ? null : knownByProgram(owner.program);
  if (program !== null) return program.name;
  const byPort = knownByPort(inside ?? port);
  if (inside === null && owner !== null) {
    const own = ownName(owner);
    if (own !== null && (protocol === null || protocol === 'http2' || !isRuntime(owner.program))) return own;
  }
  const fits =
    byPort !== null &&
    (kind === 'tcp' || kind === 'tls' || byPort.speaks === kind || (byPort.speaks === 'redis' && kind === 'rediss'));
  if (fits) return byPort.name;
  if (protocol !== null && protocol !== 'http2') return protocol;
  if (kind === 'redis' || kind === 'rediss') return 'redis';
  return kind === 'http' || kind === 'https' ? `web-${String(port)}` : `${kind}-${String(port)}`;
}

/** Where a docker-proxy passes its connections to; null for any other program. */
function proxied(owner: Owner | null, what: 'ip' | 'port'): string | null {
  if (owner === null || !/(?:^|\/)docker-proxy$/.test(owner.args[0] ?? owner.program)) return null;
  return owner.args[owner.args.indexOf(`-container-${what}`) + 1] ?? null;
}

/** The port inside the container that a docker-proxy passes to; null for any other program. */
function containerPort(owner: Owner | null): number | null {
  return Number(proxied(owner, 'port')) || null;
}

function whereText(port: PortOfMachine): string {
  const where = port.bound.map((address) => addressText(address, port.port)).join(' and ');
  const inside = containerPort(port.owner);
  if (inside !== null) return `a container (its port ${String(inside)}) on ${where}`;
  return port.owner === null ? where : `${port.owner.program} on ${where}`;
}

function ownerNote(owner: Owner | null): string {
  return owner === null ? '' : ` (${owner.program})`;
}
