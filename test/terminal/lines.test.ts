import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Message } from '../../src/core/messages.ts';
import { LinesFormat, summary } from '../../src/terminal/lines-format.ts';
import { infoOf } from '../../src/core/model.ts';
import { Board, BoardService } from '../../src/core/board.ts';
import { hello, service, transition } from '../support/builders.ts';

const AT = new Date(2026, 10, 23, 4, 5, 6, 789).getTime();
const STAMP = '2026-11-23 04:05:06.789';
const NOTHING = { reason: null, message: null };
const EDGES = { notBefore: AT - 100, notAfter: AT };
const FACTS = { failed: 4, reasons: [{ reason: 'refused', count: 4 }] } as const;

/** Each kind of message, and its line. */
const LINES: readonly (readonly [Message, string | null])[] = [
  [
    { type: 'transition', seq: 1, service: 'api', from: 'unknown', to: 'up', at: AT, ...EDGES, ...NOTHING },
    `${STAMP}  api   UP          first answer`,
  ],
  [
    {
      ...{ type: 'transition', seq: 2, service: 'api', from: 'up', to: 'down', at: AT, ...EDGES },
      ...{ reason: 'refused', message: 'nothing listens there' },
    },
    `${STAMP}  api   DOWN        refused: nothing listens there`,
  ],
  [
    { type: 'transition', seq: 3, service: 'api', from: 'down', to: 'up', at: AT, ...EDGES, ...NOTHING },
    `${STAMP}  api   UP          answers again`,
  ],
  [
    {
      ...{ type: 'transition', seq: 4, service: 'api', from: 'up', to: 'unobserved', at: AT, ...EDGES },
      ...{ reason: 'stalled', message: null },
    },
    `${STAMP}  api   UNOBSERVED  stalled`,
  ],
  [
    { type: 'transition', seq: 5, service: 'api', from: 'unobserved', to: 'up', at: AT, ...EDGES, ...NOTHING },
    `${STAMP}  api   UP          observed again`,
  ],
  [
    { type: 'gap', seq: 6, service: 'api', from: AT - 400, to: AT, durationMs: 400, minMs: 310, maxMs: 500, ...FACTS },
    `${STAMP}  api   GAP         0.40 s (0.31–0.50), 4 probes failed: refused`,
  ],
  [
    {
      ...{ type: 'gap', seq: 6, service: 'api', from: AT - 400, to: AT, durationMs: 400, minMs: 310, maxMs: 500 },
      ...{ ...FACTS, planned: true },
    },
    `${STAMP}  api   GAP         0.40 s (0.31–0.50), planned, 4 probes failed: refused`,
  ],
  [
    {
      ...{ type: 'note', seq: 8, at: AT, id: 'n', kind: 'maintenance', from: AT, to: AT, services: ['api', 'web'] },
      text: 'upgrade \u202e',
    },
    `${STAMP}        NOTE        maintenance of api and web from ${STAMP} to ${STAMP}: upgrade \\u202e`,
  ],
  [
    { type: 'note', seq: 8, at: AT, id: 'n', kind: 'info', from: AT, to: null, services: [], text: 'a note' },
    `${STAMP}        NOTE        info from ${STAMP}: a note`,
  ],
  [
    {
      ...{ type: 'gap', seq: 7, service: 'api', from: AT - 400, to: AT, durationMs: 400, minMs: 310, maxMs: null },
      failed: 4,
      reasons: [
        { reason: 'closed', count: 3 },
        { reason: 'refused', count: 1 },
      ],
    },
    `${STAMP}  api   GAP         0.40 s (at least 0.31 s), 4 probes failed: closed 3, refused 1`,
  ],
  [
    { type: 'open-gap', service: 'api', from: AT, durationMs: 1400, minMs: 1299, failed: 1, reasons: FACTS.reasons },
    `${STAMP}  api   STILL DOWN  1.40 s so far (at least 1.29 s), 1 probe failed: refused`,
  ],
  [{ type: 'mark', seq: 8, at: AT, text: 'a restart' }, `${STAMP}        MARK        a restart`],
  [
    { type: 'connection-lost', seq: 9, service: 'api', at: AT, reason: 'reset', message: 'the peer reset it' },
    `${STAMP}  api   CONNECTION  lost: reset: the peer reset it`,
  ],
  [
    { type: 'identity', seq: 10, service: 'api', at: AT, was: 'a', is: 'b' },
    `${STAMP}  api   IDENTITY    another process now: a → b`,
  ],
  [
    { type: 'identity', seq: 10, service: 'api', at: AT, was: 'master', is: 'replica', what: 'role' },
    `${STAMP}  api   IDENTITY    another role now: master → replica`,
  ],
  [
    { type: 'identity', seq: 10, service: 'api', at: AT, was: '10.0.0.1:1', is: '[::1]:2', what: 'master' },
    `${STAMP}  api   IDENTITY    another master now: 10.0.0.1:1 → [::1]:2`,
  ],
  [
    { type: 'lost-writes', seq: 10, service: 'api', at: AT, count: 12 },
    `${STAMP}  api   LOST        12 acknowledged writes are gone`,
  ],
  [
    { type: 'lost-writes', seq: 10, service: 'api', at: AT, count: 1, vantage: 'rack-2' },
    `${STAMP}  api   LOST        1 acknowledged write is gone, from rack-2`,
  ],
  [{ type: 'status', service: 'api', at: AT, status: 'down' }, `${STAMP}  api   STATUS      down`],
  [
    {
      ...{ type: 'sample', service: 'api', at: AT, durationMs: 1000.04, result: 'down', reason: 'timeout-reply' },
      ...{ message: 'silent', phases: { dnsMs: null, connectMs: 0.4, tlsMs: null, replyMs: 999 } },
    },
    `${STAMP}  api   · down      1000.0 ms timeout-reply: silent`,
  ],
  [{ type: 'heartbeat', now: AT, seq: 10, probes: 50, missed: 0, lateMs: 1, overloaded: false }, null],
  [
    { type: 'heartbeat', now: AT, seq: 10, probes: 50, missed: 9, lateMs: 1, overloaded: true },
    `${STAMP}        OVERLOADED  this monitor is overloaded: 9 slots missed in 5 s, 50 probes sent; watch fewer services, or less often, or with more --workers`,
  ],
];

