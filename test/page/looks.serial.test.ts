/** How the page looks and can be used: in a real Chromium, before a monitor that publishes what the test wants. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';

import type { Browser, BrowserContextOptions } from 'playwright-core';

import { pageAssets } from '../../src/page/page-assets.ts';
import { served } from '../server/scene.ts';
import { snapshot } from '../support/builders.ts';
import { isInstalled, requireTool } from '../support/tools.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { HOSTILE_TEXTS } from '../corpus/strings.ts';
import { launch, Tab } from './tab.ts';

const LONG = 'a-service-with-a-very-long-name-that-no-phone-is-wide-enough-for.internal.example';
const TWO_HUNDRED = Array.from({ length: 200 }, (_, index) => `service-${String(index)}`);

let browser: Browser | null = null;
before(async () => {
  if (isInstalled('chromium')) browser = await launch();
});
after(() => browser?.close());

interface Look extends BrowserContextOptions {
  readonly names?: readonly string[];
  readonly isPublic?: boolean;
}

const HOUR_MS = 3_600_000;

function upForAnHour(names: readonly string[]): ScriptedMonitor {
  const since = Date.now() - HOUR_MS;
  const services = names.map((name) =>
    snapshot(name, {
      ...{ kind: 'http', target: 'http://127.0.0.1:8080/secret-path', since },
      uptime: { '1h': 1, '24h': 1, '90d': 1 },
      observed: { '1h': HOUR_MS, '24h': HOUR_MS, '90d': HOUR_MS },
    }),
  );
  const monitor = new ScriptedMonitor({ services, identity: { startedAt: since } });
  for (const service of monitor.board.services.values())
    service.latency = () => ({ p50Ms: 0.9, p99Ms: 2.4, maxMs: 930 });
  return monitor;
}

function look(
  { names = ['web', 'api', LONG], isPublic = false, ...options }: Look,
  test: (tab: Tab, monitor: ScriptedMonitor, t: TestContext) => Promise<void>,
): (t: TestContext) => Promise<void> {
  return async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    const monitor = upForAnHour(names);
    const { feed } = await served(monitor, { page: pageAssets(), public: isPublic });
    try {
      const tab = await Tab.open(browser, `${feed.address.url}/`, options);
      await test(tab, monitor, t);
      await tab.close();
    } finally {
      await feed.close();
    }
  };
}

/** Everything that may happen, happens. */
async function excite(tab: Tab, monitor: ScriptedMonitor): Promise<void> {
  monitor.mark('restarting everything, as it was announced a long time ago in a long message');
  monitor.change('web', 'down', { reason: 'timeout-connect' });
  monitor.change(LONG, 'unobserved', { reason: 'stalled' });
  monitor.heartbeat({ overloaded: true });
  await tab.sentence('1 of 3 services is down');
  monitor.change('web', 'up');
  monitor.change(LONG, 'up');
  await tab.sentence('All 3 services are up');
}

/** Whether one has to scroll sideways. */
const TOO_WIDE = 'document.scrollingElement.scrollWidth > document.documentElement.clientWidth';

