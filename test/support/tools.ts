/** The programs that the tests need beside Node, and the Debian packages that bring them. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

export const PACKAGES = {
  'redis-server': 'redis-server',
  openssl: 'openssl',
  tmux: 'tmux',
  chromium: 'chromium',
  xmllint: 'libxml2-utils',
  'rsvg-convert': 'librsvg2-bin',
  'systemd-analyze': 'systemd',
  'systemd-socket-activate': 'systemd',
  setpriv: 'util-linux',
  ip: 'iproute2',
  iptables: 'iptables',
  nginx: 'nginx-light',
  apache2: 'apache2-bin',
  haproxy: 'haproxy',
  caddy: 'caddy',
  promtool: 'prometheus',
} as const;
export type Tool = keyof typeof PACKAGES;

export function isInstalled(tool: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Whether a test can go on. Where the tool is missing, the test is skipped with a message that names the package; in CI
 * a missing tool is a failure.
 */
export function requireTool(t: TestContext, tool: Tool): boolean {
  if (isInstalled(tool)) return true;
  const message = `${tool} is missing: apt-get install ${PACKAGES[tool]}`;
  if (process.env['CI'] === 'true') throw new Error(message);
  t.skip(message);
  return false;
}
