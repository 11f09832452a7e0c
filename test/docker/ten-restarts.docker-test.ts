import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { LOOPBACK, startDocker } from './docker.ts';
import { compare, type Comparison } from './gaps.ts';
import { Metering } from './metering.ts';
import { requireDocker } from './needs.ts';
import { PLACES, runRestarts } from './run.ts';

const RESTARTS = 10;
/** Of a gap that the meter sees and the report may not lack. */
const AT_LEAST_MS = 100;

interface Compared extends Comparison {
  readonly name: string;
  readonly looks: number;
  readonly longestStepMs: number;
}

/** Holds the report of one `gapwatch run`, over ten restarts, against what the second meter saw at both places. */
async function observe(): Promise<Compared[]> {
  const docker = await startDocker({ liveRestore: true, userlandProxy: true });
  const { host, second } = docker;
  const meters = [
    { place: PLACES.loopback, meter: new Metering(host, LOOPBACK) },
    { place: PLACES.second, meter: new Metering(second, host.address) },
  ];
  try {
    const { report } = await runRestarts(docker, RESTARTS, ['--before', '1s', '--after', '1s', '--give-up', '5m']);
    const since = report.run?.startedAt ?? report.from;
    const compared = meters.map(async ({ place, meter }) => {
      const seen = await meter.end();
      const told = report.vantages.find(({ vantage }) => vantage === place)?.services ?? [];
      return (['web', 'redis'] as const).map((service) => {
        const { gaps, looks, longestStepMs } = seen[service];
        const metered = gaps.filter(({ from }) => from >= since);
        const reported = told.find((one) => one.service === service)?.gaps ?? [];
        return { name: `${service} from ${place}`, looks, longestStepMs, ...compare(metered, reported, AT_LEAST_MS) };
      });
    });
    return (await Promise.all(compared)).flat();
  } finally {
    await docker.close();
    await Promise.all(meters.map(({ meter }) => meter.end()));
  }
}

function tableOf(compared: readonly Compared[]): string {
  const ms = (value: number | null): string => (value === null ? '?' : value.toFixed(0));
  const rows = compared.flatMap(({ name, pairs }) =>
    pairs.map(({ meter, lengthMs, reported, strictly }) =>
      [
        name,
        `${ms(lengthMs)} ± ${ms(meter.resolutionMs)}`,
        `${ms(reported.durationMs)} (${ms(reported.minMs)}–${ms(reported.maxMs)})`,
        strictly ? 'inside' : 'inside by the resolution',
      ].join(' | '),
    ),
  );
  return ['service | meter, ms | gapwatch, ms | ', '--- | --- | --- | ---', ...rows]
    .map((row) => `| ${row} |`)
    .join('\n');
}

describe('ten restarts with live-restore, beside a second meter', () => {
  it('are reported as the meter saw them', async (t) => {
    if (!requireDocker(t)) return;
    const compared = await observe();
    console.log(tableOf(compared));
    for (const { name, looks, longestStepMs, pairs, missed, invented } of compared) {
      const long = pairs.filter(({ lengthMs }) => lengthMs >= AT_LEAST_MS).length;
      console.log(
        `${name}: ${String(looks)} questions, never further apart than ${longestStepMs.toFixed(0)} ms; ` +
          `${String(long)} gaps of ${String(AT_LEAST_MS)} ms or more`,
      );
      await t.test(`${name}: every gap of ${String(AT_LEAST_MS)} ms or more is reported`, () => {
        assert.deepEqual(missed, []);
        // From outside a restart usually has a gap; on loopback it always has one.
        assert.ok(long >= (name.endsWith('loopback') ? RESTARTS : 1), `the meter saw ${String(long)}`);
      });
      await t.test(`${name}: the length that the meter saw is within the bounds`, () => {
        assert.deepEqual(
          pairs.filter(({ within }) => !within),
          [],
        );
      });
      await t.test(`${name}: no gap is reported that the meter did not see`, () => {
        assert.deepEqual(invented, []);
      });
    }
  });
});
