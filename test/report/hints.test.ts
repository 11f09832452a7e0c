/** What the pattern of the gaps is said to mean. The shapes are those that restarts of a real daemon were measured to have. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';

import { hintsOf, SHAPES } from '../../src/report/hints.ts';
import type { Hint, Report, StageLatency } from '../../src/report/report.ts';
import { type Fall, runReport, observed, START, vantage } from './scene.ts';

const LOOPBACK = { target: 'http://127.0.0.1:8080/' };
const OUTSIDE = { target: 'http://192.0.2.7:8080/' };
const KEPT = { connection: 'kept' } as const;
/** The command takes 3 s; the daemon is away from 0.1 s on. */
const PROXY_DIED = [{ from: 100, to: 2580 }];
const REBUILT = [{ from: 2300, to: 2600 }];

/** A report in which the good answers of a service took longer while the command ran. */
function slower(report: Report, name: string, beforeMs: number, duringMs: number): Report {
  const stage = (p50Ms: number): StageLatency => ({
    ...{ answers: 60, p50Ms, p99Ms: p50Ms, maxMs: p50Ms },
    ...{ slowestAt: null, slowestFromStartMs: null, silence: null },
  });
  const latency = { before: stage(beforeMs), during: stage(duringMs), after: stage(beforeMs) };
  const vantages = report.vantages.map((one) => ({
    ...one,
    services: one.services.map((its) => (its.service === name ? { ...its, latency } : its)),
  }));
  return { ...report, vantages };
}

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
    const change = { type: 'identity', seq: 1, service: 'db', at: START + 2500, was: 'a', is: 'b' } as const;
    const db = observed('db', { info: { ...OUTSIDE, kind: 'redis' }, falls: REBUILT });
    const redis = { ...db, identities: [change] };
    assert.deepEqual(kinds(vantage('second', redis)), ['process-replaced']);
    // On a slow machine it is noticed late. What the newest answer after the gap still said was not of the gap.
    const late = (notBefore: number): ReturnType<typeof vantage> => {
      const changes = [{ ...change, at: START + 6000, notBefore: START + notBefore }];
      return vantage('second', { ...redis, identities: changes, identified: { from: START - 1000, to: START + 7000 } });
    };
    assert.deepEqual(kinds(late(2200)), ['process-replaced']);
    const [unrelated, gapItself] = hintsOf(runReport([late(4000)]));
    assert.match(unrelated!.evidence.join(), /another process since .* and no probe failed$/);
    assert.equal(gapItself?.kind, 'rules-rebuilt');
    // Of two gaps before it was noticed the last one is its; who answered after the first is not known.
    const twice = observed('db', {
      info: { ...OUTSIDE, kind: 'redis' },
      falls: [{ from: 1400, to: 1700 }, ...REBUILT],
    });
    const both = vantage('second', {
      ...twice,
      identities: [{ ...change, at: START + 2700, notBefore: START + 1000 }],
      identified: { from: START - 1000, to: START + 7000 },
    });
    const told = hintsOf(runReport([both]))
      .flatMap(({ evidence }) => evidence)
      .join('\n');
    assert.equal(told.match(/then another process answered/g)?.length, 1);
    assert.doesNotMatch(told, /unchanged/);
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

  it('take the end of a held connection on which nothing is sent for what it is, and its survival for nothing', () => {
    const silent = { ...OUTSIDE, ...KEPT, asks: false };
    const closed = observed('db (kept)', { info: silent, lostAt: [2310], lostBy: 'closed' });
    const db = observed('db', { info: OUTSIDE, falls: [{ from: 100, to: 2580 }] });
    assert.deepEqual(kinds(vantage('second', db, closed)), ['process-replaced']);
    assert.deepEqual(kinds(vantage('second', db, observed('db (kept)', { info: silent }))), []);
  });

  it('do not take the end of one hidden connection for that of another service', () => {
    const hidden = { target: '' };
    const closed = observed('web (kept)', {
      info: { ...hidden, ...KEPT, asks: false },
      lostAt: [2310],
      lostBy: 'closed',
    });
    const db = observed('db', { info: hidden, falls: [{ from: 100, to: 2580 }] });
    assert.ok(!kinds(vantage('second', db, observed('web', { info: hidden }), closed)).includes('process-replaced'));
    const web = observed('web', { info: hidden, falls: [{ from: 100, to: 2580 }] });
    assert.deepEqual(kinds(vantage('second', web, closed)), ['process-replaced']);
  });

  it('do not name a service as its own companion', () => {
    const falls = [
      { from: 100, to: 600, reason: 'timeout-reply' as const, silenceMs: 1000 },
      { from: 700, to: 1100, reason: 'timeout-reply' as const },
    ];
    const [hint] = hintsOf(runReport([vantage('here', observed('web', { info: OUTSIDE, falls }))]));
    assert.deepEqual([hint?.kind, hint?.evidence.length], ['process-frozen', 1]);
  });

  it('see a process that was frozen with a full queue, by its run_id', () => {
    const falls = [{ from: 50, to: 3000, reasons: { 'timeout-connect': 40, 'timeout-reply': 19 } }];
    const redis = { ...OUTSIDE, kind: 'redis' } as const;
    const identified = { from: -1000, to: 4000 };
    const kept = observed('db (kept)', { info: { ...redis, ...KEPT }, falls, lostAt: [1050], lostBy: 'timeout-reply' });
    assert.deepEqual(kinds(vantage('second', observed('db', { info: redis, falls, identified }), kept)), [
      'process-frozen',
    ]);
    // Where no connection came to be, packets were lost.
    const dropped = [{ from: 50, to: 3000, reason: 'timeout-connect' as const }];
    const db = observed('db', { info: redis, falls: dropped, identified });
    assert.ok(!kinds(vantage('second', db, { ...kept, gaps: [] })).includes('process-frozen'));
  });

  it('do not take a slow service for a frozen one', () => {
    const falls = [{ from: 100, to: 3100, reason: 'timeout-reply' as const, silenceMs: 4000 }];
    const kept = observed('web (kept)', { info: { ...OUTSIDE, ...KEPT } });
    const report = runReport([vantage('second', observed('web', { info: OUTSIDE, falls }), kept)]);
    assert.deepEqual(
      hintsOf(slower(report, 'web (kept)', 0.5, 600)).map(({ kind }) => kind),
      ['slowed-down'],
    );
    assert.deepEqual(
      hintsOf(slower(report, 'web (kept)', 0.5, 0.6)).map(({ kind }) => kind),
      ['new-connections-only'],
    );
  });

  it('see no rules in a queue that is full while a held connection waits', () => {
    const falls = [{ from: 250, to: 900, reason: 'timeout-connect' as const, silenceMs: 950 }];
    const kept = observed('web (kept)', { info: { ...OUTSIDE, ...KEPT }, silent: { from: 0, to: 930 } });
    const run = { endedAt: START + 950 };
    const report = runReport([vantage('second', observed('web', { info: OUTSIDE, falls }), kept)], run);
    assert.deepEqual(
      hintsOf(report).map(({ kind }) => kind),
      ['process-frozen'],
    );
  });

  it('see a failover, and the writes that it lost', () => {
    const info = { target: 'redis+sentinel://192.0.2.7:26379/main', kind: 'redis' } as const;
    const falls = [{ from: 100, to: 5000 }];
    const at = START + 5010;
    const identities = [
      { type: 'identity', seq: 1, service: 'db', at, was: 'a', is: 'b' },
      { type: 'identity', seq: 2, service: 'db', at, was: '192.0.2.1:6379', is: '192.0.2.2:6379', what: 'master' },
    ] as const;
    const lostWrites = [{ type: 'lost-writes', seq: 3, service: 'db', at, count: 17 }] as const;
    const hints = hintsOf(runReport([vantage('here', { ...observed('db', { info, falls }), identities, lostWrites })]));
    assert.deepEqual(
      hints.map(({ kind }) => kind),
      ['lost-writes', 'failover'],
    );
    assert.deepEqual(hints[0]!.evidence, ['db: 17 acknowledged writes are gone, found at +5.01 s']);
    assert.match(hints[1]!.evidence[0]!, /then 192\.0\.2\.2:6379 was the master, and 192\.0\.2\.1:6379 before$/);
  });

  it('see a container that blocks on its log while the daemon is away', () => {
    const away = [{ from: 100, to: 130_000 }];
    const logging = { target: 'http://192.0.2.7:8080/', kind: 'http' } as const;
    const quiet = { target: 'http://192.0.2.7:8081/', kind: 'http' } as const;
    const silent: readonly Fall[] = [{ from: 18_000, to: 130_200, reason: 'timeout-reply' }];
    const mixed = (reasons: NonNullable<Fall['reasons']>): readonly Fall[] => [{ from: 18_000, to: 130_200, reasons }];
    const host = vantage('host', observed('logging', { info: { ...LOOPBACK, kind: 'http' }, falls: away }));
    const second = (info = quiet, falls: readonly Fall[] = [], its = silent): ReturnType<typeof vantage> =>
      vantage('second', observed('logging', { info: logging, falls: its }), observed('quiet', { info, falls }));
    const long = { endedAt: START + 130_000, durationMs: 130_000 };
    const hints = hintsOf(runReport([host, second()], long, 135_000));
    assert.equal(hints[0]?.kind, 'log-pipe-blocked');
    assert.match(
      hints[0].evidence[0]!,
      /quiet \(from second\) was up meanwhile, and logging \(from host\), which goes/,
    );
    assert.match(hints[0].evidence[1]!, /^gapwatch itself asked 10 times a second/);
    // Refused probes of the rules' rebuilding follow each other faster than silent ones, and are many in a short time.
    const most = mixed({ refused: 1300, 'timeout-reply': 1090 });
    const rebuilt = hintsOf(runReport([host, second(quiet, [], most)], long, 135_000));
    assert.equal(rebuilt[0]?.kind, 'log-pipe-blocked');
    assert.match(rebuilt[0].evidence[0]!, /^logging \(from second\) down /);
    const few = mixed({ refused: 1300, 'timeout-reply': 300 });
    assert.notEqual(hintsOf(runReport([host, second(quiet, [], few)], long, 135_000))[0]?.kind, 'log-pipe-blocked');
    // Not where the neighbour was silent as well, nor where it fell with the command.
    assert.notEqual(hintsOf(runReport([host, second(quiet, silent)], long, 135_000))[0]?.kind, 'log-pipe-blocked');
    const alone = runReport([second()], { ...long, command: ['kill', '-STOP', '1'] }, 135_000);
    assert.ok(hintsOf(alone).every(({ kind }) => kind !== 'log-pipe-blocked'));
  });

  it('see a service that was cut off, and not restarted, where its answers said that it is the same process', () => {
    const falls = [{ from: 100, to: 2500 }];
    const redis = { ...OUTSIDE, target: 'redis://192.0.2.7:6379', kind: 'redis' } as const;
    const web = { ...OUTSIDE, kind: 'http' } as const;
    const hints = (identified?: { from: number; to: number }): readonly Hint[] => {
      const db = observed('db', { info: redis, falls, ...(identified !== undefined && { identified }) });
      const services = [
        db,
        observed('db (kept)', { info: { ...redis, ...KEPT }, falls, lostAt: [100] }),
        observed('web', { info: web, falls }),
        observed('web (kept)', { info: { ...web, ...KEPT }, falls, lostAt: [100] }),
      ];
      return hintsOf(runReport([vantage('second', ...services)]));
    };
    const identified = { from: -1000, to: 3000 };
    const cut = hints(identified);
    assert.deepEqual(
      cut.map(({ kind }) => kind),
      ['cut-off'],
    );
    assert.match(cut[0]!.evidence.join('\n'), /run_id is unchanged/);
    assert.match(cut[0]!.evidence.join('\n'), /web .*but so was that of db, whose process is the same/);
    // It may not be asked, or was not before the gap, or not since.
    for (const unknown of [undefined, { from: 2600, to: 3000 }, { from: -1000, to: 0 }]) {
      const evidence = hints(unknown).flatMap((hint) => hint.evidence);
      assert.doesNotMatch(evidence.join('\n'), /unchanged|process is the same/, JSON.stringify(unknown));
    }
    // On loopback, with no other way that was down too, it is the proxy.
    const inside = { ...redis, target: 'redis://127.0.0.1:6379' } as const;
    const lone = [
      observed('db', { info: inside, falls, identified }),
      observed('db (kept)', { info: { ...inside, ...KEPT }, falls, lostAt: [100] }),
    ];
    assert.deepEqual(kinds(vantage('here', ...lone)), ['loopback-only']);
  });

  it('see IPv6 that goes through the proxy', () => {
    const v6 = { target: 'http://[2001:db8::7]:8080/' };
    const four = observed('web', { info: OUTSIDE, falls: REBUILT });
    const six = observed('web6', { info: v6, falls: PROXY_DIED });
    assert.deepEqual(kinds(vantage('second', four, six)), ['ipv6-proxy', 'rules-rebuilt']);
    const both = observed('web', { info: OUTSIDE, falls: PROXY_DIED });
    assert.ok(!kinds(vantage('second', both, six)).includes('ipv6-proxy'));
  });

  it('see a name server that failed, and not the service', () => {
    const falls = [{ from: 100, to: 2500, reason: 'dns' as const }];
    const named = observed('web', { info: { target: 'http://web.example:8080/' }, falls });
    const hints = hintsOf(runReport([vantage('here', named, observed('by address', { info: OUTSIDE }))]));
    assert.deepEqual(
      hints.map(({ kind }) => kind),
      ['name-server'],
    );
    assert.match(hints[0]!.evidence[0]!, /by address, on the same port, was up all that time$/);
  });

  it('see packets that were lost: single failures, scattered', () => {
    const lost = (n: number): { from: number; to: number; reason: 'timeout-connect' }[] =>
      Array.from({ length: n }, (_, k) => ({ from: k * 400, to: k * 400 + 100, reason: 'timeout-connect' as const }));
    const hints = hintsOf(runReport([vantage('second', observed('web', { info: OUTSIDE, falls: lost(12) }))]));
    assert.deepEqual(
      hints.map(({ kind }) => kind),
      ['packets-lost'],
    );
    assert.match(
      hints[0]!.evidence[0]!,
      /^web: 12 probes failed in 12 gaps within 4\.50 s from \+0 ms \(timeout-connect\)$/,
    );
    assert.deepEqual(kinds(vantage('second', observed('web', { info: OUTSIDE, falls: lost(4) }))), []);
  });

  it('see a cut from outside only', () => {
    const falls = [{ from: 50, to: 3000, reason: 'timeout-connect' as const }];
    const here = vantage('host', observed('web', { info: LOOPBACK }));
    const hints = hintsOf(runReport([here, vantage('second', observed('web', { info: OUTSIDE, falls }))]));
    assert.deepEqual(
      hints.map(({ kind }) => kind),
      ['outside-only'],
    );
    assert.match(hints[0]!.text, /Its users outside are affected/);
  });

  it('name rules that came back one by one in one line', () => {
    const services = Array.from({ length: 20 }, (_, n) =>
      observed(`s${String(n)}`, {
        info: { target: `tcp://192.0.2.7:${String(8000 + n)}` },
        falls: [{ from: 300 + n, to: 600 + n * 130 }],
      }),
    );
    const hints = hintsOf(runReport([vantage('second', ...services)]));
    assert.deepEqual(
      hints.map(({ kind }) => kind),
      ['rules-rebuilt'],
    );
    assert.match(
      hints[0]!.evidence[0]!,
      /^20 services fell together and came back one by one: s0 after 0\.30 s .*, half of them after 1\.\d\d s, s19 after 2\.75 s/,
    );
  });

  it('name a cause once, for all that fell and came back with it', () => {
    const falls = [{ from: 100, to: 2480 }];
    const kept = observed('web (kept)', { info: { ...OUTSIDE, ...KEPT }, lostAt: [110], falls });
    const api = observed('api', { info: { target: 'tcp://192.0.2.7:9000' }, falls });
    const hints = hintsOf(runReport([vantage('second', observed('web', { info: OUTSIDE, falls }), kept, api)]));
    assert.deepEqual(
      hints.map(({ kind }) => kind),
      ['process-replaced'],
    );
    assert.deepEqual(hints[0]!.evidence.slice(1), ['api fell and came back at the same time']);
  });

  it('are all explained in docs/hints.md', async () => {
    const page = await readFile(new URL('../../../docs/hints.md', import.meta.url), 'utf8');
    for (const { kind } of SHAPES) assert.match(page, new RegExp(`^\\| \`${kind}\` +\\|`, 'm'));
  });

  it('conclude nothing from one probe, a short stall, or what the peer itself answered', () => {
    const one = [{ from: 2300, to: 2400 }];
    const up = observed('web by its address', { info: OUTSIDE });
    assert.deepEqual(kinds(vantage('here', observed('web', { info: LOOPBACK, falls: one }), up)), []);
    const kept = observed('web (kept)', { info: { ...LOOPBACK, ...KEPT } });
    assert.deepEqual(kinds(vantage('here', observed('web', { info: LOOPBACK, falls: one }), kept)), []);
    for (const reason of ['status', 'body', 'role', 'error', 'auth', 'loading'] as const) {
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

  it('see a monitor that did not look, or had no network', () => {
    const unobserved = [{ from: 100, to: 900, reason: 'network' as const }];
    assert.deepEqual(kinds(vantage('here', observed('web', { unobserved }))), ['monitor-stalled']);
  });

  it('say nothing of what services share where they answered, and were not well', () => {
    const falls = [{ from: 100, to: 1100, reason: 'status' as const }];
    const db = { target: 'http://192.0.2.7:5432/' };
    assert.deepEqual(
      kinds(vantage('here', observed('web', { info: OUTSIDE, falls }), observed('db', { info: db, falls }))),
      [],
    );
  });

  it("see the monitor's own path, and not its services", () => {
    const falls = [{ from: 100, to: 5000 }];
    const db = { target: 'tcp://192.0.2.7:5432' };
    const here = vantage('here', observed('web', { info: OUTSIDE, falls }), observed('db', { info: db, falls }));
    assert.deepEqual(kinds(here, vantage('there', observed('web', { info: OUTSIDE }))), ['own-path']);
  });

  it('list a bounded number of facts, the longest gap first', () => {
    const falls = Array.from({ length: 120 }, (_, n) => ({
      from: n * 300,
      to: n * 300 + 200,
      reason: 'closed' as const,
    }));
    const [hint] = hintsOf(runReport([vantage('here', observed('web', { falls }))], {}, 60_000));
    assert.equal(hint?.evidence.length, 101);
    assert.equal(hint.evidence.at(-1), 'and 20 more like these');
  });
});
