/** `npm run picture`: the README's picture of the status page, `docs/status-page.png`, in a real Chromium over 90 days that were made up. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import type { Archive, ArchiveReader, RecordedGap, Rollup } from '../../src/core/archive.ts';
import { pageAssets } from '../../src/page/page-assets.ts';
import { launch } from '../page/tab.ts';
import { served } from '../server/scene.ts';
import { gap, snapshot } from './builders.ts';
import { ScriptedMonitor } from './scripted-monitor.ts';

const SIZE = { width: 960, height: 760 };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NAMES = ['shop', 'checkout', 'search', 'accounts'];
/** Services, days ago, and how long. */
const OUTAGES: readonly [names: readonly string[], daysAgo: number, ms: number][] = [
  [['checkout', 'accounts'], 2.3, 1440],
  [['search'], 17.6, 252_000],
  [NAMES, 41.1, 3700],
  [['shop'], 66.8, 930],
];

const now = Date.now();
const gaps = OUTAGES.flatMap(([names, daysAgo, ms]) =>
  names.map((name): RecordedGap => gap(name, now - daysAgo * DAY_MS, now - daysAgo * DAY_MS + ms)),
).sort((a, b) => a.from - b.from);

function daysOf(name: string, from: number): Rollup[] {
  return Array.from({ length: 90 }, (_, index) => {
    const day = from + index * DAY_MS;
    const own = gaps.filter((found) => found.service === name && found.from >= day && found.from < day + DAY_MS);
    const downMs = own.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const longestGapMs = Math.max(0, ...own.map(({ durationMs }) => durationMs));
    return { from: day, upMs: DAY_MS - downMs, downMs, unobservedMs: 0, gaps: own.length, longestGapMs };
  });
}

const reader: Partial<ArchiveReader> = {
  rollups: ({ services, window }) =>
    Promise.resolve(new Map(services.map((name) => [name, daysOf(name, window.from)]))),
  gaps: () => Promise.resolve({ gaps, keptSince: 0 }),
};
const services = NAMES.map((name) => {
  const own = gaps.filter((found) => found.service === name);
  const share = 1 - own.reduce((sum, { durationMs }) => sum + durationMs, 0) / (90 * DAY_MS);
  return snapshot(name, {
    ...{ kind: 'http', since: own.at(-1)?.to ?? now - 90 * DAY_MS, gaps: own },
    uptime: { '1h': 1, '24h': 1, '90d': share },
    observed: { '1h': HOUR_MS, '24h': DAY_MS, '90d': 90 * DAY_MS },
  });
});
const monitor = new ScriptedMonitor({ services, identity: { startedAt: now - 90 * DAY_MS, vantage: 'office' } });
const site = { title: 'Example status', description: 'What customers of Example can reach.', logo: null, home: null };
const archive = { reader, problem: null } as unknown as Archive;
const { feed } = await served(monitor, { page: pageAssets(), public: true, archive, site });
const browser = await launch();
const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light', deviceScaleFactor: 1.5 });
await page.goto(feed.address.url);
await page.waitForSelector('.service');
await page.waitForTimeout(1000);
const path = join(dirname(createRequire(import.meta.url).resolve('#package.json')), 'docs', 'status-page.png');
await page.screenshot({ path });
await browser.close();
await feed.close();
process.stderr.write(`Wrote ${path}\n`);
