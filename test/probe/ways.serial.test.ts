/** Whose trouble it is where packets do not arrive: each errno value, made by the kernel in a network of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';

import { childScript, runChild } from '../support/children.ts';

/** What ICMP says, and the reason of a probe that it answers. */
const ICMP = [
  ['icmp-net-unreachable', 'unreachable'], // ENETUNREACH
  ['icmp-host-unreachable', 'unreachable'], // EHOSTUNREACH
  ['icmp-proto-unreachable', 'unreachable'], // ENOPROTOOPT
  ['icmp-port-unreachable', 'refused'], // ECONNREFUSED
  ['icmp-net-prohibited', 'unreachable'], // ENETUNREACH
  ['icmp-host-prohibited', 'unreachable'], // EHOSTUNREACH
  ['icmp-admin-prohibited', 'unreachable'], // EHOSTUNREACH
  ['tcp-reset', 'refused'],
] as const;
const ICMP6 = [
  ['icmp6-no-route', 'unreachable'], // ENETUNREACH
  ['icmp6-adm-prohibited', 'unreachable'], // EACCES
  ['icmp6-addr-unreachable', 'unreachable'], // EHOSTUNREACH
  ['icmp6-port-unreachable', 'refused'],
  ['tcp-reset', 'refused'],
] as const;
/** What the routes of this machine say. */
const ROUTES = [
  ['unreachable 10.9.1.0/24', '10.9.1.1:9', 'network'], // EHOSTUNREACH
  ['prohibit 10.9.2.0/24', '10.9.2.1:9', 'network'], // EACCES
  ['blackhole 10.9.3.0/24', '10.9.3.1:9', 'network'], // EINVAL
  ['throw 10.9.4.0/24', '10.9.4.1:9', 'network'], // ENETUNREACH
] as const;
/** A neighbour that does not answer: EHOSTUNREACH after three seconds, though the way is there. */
const NEIGHBOUR = ['10.9.5.77:9', 'unreachable'] as const;

const FIRST_PORT = 2000;

const reject = (command: string, host: string, kinds: readonly (readonly [string, string])[]): string[] =>
  kinds.map(
    ([kind], index) =>
      `${command} -A OUTPUT -d ${host} -p tcp --dport ${String(FIRST_PORT + index)} -j REJECT --reject-with ${kind}`,
  );

const SETUP = [
  // A name server somewhere else.
  'mount -t tmpfs gapwatch-test /mnt',
  "echo 'nameserver 10.9.6.1' > /mnt/resolv.conf",
  'mount --bind /mnt/resolv.conf /etc/resolv.conf',
  'ip link set lo up',
  ...reject('iptables', '127.0.0.1', ICMP),
  ...reject('ip6tables', '::1', ICMP6),
  ...ROUTES.map(([route]) => `ip route add ${route}`),
  'ip link add here type veth peer name there',
  'ip addr add 10.9.5.1/24 dev here',
  'ip link set here up',
  'ip link set there up',
];

const OWN_NETWORK = ['unshare', '--map-root-user', '--net', '--mount', 'sh', '-ec'] as const;

function missing(): string | false {
  const [command, ...args] = OWN_NETWORK;
  const { status, stderr } = spawnSync(command, [...args, SETUP.join('; ')], { encoding: 'utf8' });
  return status === 0 ? false : `needs user namespaces, iproute2 and iptables: ${stderr}`;
}

describe('a probe whose packets do not arrive', () => {
  const why = missing();
  const skip = process.env['CI'] === 'true' ? false : why;
  it('is down where they left this machine, and unobserved where it has no way', { skip }, async () => {
    const expected = [
      ...ICMP.map(([, reason], index) => [`127.0.0.1:${String(FIRST_PORT + index)}`, reason]),
      ...ICMP6.map(([, reason], index) => [`[::1]:${String(FIRST_PORT + index)}`, reason]),
      ...ROUTES.map(([, where, reason]) => [where, reason]),
      ['192.0.2.1:9', 'network'], // no route at all
      ['[2001:db8::1]:9', 'network'],
      // Nor to a name server: the name is not to blame, nor the service.
      ['gapwatch.example:9', 'network'],
      NEIGHBOUR,
    ];
    const [command, ...args] = OWN_NETWORK;
    const script = `${SETUP.join('; ')}; exec "$@"`;
    const ways = expected.map(([where = '']) => where);
    const found = await runChild(command, [...args, script, 'sh', process.execPath, childScript('ways'), ...ways]);
    assert.deepEqual(
      (found as string[][]).map(([where, reason]) => [where, reason]),
      expected,
      JSON.stringify(found),
    );
  });
});
