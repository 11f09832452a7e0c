/** What a probe costs beside the bare call of its library, at the same pace, in the same run, in turns. */
import type { Connection, Kind } from '../../src/core/model.ts';
import { Child } from './child.ts';
import type { Cost } from './cost-run.ts';
import { type Bench, inTurns, median, type Row, spread } from './table.ts';
import type { TargetPorts } from './targets.ts';

const USUAL = { rounds: 5, seconds: 4 };
const QUICK = { rounds: 1, seconds: 2 };
const REACH = 1.2;
/** As the engine's thread has it (`engine-worker.ts`); for the bare calls too. */
const FLAGS = ['--no-allocation-site-pretenuring'];

interface Case {
  readonly kind: Kind;
  readonly connection: Connection;
  readonly rate: number;
  /** Without the hold of a TCP connection, which the bare call does not have either. */
  readonly isNotHeld?: boolean;
}

const CASES: readonly Case[] = [
  { kind: 'tcp', connection: 'new', rate: 2000 },
  { kind: 'tcp', connection: 'new', rate: 2000, isNotHeld: true },
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
    for (const { kind, connection, rate, isNotHeld = false } of CASES) {
      say(`${kind}, ${connection}: ${String(rounds)} rounds of ${String(2 * seconds)} s`);
      const play = (mode: 'engine' | 'floor') => async (): Promise<Cost> => {
        const args = [mode, kind, connection, String(rate), String(seconds), JSON.stringify(ports)];
        const child = new Child('cost-run.js', isNotHeld ? [...args, 'not held'] : args, FLAGS);
        const measured = await child.next<Cost>();
        await child.end();
        return measured;
      };
      const [ours = [], bare = []] = await inTurns(rounds, play('engine'), play('floor'));
      const engine = ours.map(({ probes, cpuUs }) => cpuUs / probes);
      const floor = bare.map(({ probes, cpuUs }) => cpuUs / probes);
      const held = ours.map(({ probes }) => probes / seconds);
      const ratios = engine.map((us, round) => us / (floor[round] ?? us));
      rows.push({
        what: `${kind}, ${connection} connection${isNotHeld ? ', not held' : ''}, ${String(rate)} probes/s`,
        found:
          `${spread(engine, 0)} µs a probe, bare call ${spread(floor, 0)} µs: ${spread(ratios, 2)} times; ` +
          `${median(held).toFixed(0)} probes/s held`,
        reach: `${String(REACH)} times`,
        reached: median(ratios) <= REACH,
        figures: { engineUs: engine, floorUs: floor, ratios, perSecond: held },
      });
    }
    await targets.end();
    return rows;
  },
};
