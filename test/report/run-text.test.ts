/** A run's report as a tired operator reads it: what befell services in one way is one line, and all figures agree. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { fatesOf, isFlapping } from '../../src/report/fates.ts';
import { hintsOf } from '../../src/report/hints.ts';
import type { Report, RunFacts } from '../../src/report/report.ts';
import { runText } from '../../src/report/run-text.ts';
import { judge } from '../../src/report/verdict.ts';
import { type Fall, observed, START, runReport, type Story, vantage } from './scene.ts';

function textOf(vantages: Parameters<typeof runReport>[0], run: Partial<RunFacts> = {}): string {
  const report = runReport(vantages, run);
  const hinted: Report = { ...report, hints: hintsOf(report) };
  return runText({ ...hinted, verdict: judge(hinted, report.run) }, report.run);
}

function fates(...stories: readonly (readonly [name: string, story: Story])[]): string[][] {
  const services = stories.map(([name, story]) => observed(name, story));
  return fatesOf(runReport([vantage('here', ...services)])).map((fate) => fate.map(({ service }) => service.service));
}

const down = (from: number, to: number | null, more: Partial<Fall> = {}): Story => ({ falls: [{ from, to, ...more }] });

describe('the text', () => {
  it('has the marks, but those of the command, and not those of which a public feed hides the text', () => {
    const texts = ['run: started sleep 3', '', 'deploy 7', ...Array.from({ length: 7 }, (_, n) => `step ${String(n)}`)];
    const marks = texts.map((text, n) => ({ at: START + n * 100, text }));
    const here = { ...vantage('here', observed('web')), marks };
    const lines = (...vantages: Parameters<typeof textOf>[0][number][]): string[] =>
      textOf(vantages)
        .split('\n')
        .filter((line) => /mark/.test(line));
    const said = lines(here);
    assert.deepEqual(
      [said.length, said[0], said[6]],
      [7, 'mark at +0.20 s: deploy 7', '… 2 more marks: --report FILE.json has all'],
    );
    assert.equal(lines(here, vantage('second', observed('web')))[0], 'mark from here at +0.20 s: deploy 7');
  });
});

describe('what befell several services in one way', () => {
  it('is one fate', () => {
    assert.deepEqual(fates(['a', down(100, 400)], ['b', down(150, 480)]), [['a', 'b']]);
    // Rules come back one by one: the last waits ten times as long as the first, and the lengths have no hole.
    const steps = Array.from({ length: 30 }, (_, n) => [String(n), down(100, 300 + n * 100)] as const);
    assert.equal(fates(...steps).length, 1);
    // One failed probe each: which fell first is not known.
    assert.deepEqual(fates(['a', down(100, 200)], ['b', down(190, 290)]), [['a', 'b']]);
  });

  it('is two in a rolling restart, each with its time, and neither fell with the other', () => {
    const info = { target: 'redis://10.0.0.5:6379', kind: 'redis' } as const;
    const cache = {
      ...observed('cache', { info, ...down(16, 336, { errorMs: 50 }) }),
      identities: [{ type: 'identity', seq: 1, service: 'cache', at: START + 336, was: 'a', is: 'b' } as const],
    };
    const text = textOf([vantage('here', cache, observed('web', down(310, 1030, { errorMs: 50 })))]);
    assert.match(
      text,
      /^FAIL: web was down 0\.72 s \(.*\) from \+0\.31 s; cache was down 0\.32 s \(.*\) from \+16 ms/m,
    );
    assert.doesNotMatch(text, /at the same time/);
  });

  const others: readonly (readonly [what: string, other: Story])[] = [
    ['at another time', down(1600, 1900)],
    ['one after the other, as in a rolling restart', down(390, 700, { errorMs: 50 })],
    ['for another reason', down(100, 400, { reason: 'timeout-connect' })],
    ['over another kind of connection', { ...down(100, 400), info: { connection: 'kept' } }],
    ['for far longer', down(100, 4000)],
    ['for good', down(100, null)],
  ];
  for (const [what, other] of others) {
    it(`is another one ${what}`, () => {
      assert.equal(fates(['a', down(100, 400)], ['b', other]).length, 2);
    });
  }

  it('is one over several vantages where the bounds overlap, and two where they do not', () => {
    const both = (length: number): number => {
      const seen = ['here', 'there'].map((name) =>
        vantage(name, observed('web', down(100, 100 + (name === 'here' ? 300 : length)))),
      );
      return fatesOf(runReport(seen)).length;
    };
    assert.equal(both(450), 1);
    assert.equal(both(550), 2);
  });

  it('is all gaps of a service that flaps', () => {
    const falls = Array.from({ length: 70 }, (_, n) => ({ from: n * 80, to: n * 80 + 40 }));
    const [only, ...rest] = fatesOf(runReport([vantage('here', observed('web', { falls }))]));
    assert.ok(only !== undefined && rest.length === 0 && isFlapping(only));
    const text = textOf([vantage('here', observed('web', { falls }))]);
    assert.match(
      text,
      /^web down 2\.80 s in 70 gaps from \+0 ms to \+5\.56 s, the longest 0\.04 s \(0\.00–0\.14\), refused ×70$/m,
    );
    assert.match(text, /^FAIL: web was down 2\.80 s in 70 gaps, the longest /m);
  });

  it('comes first where it did not end, then by its length', () => {
    const order = fates(['short', down(0, 200)], ['long', down(1500, 4500)], ['open', down(7500, null)]);
    assert.deepEqual(order, [['open'], ['long'], ['short']]);
  });
});

describe('the text of a run with forty services', () => {
  const seen = (name: string, base: number): ReturnType<typeof vantage> => {
    const services = Array.from({ length: 38 }, (_, n) =>
      observed(`svc-${String(n)}`, {
        info: { target: `tcp://10.0.0.5:${String(8000 + n)}` },
        falls: [{ from: 300 + n * 3, to: base + n * 80, errorMs: 60 }],
      }),
    );
    return vantage(name, ...services, observed('db'), observed('queue'));
  };
  const text = textOf([seen('here', 610), seen('rack-2', 640)]);
  const lines = text.split('\n');

  it('fits a screen', () => {
    const screen = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 100)), 0);
    assert.ok(screen <= 40, `${String(screen)} lines:\n${text}`);
  });

  it('has one line with the least, the middle and the most, and says that they came back one after another', () => {
    const [head = '', detail = '', names = ''] = lines.slice(
      lines.findIndex((line) => line.startsWith('38 services down')),
    );
    assert.match(
      head,
      /^38 services down least 0\.31 s \(0\.25–0\.37\), middle 1\.7\d s \(\S+\), most 3\.19 s \(3\.12–3\.25\) from \+0\.30 s, refused ×\d+$/,
    );
    assert.equal(
      detail,
      '  fell within 0.11 s; came back one after another, first svc-0 (from here) at +0.61 s, last svc-37 (from rack-2) at +3.60 s',
    );
    assert.equal(names, '  svc-0, svc-1, svc-2 and 35 more, seen from here and rack-2');
    // The table and the sentence say the same.
    assert.ok(lines.some((line) => line.startsWith('38 services: ') && line.endsWith('3.19 s (3.12–3.25)')));
    assert.match(
      text,
      /^FAIL: 38 services were down least 0\.31 s \(0\.25–0\.37\), .*most 3\.19 s \(3\.12–3\.25\) from \+0\.30 s.* \(systemctl restart docker, seen from here and rack-2\)\.$/m,
    );
  });

  it('has the services without trouble on a line for each vantage, and each reason once', () => {
    assert.match(text, /^db and queue were up all the time from here\ndb and queue were up all the time from rack-2$/m);
    assert.equal(text.match(/^refused: nothing is listening/gm)?.length, 1);
  });
});

describe('the table of a run', () => {
  it('has a row for each service with trouble, the worst first, and only columns that tell something', () => {
    const silent = down(2000, 2300, { reason: 'timeout-reply', silenceMs: 1500 });
    const text = textOf([vantage('here', observed('a', down(100, 300)), observed('b', silent), observed('c'))]);
    const rows = text.slice(text.indexOf('\nservice ')).trim().split('\n').slice(0, 3);
    assert.deepEqual(
      rows.map((row) => row.split(/ {2,}/)),
      [
        ['service', 'state', 'gaps', 'longest', 'no answer'],
        ['b', 'up', '1', '0.30 s (0.20–0.40)', '1.50 s'],
        ['a', 'up', '1', '0.20 s (0.10–0.30)', '–'],
      ],
    );
  });

  it('says what probes were answered', () => {
    const gap = observed('web', down(100, 400));
    const said = {
      ...gap.gaps[0]!,
      reasons: [{ reason: 'status' as const, count: 40, message: '503 Service Unavailable' }],
    };
    const text = textOf([vantage('here', { ...gap, gaps: [said] })]);
    assert.match(text, /^web down .* from \+0\.10 s, status ×40: 503 Service Unavailable$/m);
    assert.match(text, /^status: answered with a status that is not accepted/m);
  });

  it('tells what happened beside gaps once for all', () => {
    const stalled = { unobserved: [{ from: 1000, to: 1410 }] };
    const text = textOf([
      vantage(
        'here',
        observed('a', stalled),
        observed('b', { unobserved: [{ from: 1000, to: 1600 }] }),
        observed('c', { lostAt: [10] }),
      ),
    ]);
    assert.match(text, /^a and b not observed for up to 0\.60 s each, from \+1\.00 s: stalled$/m);
    assert.match(text, /^c lost its connection at \+10 ms: reset$/m);
    assert.match(text, /^NOT PROVEN: [ab] was not observed for 0\.60 s, the worst of a and b \(/m);
  });

  it('never says of a command that failed that it is a plain pass', () => {
    const text = textOf([vantage('here', observed('web'))], { exitCode: 1 });
    assert.match(text, /^PASS, but the command failed: exited with 1 after 3\.00 s; 1 service up all the time \(/m);
  });
});
