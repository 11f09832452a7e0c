/** Long runs of what the tests do for some rounds: counters over restarts, hooks over kills. */
import { countOverRestarts, deliverOverKills } from '../cli/restarts.ts';
import type { Bench } from './table.ts';

const RESTARTS = 20;
const KILLS = 50;
/** Of which some are lost with what was not on disk yet. */
const OUTAGES = 1100;

export const restarts: Bench = {
  name: 'restarts',
  about: `the counters over ${String(RESTARTS)} restarts, half of them kill -9, scraped each second`,
  async run(say) {
    const run = await countOverRestarts({ restarts: RESTARTS, scrapes: 12, scrapeMs: 1000 }, say);
    const { resets, gaps, scrapes } = run;
    const gapsS = gaps.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
    const increaseS = run.increase.gapwatch_downtime_seconds_total;
    const off = Math.abs(increaseS - gapsS) / gapsS;
    return [
      {
        what: `falls of four counters, of ${String(scrapes)} scrapes`,
        found: resets.length === 0 ? '0' : resets.join('; '),
        reach: '0',
        reached: resets.length === 0,
        figures: { resets: resets.length, scrapes },
      },
      {
        what: `increase of the downtime, against the ${String(gaps.length)} gaps of the feed`,
        found: `${increaseS.toFixed(3)} s, ${gapsS.toFixed(3)} s: ${(off * 100).toFixed(2)} % off`,
        reach: 'within 1 %',
        reached: off <= 0.01,
        figures: { increaseS, gapsS, gaps: gaps.length },
      },
    ];
  },
};

export const hooks: Bench = {
  name: 'hooks',
  about: `a hook over ${String(KILLS)} kill -9 and ${String(OUTAGES)} outages, its receiver away half of the time`,
  async run(say) {
    const { gaps, seqs } = await deliverOverKills({ kills: KILLS, gapsEach: OUTAGES / KILLS }, say);
    const once = [...new Set(seqs)];
    const missing = gaps.filter((seq) => !once.includes(seq)).length;
    const late = once.filter((seq, n) => seq < (once[n - 1] ?? 0)).length;
    const doubles = seqs.length - once.length;
    return [
      {
        what: `${String(gaps.length)} gaps that the history has`,
        found: `${String(missing)} did not arrive, ${String(late)} out of order, ${String(doubles)} twice (with the same key)`,
        reach: `none, none, at most one for each of ${String(KILLS)} kills`,
        reached: missing === 0 && late === 0 && doubles <= KILLS,
        figures: { gaps: gaps.length, missing, late, doubles },
      },
    ];
  },
};
