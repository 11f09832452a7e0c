/** What runs inside Redis, each branch against a real one. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { BusConnection, BusError } from '../../src/bus/bus-connection.ts';
import {
  announceOffline,
  append,
  type Append,
  appendOwn,
  overview,
  type VantageSign,
} from '../../src/bus/bus-scripts.ts';
import { type Entry, entryOf } from '../../src/bus/stream-entry.ts';
import type { Mark, StatusMessage, Transition } from '../../src/core/messages.ts';
import { RedisServer } from '../support/redis.ts';
import { addressOf, publish, scripted } from './scene.ts';
import { waitFor } from '../support/wait-for.ts';

const DAY_MS = 24 * 3_600_000;
const KEEP = { events: 500_000, ms: DAY_MS };
const META = '{gapwatch}:meta';
const VANTAGES = '{gapwatch}:vantages';
const SNAPSHOTS = '{gapwatch}:snapshots';
const SEQS = '{gapwatch}:seqs';

let redis: RedisServer;
let bus: BusConnection;
let feed: string;
before(async () => {
  redis = await RedisServer.start();
  bus = new BusConnection(addressOf(redis.url), 'gapwatch');
  await bus.ready(5000);
});
beforeEach(async () => {
  await redis.say('FLUSHALL');
  ({ feed } = await overview(bus));
});
after(async () => {
  bus.close();
  await redis.close();
});

const marks = (seq: number, count: number): Mark[] =>
  Array.from({ length: count }, (_, n) => ({ type: 'mark', seq: seq + n, at: Date.now(), text: String(seq + n) }));

/** Asks for an entry of a monitor `m` at the vantage `here`: the next mark, in a vantage that is its own. */
function asked(changes: Partial<Append> = {}): Append {
  const [own, nothing] = [
    { monitor: 'm', run: 'r', vantage: 'here' },
    { statuses: [], opening: '', snapshot: '' },
  ];
  return {
    ...{ ...own, ...nothing, now: Date.now(), feed, replaced: null, from: '', through: 0, events: [] },
    ...changes,
  };
}

/** Takes the vantage, with the event 1. */
const join = (changes: Partial<Append> = {}): Promise<boolean> =>
  append(bus, asked({ replaced: '', through: 1, events: marks(1, 1), ...changes }));

const next = (from: number, count: number, keep = KEEP): Promise<boolean> =>
  append(bus, asked({ from: String(from), through: from + count, events: marks(from + 1, count) }), keep);

async function entries(): Promise<Entry[]> {
  const raw = await bus.rangeBack('+', 10_000);
  return raw.toReversed().flatMap((one) => {
    const read = entryOf(one, Date.now());
    return 'problem' in read ? [] : [read];
  });
}

const length = async (): Promise<number> => Number(await redis.say('XLEN', 'gapwatch'));
const vantage = async (name = 'here'): Promise<VantageSign | undefined> => (await overview(bus)).vantages.get(name);
const store = (name: string, what: unknown): Promise<string> =>
  redis.say('HSET', VANTAGES, name, typeof what === 'string' ? what : JSON.stringify(what));
/** The next call cleans up. */
const cleanUpNext = (): Promise<string> => redis.say('HSET', META, 'trimmed', '0');

