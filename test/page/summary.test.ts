import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { GapFacts } from '../../src/core/messages.ts';
import type { State } from '../../src/core/model.ts';
import { announcement } from '../../src/page/page-text.ts';
import { type SummaryFacts, summarise } from '../../src/page/page-summary.ts';

const NOW = new Date(2026, 10, 23, 4, 10, 0).getTime();
const GAP = { from: NOW - 9000, to: NOW - 8750, durationMs: 250, minMs: 199, maxMs: 352, failed: 3 };

function services(...states: State[]): SummaryFacts[] {
  return states.map((status, index) => ({
    name: `s${String(index)}`,
    status,
    since: NOW - (index + 1) * 60_000,
    reason: status === 'down' ? 'refused' : status === 'unobserved' ? 'stalled' : null,
    gaps: [],
    info: { intervalMs: 100 },
  }));
}

function said(old: boolean, ...states: State[]): string {
  const { tone, sentence, rest } = summarise(services(...states), NOW, old, NOW);
  return `${tone}: ${sentence}${rest === '' ? '' : ` | ${rest}`}`;
}

describe('the overall sentence', () => {
  it('claims no more than is known', () => {
    assert.equal(said(false, 'up', 'up', 'up'), 'up: All 3 services are up');
    assert.equal(said(false, 'up', 'down', 'up'), 'down: 1 of 3 services is down');
    assert.equal(said(false, 'down', 'down'), 'down: All 2 services are down');
    assert.equal(said(false, 'down', 'up', 'unobserved'), 'down: 1 of 3 services is down | 1 is not observed');
    assert.equal(said(false, 'up', 'up', 'unobserved'), 'unobserved: 2 of 3 services are up | 1 is not observed');
    assert.equal(said(false, 'unobserved', 'unobserved'), 'unobserved: No service is observed');
    assert.equal(said(false, 'up', 'unknown', 'unknown'), 'unknown: 1 of 3 services is up | 2 have not answered yet');
    assert.equal(said(false, 'unknown', 'unknown'), 'unknown: No service has answered yet');
    assert.equal(said(false), 'unknown: No service is watched');
    assert.match(summarise(services('up'), NOW, false, NOW).lines[0]?.text ?? '', /^No gap since/);
    assert.deepEqual(summarise(services('up'), NOW, false, null).lines, []);
    assert.equal(said(false, 'unobserved'), 'unobserved: s0 is not observed');
  });

  it('calls nothing up that some vantages see down', () => {
    assert.equal(said(false, 'partial'), 'partial: s0 is partly up');
    assert.equal(said(false, 'up', 'partial', 'up'), 'partial: 1 of 3 services is partly up');
    assert.equal(said(false, 'partial', 'partial'), 'partial: All 2 services are partly up');
    assert.equal(said(false, 'down', 'partial', 'up'), 'down: 1 of 3 services is down | 1 is partly up');
  });

  it('speaks of the past when the connection is broken', () => {
    assert.equal(said(true, 'up', 'up'), 'up: All 2 services were up');
    assert.equal(said(true, 'down', 'unobserved'), 'down: 1 of 2 services was down | 1 was not observed');
    assert.equal(said(true, 'up'), 'up: s0 was up');
  });

  it('counts a service with two connections once', () => {
    const twice = services('up', 'up', 'up').map((one, index) => ({
      ...one,
      name: ['web', 'web (kept)', 'api'][index]!,
    }));
    assert.equal(summarise(twice, NOW, false, NOW).sentence, 'All 2 services (3 connections) are up');
    const [first, ...others] = twice;
    const down = [{ ...first!, status: 'down' as const }, ...others];
    assert.equal(summarise(down, NOW, false, NOW).sentence, '1 of 3 connections is down');
  });

  it('says beside "no gap" what probes may have missed', () => {
    const probed = (intervalMs: number): string | undefined => {
      const every = services('up', 'up').map((one) => ({ ...one, info: { intervalMs } }));
      return summarise(every, NOW, false, NOW).lines[0]?.text;
    };
    assert.equal(probed(100), 'No gap since monitoring began, 04:10:00');
    assert.equal(probed(1000), 'No gap since monitoring began, 04:10:00, as far as probes 1 s apart can show');
  });

  it('does not say "no gap" of what was down when it was last observed', () => {
    const lines = (...wasDown: boolean[]): string[] => {
      const facts = services('unobserved', 'unobserved', 'unobserved', 'up').map((one, at) => ({
        ...one,
        openGap: wasDown[at] === true ? { from: NOW - 90_000, downMs: 60_000 } : null,
      }));
      return summarise(facts, NOW, false, NOW).lines.map(({ service, text }) => `${service ?? ''} ${text}`);
    };
    assert.match(lines().join('\n'), /No gap since monitoring began/);
    assert.equal(lines(false, true)[2], 's1 was down when it was last observed');
    assert.equal(lines(true, true, true)[2], 's0 was down when it was last observed, as 2 others');
    assert.doesNotMatch(lines(true).join('\n'), /No gap/);
  });

  it('names who is down, since when and why', () => {
    const { lines } = summarise(services('down', 'up'), NOW, false, NOW);
    assert.deepEqual(lines, [
      {
        service: 's0',
        text: 'since 04:09:00, for 1 min 00 s – connection refused',
      },
    ]);
  });

  it('says when a gap began and how long it was seen, where the monitor was restarted in it', () => {
    const facts = services('down', 'down').map((one, at) => {
      return { ...one, openGap: at === 0 ? { from: NOW - 3_600_000, downMs: 120_000 } : null };
    });
    assert.deepEqual(
      summarise(facts, NOW, false, NOW).lines.map(({ text }) => text),
      ['since 03:10:00, for 2 min 00 s – connection refused', 'since 04:08:00, for 2 min 00 s – connection refused'],
    );
  });

  it('sums up many in three lines', () => {
    const { lines } = summarise(services('down', 'down', 'down', 'down', 'down', 'unobserved'), NOW, false, NOW);
    assert.equal(lines.length, 3);
    assert.equal(
      lines[1]?.text,
      'and 4 more: s3 since 04:06:00, s2 since 04:07:00, s1 since 04:08:00, s0 since 04:09:00',
    );
    assert.equal(lines[2]?.text, '1 is not observed.');
    // What fell at one time names it once, and so names more.
    const together = services('down', 'down', 'down', 'down', 'down', 'down', 'down', 'down');
    const named = (facts: readonly SummaryFacts[]): string | undefined =>
      summarise(facts, NOW, false, NOW).lines[2]?.text;
    const since = NOW - 61_000;
    assert.equal(named(together.map((one) => ({ ...one, since }))), 'and 6 more since 04:08:59: s2, s3, s4, s5, s6, …');
    assert.match(named(together) ?? '', /^and 6 more: s5 since 04:04:00, s4 since 04:05:00, /);
  });

  it('shows the last gap with its bounds when all is well', () => {
    const [one, two] = services('up', 'up');
    assert.ok(one !== undefined && two !== undefined);
    const gap = { ...GAP, reasons: [{ reason: 'closed', count: 3 } as const] };
    const { lines } = summarise([{ ...one, gaps: [gap] }, two], NOW, false, NOW);
    assert.deepEqual(lines, [
      { service: 's0', text: 'had the last gap: 0.25 s (0.19–0.36) at 04:09:51, 8.75 s ago – closed unanswered' },
    ]);
  });

  it('shows the longest gap of the last 24 h, and the last one where there was none', () => {
    const [one, two] = services('up', 'up');
    assert.ok(one !== undefined && two !== undefined);
    const reasons = [{ reason: 'closed', count: 3 } as const];
    const at = (ago: number, durationMs: number): GapFacts => ({
      ...{ ...GAP, reasons, from: NOW - ago - durationMs, to: NOW - ago },
      ...{ durationMs, minMs: durationMs, maxMs: durationMs },
    });
    const line = (...gaps: GapFacts[]): string =>
      summarise([{ ...one, gaps }, two], NOW, false, NOW).lines[0]?.text ?? '';
    assert.match(line(at(7_200_000, 5000), at(60_000, 100)), /^had the longest gap of the last 24 h: 5\.00 s/);
    assert.match(line(at(9 * 86_400_000, 5000), at(2 * 86_400_000, 200)), /^had the last gap: 0\.20 s/);
  });

  it('knows maintenance, and claims none where something else is down too', () => {
    const [one, two, three] = services('down', 'up', 'down');
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    const now = (...facts: SummaryFacts[]): string => {
      const { tone, sentence, rest } = summarise(facts, NOW, false, NOW);
      return `${tone}: ${sentence} | ${rest}`;
    };
    const planned = { ...one, isMaintained: true };
    assert.equal(now(planned, two), 'maintenance: Maintenance: 1 of 2 services is down | 1 is under maintenance');
    assert.equal(now(planned, two, three), 'down: 2 of 3 services are down | 1 is under maintenance');
    assert.equal(now({ ...two, isMaintained: true }, two), 'up: All 2 services are up | 1 is under maintenance');
  });
});

describe('the announcement', () => {
  it('shows a few changes one by one, and many as a number', () => {
    const changes = [
      { service: 'web', to: 'down' },
      { service: 'api', to: 'down' },
      { service: 'web', to: 'up' },
    ] as const;
    assert.equal(announcement(changes, '1 of 3 services is down.'), 'web: up. api: down. 1 of 3 services is down.');
    const many = ['a', 'b', 'c', 'd'].map((service) => ({ service, to: 'down' }) as const);
    assert.equal(announcement(many, 'All 4 services are down.'), '4 services changed. All 4 services are down.');
  });
});
