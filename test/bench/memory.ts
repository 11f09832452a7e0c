/** The memory of a monitor of 10,000 services: a shortened soak that shows the trend. */
import { Child } from './child.ts';
import { type Bench, median } from './table.ts';
import type { TargetPorts } from './targets.ts';

const COUNT = 10_000;
const INTERVAL_MS = 5000;
const SECONDS = 180;
const EVERY_SECONDS = 2;
const REACH_MB = 300;
/** Growth from the second third to the last below this is the garbage collector's. */
const FLAT_MB = 10;

export const memory: Bench = {
  name: 'memory',
  about: `${String(COUNT)} services at 5 s for ${String(SECONDS)} s: size and trend`,
  async run(say) {
    const targets = new Child('targets.js');
    const ports = await targets.next<TargetPorts>();
    const words = [COUNT, INTERVAL_MS, SECONDS, EVERY_SECONDS].map(String);
    const child = new Child('memory-run.js', [...words, JSON.stringify(ports)]);
    const sizes: number[] = [];
    say(`${String(SECONDS)} s`);
    for (let size = await child.next<number | 'end'>(); size !== 'end'; size = await child.next())
      sizes.push(size / 1e6);
    await Promise.all([targets.end(), child.end()]);
    const third = Math.floor(sizes.length / 3);
    const [middle, last] = [median(sizes.slice(third, 2 * third)), median(sizes.slice(2 * third))];
    const peak = Math.max(...sizes);
    return [
      {
        what: `${String(COUNT)} services`,
        found: `at most ${peak.toFixed(0)} MB; ${middle.toFixed(0)} MB in the middle third, ${last.toFixed(0)} MB in the last`,
        reach: `under ${String(REACH_MB)} MB, flat`,
        reached: peak < REACH_MB && last - middle < FLAT_MB,
        figures: { peakMb: peak, middleMb: middle, lastMb: last },
      },
    ];
  },
};
