/** How the page looks and can be used: in a real Chromium, before a monitor that publishes what the test wants. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Browser, BrowserContextOptions } from 'playwright-core';

import axe from 'axe-core';
import { pageAssets } from '../../src/page/page-assets.ts';
import { served } from '../server/scene.ts';
import { snapshot } from '../support/builders.ts';
import { isInstalled, requireTool } from '../support/tools.ts';
import { TestService } from '../support/test-service.ts';
import { ScriptedMonitor } from '../support/scripted-monitor.ts';
import { HOSTILE_TEXTS } from '../corpus/strings.ts';
import { firstPicture, TWO_HUNDRED, upForAnHour } from './scenes.ts';
import { launch, Tab } from './tab.ts';

const LONG = 'a-service-with-a-very-long-name-that-no-phone-is-wide-enough-for.internal.example';

let browser: Browser | null = null;
before(async () => {
  if (isInstalled('chromium')) browser = await launch();
});
after(() => browser?.close());

interface Look extends BrowserContextOptions {
  readonly names?: readonly string[];
  readonly isPublic?: boolean;
  /** The group of a service. */
  readonly groupOf?: (name: string) => string | null;
}

function look(
  { names = ['web', 'api', LONG], isPublic = false, groupOf, ...options }: Look,
  test: (tab: Tab, monitor: ScriptedMonitor, t: TestContext) => Promise<void>,
): (t: TestContext) => Promise<void> {
  return async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    const monitor = upForAnHour(names, groupOf);
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

/** Passes all on to a port of this machine; the page itself comes back in small pieces. */
function dripping(port: number): (near: Socket) => void {
  return (near) => {
    const far = connect(port, '127.0.0.1');
    let isPage = false;
    const drip = async (data: Buffer): Promise<void> => {
      far.pause();
      for (let at = 0; at < data.length; at += 60) {
        near.write(data.subarray(at, at + 60));
        await sleep(20);
      }
      far.resume();
    };
    near.on('data', (data: Buffer) => {
      isPage = data.toString('latin1').startsWith('GET / ');
      far.write(data);
    });
    far.on('data', (data: Buffer) => {
      if (isPage) void drip(data);
      else near.write(data);
    });
    for (const socket of [near, far]) socket.on('error', () => undefined);
    far.once('close', () => near.destroy());
    near.once('close', () => far.destroy());
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
      assert.match(lines, /^web ?since .* – connection refused\n+1 is not observed\.$/);
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
      const dayAt = (): Promise<string> => tab.value('document.activeElement.ariaValueText');
      assert.match(await dayAt(), /\(UTC\), No gap$/);
      assert.match(await tab.page.locator('.tip.shown').innerText(), /No gap$/);
      await keyboard.press('ArrowLeft');
      assert.match(await dayAt(), /\(UTC\), Not known$/);
      // The link that its details have.
      await keyboard.press('Tab');
      await keyboard.press('Tab');
      assert.equal(await tab.value('document.activeElement.ariaLabel'), 'The last gaps of web');
    }),
  );

  for (const width of [1280, 390])
    it(`moves nothing while it comes slowly, ${String(width)} pixels wide`, async (t) => {
      if (!requireTool(t, 'chromium') || browser === null) return;
      const { feed } = await served(upForAnHour(['web', 'api']), { page: pageAssets() });
      const service = await TestService.start();
      service.behave = dripping(feed.address.port);
      try {
        const url = `http://127.0.0.1:${String(service.port)}/`;
        const tab = await Tab.open(browser, url, { viewport: { width, height: 900 } });
        await tab.close();
      } finally {
        service.down();
        await feed.close();
      }
    });

  it(
    'has landmarks, headings and words for all that is only drawn',
    look({}, async (tab) => {
      for (const role of ['banner', 'main', 'contentinfo', 'status'] as const)
        assert.equal(await tab.page.getByRole(role).count(), 1, role);
      assert.equal(await tab.page.getByRole('heading', { level: 1 }).count(), 1);
      assert.equal(await tab.page.locator('#services').getByRole('heading', { level: 3 }).count(), 3);
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
      `has the gap that is open as the first one of its service${isPublic ? ', in the public view too' : ''}`,
      look({ isPublic }, async (tab, monitor) => {
        await tab.page.getByRole('button', { name: 'web' }).click();
        await tab.waitFor(`document.querySelector('.panel .none').hidden === false`);
        const rows = `[...document.querySelectorAll('.panel tbody tr:not([hidden])')].map((row) => row.innerText.replace(/\\s+/g, ' '))`;
        monitor.change('web', 'down', { reason: 'refused' });
        await tab.waitFor(`/^[\\d:.]+ .* so far – nothing is listening/.test(${rows}[0])`);
        assert.equal(await tab.page.getByText('No gap is known.').isVisible(), false);
        const now = monitor.now();
        monitor.change('web', 'up');
        monitor.gap('web', now - 1000, now);
        await tab.waitFor(`/^[\\d:.]+ 1\\.00 s /.test(${rows}.join())`);
        monitor.change('web', 'down', { reason: 'reset' });
        await tab.waitFor(`${rows}.length === 2 && / so far /.test(${rows}[0]) && /1\\.00 s/.test(${rows}[1])`);
        // A moment that was not observed does not end it.
        monitor.change('web', 'unobserved', { reason: 'stalled' });
        await tab.waitFor(`document.querySelector('#service-0').dataset.state === 'unobserved'`);
        assert.equal(await tab.value(`/ so far –/.test(${rows}[0])`), true);
        const lines = `document.querySelector('#lines').textContent`;
        await tab.waitFor(`${lines}.includes('web was down when it was last observed')`);
        // A new gap moves those before it, within their own place.
        await tab.forgetMoves();
      }),
    );

  it('fills the bar of today with red where a service was down as long as it was watched', async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    const since = Date.now() - 35_000;
    const timeline = [{ state: 'down', from: since, to: null }] as const;
    const down = snapshot('down', { ...{ state: 'down', status: 'down', reason: 'refused' }, since, timeline });
    const { feed } = await served(new ScriptedMonitor({ services: [down], identity: { startedAt: since } }), {
      page: pageAssets(),
    });
    const colours = `(() => {
      const canvas = document.querySelector('#service-0 .days');
      const { data } = canvas.getContext('2d').getImageData(canvas.width - 6, 0, 1, canvas.height);
      return [...new Set(Array.from({ length: canvas.height }, (_, y) => data.slice(4 * y, 4 * y + 3).join()))].join(' ');
    })()`;
    try {
      const tab = await Tab.open(browser, `${feed.address.url}/`);
      await tab.waitFor(`${colours} === '191,52,16'`);
      await tab.close();
    } finally {
      await feed.close();
    }
  });

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

  for (const width of [360, 390, 800, 1000, 1400])
    it(
      `shows of what time its shares are, and ends at its edges, with many services at ${String(width)} pixels`,
      look({ names: TWO_HUNDRED.slice(0, 68), viewport: { width, height: 800 } }, async (tab, monitor) => {
        const [first, second] = TWO_HUNDRED;
        for (const name of TWO_HUNDRED.slice(0, 6)) monitor.change(name, 'down');
        await tab.sentence('6 of 68 services are down');
        const uptime = await tab.page.locator('#service-0 .uptime').innerText();
        assert.equal(uptime.match(/100 %\s*of 1 h/g)?.length, 2, uptime);
        const past = await tab.value<string[]>(`(() => {
          const edge = document.querySelector('main').getBoundingClientRect().right + 0.5;
          return [...document.querySelectorAll('.hero *, .tools *, .service:first-child > :not(.panel), .service:first-child > :not(.panel) *')]
            .filter((one) => one.getBoundingClientRect().right > edge).map(({ outerHTML }) => outerHTML);
        })()`);
        assert.deepEqual(past, []);
        // Two are named each in a line, and the others in the third one, which is seen.
        assert.match(
          await tab.page.locator('#lines').innerText(),
          new RegExp(`^${first!} [^]*${second!} [^]*and 4 more`),
        );
        const [lines, last] = await Promise.all([
          tab.page.locator('#lines').boundingBox(),
          tab.page.locator('#lines p:nth-child(3)').boundingBox(),
        ]);
        assert.ok(
          last!.height > 15 && last!.y + last!.height <= lines!.y + lines!.height + 1,
          JSON.stringify([lines, last]),
        );
        // Among many, a service that fails takes more lines than one that is up.
        await tab.forgetMoves();
      }),
    );

  it(
    'has groups with failures above services of no group that are up',
    look(
      {
        names: TWO_HUNDRED.slice(0, 68),
        groupOf: (name) => (Number(name.slice(8)) < 20 ? null : `group ${name.at(-1)!}`),
      },
      async (tab, monitor) => {
        const heads = `[...document.querySelectorAll('#services .group')].map((one) => one.querySelector('h2').innerText)`;
        assert.equal(await tab.value(`${heads}[0]`), 'Other services');
        for (const n of [24, 35, 46]) monitor.change(`service-${String(n)}`, 'down');
        await tab.sentence('3 of 68 services are down');
        await tab.page.reload();
        await tab.waitFor(`document.querySelectorAll('.service[data-state=down]').length === 3`);
        assert.deepEqual(await tab.value(`${heads}.slice(0, 4)`), ['group 4', 'group 5', 'group 6', 'Other services']);
        const shown = `[...document.querySelectorAll('.service:not([hidden])')].map((one) => one.querySelector('.name').textContent)`;
        assert.deepEqual(await tab.value(`${shown}.slice(0, 3)`), ['service-24', 'service-35', 'service-46']);
        // One of no group fails: its group is as bad, and stays where nothing else says where it is.
        monitor.change('service-3', 'down');
        await tab.sentence('4 of 68 services are down');
        await tab.page.reload();
        await tab.waitFor(`document.querySelectorAll('.service[data-state=down]').length === 4`);
        assert.deepEqual(await tab.value(`${heads}.slice(0, 2)`), ['Other services', 'group 4']);
      },
    ),
  );

  it(
    'says that no service matches a search, or has a problem',
    look({ names: TWO_HUNDRED.slice(0, 20) }, async (tab) => {
      const search = tab.page.getByLabel('Find a service');
      const none = tab.page.locator('#none');
      assert.equal(await none.isVisible(), false);
      await search.fill('zzz');
      assert.equal(await none.innerText(), 'No service matches “zzz”.');
      await tab.page.getByLabel('Problems only').check();
      assert.equal(await none.innerText(), 'No service with a problem matches “zzz”.');
      await search.fill('');
      assert.equal(await none.innerText(), 'No service has a problem.');
      await tab.page.getByLabel('Problems only').uncheck();
      assert.equal(await none.isVisible(), false);
      await search.fill('service-19');
      assert.equal(await none.isVisible(), false);
      // The reader searched: that moves what is below the list.
      await tab.forgetMoves();
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

  for (const colorScheme of ['light', 'dark'] as const)
    it(
      `has no finding of axe, and text of enough contrast, when it is ${colorScheme}`,
      look({ colorScheme, isPublic: true }, async (tab, monitor) => {
        const now = monitor.now();
        monitor.gap('web', now - 5000, now - 4000);
        monitor.change('api', 'down');
        monitor.change(LONG, 'unobserved', { reason: 'network' });
        await tab.sentence('1 of 3 services is down');
        for (const name of ['web', 'api']) await tab.page.getByRole('button', { name, exact: true }).click();
        await tab.page.locator('.story summary').first().click();
        await tab.value(axe.source);
        const found = await tab.value<{ id: string; nodes: { html: string; failureSummary: string }[] }[]>(
          `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) =>
            violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })) })))`,
        );
        assert.deepEqual(found, []);
      }),
    );

  it(
    'leads to one service and one incident by their addresses, and back',
    look({}, async (tab, monitor) => {
      const now = monitor.now();
      monitor.gap('api', now - 5000, now - 4000);
      await tab.waitFor(`document.querySelector('.story') !== null`);
      await tab.page.getByRole('button', { name: 'web' }).click();
      assert.match(tab.page.url(), /#service=web$/);
      await tab.page.goBack();
      await tab.waitFor(`document.querySelector('.panel:not([hidden])') === null`);
      await tab.page.locator('.story summary').click();
      await tab.page.getByRole('link', { name: 'Link to this incident' }).click();
      const url = tab.page.url();
      assert.match(url, /#incident=\d+$/);
      await tab.page.goto('about:blank');
      await tab.page.goto(url);
      await tab.waitFor(
        `document.activeElement.matches('.story summary') && document.activeElement.parentElement.open`,
      );
      await tab.page.goto(url.replace(/#.*/, `#service=${LONG}`));
      await tab.waitFor(
        `document.activeElement.dataset.state === 'up' && document.querySelector('.panel').innerText.includes('HTTP')`,
      );
      await tab.page.getByLabel('1 h', { exact: true }).check();
      await tab.page.goBack();
      await tab.waitFor(`document.querySelector('#axis-from').textContent === '10 min ago'`);
      // It was opened by an address: that moves what is below it.
      await tab.forgetMoves();
    }),
  );

  it('introduces itself as its owner wants, and runs nothing of what that is', async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    const body = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>document.title = "ran"</script></svg>',
    );
    const site = {
      title: 'Example <b>"status"</b> %present%',
      description: 'Of <script>alert(1)</script> & others',
      ...{ logo: { kind: 'svg', body } as const, home: 'https://example.org/?a=1&b="' },
    };
    const { feed } = await served(upForAnHour(['web']), { page: pageAssets(), site });
    const tab = await Tab.open(browser, `${feed.address.url}/`);
    assert.equal(await tab.page.locator('.brand a').innerText(), site.title);
    assert.equal(await tab.value('document.title'), `web is up – ${site.title}`);
    const meta = (name: string): Promise<string> => tab.value(`document.querySelector('meta[${name}]').content`);
    assert.deepEqual(
      [await meta('name=description'), await meta('property="og:title"')],
      [site.description, site.title],
    );
    assert.equal(await tab.value(`document.querySelector('.logo').naturalWidth > 0`), true);
    assert.equal(await tab.value(`document.querySelector('.brand a').href`), 'https://example.org/?a=1&b=%22');
    await tab.page.goto(`${feed.address.url}/assets/logo.svg`);
    assert.notEqual(await tab.value('document.title'), 'ran');
    const { host, port } = feed.address;
    const later = { title: 'Later', description: null, logo: null, home: null };
    await feed.change({ host, port }, { token: null, public: false, site: later });
    await tab.page.goto(`${feed.address.url}/`);
    await tab.waitFor(`document.title === 'web is up – Later' && document.querySelector('.brand a, .logo') === null`);
    assert.equal((await fetch(`${feed.address.url}/assets/logo.svg`)).status, 404);
    await tab.page.context().close();
    await feed.close();
  });

  it('is a table of the present state without JavaScript', async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    for (const isPublic of [true, false]) {
      const monitor = upForAnHour(['web', '<i>api</i>']);
      monitor.change('<i>api</i>', 'down');
      const { feed } = await served(monitor, { page: pageAssets(), public: isPublic });
      const context = await browser.newContext({ javaScriptEnabled: false });
      const page = await context.newPage();
      await page.goto(`${feed.address.url}/`);
      const text = await page.locator('body').innerText();
      assert.match(text, /2 services: 1 down, 1 up\s+As of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
      assert.match(text, /<i>api<\/i>\s+Down \(refused\)\s+.* UTC\s[^]*web\s+Up\s+.* UTC\s+100 %/);
      assert.doesNotMatch(await page.content(), /8080|secret-path|nothing listens/);
      assert.doesNotMatch(text, /Connecting/);
      await context.close();
      await feed.close();
    }
  });

  it(
    'shows signs and what is folded in print',
    look({}, async (tab, monitor) => {
      const now = monitor.now();
      monitor.gap('web', now - 5000, now - 4000);
      await tab.waitFor(`document.querySelector('.story') !== null`);
      await tab.page.emulateMedia({ media: 'print' });
      await tab.value(`dispatchEvent(new Event('beforeprint'))`);
      assert.equal(await tab.page.locator('#zoom').isVisible(), false);
      assert.equal(
        await tab.value(`getComputedStyle(document.querySelector('#service-0 .sign')).printColorAdjust`),
        'exact',
      );
      assert.equal(
        await tab.value(`[...document.querySelectorAll('.days')].every(({ height }) => height === 28)`),
        true,
      );
      await tab.forgetMoves();
    }),
  );

  it('has its first picture of 200 services and 90 days in little more than that of 20, and all in less than 80 kB', async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    // The best of three, in turns: what else runs here only adds to it.
    const best = { few: Infinity, many: Infinity, bytes: 0 };
    for (let turn = 0; turn < 3; turn += 1) {
      best.few = Math.min(best.few, (await firstPicture(browser, TWO_HUNDRED.slice(0, 20))).drawnMs);
      const { drawnMs, bytes } = await firstPicture(browser, TWO_HUNDRED);
      best.many = Math.min(best.many, drawnMs);
      best.bytes = Math.max(best.bytes, bytes);
    }
    const figures = `${best.many.toFixed(0)} ms after the status, ${best.few.toFixed(0)} ms with 20; ${String(best.bytes)} bytes with the API`;
    t.diagnostic(figures);
    assert.ok(best.bytes > 10_000 && best.bytes < 80_000, figures);
    assert.ok(best.many < 5 * best.few, figures);
  });

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
