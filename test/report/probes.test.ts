/** Every single probe of a run: kept in bounded memory, and as few bytes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { SampleMessage } from '../../src/core/messages.ts';
import { decodeProbes, encodeProbes } from '../../src/report/probe-encoding.ts';
import { ProbeRecord } from '../../src/report/probe-record.ts';
import { Recorder } from '../../src/report/run-recorder.ts';
import { hello, snapshot } from '../support/builders.ts';

function sample(at: number, more: Partial<SampleMessage> = {}): SampleMessage {
  const phases = { dnsMs: null, connectMs: null, tlsMs: null, replyMs: null };
  return {
    ...{ type: 'sample', service: 'web', at, durationMs: 1, result: 'up', reason: null, message: null, phases },
    ...more,
  };
}

describe('a record of probes', () => {
  it('has them in the order in which they were sent, by the clock that is asked for', () => {
    const record = new ProbeRecord();
    const late = { result: 'down', reason: 'timeout-reply', message: 'no reply', durationMs: 1000 } as const;
    for (const one of [sample(2000), sample(3000), sample(1500, late), sample(4000)]) record.take(one);
    const { services, outcomes, droppedUntil } = record.observed(500);
    const web = services.get('web');
    assert.deepEqual([...(web?.at ?? [])], [1000, 1500, 2500, 3500]);
    assert.deepEqual([...(web?.durationMs ?? [])], [1000, 1, 1, 1]);
    assert.deepEqual(
      Array.from(web?.outcome ?? [], (place) => outcomes[place]?.reason),
      ['timeout-reply', null, null, null],
    );
    assert.equal(droppedUntil, null);
  });

  it('drops the oldest where more come than it keeps, and says until when', () => {
    const record = new ProbeRecord(1000);
    for (let at = 0; at < 5000; at += 1) record.take(sample(at, { service: at % 10 === 0 ? 'rare' : 'web' }));
    const { services, droppedUntil } = record.observed(0);
    const kept = [...services.values()].flatMap(({ at }) => [...at]).sort((a, b) => a - b);
    assert.ok(kept.length <= 1000 && kept.length >= 250, String(kept.length));
    assert.equal(kept.at(-1), 4999);
    const whole = kept.filter((at) => at > (droppedUntil ?? -1));
    assert.equal(whole.length, 4999 - (droppedUntil ?? -1));
  });

  it('stays small whatever others send', () => {
    const record = new ProbeRecord(10_000);
    for (let n = 0; n < 30_000; n += 1)
      record.take(
        sample(n, {
          service: `s${String(n)}`,
          result: 'down',
          reason: 'error',
          message: `${String(n)} ${'x'.repeat(1000)}`,
        }),
      );
    const { services, outcomes } = record.observed(0);
    assert.ok(services.size * 64 <= 10_000, String(services.size));
    assert.ok(outcomes.length <= 1001);
    assert.ok(outcomes.every(({ message }) => (message?.length ?? 0) <= 300));
  });

  it('is made only where it is asked for, and of services that are known', () => {
    for (const keeps of [true, false]) {
      const recorder = new Recorder(Infinity, keeps);
      recorder.take([hello([snapshot('web')], { now: 1000 }), sample(1100), sample(1100, { service: 'other' })]);
      const { probes } = recorder.observed(null);
      assert.deepEqual(probes && [...probes.services.keys()], keeps ? ['web'] : null);
    }
  });
});

describe('the encoding of probes', () => {
  it('gives back each of them: time to 0.1 ms, duration to within 3 %, outcome as it was', () => {
    const column = fc.array(
      fc.tuple(
        fc.double({ min: -5000, max: 1e7, noNaN: true }),
        fc.double({ min: 0, max: 2e5, noNaN: true }),
        fc.nat({ max: 65_535 }),
      ),
      { maxLength: 50 },
    );
    const service = fc.record({ intervalMs: fc.constantFrom(0, 1, 12.5, 50, 1000, 3_600_000, 1e300), probes: column });
    const FROM = 1_795_000_000_000;
    fc.assert(
      fc.property(fc.array(service, { maxLength: 4 }), (services) => {
        const columns = services.map(({ intervalMs, probes }) => ({
          intervalMs,
          at: Float64Array.from(probes, ([at]) => FROM + at).sort(),
          durationMs: Float32Array.from(probes, ([, ms]) => ms),
          outcome: Uint16Array.from(probes, ([, , place]) => place),
        }));
        const series = columns.map(({ at, intervalMs }) => ({ probes: at.length, intervalMs }));
        const back = decodeProbes(encodeProbes(columns, FROM), series);
        assert.equal(back.length, columns.length);
        columns.forEach(({ at, durationMs, outcome }, index) => {
          const one = back[index]!;
          assert.deepEqual(one.outcome, outcome);
          at.forEach((time, place) => {
            assert.ok(
              Math.abs(time - FROM - one.at[place]!) <= 0.0502,
              `${String(time - FROM)} ${String(one.at[place])}`,
            );
          });
          durationMs.forEach((ms, place) => {
            const error = Math.abs(ms - one.durationMs[place]!);
            assert.ok(
              error <= (ms < 100 ? Math.max(0.05, ms * 0.03) : 0.51),
              `${String(ms)} ${String(one.durationMs[place])}`,
            );
          });
        });
      }),
    );
  });

  it('is not harmed by bytes that are missing', () => {
    const [columns] = decodeProbes(new Uint8Array([1, 0x80]), [{ probes: 3, intervalMs: 50 }]);
    assert.equal(columns?.at.length, 3);
  });
});