describe('appending', () => {
  it('gives numbers by the clock of Redis in microseconds, strictly growing, each entry with the number before it', async () => {
    const from = Date.now() * 1000;
    assert.ok(await join());
    assert.ok(await next(1, 3));
    const [first, second] = await entries();
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(first.previous, 0);
    assert.ok(first.first >= from - 1000 && first.first <= Date.now() * 1000 + 1000);
    assert.deepEqual([second.previous, second.newest - second.first], [first.newest, 2]);
    assert.ok(second.first > first.newest);
    assert.equal((await overview(bus)).newest, second.newest);
    // A clock that was set back, or many events within a microsecond.
    const ahead = from + 3_600_000_000;
    await redis.say('HSET', META, 'n', String(ahead));
    assert.ok(await next(4, 2));
    const third = (await entries()).at(-1);
    assert.deepEqual([third?.previous, third?.first, third?.newest], [ahead, ahead + 1, ahead + 2]);
  });

  it('is done once, where it is asked for again because the answer was lost', async () => {
    await join();
    assert.ok(await next(1, 1));
    assert.ok(!(await next(1, 1)));
    assert.equal((await entries()).length, 2);
    assert.equal((await overview(bus, 'm')).last, '2');
  });

  it('goes on at a publisher whose answer was lost', async () => {
    const monitor = scripted('here', ['web'], 'm');
    const publisher = publish(monitor, bus.where.shown);
    await waitFor(() => publisher.vantage !== null);
    monitor.mark('first');
    await waitFor(() => publisher.isCaughtUp);
    const { last } = await overview(bus, 'm');
    const run = (await vantage())?.run ?? '';
    // In its name, and before it: so it has no answer to this.
    const seq = monitor.events.newest + 1;
    const event: Mark = { type: 'mark', seq, at: Date.now(), text: 'second' };
    assert.ok(await append(bus, asked({ run, from: last, through: seq, events: [event] })));
    monitor.mark('third');
    await waitFor(() => publisher.isCaughtUp);
    const texts = (await entries()).flatMap(({ events }) => events.map((one) => (one as Mark).text));
    assert.deepEqual(texts, ['first', 'second', 'third']);
    await publisher.stop();
  });

  it('is refused in another feed, and in a vantage that is not its own', async () => {
    assert.ok(!(await join({ feed: 'another' })));
    assert.ok(!(await next(0, 1)), 'a vantage that nothing is known of');
    assert.ok(!(await join({ replaced: '{}' })), 'it looked before something changed');
    assert.ok(await join());
    assert.ok(!(await append(bus, asked({ run: 'another', from: '1' }))));
    assert.ok(!(await append(bus, asked({ run: 'another', replaced: '', from: '1' }))));
    const raw = (await vantage())?.raw ?? '';
    assert.ok(await append(bus, asked({ run: 'another', replaced: raw, from: '1', through: 1 })));
    assert.ok(!(await next(1, 1)));
    assert.equal((await entries()).length, 1);
  });

  it('of nothing is a sign of life', async () => {
    await join();
    const before = await vantage();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(await append(bus, asked({ from: '1', through: 1, now: 12_345.5 })));
    const sign = await vantage();
    assert.ok((sign?.sign ?? 0) > (before?.sign ?? Infinity));
    assert.deepEqual([sign?.at, sign?.offline], [12_345.5, false]);
    assert.equal(await length(), 1);
  });

  it('of statuses and openings takes no numbers; what is stored for newcomers is as of the entries before', async () => {
    await join();
    const { top, newest } = { top: await redis.say('HGET', META, 'top'), newest: (await overview(bus)).newest };
    const status: StatusMessage = { type: 'status', service: 'web', at: Date.now(), status: 'up' };
    const opening = JSON.stringify(scripted('here').hello());
    assert.ok(await append(bus, asked({ from: '1', through: 1, statuses: [status], opening })));
    const [, opened, said] = await entries();
    assert.deepEqual([opened?.previous, opened?.first, opened?.newest], [newest, newest, newest]);
    assert.equal(opened?.opening?.services[0]?.service, 'web');
    assert.deepEqual(said?.statuses, [status]);
    const stored = (): Promise<{ top: string; hello: unknown }> =>
      redis.say('HGET', SNAPSHOTS, 'here').then((json) => JSON.parse(json) as { top: string; hello: unknown });
    assert.deepEqual(await stored(), { top, hello: JSON.parse(opening) as unknown });
    assert.ok(await append(bus, asked({ from: '1', through: 1, snapshot: '{"other":1}' })));
    assert.deepEqual(await stored(), { top: said.id, hello: { other: 1 } });
  });

  it('changes nothing where Redis refuses the stream', async () => {
    await redis.say('SET', 'gapwatch', 'mine');
    await assert.rejects(join(), (error) => error instanceof BusError && error.message.startsWith('WRONGTYPE'));
    assert.deepEqual(await overview(bus, 'm').then(({ newest, last, vantages }) => [newest, last, vantages.size]), [
      0,
      '',
      0,
    ]);
  });

  it('goes on from what was confirmed and lost: numbers are not given twice', async () => {
    await join();
    await redis.say('SAVE');
    await next(1, 5);
    const lost = (await entries()).at(-1);
    await redis.restart();
    await bus.ready(5000);
    assert.deepEqual(await overview(bus, 'm').then(({ last }) => last), '1');
    assert.ok(!(await next(6, 1)));
    assert.ok(await next(1, 6));
    const again = (await entries()).at(-1);
    assert.ok(again !== undefined && lost !== undefined && again.first > lost.newest);
    assert.ok(again.previous < lost.newest);
  });
});

