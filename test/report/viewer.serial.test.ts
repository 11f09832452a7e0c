/** The report that shows itself, in a real Chromium, from a file and without a network. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, it, type TestContext } from 'node:test';

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

import { hintsOf } from '../../src/report/hints.ts';
import { html } from '../../src/report/html-report.ts';
import type { ObservedVantage } from '../../src/report/observed.ts';
import { judge } from '../../src/report/verdict.ts';
import { launch } from '../page/tab.ts';
import { isInstalled, requireTool } from '../support/tools.ts';
import { waitFor } from '../support/wait-for.ts';
import { probed } from './probe-scene.ts';
import { observed, runReport, START, vantage } from './scene.ts';

const FAST = { intervalMs: 50, timeoutMs: 1000 };
const folder = mkdtempSync(join(tmpdir(), 'gapwatch-viewer-'));
let browser: Browser | null = null;
before(async () => {
  if (isInstalled('chromium')) browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

function seenFrom(name: string, seed: number): ObservedVantage {
  const restarted = {
    type: 'identity' as const,
    seq: 1,
    service: 'web',
    at: START + 2360,
    was: 'pid 11',
    is: 'pid 12',
  };
  const slow = {
    type: 'slow' as const,
    seq: 2,
    service: 'api',
    from: START + 4000,
    to: START + 5000,
    slowestMs: 230,
    count: 14,
  };
  const web = {
    ...observed('web', { info: FAST, falls: [{ from: 2100, to: 2350 }], lostAt: [2100] }),
    identities: [restarted],
  };
  const api = { ...observed('api', { info: FAST, unobserved: [{ from: 1000, to: 1410 }] }), slow: [slow] };
  const where = { ...vantage(name, web, api), marks: [{ at: START + 6000, text: 'look here' }] };
  return probed(where, START - 2000, START + 8000, seed);
}

interface Viewed {
  readonly page: Page;
  readonly value: <T>(expression: string) => Promise<T>;
  /** Waits until an expression is true. */
  readonly becomes: (expression: string) => Promise<void>;
  /** What the panel says. */
  readonly said: (pattern: RegExp) => Promise<void>;
  /** The stretch that is shown, as the reader sees it. */
  readonly range: () => Promise<string>;
  /** Waits until the stretch reads so: it is drawn with the next frame, the panel at once. */
  readonly shows: (pattern: RegExp) => Promise<void>;
}

function view(
  test: (viewed: Viewed) => Promise<void>,
  options: BrowserContextOptions = {},
  vantages: readonly ObservedVantage[] = [seenFrom('here', 1), seenFrom('rack-2', 2)],
): (t: TestContext) => Promise<void> {
  return async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    const report = runReport(vantages);
    const path = join(folder, 'report.html');
    writeFileSync(path, html({ ...report, verdict: judge(report, report.run), hints: hintsOf(report) }, vantages));
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, offline: true, ...options });
    try {
      const page = await context.newPage();
      const problems: string[] = [];
      page.on('console', (message) => problems.push(message.text()));
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('request', (request) => {
        if (request.url() !== pathToFileURL(path).href && request.url() !== 'data:,') problems.push(request.url());
      });
      await page.goto(pathToFileURL(path).href);
      await page.locator('body[data-live]').waitFor();
      const value = <T>(expression: string): Promise<T> => page.evaluate(expression);
      const range = (): Promise<string> => page.locator('.range').innerText();
      const words = async (): Promise<string> => (await page.locator('.panel').innerText()).replaceAll('\n\n', '\n');
      await test({
        page,
        value,
        becomes: (expression) =>
          waitFor(
            () => value<boolean>(expression),
            () => expression,
          ),
        said: (pattern) => waitFor(async () => pattern.test(await words()), words),
        range,
        shows: (pattern) => waitFor(async () => pattern.test(await range()), range),
      });
      assert.deepEqual(problems, []);
    } finally {
      await context.close();
    }
  };
}

/** How many pixels of a canvas are painted. */
const PAINTED = `[...document.querySelectorAll('canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d', { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, at) => at % 4 === 3 && value > 0).length;
})`;

