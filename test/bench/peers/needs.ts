/** The tools of others that are compared. They are needed by nothing else, and so are installed by nothing else. */
import { installMissing } from '../../support/install.ts';

const PEERS = {
  'prometheus-blackbox-exporter': 'prometheus-blackbox-exporter',
  haproxy: 'haproxy',
  nc: 'netcat-openbsd',
  monit: 'monit',
  curl: 'curl',
} as const;

/** Installs them, or throws an `Error` that names the command which does. */
export function needPeers(): void {
  const command = installMissing(PEERS, 'the benchmarks beside other tools');
  if (command !== null) throw new Error(`The tools to compare with are missing. As root: ${command}`);
}