describe('clean-up', () => {
  it('is done every 10 s, beginning with the first call', async () => {
    await join();
    const first = Number(await redis.say('HGET', META, 'trimmed'));
    assert.ok(Math.abs(Date.now() - first) < 5000);
    await next(1, 1);
    assert.equal(Number(await redis.say('HGET', META, 'trimmed')), first);
    await redis.say('HSET', META, 'trimmed', String(first - 10_000));
    await next(2, 1);
    assert.ok(Number(await redis.say('HGET', META, 'trimmed')) >= first);
  });

  it('trims by age, in whole nodes of 100 entries', async () => {
    const add = "for n = 1, 250 do redis.call('XADD', KEYS[1], n .. '-0', 'old', 'entry') end";
    await redis.say('EVAL', add, '1', 'gapwatch');
    await join();
    assert.ok((await length()) <= 51, String(await length()));
    assert.equal((await entries()).length, 1);
  });

  it('trims by the count of entries, with events or without', async () => {
    await join();
    const status: StatusMessage = { type: 'status', service: 'web', at: Date.now(), status: 'up' };
    for (let n = 1; n < 450; n++) await append(bus, asked({ from: '1', through: 1, statuses: [status] }));
    assert.equal(await length(), 450);
    await cleanUpNext();
    await next(1, 1, { ...KEEP, events: 150 });
    assert.ok((await length()) >= 150 && (await length()) <= 251, String(await length()));
  });

  it("trims by the count of events, whatever strangers' entries stand before", async () => {
    const strange = [
      ['x', 'y'],
      ['f', feed],
      ['f', feed, 'k', 'much'],
      ['f', feed, 'k', 'nan'],
      ['f', feed, 'k', '-1'],
    ];
    for (const fields of strange) await redis.say('XADD', 'gapwatch', '*', ...fields);
    await redis.say('XADD', 'gapwatch', '*', 'f', feed, 'k', '999999999');
    await redis.say('XADD', 'gapwatch', '*', 'f', 'another', 'k', '4000');
    await join();
    for (let n = 1; n <= 4000; n += 10) await next(n, 10);
    await cleanUpNext();
    await next(4001, 1, { ...KEEP, events: 2000 });
    const kept = (await entries()).reduce((sum, { events }) => sum + events.length, 0);
    assert.ok(kept >= 1900 && kept <= 3100, String(kept));
    assert.ok((await length()) > 150);
  });

  it('forgets vantages without a sign of life for that long, and such that can not be read', async () => {
    const sign = { monitor: 'x', run: 'x', at: 0, offline: true };
    await store('old', { ...sign, sign: Date.now() - 2 * DAY_MS });
    await store('recent', { ...sign, sign: Date.now() - DAY_MS / 2 });
    await store('garbage', 'garbage');
    await store('without-sign', '{"monitor":"x","run":"x","at":0,"sign":nan}');
    for (const name of ['old', 'recent', 'garbage', 'without-sign']) await redis.say('HSET', SNAPSHOTS, name, '{}');
    await join();
    assert.deepEqual((await redis.say('HKEYS', VANTAGES)).split('\n').sort(), ['here', 'recent']);
    assert.deepEqual(await redis.say('HKEYS', SNAPSHOTS), 'recent');
  });

  it('forgets the last events of monitors that were away for a month, where there are many', async () => {
    const fill = async (count: number): Promise<void> => {
      const old = Array.from({ length: count }, (_, n) => [
        `old-${String(n)}`,
        `7 ${String(Date.now() - 31 * DAY_MS)}`,
      ]);
      await redis.say(
        'HSET',
        SEQS,
        ...old.flat(),
        'recent',
        `7 ${String(Date.now() - 29 * DAY_MS)}`,
        'garbage',
        'garbage',
      );
    };
    await fill(900);
    await join();
    assert.equal(await redis.say('HLEN', SEQS), '903');
    await fill(1100);
    await cleanUpNext();
    await next(1, 1);
    assert.deepEqual((await redis.say('HKEYS', SEQS)).split('\n').sort(), ['m', 'recent']);
  });
});

