/** How soon the page has its first picture, in a real Chromium. */
import { firstPicture, TWO_HUNDRED } from '../page/scenes.ts';
import { launch } from '../page/tab.ts';
import { type Bench, median, spread } from './table.ts';

const ROUNDS = 5;
const REACH_MS = 300;

export const page: Bench = {
  name: 'page',
  about: 'from the status to the first picture of 200 services with 90 days',
  async run() {
    const browser = await launch();
    const drawnMs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) drawnMs.push((await firstPicture(browser, TWO_HUNDRED)).drawnMs);
    await browser.close();
    return [
      {
        what: '200 services, 90 days',
        found: `${spread(drawnMs, 0)} ms after the status, of ${String(ROUNDS)} loads`,
        reach: `under ${String(REACH_MS)} ms`,
        reached: median(drawnMs) < REACH_MS,
        figures: { drawnMs },
      },
    ];
  },
};
