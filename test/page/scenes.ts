/** What the page shows in tests and benchmarks, and how soon it does. */
import type { Browser } from 'playwright-core';

import type { Archive, ArchiveReader, Rollup } from '../../src/core/archive.ts';
import { pageAssets } from '../../src/page/page-assets.ts';
import { served } from '../server/scene.ts';
import { snapshot } from '../support/builders.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { Tab } from './tab.ts';

export const TWO_HUNDRED = Array.from({ length: 200 }, (_, index) => `service-${String(index)}`);

const HOUR_MS = 3_600_000;

/** Services that have been up for an hour. @param groupOf the group of a service */
export function upForAnHour(
  names: readonly string[],
  groupOf: (name: string) => string | null = () => null,
): ScriptedMonitor {
  const since = Date.now() - HOUR_MS;
  const services = names.map((name) =>
    snapshot(name, {
      ...{ kind: 'http', target: 'http://127.0.0.1:8080/secret-path', since, group: groupOf(name) },
      uptime: { '1h': 1, '24h': 1, '90d': 1 },
      observed: { '1h': HOUR_MS, '24h': HOUR_MS, '90d': HOUR_MS },
    }),
  );
  const monitor = new ScriptedMonitor({ services, identity: { startedAt: since } });
  for (const service of monitor.board.services.values())
    service.latency = () => ({ p50Ms: 0.9, p99Ms: 2.4, maxMs: 930 });
  return monitor;
}

/** A history of 90 days, with some gaps in them. */
function quarter(): Archive {
  const ofDays: ArchiveReader['rollups'] = ({ services, window }) => {
    const days = (service: number): Rollup[] =>
      Array.from({ length: 90 }, (_, day) => {
        const downMs = (service * 7 + day) % 31 === 0 ? 1000 + 37 * service : 0;
        const rest = { unobservedMs: 0, gaps: downMs > 0 ? 1 : 0, longestGapMs: downMs };
        return { from: window.from + day * 24 * HOUR_MS, upMs: 24 * HOUR_MS - downMs, downMs, ...rest };
      });
    return Promise.resolve(new Map(services.map((name, at) => [name, days(at)])));
  };
  const gaps: ArchiveReader['gaps'] = () => Promise.resolve({ gaps: [], keptSince: 0 });
  return { reader: { rollups: ofDays, gaps }, problem: null } as unknown as Archive;
}

/**
 * Loads the page of services with a history of 90 days.
 * @returns how long after the status came the first service was there, and the bytes over the wire with the API
 */
export async function firstPicture(
  browser: Browser,
  names: readonly string[],
): Promise<{ readonly drawnMs: number; readonly bytes: number }> {
  const { feed } = await served(upForAnHour(names), { page: pageAssets(), archive: quarter() });
  const tab = await Tab.open(browser, `${feed.address.url}/`);
  await tab.waitFor(`document.querySelector('#kept-since').textContent === '90 days ago'`);
  const drawnMs = await tab.value<number>(
    `watched.first - performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/status')).responseEnd`,
  );
  const bytes = await tab.value<number>(
    `performance.getEntriesByType('resource').reduce((sum, { transferSize }) => sum + transferSize, performance.getEntriesByType('navigation')[0].transferSize)`,
  );
  await tab.close();
  await feed.close();
  return { drawnMs, bytes };
}