function boardOf(...names: string[]): Board {
  const board = new Board();
  for (const name of names) board.services.set(name, new BoardService(name, infoOf(service(name)), AT));
  return board;
}

describe('LinesFormat', () => {
  for (const [message, line] of LINES) {
    it(`shows ${message.type}: ${line?.slice(STAMP.length).trim() ?? 'nothing'}`, () => {
      assert.equal(new LinesFormat(false).line(message), line);
    });
  }

  it('sets its columns by the names of the hello, which it does not show', () => {
    const format = new LinesFormat(false);
    const services = boardOf('a-longer-name', 'api').snapshot(AT);
    const first = hello(services, {}, { vantage: 'rack-2' });
    assert.equal(format.line(first), null);
    const [[up]] = LINES as readonly [readonly [Message, string]];
    assert.equal(format.line(up), `${STAMP}  api            UP          first answer`);
    const several = new LinesFormat(true);
    several.line(first);
    assert.equal(several.line(up), `${STAMP}  rack-2  api            UP          first answer`);
  });
});

describe('summary', () => {
  it('has a row for each service, gaps that are open among them', () => {
    const board = boardOf('web', 'down', 'new', 'blind');
    const apply = (service: string, from: 'unknown' | 'up' | 'down', to: 'up' | 'down' | 'unobserved', at: number) => {
      board.apply(transition(service, from, to, at));
    };
    apply('web', 'unknown', 'up', AT);
    apply('web', 'up', 'down', AT + 1000);
    apply('web', 'down', 'up', AT + 1400);
    board.apply({
      ...{ type: 'gap', seq: 2, service: 'web', from: AT + 1000, to: AT + 1400 },
      ...{ durationMs: 400, minMs: 0, maxMs: 500, ...FACTS },
    });
    apply('down', 'unknown', 'up', AT);
    apply('down', 'up', 'down', AT + 2000);
    apply('blind', 'unknown', 'up', AT);
    apply('blind', 'up', 'unobserved', AT + 3000);
    assert.deepEqual(summary(board, AT + 4000).split('\n'), [
      'service  state                 uptime  gaps  longest    down  unobserved',
      'web      UP          90.0 % of 4.00 s     1   0.40 s  0.40 s           –',
      'down     STILL DOWN  50.0 % of 4.00 s     1   2.00 s  2.00 s           –',
      'new      UNKNOWN                    –     0        –       –           –',
      'blind    UNOBSERVED   100 % of 3.00 s     0        –       –      1.00 s',
      '',
    ]);
  });

  it('leaves a column out that says nothing where the terminal is too narrow', () => {
    const board = boardOf('web');
    board.apply(transition('web', 'unknown', 'up', AT));
    const [wide = ''] = summary(board, AT + 4000, 80).split('\n');
    assert.match(wide, /unobserved$/);
    const narrow = summary(board, AT + 4000, wide.length - 1);
    assert.match(narrow, /down\nweb .* –\n$/);
    board.apply(transition('web', 'up', 'unobserved', AT + 3000));
    assert.match(summary(board, AT + 4000, 40), /unobserved\n/);
  });

  it('has no uptime of what was never up, however late the end of the watch is', () => {
    const board = boardOf('gone');
    board.apply(transition('gone', 'unknown', 'down', AT));
    const gap = { from: AT, until: AT + 18, durationMs: 17.999, minMs: 11, failed: 2, reasons: [] };
    board.apply({ type: 'open-gap', service: 'gone', ...gap });
    assert.match(summary(board, AT + 19), /STILL DOWN +0 % of 18 ms +1 /);
  });

  it('has the longest gap and all gaps together on one basis', () => {
    const board = boardOf('web');
    const row = (at: number): string => (summary(board, at).split('\n')[1] ?? '').replace(/ +/g, ' ');
    board.apply(transition('web', 'unknown', 'up', AT));
    board.apply(transition('web', 'up', 'down', AT + 1000));
    board.apply(transition('web', 'down', 'up', AT + 1400));
    // Where the beginning is corrected, a gap is longer than the state was.
    board.apply({
      ...{ type: 'gap', seq: 2, service: 'web', from: AT + 1000, to: AT + 1400 },
      ...{ durationMs: 470, minMs: 0, maxMs: 500, ...FACTS },
    });
    assert.match(row(AT + 4000), / 88\.3 % of 4\.00 s 1 0\.47 s 0\.47 s /);
    // One that is open, with a time in it that was not observed.
    board.apply(transition('web', 'up', 'down', AT + 5000));
    board.apply(transition('web', 'down', 'unobserved', AT + 6000));
    assert.match(row(AT + 7000), / 2 1\.00 s 1\.47 s 1\.00 s$/);
    board.apply(transition('web', 'unobserved', 'down', AT + 7000));
    assert.match(row(AT + 8000), / STILL DOWN .* 2 2\.00 s 2\.47 s 1\.00 s$/);
    // And as the monitor itself says of it: it began a little earlier.
    const open = { from: AT + 5000, until: AT + 8000, durationMs: 2050, minMs: 1900, ...FACTS };
    board.apply({ type: 'open-gap', service: 'web', final: false, ...open });
    assert.match(row(AT + 8000), / STILL DOWN .* 2 2\.05 s 2\.52 s 1\.00 s$/);
    assert.match(row(AT + 8100), / 2 2\.15 s 2\.62 s /);
    // What it says last is the last.
    board.apply({ type: 'open-gap', service: 'web', final: true, ...open });
    assert.match(row(AT + 8100), / 2 2\.05 s 2\.52 s /);
    // Until it comes back.
    board.apply(transition('web', 'down', 'unobserved', AT + 8000));
    board.apply(transition('web', 'unobserved', 'down', AT + 9000));
    assert.match(row(AT + 10_000), / 2 3\.05 s 3\.52 s /);
  });
});
