/** A report's facts about a window, against a known truth. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { GapFacts } from '../../src/core/messages.ts';
import type { State } from '../../src/core/model.ts';
import { buildReport } from '../../src/report/build-report.ts';
import type { ObservedInterval, ObservedService } from '../../src/report/observed.ts';
import type { ReportGap } from '../../src/report/report.ts';
import { observed, START, vantage, within } from './scene.ts';

const DAY = 86_400_000;
const MONTH = 30 * DAY;

/** Half a second's worth of stretches: a state, and for how long. */
const months = fc.record({
  stretches: fc.array(
    fc.tuple(fc.constantFrom<State>('up', 'down', 'unobserved'), fc.integer({ min: 1, max: DAY / 2 })),
    { minLength: 1, maxLength: 300, size: 'max' },
  ),
  window: fc.tuple(fc.integer({ min: -DAY, max: MONTH }), fc.integer({ min: 1, max: MONTH })),
});

interface Month {
  readonly service: ObservedService;
  readonly pieces: readonly { readonly state: State; readonly from: number; readonly to: number }[];
}

/** What a monitor would have reported of these stretches: a gap ends with the next good probe, and is down in between. */
function observe(stretches: readonly (readonly [State, number])[]): Month {
  const pieces: { state: State; from: number; to: number }[] = [];
  let at = START;
  for (const [state, ms] of stretches) {
    const last = pieces.at(-1);
    if (last?.state === state) last.to += ms;
    else pieces.push({ state, from: at, to: at + ms });
    at += ms;
  }
  const gaps: GapFacts[] = [];
  let open: { from: number; to: number; downMs: number } | null = null;
  for (const { state, from, to } of pieces) {
    if (state === 'down') {
      open ??= { from, to, downMs: 0 };
      open.to = to;
      open.downMs += to - from;
    } else if (state === 'up' && open !== null) {
      gaps.push({ ...factsOf(open.downMs), from: open.from, to: open.to });
      open = null;
    }
  }
  const intervals = pieces.map((piece, index): ObservedInterval => {
    const isLast = index === pieces.length - 1;
    return { ...piece, to: isLast ? null : piece.to, reason: piece.state === 'down' ? 'refused' : null };
  });
  const openGap = open === null ? null : { from: open.from, ...factsOf(open.downMs) };
  return { service: { ...observed('web'), intervals, gaps, openGap }, pieces };
}

function factsOf(durationMs: number): Omit<GapFacts, 'from' | 'to'> {
  return { durationMs, minMs: 0, maxMs: null, failed: 1, reasons: [{ reason: 'refused', count: 1 }] };
}

