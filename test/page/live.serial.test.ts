/** The page before a real feed of a real monitor, in a real Chromium. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';

import type { Browser } from 'playwright-core';

import { pageAssets } from '../../src/page/page-assets.ts';
import { scene, type Scene } from '../server/scene.ts';
import { nextMessage } from '../support/recording.ts';
import { isInstalled, requireTool } from '../support/tools.ts';
import { launch, Tab } from './tab.ts';
import { Wire } from '../support/wire.ts';

let browser: Browser | null = null;
before(async () => {
  if (isInstalled('chromium')) browser = await launch();
});
after(() => browser?.close());

/** A test with a page on a feed of two services, probed every 50 ms, over a wire that can be cut. */
function onPage(
  test: (tab: Tab, at: Scene, wire: Wire) => Promise<void>,
  query = '',
): (t: TestContext) => Promise<void> {
  return async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    const at = await scene({ intervalMs: 50, feed: { page: pageAssets() } });
    const wire = await Wire.lay(at.feed.address.port);
    try {
      const tab = await Tab.open(browser, `http://127.0.0.1:${String(wire.port)}/${query}`);
      await test(tab, at, wire);
      await tab.close();
    } finally {
      wire.cut();
      await at.end();
    }
  };
}

describe('the live page', () => {
  it(
    'shows a change without a reload, in words and to a screen reader',
    onPage(async (tab, at) => {
      await tab.sentence('All 2 services are up');
      await tab.value('window.same = true');
      // All that was announced: on a busy machine more may follow, as the other service was not observed for a moment.
      await tab.value(`window.said = [], new MutationObserver(() => said.push(document.querySelector('[role=status]').textContent))
        .observe(document.querySelector('[role=status]'), { childList: true, characterData: true, subtree: true })`);
      at.services[0]?.down();
      await tab.sentence('1 of 2 services is down');
      await tab.waitFor(`document.querySelector('#service-0 .state').textContent.startsWith('Down')`);
      await tab.waitFor(`document.querySelector('#service-0 .note').textContent === 'connection refused'`);
      await tab.waitFor(`said.some((text) => /^(api: .*\\. )?web: down\\. (api: .*\\. )?1 of 2/.test(text))`);
      assert.match(await tab.value<string>('document.title'), /^1 of 2 services is down/);
      await at.services[0]?.up();
      await tab.sentence('All 2 services are up');
      await tab.waitFor(`document.querySelector('#lines').textContent.startsWith('web had the last gap: ')`);
      assert.equal(await tab.value('window.same'), true);
    }),
  );

  it(
    'shows a gap of 0.2 s in every window, with its bounds',
    onPage(async (tab, at) => {
      const [web] = at.services;
      assert.ok(web !== undefined);
      await tab.waitFor(`document.querySelector('#service-0 .strip').width > 300`);
      assert.equal(await tab.failedColumns(0), 0);
      const ended = nextMessage(at.monitor, ({ type }) => type === 'gap');
      const fell = nextMessage(at.monitor, (message) => message.type === 'transition' && message.to === 'down');
      web.down();
      await fell;
      await web.up();
      const gap = await ended;
      assert.ok(gap.type === 'gap' && gap.durationMs < 5000);
      for (const name of ['1 min', '10 min', '1 h', '24 h']) {
        await tab.page.getByLabel(name, { exact: true }).check();
        await tab.waitFor(`document.querySelector('#service-0 .strip').ariaLabel.startsWith('Last ${name}: 1 gap')`);
        const columns = await tab.failedColumns(0);
        assert.ok(columns >= 3 && columns < 100, `${name}: ${String(columns)}`);
      }
      const entry = await tab.page.locator('.day[data-today=true] .story').first().innerText();
      assert.match(entry, /web\s+down for \d.* \(\d.*\)\s+connection refused/);
    }),
  );

  it(
    'says when the connection breaks, keeps what was known as old, and misses no event when it comes back',
    onPage(async (tab, at, wire) => {
      wire.cut();
      await tab.waitFor(`document.body.dataset.old === 'true'`);
      await tab.sentence('All 2 services were up');
      assert.match(
        await tab.page.locator('#lines').innerText(),
        /^The connection to the monitor broke.* Showing the state/,
      );
      assert.match(await tab.page.locator('header').innerText(), /Not connected for \d+ s/);
      assert.match(await tab.page.locator('#service-0').innerText(), /Was up/);
      assert.match(await tab.value<string>('document.title'), /^Not connected/);
      const [web] = at.services;
      for (let time = 0; time < 3; time++) await web?.flap(at.monitor);
      await wire.mend();
      await tab.page.getByRole('button', { name: 'Retry' }).click();
      await tab.sentence('All 2 services are up');
      await tab.waitFor(`document.body.dataset.old === 'false'`);
      // On a busy machine the monitor may also say that it did not look for a moment.
      await tab.waitFor(
        `[...document.querySelectorAll('.day[data-today=true] .story')].filter((one) => one.innerText.includes('down for')).length === 3`,
      );
      await tab.waitFor(`document.querySelector('[role=status]').textContent.startsWith('Connected again.')`);
      const resumed = tab.requested.filter((url) => url.startsWith('ws:')).at(-1);
      assert.equal(new URL(resumed ?? '').searchParams.get('monitor'), at.monitor.identity.id);
    }),
  );

  it(
    'connects again at once where the machine slept, and nothing that broke says so',
    onPage(async (tab) => {
      const sockets = (): number => tab.requested.filter((url) => url.startsWith('ws:')).length;
      assert.equal(sockets(), 1);
      await tab.value('(() => { const now = Date.now; Date.now = () => now() + 20_000; })()');
      await tab.waitFor(`document.body.dataset.connection !== 'live'`);
      await tab.waitFor(`document.body.dataset.connection === 'live'`);
      assert.equal(sockets(), 2);
    }),
  );

  it(
    'starts over with another monitor, and says so',
    onPage(async (tab, at, wire) => {
      await at.services[0]?.flap(at.monitor);
      const other = await scene({ names: ['mail'], feed: { page: pageAssets() } });
      try {
        wire.cut();
        await wire.mend(other.feed.address.port);
        await tab.sentence('mail is up');
        await tab.waitFor(`document.querySelector('#news-list').textContent.includes('the monitor was restarted')`);
        assert.equal(await tab.page.locator('.service').count(), 1);
        // There is one service less: what is below it moves.
        await tab.forgetMoves();
      } finally {
        wire.cut();
        await other.end();
      }
    }),
  );

  it(
    'passes its token on, and asks for no more than it shows',
    onPage(async (tab) => {
      const feed = tab.requested.find((url) => url.startsWith('ws:')) ?? '';
      assert.equal(new URL(feed).searchParams.get('token'), 'abc');
      assert.equal(new URL(feed).searchParams.has('samples'), false);
      const [status] = await Promise.all([tab.page.waitForRequest(/api\/v1\/status/), tab.page.reload()]);
      assert.equal(await status.headerValue('authorization'), 'Bearer abc');
    }, '?token=abc'),
  );

  it(
    'fetches the incidents again that it could not fetch',
    onPage(async (tab, at, wire) => {
      const [web] = at.services;
      await web?.flap(at.monitor);
      // So that it is none of the newest events, which come over the feed.
      for (let mark = 0; mark < 100; mark += 1) at.monitor.mark('passed');
      const incidents = `[...document.querySelectorAll('.day[data-today=true] .story')].filter((one) => one.innerText.includes('web'))`;
      let refused = 0;
      await tab.page.route('**/api/v1/gaps?*', (route) => {
        refused += 1;
        return refused > 2 ? route.continue() : route.abort('connectionrefused');
      });
      await tab.page.reload();
      await tab.sentence('All 2 services are up');
      await tab.waitFor(`document.querySelector('.day[data-today=true]') !== null`);
      assert.equal(await tab.value<number>(`${incidents}.length`), 0);
      for (let time = 0; time < 2; time += 1) {
        wire.cut();
        await tab.waitFor(`document.body.dataset.old === 'true'`);
        await wire.mend();
        await tab.page.getByRole('button', { name: 'Retry' }).click();
        await tab.waitFor(`document.body.dataset.old === 'false'`);
      }
      await tab.waitFor(`${incidents}.length === 1`);
    }),
  );

  it('is opened with a token that is typed in, and not with another one', async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    const at = await scene({ feed: { page: pageAssets(), token: 'right' } });
    const page = await browser.newPage();
    await page.goto(`${at.http}/`);
    for (const token of ['wrong', 'right']) {
      await page.getByLabel('Token').fill(token);
      await page.getByRole('button', { name: 'Log in' }).click();
      if (token === 'wrong') await page.getByRole('alert').getByText('This is not the token.').waitFor();
    }
    await page.getByRole('heading', { name: 'All 2 services are up' }).waitFor();
    await page.context().close();
    await at.end();
  });
});