describe('the look of the page', () => {
  for (const width of [360, 390, 768, 1000, 1600]) {
    it(
      `fits a window of ${String(width)} pixels, and nothing moves whatever happens`,
      look({ viewport: { width, height: 800 } }, async (tab, monitor) => {
        assert.equal(await tab.value(TOO_WIDE), false);
        await excite(tab, monitor);
        assert.equal(await tab.value(TOO_WIDE), false);
        await tab.page.getByRole('button', { name: LONG }).click();
        await tab.waitFor(`document.querySelector('.panel') !== null`);
        assert.equal(await tab.value(TOO_WIDE), false);
      }),
    );
  }

  it(
    'is dark where the reader wants it dark, strips too, without a reload',
    look({ colorScheme: 'dark' }, async (tab) => {
      const background = 'getComputedStyle(document.body).backgroundColor';
      const strip = `(() => {
        const canvas = document.querySelector('#service-0 .strip');
        return canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height - 3, 1, 1).data.join();
      })()`;
      await tab.waitFor(`${strip} !== '0,0,0,0'`);
      const dark = [await tab.value(background), await tab.value(strip)];
      assert.equal(dark[0], 'rgb(20, 21, 23)');
      await tab.page.emulateMedia({ colorScheme: 'light' });
      await tab.waitFor(`${background} === 'rgb(250, 249, 247)'`);
      await tab.waitFor(`${strip} !== '${String(dark[1])}'`);
    }),
  );

  it(
    'distinguishes states without colour',
    look({}, async (tab, monitor) => {
      monitor.change('web', 'down');
      monitor.change('api', 'unobserved', { reason: 'network' });
      await tab.sentence('1 of 3 services is down');
      await tab.waitFor(`document.querySelector('#service-1').dataset.state === 'unobserved'`);
      const shape = (index: number): Promise<string> =>
        tab.value(`(() => {
          const { clipPath, borderRadius, backgroundImage } = getComputedStyle(document.querySelector('#service-${String(index)} .sign'));
          return [clipPath, borderRadius, backgroundImage].join();
        })()`);
      assert.equal(new Set([await shape(0), await shape(1), await shape(2)]).size, 3);
      assert.match(await tab.page.locator('#service-1').innerText(), /Not observed for .*\n+monitor without network/);
      const lines = await tab.page.locator('#lines').innerText();
      assert.match(lines, /^web ?since .* – nothing is listening on the port.*\n+1 is not observed\.$/);
    }),
  );

  it(
    'can be used by keyboard, and shows where one is',
    look({}, async (tab) => {
      const focused = (): Promise<string> =>
        tab.value(`document.activeElement.textContent + (document.activeElement.value ?? '')`);
      const { keyboard } = tab.page;
      await keyboard.press('Tab');
      assert.equal(await focused(), 'To the services');
      await keyboard.press('Tab');
      assert.equal(await tab.value('document.activeElement.name'), 'window');
      await keyboard.press('ArrowRight');
      await tab.waitFor(`document.querySelector('#axis-from').textContent === '1 h ago'`);
      assert.match(tab.page.url(), /window=1h/);
      await keyboard.press('Tab');
      assert.equal(await focused(), 'web');
      assert.notEqual(await tab.value('getComputedStyle(document.activeElement).outlineStyle'), 'none');
      await keyboard.press('Enter');
      await tab.waitFor(`document.activeElement.ariaExpanded === 'true'`);
      assert.match(await tab.page.locator('.panel').innerText(), /HTTP, a new connection for each probe, every 100 ms/);
      await keyboard.press('Tab');
      assert.equal(await tab.value('document.activeElement.ariaLabel'), 'The last gaps of web');
    }),
  );

  it(
    'has landmarks, headings and words for all that is only drawn',
    look({}, async (tab) => {
      for (const role of ['banner', 'main', 'contentinfo', 'status'] as const)
        assert.equal(await tab.page.getByRole(role).count(), 1, role);
      assert.equal(await tab.page.getByRole('heading', { level: 1 }).count(), 1);
      assert.equal(await tab.page.getByRole('heading', { level: 3 }).count(), 3);
      assert.equal(await tab.page.getByRole('radio').count(), 4);
      await tab.waitFor(`document.querySelector('#service-2 .days').ariaLabel !== null`);
      const drawn = await tab.value<string[]>(`[...document.querySelectorAll('canvas')].map((one) => one.ariaLabel)`);
      assert.equal(drawn.filter((words) => /^Last (10 min: no gap|90 days: \d days? known)/.test(words)).length, 6);
    }),
  );

  it(
    'shows what the pointer is at',
    look({}, async (tab) => {
      await tab.waitFor(`document.querySelector('#service-0 .strip').width > 300`);
      await tab.page.locator('#service-0 .strip').hover();
      await tab.waitFor(`document.querySelector('.tip.shown')?.textContent.startsWith('Up for ') === true`);
      await tab.page.locator('#service-0 .days').hover({ position: { x: 3, y: 5 } });
      await tab.waitFor(`document.querySelector('.tip.shown')?.textContent.endsWith('Not known') === true`);
    }),
  );

  for (const isPublic of [false, true])
    it(
      `shows how long answers took, and where they were slow${isPublic ? ', in the public view too' : ''}`,
      look({ isPublic }, async (tab, monitor) => {
        await tab.waitFor(`document.querySelector('#service-0 .strip').width > 300`);
        const now = monitor.now();
        const slow = { service: 'web', from: now - 300_000, to: now - 240_000, slowestMs: 930, count: 14 };
        monitor.event({ type: 'slow', ...slow });
        await tab.waitFor(`document.querySelector('#service-0 .strip').ariaLabel.endsWith('slow 1 time')`);
        const strip = tab.page.locator('#service-0 .strip');
        const { width } = (await strip.boundingBox())!;
        await strip.hover({ position: { x: width * 0.55, y: 5 } });
        await tab.waitFor(
          `document.querySelector('.tip.shown')?.textContent.includes('14 slow answers within 1 min 00 s') === true`,
        );
        assert.equal(await tab.failedColumns(0), 0);
        await tab.page.getByRole('button', { name: 'web' }).click();
        await tab.waitFor(
          `/p50 0\\.9 ms, p99 2\\.4 ms, slowest 0\\.93 s, in the minute before/.test(document.querySelector('.facts')?.textContent)`,
        );
      }),
    );

  it(
    'keeps a public view free of addresses and messages',
    look({ isPublic: true }, async (tab, monitor) => {
      monitor.mark('a secret word');
      monitor.change('web', 'down');
      await tab.sentence('1 of 3 services is down');
      await tab.page.getByRole('button', { name: 'web' }).click();
      await tab.waitFor(`document.querySelector('.facts')?.textContent.includes('nothing is listening') === true`);
      await tab.waitFor(`document.querySelector('#news-list').textContent.includes('a moment was marked')`);
      assert.doesNotMatch(await tab.page.locator('body').innerText(), /secret|8080|told by/);
    }),
  );

  it(
    'finds a service among 200, draws only what is in sight, and moves nothing',
    look({ names: TWO_HUNDRED }, async (tab, monitor) => {
      await tab.waitFor(`document.querySelector('#service-0 .strip').height === 30`);
      const painted = await tab.value<number>(
        `[...document.querySelectorAll('.strip')].filter((canvas) => canvas.height !== 150).length`,
      );
      assert.ok(painted > 3 && painted < 40, String(painted));
      for (const name of TWO_HUNDRED.slice(100, 150)) monitor.change(name, 'down');
      await tab.sentence('50 of 200 services are down');
      await tab.page.getByLabel('Problems only').check();
      assert.equal(await tab.page.locator('.service:not([hidden])').count(), 50);
      await tab.page.getByLabel('Find a service').fill('149');
      assert.equal(await tab.page.locator('.service:not([hidden])').count(), 1);
      await tab.page.getByLabel('Find a service').fill('');
      await tab.page.getByLabel('Problems only').uncheck();
      await tab.page.locator('#lines a').first().click();
      await tab.waitFor(`document.activeElement.matches('.service[data-state=down]')`);
    }),
  );

  it(
    'shows hostile names, marks and messages as escapes, and finds a service by its link',
    look({ names: HOSTILE_TEXTS.map(({ text }) => text) }, async (tab, monitor) => {
      for (const { text } of HOSTILE_TEXTS) monitor.mark(text);
      const [first] = HOSTILE_TEXTS;
      assert.ok(first !== undefined);
      monitor.change(first.text, 'down');
      await tab.sentence(`1 of ${String(HOSTILE_TEXTS.length)} services is down`);
      const shown = await tab.value<string>(
        `document.title + document.body.textContent + [...document.querySelectorAll('*')].map(({ title, ariaLabel }) => title + ariaLabel).join('')`,
      );
      for (const { kind, seen, unseen } of HOSTILE_TEXTS) {
        assert.ok(shown.includes(seen), kind);
        // The document's own lines are tabs and line breaks.
        for (const char of unseen) if (char >= ' ') assert.ok(!shown.includes(char), kind);
      }
      await tab.page.locator('#lines a').first().click();
      await tab.waitFor(`document.activeElement.matches('.service[data-state=down]')`);
    }),
  );

  it(
    'comes in less than 60 kB over the wire',
    look({ names: TWO_HUNDRED.slice(0, 20) }, async (tab, _, t) => {
      assert.ok(tab.bytes > 10_000 && tab.bytes < 60_000, String(tab.bytes));
      const first = await tab.value<number>('watched.first');
      t.diagnostic(
        `${String(tab.bytes)} bytes in ${String(tab.requested.length)} requests; first state after ${first.toFixed(0)} ms`,
      );
    }),
  );
});
