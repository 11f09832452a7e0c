/** What the tests with Docker need: Linux, root, and these programs with the Debian packages that bring them. */
import type { TestContext } from 'node:test';

import { isInstalled } from '../support/tools.ts';

export const DOCKER_PACKAGES = {
  dockerd: 'docker.io',
  iptables: 'iptables',
  ip: 'iproute2',
  'redis-server': 'redis-server',
} as const;

/** Why there can be no Docker here, and what to do; null where there can. */
export function whyNoDocker(): string | null {
  if (process.platform !== 'linux') return 'Docker is restarted on Linux only';
  if (process.getuid?.() !== 0) return 'only root may start Docker: sudo npm run test:docker';
  const missing = Object.entries(DOCKER_PACKAGES).filter(([tool]) => !isInstalled(tool));
  if (missing.length === 0) return null;
  return `missing: apt-get install ${missing.map(([, name]) => name).join(' ')}`;
}

/** Whether a test can go on. Where it can't, it is skipped with the reason; in CI that is a failure. */
export function requireDocker(t: TestContext): boolean {
  const why = whyNoDocker();
  if (why === null) return true;
  if (process.env['CI'] === 'true') throw new Error(why);
  t.skip(why);
  return false;
}