describe('the end of an observation', () => {
  const transition = (service: string): Transition => ({
    ...{ type: 'transition', seq: 0, service, from: 'up', to: 'unobserved', reason: 'stopped', message: null },
    ...{ at: Date.now(), notBefore: Date.now(), notAfter: Date.now() },
  });

  it('is announced by the monitor itself, once', async () => {
    assert.ok(!(await announceOffline(bus, 'here', { run: 'r', sign: null }, [])), 'nothing is known of it');
    await join();
    assert.ok(!(await announceOffline(bus, 'here', { run: 'another', sign: null }, [transition('web')])));
    assert.ok(await announceOffline(bus, 'here', { run: 'r', sign: null }, [transition('web')]));
    assert.ok(!(await announceOffline(bus, 'here', { run: 'r', sign: null }, [transition('web')])));
    const [, said, ...others] = await entries();
    assert.deepEqual([said?.monitor, said?.vantage, said?.events.length, others], ['m', 'here', 1, []]);
    assert.equal((await vantage())?.offline, true);
    assert.ok(!(await next(1, 1)), 'it has to begin again');
  });

  it('is announced by one hub after a silence, unless there was a sign of life since', async () => {
    await join();
    const { run = '', sign = 0 } = (await vantage()) ?? {};
    const many = Array.from({ length: 1100 }, (_, n) => transition(`service-${String(n)}`));
    assert.ok(!(await announceOffline(bus, 'here', { run, sign }, many)), 'not silent for long');
    const old = { monitor: 'm', run: 'r', sign: sign - 20_000, at: 0 };
    await store('here', old);
    assert.ok(!(await announceOffline(bus, 'here', { run, sign }, many)), 'another sign of life');
    assert.ok(await announceOffline(bus, 'here', { run, sign: old.sign }, many));
    assert.ok(!(await announceOffline(bus, 'here', { run, sign: old.sign }, many)));
    assert.deepEqual(
      (await entries()).map(({ events }) => events.length),
      [1, 500, 500, 100],
    );
  });

  it('is nothing where the bus is new', async () => {
    await redis.say('FLUSHALL');
    assert.ok(!(await announceOffline(bus, 'here', { run: 'r', sign: null }, [])));
  });
});

describe('a mark', () => {
  it('has its number at once, in a new feed too', async () => {
    const [mark] = marks(0, 1);
    const first = await appendOwn(bus, mark!);
    await redis.say('FLUSHALL');
    const second = await appendOwn(bus, mark!);
    assert.ok(second > first);
    const [entry] = await entries();
    assert.deepEqual([entry?.newest, entry?.monitor, entry?.vantage, entry?.previous], [second, '', '', 0]);
    assert.notEqual((await overview(bus)).feed, feed);
  });
});

describe('the overview', () => {
  it('begins a feed once, and passes over what can not be read', async () => {
    assert.equal((await overview(bus)).feed, feed);
    await redis.say('HSET', META, 'n', 'nan', 'began', '-1', 'total', 'inf', 'top', 'nonsense', 'trimmed', '1e99');
    await redis.say('HSET', SEQS, 'm', 'nonsense');
    for (const raw of ['', '[', '7', '{}', '{"monitor":"m","run":"r"}', '{"monitor":1,"run":"r","sign":1,"at":1}'])
      await store('here', raw);
    const found = await overview(bus, 'm');
    assert.deepEqual([found.newest, found.began, found.last, found.vantages.size], [0, 0, '', 0]);
    await store('here', { monitor: 'x', run: 'x', sign: 1, at: 1 });
    await store('evil\u001b', { monitor: 'x', run: 'x', sign: 1, at: 1 });
    assert.deepEqual([...(await overview(bus)).vantages.keys()], ['here']);
    // And what is appended to that is sound.
    assert.ok(await join({ replaced: (await vantage())?.raw ?? '' }));
    assert.equal((await entries()).length, 1);
  });
});

describe('a script of ours that fails', () => {
  const script = (source: string): Parameters<BusConnection['run']>[0] => ({
    name: 'broken.lua',
    source,
    sha: '0'.repeat(40),
  });
  const isFault = (error: unknown): boolean =>
    error instanceof Error && !(error instanceof BusError) && error.message.startsWith('broken.lua: ');

  it('is a fault of this program, not of Redis', async () => {
    await assert.rejects(bus.run(script('return 1 <= "2"'), []), isFault);
    await assert.rejects(bus.run(script("return redis.call('GET')"), []), isFault);
    await assert.rejects(bus.run(script('return return'), []), isFault);
  });

  it('is distinguished from what Redis refuses inside a script', async () => {
    await redis.say('SET', 'gapwatch', 'text');
    await assert.rejects(bus.run(script("return redis.call('XLEN', KEYS[1])"), []), BusError);
    await redis.say('DEL', 'gapwatch');
    await redis.say('XADD', 'gapwatch', '18446744073709551615-18446744073709551615', 'x', 'y');
    await assert.rejects(join(), BusError);
  });
});