describe('the viewer of an HTML report', () => {
  it(
    'draws every vantage on one axis, with the command and the marks, and requests nothing',
    view(async ({ page, value, shows, becomes }) => {
      await becomes(`${PAINTED}.every((painted) => painted > 500)`);
      assert.equal(await page.locator('canvas').count(), 4);
      await shows(/^−2\.00 s to \+8\.00 s \(10\.0 s\)$/);
      assert.deepEqual(await page.locator('.rows h3').allInnerTexts(), ['seen from here', 'seen from rack-2']);
      const left = (selector: string): Promise<number> =>
        value(`parseFloat(document.querySelector('${selector}').style.left)`);
      assert.deepEqual(
        [await left('.lines .start'), await left('.lines .end'), await left('.lines .mark')],
        [20, 50, 80],
      );
      const ticks = await page.locator('.ticks span').allInnerTexts();
      assert.ok(ticks.includes('0 s') && ticks.includes('+2 s'), ticks.join());
    }),
  );

  it(
    'zooms by wheel, drawing, buttons and keys, down to the single probe, and back',
    view(async ({ page, range, said }) => {
      const box = (await page.locator('canvas').first().boundingBox())!;
      const at = (share: number): [number, number] => [box.x + box.width * share, box.y + box.height / 2];
      const length = async (): Promise<number> => {
        const [, number = '', unit = ''] = /\(([\d.]+) (m?s)\)$/.exec(await range()) ?? [];
        return Number(number) * (unit === 's' ? 1000 : 1);
      };
      await page.mouse.move(...at(0.41));
      await page.mouse.wheel(0, -300);
      await said(/To zoom: Ctrl and the wheel/);
      await page.keyboard.down('Control');
      await page.mouse.wheel(0, -50);
      await page.keyboard.up('Control');
      await waitFor(async () => (await length()) < 9000, range);
      await page.mouse.click(...at(0.41));
      await page.mouse.wheel(0, -300);
      await waitFor(async () => (await length()) < 5000, range);
      await page.mouse.dblclick(...at(0.1));
      await waitFor(async () => (await length()) === 10_000, range);
      await page.mouse.move(...at(0.4));
      await page.mouse.down();
      await page.mouse.move(...at(0.45), { steps: 4 });
      await page.mouse.up();
      await waitFor(async () => Math.abs((await length()) - 500) < 20, range);
      await page.getByRole('button', { name: 'Zoom out' }).click();
      await waitFor(async () => Math.abs((await length()) - 1000) < 30, range);
      await page.getByRole('button', { name: 'Show the whole window' }).click();
      await waitFor(async () => (await length()) === 10_000, range);
      await page.locator('.plot').focus();
      for (let n = 0; n < 16; n += 1) await page.keyboard.press('+');
      await waitFor(async () => (await length()) === 1, range);
      await page.keyboard.press('.');
      await said(/^web, seen from here at \+\d\.\d+ s\nProbe sent at \+\d\.\d{3,4} s, (answered|failed) after/);
      await page.keyboard.press('0');
      await waitFor(async () => (await length()) === 10_000, range);
    }),
  );

  it(
    'goes from gap to gap and from probe to probe, and says what each is',
    view(async ({ page, said, shows }) => {
      await page.locator('.plot').focus();
      await page.keyboard.press('n');
      await said(/^web, seen from here at .*\n(Probe .*\n)?down 0\.25 s \(0\.15–0\.35\) from \+2\.10 s/);
      await shows(/^\+1\.9\d+ s to \+2\.5\d* s/);
      await page.keyboard.press('.');
      await said(
        /\nProbe sent at \+2\.\d+ s, failed after .*: (refused|reset|timeout-connect|timeout-reply): .* by tcp:\/\/10\.0\.0\.5:80/,
      );
      await page.keyboard.press('n');
      await said(/^web, seen from rack-2 at/);
      await page.keyboard.press('ArrowUp');
      await said(/^api from here: no gap/);
    }),
  );

  it(
    'leads from the evidence of a hint, and from the table, to the place',
    view(async ({ page, said, shows }) => {
      await page.locator('.hints button').first().click();
      await said(/^web, seen from here .*\n(Probe .*\n)?down 0\.25 s/);
      await shows(/^\+1\.9\d+ s to \+2\.5\d* s/);
      assert.equal(await page.locator('.row.open .name').innerText(), 'web');
      await page.locator('table button', { hasText: 'not observed' }).first().click();
      await said(
        /^api, seen from here .*\n(Probe sent .* observed nothing after .*\n)?not observed from \+1\.0\d* s to \+1\.41\d* s \(0\.41 s\): stalled/,
      );
    }),
  );

  it(
    'says what is under the pointer, and names lost connections, processes and slow answers',
    view(async ({ page, said }) => {
      const web = (await page.locator('canvas').first().boundingBox())!;
      await page.mouse.move(web.x + web.width * 0.41, web.y + 10);
      await said(/\+2\.1000 s kept connection lost: reset/);
      await page.mouse.move(web.x + web.width * 0.436, web.y + 10);
      await said(/another process answers: pid 11 → pid 12/);
      const api = (await page.locator('canvas').nth(1).boundingBox())!;
      await page.mouse.move(api.x + api.width * 0.65, api.y + 10);
      await said(/14 slow answers within 1\.00 s, the slowest after 0\.23 s/);
    }),
  );

  it(
    'can be pinched and tapped on a telephone, and is not wider than it',
    view(
      async ({ page, value, shows, said }) => {
        assert.ok((await value<number>('document.documentElement.scrollWidth')) <= 390);
        const flags = await value<number[][]>(
          `[...document.querySelectorAll('.flags span:not([hidden])')].map((one) => one.getBoundingClientRect()).map(({ left, right }) => [left, right])`,
        );
        assert.ok(flags.length > 0 && flags.every(([left = 0], n) => n === 0 || left >= (flags[n - 1]?.[1] ?? 0)));
        const canvas = page.locator('canvas').first();
        await canvas.scrollIntoViewIfNeeded();
        const box = (await canvas.boundingBox())!;
        await page.touchscreen.tap(box.x + box.width * 0.43, box.y + 20);
        await said(/^web, seen from here at \+2\.\d+ s/);
        const session = await page.context().newCDPSession(page);
        const touch = async (type: string, ...xs: number[]): Promise<void> => {
          const touchPoints = xs.map((x, id) => ({ x: box.x + x, y: box.y + 20, id }));
          await session.send('Input.dispatchTouchEvent', { type: type as 'touchStart', touchPoints });
        };
        await touch('touchStart', 150, 200);
        for (let by = 10; by <= 100; by += 10) await touch('touchMove', 150 - by, 200 + by);
        await touch('touchEnd');
        await shows(/\(([2-4]\.\d+) s\)$/);
      },
      { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
    ),
  );

  it(
    'follows light and dark, and prints light, whole and with signs',
    view(
      async ({ page, value, becomes }) => {
        const background = `getComputedStyle(document.body).backgroundColor`;
        assert.equal(await value(background), 'rgb(20, 21, 23)');
        await page.emulateMedia({ colorScheme: 'light' });
        await becomes(`${background} === 'rgb(250, 249, 247)'`);
        await page.emulateMedia({ colorScheme: 'dark' });
        await page.locator('.plot').focus();
        await page.keyboard.press('n');
        await value(`dispatchEvent(new Event('beforeprint'))`);
        assert.equal(await value(background), 'rgb(250, 249, 247)');
        assert.match(await page.locator('.range').innerText(), /\(10\.0 s\)$/);
        await value(`dispatchEvent(new Event('afterprint'))`);
        assert.equal(await value(background), 'rgb(20, 21, 23)');
        assert.doesNotMatch(await page.locator('.range').innerText(), /\(10\.0 s\)$/);
        const signs = await value<string[]>(
          `[...document.querySelectorAll('tbody th')].map((th) => getComputedStyle(th, '::before').content)`,
        );
        assert.deepEqual(signs, ['"▼"', '"▨"', '"▼"', '"▨"']);
      },
      { colorScheme: 'dark' },
    ),
  );

  it(
    'has a table, headings and names for all that is drawn',
    view(async ({ page, value }) => {
      for (const role of ['banner', 'main', 'contentinfo', 'table', 'status', 'toolbar'] as const)
        assert.equal(await page.getByRole(role).count(), 1, role);
      assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
      assert.equal(await page.getByRole('rowheader').count(), 4);
      const drawn = await value<string[]>(`[...document.querySelectorAll('canvas')].map((one) => one.ariaLabel)`);
      assert.deepEqual(
        drawn.map((words) => words.replace(/ \(.*/, '')),
        [
          'web from here: down 0.25 s',
          'api from here: no gap',
          'web from rack-2: down 0.25 s',
          'api from rack-2: no gap',
        ],
      );
      const nameless = `[...document.querySelectorAll('button')].filter((one) => (one.ariaLabel ?? one.textContent).trim() === '').length`;
      assert.equal(await value(nameless), 0);
    }),
  );

  const odd: readonly (readonly [what: string, vantages: readonly ObservedVantage[]])[] = [
    ['no service', [vantage('here')]],
    ['no vantage', []],
    ['a service that never answered', [vantage('here', { ...observed('web'), intervals: [] })]],
    [
      'a gap that began long before, and never ended',
      [vantage('here', observed('web', { falls: [{ from: -3_000_000, to: null }] }))],
    ],
    ['300 services', [vantage('here', ...Array.from({ length: 300 }, (_, n) => observed(`web-${String(n)}`)))]],
    [
      'thousands of gaps',
      [vantage('here', observed('web', { falls: Array.from({ length: 5000 }, (_, n) => ({ from: n, to: n + 0.5 })) }))],
    ],
  ];
  for (const [what, vantages] of odd)
    it(
      `bears ${what}`,
      view(
        async ({ page, value }) => {
          await page.locator('.plot').focus();
          for (const key of ['n', 'n', '+', '+', '.', ',', 'ArrowDown', 'ArrowUp', 'p', '-', '0'])
            await page.keyboard.press(key);
          const painted = `[...document.querySelectorAll('canvas')].filter(({ width }) => width > 300).length`;
          assert.ok((await value<number>(painted)) < 60);
          await waitFor(async () => /\(10\.0 s\)$/.test(await page.locator('.range').innerText()));
        },
        {},
        vantages,
      ),
    );

  it('is read as text where no script runs', async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    const seen = [seenFrom('here', 1)];
    const report = runReport(seen);
    const path = join(folder, 'text.html');
    writeFileSync(path, html({ ...report, verdict: judge(report, report.run), hints: hintsOf(report) }, seen));
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(pathToFileURL(path).href);
    const words = await page.locator('body').innerText();
    assert.match(
      words,
      /FAIL web was down[^]*The process was replaced[^]*drawn by a script[^]*down 0\.25 s \(0\.15–0\.35\) from \+2\.10 s/,
    );
    await context.close();
  });
});
