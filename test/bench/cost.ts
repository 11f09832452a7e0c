/** What a probe costs beside the bare call of its library, at the same pace, in the same run, in turns. */
import type { Connection, Kind } from '../../src/core/model.ts';
import { Child } from './child.ts';
import type { Cost } from './cost-run.ts';
import { type Bench, median, type Row } from './table.ts';
import type { TargetPorts } from './targets.ts';

const USUAL = { rounds: 3, seconds: 4 };
const QUICK = { rounds: 1, seconds: 2 };
const REACH = 1.3;

const CASES: readonly { readonly kind: Kind; readonly connection: Connection; readonly rate: number }[] = [
  { kind: 'tcp', connection: 'new', rate: 2000 },
  { kind: 'http', connection: 'new', rate: 1000 },
  { kind: 'redis', connection: 'new', rate: 1000 },
  { kind: 'tcp', connection: 'kept', rate: 3000 },
  { kind: 'http', connection: 'kept', rate: 3000 },
  { kind: 'redis', connection: 'kept', rate: 3000 },
];

export const cost: Bench = {
  name: 'cost',
  about: 'CPU for each probe of the engine, beside the bare library call at the same pace',
  async run(say, isQuick) {
    const { rounds, seconds } = isQuick ? QUICK : USUAL;
    const targets = new Child('targets.js');
    const ports = await targets.next<TargetPorts>();
    const rows: Row[] = [];
    for (const { kind, connection, rate } of CASES) {
      say(`${kind}, ${connection}: ${String(rounds)} rounds of ${String(2 * seconds)} s`);
      const engine: number[] = [];
      const floor: number[] = [];
      const held: number[] = [];
      for (let round = 0; round < rounds; round++) {
        for (const [mode, list] of [
          ['engine', engine],
          ['floor', floor],
        ] as const) {
          const child = new Child('cost-run.js', [
            mode,
            kind,
            connection,
            String(rate),
            String(seconds),
            JSON.stringify(ports),
          ]);
          const { probes, cpuUs } = await child.next<Cost>();
          await child.end();
          list.push(cpuUs / probes);
          if (mode === 'engine') held.push(probes / seconds);
        }
      }
      const ratios = engine.map((us, round) => us / (floor[round] ?? us));
      const ratio = median(ratios);
      rows.push({
        what: `${kind}, ${connection} connection, ${String(rate)} probes/s`,
        found:
          `${median(engine).toFixed(0)} µs a probe, bare call ${median(floor).toFixed(0)} µs: ${ratio.toFixed(2)} times` +
          ` (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})` +
          ` (${median(held).toFixed(0)} probes/s held)`,
        reach: `${String(REACH)} times`,
        reached: ratio <= REACH,
        figures: { engineUs: engine, floorUs: floor, ratio, perSecond: held },
      });
    }
    await targets.end();
    return rows;
  },
};
