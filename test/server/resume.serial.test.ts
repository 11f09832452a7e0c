/** Coming back: every event that was missed, once and in order, and an honest answer where that can't be. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type Received, Listener } from './listener.ts';
import { inScene, type Scene } from './scene.ts';

const resume = (at: Scene, after: number, more = ''): string =>
  `${at.ws}?after=${String(after)}&monitor=${at.monitor.identity.id}${more}`;

/** Messages that a client waits for before it breaks its connection: fewer than these. */
const MOST = 12;

const isMarked = (text: string) => (message: Received) => message['text'] === text;

/** The number of the newest event. */
async function newest(at: Scene): Promise<number> {
  const client = await Listener.open(at.ws);
  await client.close();
  return client.received[0]?.['seq'] as number;
}

/** The numbers of all events that the monitor has emitted after one. */
function numbersAfter(at: Scene, seq: number): number[] {
  return at.monitor.events.latest(Infinity).flatMap((event) => (event.seq > seq ? [event.seq] : []));
}

describe('a client that comes back', () => {
  it(
    'gets what it missed, then a heartbeat that says so, then what happens',
    inScene({}, async (at) => {
      const seq = await newest(at);
      for (let n = 1; n <= 700; n++) at.monitor.mark(`missed ${String(n)}`);
      const client = await Listener.open(resume(at, seq));
      at.monitor.mark('live');
      await client.find(isMarked('live'));
      const [hello, ...rest] = client.received;
      assert.equal(hello?.['resumed'], true);
      const emitted = numbersAfter(at, seq);
      // On a busy machine the services are unobserved for a moment, which are events too.
      const missed = emitted.filter((number) => number <= Number(hello['seq']));
      assert.ok(missed.length >= 700);
      assert.deepEqual(client.seqs, emitted.slice(0, client.seqs.length));
      const last = rest.findIndex(isMarked('missed 700'));
      assert.ok(last >= 699 && last < missed.length);
      assert.ok(rest.findIndex(isMarked('live')) > missed.length);
      const heartbeat = rest[missed.length];
      assert.deepEqual([heartbeat?.type, heartbeat?.['seq']], ['heartbeat', missed.at(-1)]);
      await client.close();
    }),
  );

  it(
    'gets a fresh start from another monitor, from a number never given, and from before the log',
    inScene({}, async (at) => {
      // Made when it is used: the mark of the case before gives higher numbers.
      const cases = [() => `${at.ws}?after=1&monitor=another`, () => resume(at, at.monitor.events.newest + 1)];
      for (const urlOf of cases) {
        const url = urlOf();
        const client = await Listener.open(url);
        assert.equal(client.received[0]?.['resumed'], false, url);
        at.monitor.mark('live');
        await client.find(isMarked('live'));
        assert.equal(client.seqs.length, 1);
        await client.close();
      }
      for (let n = 0; n < 30_000; n++) at.monitor.mark('many');
      const late = await Listener.open(resume(at, 1));
      assert.equal(late.received[0]?.['resumed'], false);
      assert.equal(late.received[0]['seq'], at.monitor.events.newest);
      await late.close();
    }),
  );

  it(
    'misses nothing when it has nothing to catch up',
    inScene({}, async (at) => {
      const client = await Listener.open(resume(at, await newest(at)));
      assert.equal(client.received[0]?.['resumed'], true);
      await client.first('heartbeat');
      assert.deepEqual(client.seqs, []);
      await client.close();
    }),
  );

  it(
    'gets a hello that knows of all that it has, however many come at the same time',
    inScene({}, async (at) => {
      const other = await Listener.open(at.ws);
      for (let n = 0; n < 5; n++) {
        at.monitor.mark('one more');
        const seq = (await other.find(({ type, seq: last }) => type === 'mark' && last === (other.seqs.at(-1) ?? 0)))[
          'seq'
        ] as number;
        const client = await Listener.open(resume(at, seq));
        assert.ok((client.received[0]?.['seq'] as number) >= seq);
        await client.close();
      }
      await other.close();
    }),
  );

  it(
    'resumes a narrowed feed',
    inScene({}, async (at) => {
      const seq = await newest(at);
      await at.services[0]!.flap(at.monitor);
      await at.services[1]!.flap(at.monitor);
      await at.services[0]!.flap(at.monitor);
      const client = await Listener.open(resume(at, seq, '&service=web'));
      const heartbeat = await client.first('heartbeat');
      const events = client.received.filter((message) => message['service'] !== undefined);
      assert.deepEqual(
        events.map(({ type }) => type),
        ['transition', 'transition', 'gap', 'transition', 'transition', 'gap'],
      );
      assert.deepEqual(new Set(events.map(({ service }) => service)), new Set(['web']));
      assert.equal(heartbeat['seq'], await newest(at));
      assert.ok((events.at(-1)?.['seq'] as number) > seq + events.length);
      await client.close();
    }),
  );

  it(
    'loses nothing, and gets nothing twice, over 2,000 breaks at random while services flap',
    inScene({ intervalMs: 20 }, async (at) => {
      let left = 2000;
      const flaps = (async () => {
        // So many at most: where this takes long, each hello would have more and more of them in it.
        for (let n = 0; n < 50 && left > 0; n++) for (const service of at.services) await service.flap(at.monitor);
      })();
      const begin = await newest(at);
      const wander = async (): Promise<number[]> => {
        const seen: number[] = [];
        let last = begin;
        while (left > 0) {
          left -= 1;
          // One event for each break, and not by the clock: on a busy machine they would pile up for all who come back.
          at.monitor.mark('meanwhile');
          const client = new Listener(resume(at, last));
          const enough = Math.floor(Math.random() * MOST);
          // Broken before the hello, amid what was missed, or a while after it.
          if (enough > 0) await client.find(() => client.received.length >= enough);
          await client.close();
          const hello = client.received[0];
          if (hello !== undefined) assert.equal(hello['resumed'], true);
          seen.push(...client.seqs);
          last = seen.at(-1) ?? begin;
        }
        // The others wait for no more than these.
        for (let n = 0; n < MOST; n++) at.monitor.mark('the last');
        return seen;
      };
      const all = await Promise.all(Array.from({ length: 40 }, wander));
      await flaps;
      const emitted = numbersAfter(at, begin);
      for (const seen of all) {
        assert.ok(seen.length > 50, `only ${String(seen.length)} events were seen`);
        assert.deepEqual(seen, emitted.slice(0, seen.length));
      }
    }),
  );
});
