/** What is kept makes no service look slow: servers that are healthy, in whatever way they take requests, are up all the time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { DIALECTS, good, type Dialect } from '../support/dialects.ts';
import { Probing, verdict } from '../support/probing.ts';
import { takeHighestPriority } from '../support/highest-priority.ts';
import { serve, type Behaviour } from '../support/servers.ts';

const INTERVAL_MS = 100;

// The servers run in this process: what is late here is as slow as they are, and is no fault of what is kept.
takeHighestPriority();

/** Answers one request at a time, on each connection or in all. */
function slow(dialect: Dialect, takesMs: number, of: 'each' | 'all'): Behaviour {
  let all = Promise.resolve();
  return (socket) => {
    let own = Promise.resolve();
    const later = (answer: string) => async (): Promise<void> => {
      // Who has gone takes no time.
      if (socket.destroyed) return;
      await sleep(takesMs);
      socket.write(answer);
    };
    socket.on('data', (data) => {
      for (const answer of dialect.answers(data.toString())) {
        if (of === 'all') all = all.then(later(answer));
        else own = own.then(later(answer));
      }
    });
  };
}

const HTTP = DIALECTS[1]!;
const reply = (...headers: string[]): string =>
  ['HTTP/1.1 200 OK', 'Content-Length: 2', ...headers, '', 'ok'].join('\r\n');

/** Answers so many requests on a connection after a while, and then closes it. */
function closingAfter(requests: number, takesMs: number, lastWords: string): Behaviour {
  return (socket) => {
    let left = requests;
    socket.on('data', () => {
      left -= 1;
      const isLast = left === 0;
      setTimeout(() => {
        if (isLast) socket.end(lastWords);
        else socket.write(reply());
      }, takesMs);
    });
  };
}

/** Drops what comes while a request is being answered: it was sent too early. */
function deafMeanwhile(takesMs: number): Behaviour {
  return (socket) => {
    let isBusy = false;
    socket.on('data', () => {
      if (isBusy) return;
      isBusy = true;
      setTimeout(() => {
        isBusy = false;
        socket.write(reply());
      }, takesMs);
    });
  };
}

type Case = readonly [what: string, dialect: Dialect, behave: Behaviour, losses: 'none' | 'some'];

function slowCases(dialect: Dialect, takesMs: number): Case[] {
  // The first Redis probe is three commands.
  const commandMs = dialect.kind === 'redis' ? takesMs / 3 : takesMs;
  const what = `${dialect.kind}: takes ${String(takesMs)} ms, one at a time`;
  return [
    [`${what} on each connection`, dialect, slow(dialect, commandMs, 'each'), 'none'],
    [`${what} in all`, dialect, slow(dialect, commandMs, 'all'), 'none'],
  ];
}

const SERVERS: readonly Case[] = [
  ...DIALECTS.flatMap((dialect) => [10, 90, 150, 450].flatMap((takesMs) => slowCases(dialect, takesMs))),
  ['http: closes after five requests', HTTP, closingAfter(5, 20, reply()), 'some'],
  ['http: closes after each, unannounced', HTTP, closingAfter(1, 20, reply()), 'some'],
  ['http: closes after each, slowly', HTTP, closingAfter(1, 150, reply()), 'some'],
  ['http: says that it closes', HTTP, closingAfter(1, 150, reply('Connection: close')), 'none'],
  ['http: says that it closes after three', HTTP, closingAfter(3, 150, reply('Connection: close')), 'none'],
  ['http: drops what is sent early', HTTP, deafMeanwhile(150), 'none'],
  ['http: a fast one', HTTP, good(HTTP), 'none'],
];

describe('a service that is healthy', { concurrency: true }, () => {
  for (const [what, dialect, behave, losses] of SERVERS) {
    it(what, async () => {
      const server = await serve(behave);
      const probing = await Probing.of(dialect.spec(server.port), 'kept');
      const samples: Promise<string>[] = [];
      for (let slot = 0; slot < 40; slot++) {
        samples.push(probing.probe(1000).then((sample) => `${verdict(sample)} ${sample.message ?? ''}`.trim()));
        await sleep(INTERVAL_MS);
      }
      const found = (await Promise.all(samples)).filter((one) => !one.startsWith('stopped'));
      assert.deepEqual(new Set(found), new Set(['up']));
      // Half of the slots, where an answer takes one and a half; fewer where it takes longer.
      assert.ok(found.length >= 6, `${String(found.length)} answers`);
      if (losses === 'none') assert.deepEqual(probing.lost, []);
      probing.close();
      await server.close();
    });
  }
});
