/** A page in a real Chromium, and a record of what a page must not do. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

import { waitFor } from '../support/wait-for.ts';

/** Runs in the page before all else: layout that moves without the reader's doing, and when the first service is there. */
const WATCH = `
  window.watched = { shift: 0, moved: [], first: null };
  const record = (entries) => {
    for (const entry of entries) {
      if (entry.hadRecentInput) continue;
      watched.shift += entry.value;
      for (const { node } of entry.sources) watched.moved.push(node?.outerHTML ?? node?.textContent ?? '?');
    }
  };
  const shifts = new PerformanceObserver((list) => record(list.getEntries()));
  shifts.observe({ type: 'layout-shift', buffered: true });
  // What a change moves is known with the frame that draws it.
  watched.drawn = async () => {
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    record(shifts.takeRecords());
  };
  new MutationObserver((_, observer) => {
    if (document.querySelector('.service') === null) return;
    watched.first = performance.now();
    observer.disconnect();
  }).observe(document, { subtree: true, childList: true });
`;

/** Starts the Chromium of this machine. */
export function launch(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const executablePath = folders.map((folder) => join(folder, 'chromium')).find((path) => existsSync(path)) ?? '';
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

export class Tab {
  readonly page: Page;
  /** What the page did that it must not. */
  readonly problems: string[] = [];
  /** The URLs that it requested. */
  readonly requested: string[] = [];
  /** Bytes over the wire, with the headers, of all but the API. */
  bytes = 0;

  private constructor(page: Page, origin: string) {
    this.page = page;
    page.on('console', (message) => {
      // Chromium logs refused connections there, whatever the page does; and the tests read from canvases.
      const expected = /WebSocket connection to .* failed|net::ERR_CONNECTION_|^Canvas2D:/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !expected) this.problems.push(message.text());
    });
    page.on('pageerror', (error) => this.problems.push(String(error)));
    page.on('request', (request) => {
      this.#record(request.url(), origin);
    });
    page.on('websocket', (socket) => {
      this.#record(socket.url(), origin);
    });
    page.on('requestfinished', (request) => {
      if (request.url().includes('/api/')) return;
      void request.sizes().then(
        ({ responseBodySize, responseHeadersSize }) => {
          this.bytes += responseBodySize + responseHeadersSize;
        },
        // The tab was closed meanwhile.
        () => undefined,
      );
    });
  }

  /** Opens a URL, and waits until the page is live. */
  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Tab> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const tab = new Tab(await context.newPage(), new URL(url).host);
    await tab.page.addInitScript(WATCH);
    await tab.page.goto(url);
    await tab.page.locator('body[data-connection=live]').waitFor();
    await tab.waitFor(`watched.first !== null`);
    return tab;
  }

  /** Waits until an expression is true in the page. (What the library has for this is against the page's policy.) */
  async waitFor(expression: string): Promise<void> {
    const text = async (): Promise<string> => `${expression}\n${await this.#text()}`;
    await waitFor(() => this.value<boolean>(expression), text);
  }

  async value<T>(expression: string): Promise<T> {
    return await this.page.evaluate(expression);
  }

  async sentence(text: string): Promise<void> {
    await this.waitFor(`document.querySelector('h1').textContent === ${JSON.stringify(text)}`);
  }

  /** Columns of a service's strip, in CSS pixels, in which something failed: nothing else reaches to the top. */
  failedColumns(index: number): Promise<number> {
    return this.value(`(() => {
      const canvas = document.querySelector('#service-${String(index)} .strip');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, 1);
      return data.filter((value, at) => at % 4 === 3 && value > 0).length / devicePixelRatio;
    })()`);
  }

  /** Forgets what moved until now: the test did that. */
  async forgetMoves(): Promise<void> {
    await this.value('watched.drawn().then(() => { watched.moved.length = 0; })');
  }

  /** Ends it. Fails where it did something that it must not. */
  async close(): Promise<void> {
    const moved = await this.value<string[]>('watched.drawn().then(() => watched.moved)');
    await this.page.context().close();
    assert.deepEqual(this.problems, []);
    assert.deepEqual(moved, []);
  }

  #text(): Promise<string> {
    return this.page.locator('body').innerText();
  }

  #record(url: string, origin: string): void {
    this.requested.push(url);
    if (!url.startsWith('data:') && new URL(url).host !== origin) this.problems.push(`requests another host: ${url}`);
  }
}