describe('a report of a window', () => {
  it('is right to the millisecond for a simulated month', () => {
    fc.assert(
      fc.property(months, ({ stretches, window: [after, length] }) => {
        const { service: web, pieces } = observe(stretches);
        const end = pieces.at(-1)?.to ?? START;
        const window = { from: START + after, to: Math.min(START + after + length, end) };
        fc.pre(window.from < window.to);
        const [reported] = buildReport([vantage('here', web)], window, null).vantages[0]?.services ?? [];
        assert.ok(reported);
        const truth = (state: State): number =>
          pieces
            .filter((piece) => piece.state === state)
            .reduce((ms, { from, to }) => ms + Math.max(0, Math.min(to, window.to) - Math.max(from, window.from)), 0);
        assert.equal(reported.upMs, truth('up'));
        assert.equal(reported.downMs, truth('down'));
        assert.equal(reported.unobservedMs, truth('unobserved'));
        assert.equal(reported.unknownMs, Math.max(0, Math.min(START, window.to) - window.from));
        const seen = truth('up') + truth('down');
        assert.equal(reported.uptime, seen === 0 ? null : truth('up') / seen);

        assert.equal(reported.intervals[0]?.from, window.from);
        assert.equal(reported.intervals.at(-1)?.to, window.to);
        reported.intervals.slice(1).forEach(({ from }, index) => {
          assert.equal(from, reported.intervals[index]?.to);
        });
        assert.equal(
          reported.gaps.reduce((ms, { insideMs }) => ms + insideMs, 0),
          truth('down'),
        );
        const all = [...web.gaps, ...(web.openGap === null ? [] : [{ ...web.openGap, to: Infinity }])];
        const overlapping = all.filter(({ from, to }) => from < window.to && to > window.from);
        assert.deepEqual(
          reported.gaps.map(({ from, durationMs }) => ({ from, durationMs })),
          // One that is open is as long as it was at the end of the window.
          overlapping.map(({ from, to, durationMs }) => {
            const beyondMs = pieces
              .filter((piece) => to === Infinity && piece.state === 'down')
              .reduce((ms, piece) => ms + Math.max(0, piece.to - Math.max(piece.from, window.to)), 0);
            return { from, durationMs: durationMs - beyondMs };
          }),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('shows a gap that reaches over the edge whole, and how much of it is inside', () => {
    const web = observed('web', { falls: [{ from: 1000, to: 5000 }] });
    const [reported] = buildReport([vantage('here', web)], within(3000, 4000), null).vantages[0]!.services;
    assert.deepEqual(
      reported!.gaps.map(({ from, to, durationMs, insideMs, end }) => ({ from, to, durationMs, insideMs, end })),
      [{ from: START + 1000, to: START + 5000, durationMs: 4000, insideMs: 1000, end: 'seen' }],
    );
    assert.equal(reported!.downMs, 1000);
    assert.equal(reported!.cameBack, false);
  });

  it('has the downtime, the uptime and the gaps on one basis', () => {
    const seen = observed('web', { falls: [{ from: 1000, to: 5000 }] });
    // Where the beginning is corrected, a gap is longer than the state was.
    const web = { ...seen, gaps: seen.gaps.map((gap) => ({ ...gap, durationMs: 4500 })) };
    const report = (from: number, to: number): [number, number | null] => {
      const [reported] = buildReport([vantage('here', web)], within(from, to), null).vantages[0]!.services;
      return [reported!.downMs, reported!.uptime];
    };
    assert.deepEqual(report(0, 10_000), [4500, 0.55]);
    // Of a part of it only what the states say is known.
    assert.deepEqual(report(3000, 10_000), [2000, 5 / 7]);
    // Lengths are rounded: that is no uptime.
    web.gaps = web.gaps.map((gap) => ({ ...gap, durationMs: 3999.999 }));
    assert.deepEqual(report(1000, 5000), [4000, 0]);
  });

  it('makes a gap of downtime that no gap covers', () => {
    const web = { ...observed('web', { falls: [{ from: 1000, to: null }] }) };
    const [reported] = buildReport([vantage('here', web)], within(0, 6000), START).vantages[0]!.services;
    const [gap] = reported!.gaps;
    assert.equal(gap?.end, 'open');
    assert.equal(gap.durationMs, 5000);
    assert.equal(gap.minMs, 5000 - 1000 - 100);
    assert.equal(gap.maxMs, null);
    assert.equal(gap.fromStartMs, 1000);
    assert.equal(reported!.cameBack, false);

    const lost: ObservedService = {
      ...web,
      intervals: [
        { state: 'up', from: START, to: START + 1000, reason: null },
        { state: 'down', from: START + 1000, to: START + 2000, reason: 'refused' },
        { state: 'unobserved', from: START + 2000, to: START + 3000, reason: 'stopped' },
        { state: 'up', from: START + 3000, to: null, reason: null },
      ],
    };
    const [again] = buildReport([vantage('here', lost)], within(0, 6000), START).vantages[0]!.services;
    assert.equal(again!.gaps[0]?.end, 'unseen');
    assert.equal(again!.gaps[0].durationMs, 1000);
    assert.equal(again!.gaps[0].insideMs, 1000);
    assert.equal(again!.cameBack, true);
  });

  it('makes one gap of downtime that only unobserved time separates, cut at the window', () => {
    const web: ObservedService = {
      ...observed('web'),
      intervals: [
        { state: 'up', from: START, to: START + 1000, reason: null },
        { state: 'down', from: START + 1000, to: START + 3000, reason: 'refused' },
        { state: 'unobserved', from: START + 3000, to: START + 3500, reason: 'stalled' },
        { state: 'down', from: START + 3500, to: null, reason: 'refused' },
      ],
    };
    const gapsIn = (service: ObservedService): readonly ReportGap[] =>
      buildReport([vantage('here', service)], within(0, 6000), START).vantages[0]!.services[0]!.gaps;
    const [gap, ...more] = gapsIn(web);
    assert.equal(more.length, 0);
    assert.deepEqual(
      [gap?.from, gap?.end, gap?.durationMs, gap?.insideMs, gap?.minMs],
      [START + 1000, 'open', 4500, 4500, 900 + 1400],
    );
    assert.deepEqual(gap?.reasons, [{ reason: 'refused', count: null }]);

    const counted = {
      ...{ from: START + 1000, minMs: 4000, provenMinMs: 3000, failed: 40 },
      reasons: [{ reason: 'refused' as const, count: 40 }],
    };
    // Counted a second after the window, and half a second before its end.
    const [late] = gapsIn({ ...web, openGap: { ...counted, until: START + 7000, durationMs: 5520 } });
    assert.deepEqual([late?.durationMs, late?.minMs, late?.provenMinMs, late?.failed], [4520, 3000, 2000, 40]);
    const [early] = gapsIn({ ...web, openGap: { ...counted, until: START + 5500, durationMs: 4020 } });
    assert.deepEqual([early?.durationMs, early?.minMs, early?.failed], [4520, 4000, 40]);
    // An older monitor does not say when it counted.
    const [old] = gapsIn({ ...web, openGap: { ...counted, durationMs: 9000 } });
    assert.deepEqual([old?.durationMs, old?.minMs, old?.insideMs], [4500, 0, 4500]);
    const up = { state: 'up' as const, from: START + 4000, to: START + 5000, reason: null };
    const twice = [...web.intervals.slice(0, 3), up, { ...web.intervals[3]!, from: START + 5000 }];
    assert.deepEqual(
      gapsIn({ ...web, intervals: twice }).map(({ end, durationMs }) => [end, durationMs]),
      [
        ['unseen', 2000],
        ['open', 1000],
      ],
    );
  });

  it('knows nothing before the first interval, and has what follows the last as unobserved', () => {
    const web: ObservedService = {
      ...observed('web'),
      intervals: [
        { state: 'up', from: START + 1000, to: START + 2000, reason: null },
        { state: 'up', from: START + 3000, to: START + 4000, reason: null },
      ],
    };
    const [reported] = buildReport([vantage('here', web)], within(0, 6000), null).vantages[0]!.services;
    assert.deepEqual(
      reported!.intervals.map(({ state, from, to, reason }) => [state, from - START, to - START, reason]),
      [
        ['unknown', 0, 1000, null],
        ['up', 1000, 2000, null],
        ['unobserved', 2000, 3000, 'stopped'],
        ['up', 3000, 4000, null],
        ['unobserved', 4000, 6000, 'stopped'],
      ],
    );
  });

  it('shows gaps that began within a second of each other as one incident, each vantage for itself', () => {
    const falls = (from: number): { falls: { from: number; to: number }[] } => ({ falls: [{ from, to: from + 500 }] });
    const here = vantage('here', observed('a', falls(100)), observed('b', falls(900)), observed('c', falls(5000)));
    const there = vantage('there', observed('a', falls(150)));
    const { incidents } = buildReport([here, there], within(0, 9000), START);
    assert.deepEqual(
      incidents.map((one) => [one.vantage, one.fromStartMs, one.to, one.services.map((each) => each.service)]),
      [
        ['here', 100, START + 1400, ['a', 'b']],
        ['there', 150, START + 650, ['a']],
        ['here', 5000, START + 5500, ['c']],
      ],
    );
  });

  it('distinguishes two vantages of one name', () => {
    const { vantages } = buildReport([vantage('here'), vantage('here'), vantage('here')], within(0, 1), null);
    assert.deepEqual(
      vantages.map((one) => one.vantage),
      ['here', 'here (2)', 'here (3)'],
    );
  });
});
