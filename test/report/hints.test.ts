/** What the pattern of the gaps is said to mean. The shapes are those that restarts of a real daemon were measured to have. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { hintsOf } from '../../src/report/hints.ts';
import type { Hint } from '../../src/report/report.ts';
import { runReport, observed, START, vantage } from './scene.ts';

const LOOPBACK = { target: 'http://127.0.0.1:8080/' };
const OUTSIDE = { target: 'http://192.0.2.7:8080/' };
const KEPT = { connection: 'kept' } as const;
/** The command takes 3 s; the daemon is away from 0.1 s on. */
const PROXY_DIED = [{ from: 100, to: 2580 }];
const REBUILT = [{ from: 2300, to: 2600 }];

function kinds(...vantages: readonly ReturnType<typeof vantage>[]): Hint['kind'][] {
  return hintsOf(runReport(vantages)).map(({ kind }) => kind);
}

describe('hints', () => {
  it('are none where nothing happened', () => {
    assert.deepEqual(kinds(vantage('here', observed('web'), observed('api'))), []);
  });

  it('see a loopback that is down while another way stays up', () => {
    const here = vantage('here', observed('web', { info: LOOPBACK, falls: PROXY_DIED }));
    const second = vantage('second', observed('outside', { info: OUTSIDE, falls: REBUILT }));
    const hints = hintsOf(runReport([here, second]));
    assert.deepEqual(
      hints.map(({ kind }) => kind),
      ['loopback-only', 'rules-rebuilt'],
    );
    assert.match(
      hints[0]!.evidence[0]!,
      /^web \(from here\) down 2\.48 s .*; outside \(from second\) was down for only 0\.28 s of it$/,
    );
    assert.match(hints[0]!.text, /usually/);
    // Both from one place, as well.
    const both = vantage(
      'here',
      observed('web', { info: LOOPBACK, falls: PROXY_DIED }),
      observed('web by its address', { info: OUTSIDE }),
    );
    assert.deepEqual(kinds(both), ['loopback-only']);
  });

  it('do not see that where the other way was down as long, or was not watched, or is another service', () => {
    const here = vantage('here', observed('web', { info: LOOPBACK, falls: PROXY_DIED }));
    const long = observed('web', { info: OUTSIDE, falls: [{ from: 200, to: 2500 }] });
    assert.deepEqual(kinds(here, vantage('second', long)), []);
    const unobserved = observed('web', { info: OUTSIDE, unobserved: [{ from: 0, to: 2500, reason: 'stopped' }] });
    assert.deepEqual(kinds(here, vantage('second', unobserved)), []);
    const other = observed('db', { info: { target: 'tcp://192.0.2.7:5432' } });
    assert.deepEqual(kinds(here, vantage('second', other)), []);
  });

  it('see rules that are built again: a short gap near the end of the command', () => {
    assert.deepEqual(kinds(vantage('second', observed('web', { info: OUTSIDE, falls: REBUILT }))), ['rules-rebuilt']);
    const early = [{ from: -1500, to: -1200 }];
    assert.deepEqual(kinds(vantage('second', observed('web', { info: OUTSIDE, falls: early }))), []);
    const torn = [{ from: 2300, to: 2600, reason: 'reset' as const }];
    assert.deepEqual(kinds(vantage('second', observed('web', { info: OUTSIDE, falls: torn }))), []);
    const tooLong = [{ from: 2300, to: 3600 }];
    assert.deepEqual(kinds(vantage('second', observed('web', { info: OUTSIDE, falls: tooLong }))), []);
    // On loopback a short gap may be any restart.
    assert.deepEqual(kinds(vantage('here', observed('web', { info: LOOPBACK, falls: REBUILT }))), []);
  });

  it('see new connections that fail while a held one lives', () => {
    const kept = observed('web (kept)', { info: { ...LOOPBACK, ...KEPT } });
    const here = vantage('here', observed('web', { info: LOOPBACK, falls: PROXY_DIED }), kept);
    assert.deepEqual(kinds(here), ['new-connections-only']);
    // One on which nothing is sent may be dead for hours.
    const idle = { ...kept, info: { ...kept.info, asks: false } };
    assert.deepEqual(kinds(vantage('here', observed('web', { info: LOOPBACK, falls: PROXY_DIED }), idle)), []);
    // Where it looks like rules that are built again, that hint says it already.
    const short = vantage('here', observed('web', { info: LOOPBACK, falls: REBUILT }), kept);
    assert.deepEqual(kinds(short), ['rules-rebuilt']);
  });

  it('take no service for another one where a public feed hides their targets', () => {
    const hidden = { target: '' };
    const kept = observed('web (kept)', { info: { ...hidden, ...KEPT } });
    const db = observed('db', { info: hidden, falls: PROXY_DIED });
    assert.deepEqual(kinds(vantage('second', db, observed('web', { info: hidden }), kept)), []);
    const web = observed('web', { info: hidden, falls: PROXY_DIED });
    assert.deepEqual(kinds(vantage('second', web, kept)), ['new-connections-only']);
  });

  it('see a held connection that breaks while new ones work', () => {
    const kept = observed('web (kept)', { info: { ...OUTSIDE, ...KEPT }, lostAt: [1500] });
    assert.deepEqual(kinds(vantage('second', observed('web', { info: OUTSIDE }), kept)), ['kept-connections-only']);
    const both = vantage('second', observed('web', { info: OUTSIDE, falls: [{ from: 1400, to: 5000 }] }), kept);
    assert.deepEqual(kinds(both), ['process-replaced']);
  });

  it('see a process that was replaced, which ends the hint at the rules', () => {
    const kept = observed('web (kept)', { info: { ...OUTSIDE, ...KEPT }, lostAt: [2310] });
    assert.deepEqual(kinds(vantage('second', observed('web', { info: OUTSIDE, falls: REBUILT }), kept)), [
      'process-replaced',
    ]);
    const identities = [{ type: 'identity', seq: 1, service: 'db', at: START + 2500, was: 'a', is: 'b' } as const];
    const redis = { ...observed('db', { info: { ...OUTSIDE, kind: 'redis' }, falls: REBUILT }), identities };
    assert.deepEqual(kinds(vantage('second', redis)), ['process-replaced']);
    // Of another kind at the same port, or at another path: no sibling.
    const tcp = observed('tcp (kept)', { info: { target: 'tcp://192.0.2.7:8080', ...KEPT }, lostAt: [2310] });
    const http = observed('web', { info: { ...OUTSIDE, kind: 'http' }, falls: REBUILT });
    assert.deepEqual(kinds(vantage('second', http, tcp)), ['rules-rebuilt']);
  });

  it('see a frozen process: silent, then late answers by the same one', () => {
    const frozen = [{ from: 100, to: 2500, reason: 'timeout-reply' as const, silenceMs: 3400 }];
    assert.deepEqual(kinds(vantage('second', observed('web', { info: OUTSIDE, falls: frozen }))), ['process-frozen']);
    const quick = [{ ...frozen[0]!, silenceMs: 2500 }];
    assert.deepEqual(kinds(vantage('second', observed('web', { info: OUTSIDE, falls: quick }))), []);
  });

  it('conclude nothing from one probe, a short stall, or what the peer itself answered', () => {
    const one = [{ from: 2300, to: 2400 }];
    const up = observed('web by its address', { info: OUTSIDE });
    assert.deepEqual(kinds(vantage('here', observed('web', { info: LOOPBACK, falls: one }), up)), []);
    const kept = observed('web (kept)', { info: { ...LOOPBACK, ...KEPT } });
    assert.deepEqual(kinds(vantage('here', observed('web', { info: LOOPBACK, falls: one }), kept)), []);
    for (const reason of ['status', 'body', 'role', 'error', 'auth', 'loading', 'dns'] as const) {
      const falls = [{ from: 100, to: 2580, reason }];
      assert.deepEqual(kinds(vantage('here', observed('web', { info: LOOPBACK, falls }), up, kept)), [], reason);
    }
    const silent = [{ from: 100, to: 2580, reason: 'timeout-connect' as const }];
    assert.deepEqual(kinds(vantage('here', observed('web', { info: LOOPBACK, falls: silent }), up)), []);
    const unobserved = [{ from: 100, to: 250, reason: 'stalled' as const }];
    assert.deepEqual(kinds(vantage('here', observed('web', { unobserved }))), []);
  });

  it('do not blame the monitor where only the loopback of the host is up', () => {
    const falls = [{ from: 100, to: 5000 }];
    const db = { target: 'tcp://192.0.2.7:5432' };
    const outside = vantage('second', observed('web', { info: OUTSIDE, falls }), observed('db', { info: db, falls }));
    assert.ok(!kinds(outside, vantage('here', observed('local', { info: LOOPBACK }))).includes('own-path'));
  });

  it('see a proxy with nothing behind it', () => {
    const falls = [{ from: 100, to: 5000, reason: 'closed' as const }];
    assert.deepEqual(kinds(vantage('here', observed('web', { info: LOOPBACK, falls }))), ['proxy-without-service']);
  });

  it('see all services fall at once, but not one service over two connections', () => {
    const falls = [{ from: 100, to: 5000 }];
    const db = { target: 'tcp://192.0.2.7:5432' };
    assert.deepEqual(
      kinds(vantage('here', observed('web', { info: OUTSIDE, falls }), observed('db', { info: db, falls }))),
      ['all-at-once'],
    );
    const both = [observed('web', { falls }), observed('web (kept)', { info: KEPT, falls })];
    assert.deepEqual(kinds(vantage('here', ...both)), []);
    const third = observed('api', { info: { target: 'tcp://192.0.2.7:1' } });
    const most = [observed('web', { info: OUTSIDE, falls }), observed('db', { info: db, falls }), third];
    assert.deepEqual(kinds(vantage('here', ...most)), []);
  });

  it("see the monitor's own path", () => {
    const unobserved = [{ from: 100, to: 900, reason: 'network' as const }];
    assert.deepEqual(kinds(vantage('here', observed('web', { unobserved }))), ['own-path']);

    const falls = [{ from: 100, to: 5000 }];
    const db = { target: 'tcp://192.0.2.7:5432' };
    const here = vantage('here', observed('web', { info: OUTSIDE, falls }), observed('db', { info: db, falls }));
    assert.deepEqual(kinds(here, vantage('there', observed('web', { info: OUTSIDE }))), ['all-at-once', 'own-path']);
  });

  it('list a bounded number of facts', () => {
    const falls = Array.from({ length: 20 }, (_, n) => ({
      from: n * 300,
      to: n * 300 + 100,
      reason: 'closed' as const,
    }));
    const [hint] = hintsOf(runReport([vantage('here', observed('web', { falls }))]));
    assert.equal(hint?.evidence.length, 6);
    assert.equal(hint.evidence.at(-1), 'and 15 more like these');
  });
});
