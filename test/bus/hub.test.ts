/** From several monitors through a stream to the viewers of a hub. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Redis } from 'ioredis';

import { BusConnection, keysOf } from '../../src/bus/bus-connection.ts';
import { appendOwn } from '../../src/bus/bus-scripts.ts';
import { MemoryEventLog } from '../../src/core/event-log.ts';
import type { Event } from '../../src/core/messages.ts';
import type { State } from '../../src/core/model.ts';
import { ask } from '../server/asking.ts';
import { Listener } from '../server/listener.ts';
import { RedisServer } from '../support/redis.ts';
import { addressOf, publish, readableLog, scripted, type ServedHub, serveHub } from './scene.ts';
import { waitFor } from '../support/wait-for.ts';

describe('a hub', () => {
  let redis: RedisServer;
  let url: string;
  before(async () => {
    redis = await RedisServer.start();
    url = redis.url;
  });
  after(async () => {
    await redis.close();
  });

  it('serves what monitors publish, each service with its vantages', async () => {
    const [here, there] = [scripted('here', ['web', 'api']), scripted('there', ['web'])];
    const publishers = [publish(here, url), publish(there, url)];
    await waitFor(() => publishers.every(({ vantage }) => vantage !== null));
    const at = await serveHub(url);
    const viewer = await Listener.open(at.ws);
    here.change('web', 'up');
    here.change('api', 'up');
    there.change('web', 'up');
    await waitFor(() => viewer.seqs.length === 3);
    const stateOf = (): string | undefined => at.hub.board.services.get('web')?.state;
    assert.equal(stateOf(), 'up');
    here.change('web', 'down');
    const first = await viewer.find(({ to }) => to === 'partial');
    assert.equal(first['vantage'], 'here');
    assert.deepEqual(first['seen'], { from: 'up', to: 'down' });
    there.change('web', 'down');
    await viewer.find(({ from, to }) => from === 'partial' && to === 'down');
    const status = await ask(`${at.http}/api/v1/status`);
    const { services } = JSON.parse(status.body) as {
      services: { service: string; state: string; vantages: { vantage: string; state: string }[] }[];
    };
    const web = services.find(({ service }) => service === 'web');
    assert.equal(web?.state, 'down');
    assert.deepEqual(
      web.vantages.map(({ vantage, state }) => [vantage, state]),
      [
        ['here', 'down'],
        ['there', 'down'],
      ],
    );
    const days = JSON.parse((await ask(`${at.http}/api/v1/days`)).body) as {
      services: { service: string; partialMs?: number[] }[];
    };
    const partialMs = new Map(days.services.map((one) => [one.service, one.partialMs]));
    assert.ok((partialMs.get('web')?.reduce((sum, ms) => sum + ms) ?? 0) > 0, JSON.stringify([...partialMs]));
    assert.equal(partialMs.get('api'), undefined);
    const seqs = at.hub.events.latest(9).map(({ seq }) => seq);
    assert.equal(seqs.length, 5);
    assert.deepEqual(viewer.seqs, seqs);
    assert.deepEqual(
      seqs,
      [...new Set(seqs)].sort((a, b) => a - b),
    );
    // Another hub, from nothing: the same numbers, the same states.
    const other = await serveHub(url);
    assert.deepEqual(other.hub.events.eventsAfter(0, 9), at.hub.events.eventsAfter(0, 9));
    assert.equal(other.hub.identity.id, at.hub.identity.id);
    assert.equal(other.hub.board.services.get('web')?.state, 'down');
    for (const publisher of publishers) await publisher.stop();
    await viewer.find(({ to, service }) => service === 'api' && to === 'unobserved');
    await viewer.close();
    await at.end();
    await other.end();
  });

  it('keeps a vantage that joined while an older answer of Redis was on its way', async () => {
    const publishers = [publish(scripted('here'), url, 'joins')];
    await waitFor(() => publishers[0]?.vantage !== null);
    const commands = new BusConnection(addressOf(url), 'joins');
    const run = commands.run.bind(commands);
    let [asked, isHeld] = [0, false];
    let release = (): void => undefined;
    const late = new Promise<void>((resolve) => (release = resolve));
    commands.run = async (script, args) => {
      const answer = await run(script, args);
      if (script.name === 'overview.lua') asked += 1;
      if (script.name !== 'overview.lua' || !isHeld) return answer;
      await late;
      return answer;
    };
    const at = await serveHub(url, 0, 'joins', commands);
    isHeld = true;
    const before = asked;
    await waitFor(() => asked > before);
    publishers.push(publish(scripted('there'), url, 'joins'));
    await waitFor(() => at.hub.figures.vantages === 2);
    isHeld = false;
    release();
    const then = asked;
    await waitFor(() => asked > then + 1);
    assert.equal(at.hub.figures.vantages, 2);
    for (const publisher of publishers) await publisher.stop();
    await at.end();
  });

  it('begins with the last outage of a vantage that is gone, which its stored state does not have', async () => {
    const gone = scripted('gone');
    const now = Date.now();
    gone.clock = now - 9000;
    gone.change('web', 'up');
    const publisher = publish(gone, url, 'gone');
    await waitFor(() => publisher.vantage !== null);
    // As a publisher does it every ten seconds: what is stored has all up to the newest entry.
    const client = new Redis(url);
    const { snapshots, stream } = keysOf('gone');
    const [newest] = await client.xrevrange(stream, '+', '-', 'COUNT', 1);
    const stored = JSON.parse((await client.hget(snapshots, 'gone')) ?? '') as object;
    await client.hset(snapshots, 'gone', JSON.stringify({ ...stored, top: newest?.[0] }));
    client.disconnect();
    const there = await serveHub(url, 0, 'gone');
    gone.clock = now - 6000;
    gone.change('web', 'down');
    await waitFor(() => there.hub.board.services.get('web')?.state === 'down');
    gone.clock = now - 3000;
    await publisher.stop();
    const statesAt = ({ hub }: ServedHub): State[] =>
      (hub.board.services.get('web')?.timeline ?? []).map(({ state }) => state);
    await waitFor(() => statesAt(there).at(-1) === 'unobserved');
    const loaded = await serveHub(url, 0, 'gone');
    assert.deepEqual(statesAt(loaded).slice(-3), ['up', 'down', 'unobserved']);
    assert.deepEqual(statesAt(loaded), statesAt(there));
    await there.end();
    await loaded.end();
  });

  it('has the notes that were made at a hub, as they stand now, however much happened since', async () => {
    const at = await serveHub(url, 0, 'notes');
    const note = await at.hub.note({ kind: 'maintenance', text: 'Docker upgrade' });
    const other = await at.hub.note({ text: 'withdrawn' });
    await waitFor(() => at.hub.board.notes.get(other!.id) !== null);
    await at.hub.note({ id: other!.id, text: 'changed' });
    await waitFor(() => at.hub.board.notes.get(other!.id)?.text === 'changed');
    const bus = new BusConnection(addressOf(url), 'notes');
    await bus.ready(30_000);
    const passed = { type: 'mark', seq: 0, at: Date.now(), text: 'passed' } as const;
    let newest = 0;
    // One entry each, as events come where nothing breaks.
    for (let n = 0; n < 42; n += 1)
      newest = Math.max(...(await Promise.all(Array.from({ length: 500 }, () => appendOwn(bus, passed)))));
    bus.close();
    await waitFor(() => at.hub.events.newest === newest);
    const loaded = await serveHub(url, 0, 'notes');
    const said = loaded.hub.board.notes.all.map(({ id, kind, text, seq }) => [id, kind, text, seq]);
    assert.deepEqual(
      said,
      at.hub.board.notes.all.map(({ id, kind, text, seq }) => [id, kind, text, seq]),
    );
    assert.deepEqual(
      said.map(([id, , text]) => [id, text]),
      [
        [note!.id, 'Docker upgrade'],
        [other!.id, 'changed'],
      ],
    );
    await at.end();
    await loaded.end();
  });

  it('passes on the status that rise and fall give, as all vantages see it together', async () => {
    const [here, there] = [scripted('here'), scripted('there')];
    for (const { board } of [here, there])
      for (const service of board.services.values()) service.info = { ...service.info, rise: 2, fall: 2 };
    const publishers = [publish(here, url, 'statuses'), publish(there, url, 'statuses')];
    await waitFor(() => publishers.every(({ vantage }) => vantage !== null));
    const at = await serveHub(url, 0, 'statuses');
    const viewer = await Listener.open(at.ws);
    for (const monitor of [here, there]) {
      monitor.change('web', 'up');
      monitor.status('web', 'up');
    }
    await waitFor(() => at.hub.board.services.get('web')?.status === 'up');
    here.status('web', 'down');
    await viewer.find(({ type, status }) => type === 'status' && status === 'partial');
    there.status('web', 'down');
    await viewer.find(({ type, status }) => type === 'status' && status === 'down');
    for (const publisher of publishers) await publisher.stop();
    await viewer.close();
    await at.end();
  });

  it('learns what is from a monitor whose clock was ahead, once that is put right', async () => {
    const far = scripted('far');
    const publisher = publish(far, url, 'ahead');
    await waitFor(() => publisher.vantage !== null);
    const at = await serveHub(url, 0, 'ahead');
    const stateOf = (): string | undefined => at.hub.board.services.get('web')?.state;
    far.change('web', 'up');
    await waitFor(() => stateOf() === 'up');
    far.change('web', 'unobserved');
    far.clock = Date.now() + 3_600_000;
    // From the future, which the hub does not believe.
    far.change('web', 'up');
    await waitFor(() => at.hub.figures.views.some(({ state }) => state === 'unobserved'));
    far.clock = Date.now();
    await waitFor(() => stateOf() === 'up');
    await publisher.stop();
    await at.end();
  });

  it('believes what was from the future once its own clock has come so far', async () => {
    const far = scripted('far');
    const publisher = publish(far, url, 'behind');
    await waitFor(() => publisher.vantage !== null);
    const at = await serveHub(url, 0, 'behind');
    far.change('web', 'unobserved');
    await waitFor(() => at.hub.board.services.get('web')?.state === 'unobserved');
    // As it is where the hub's clock is a minute behind.
    far.clock = Date.now() + 62_000;
    far.change('web', 'up');
    await waitFor(() => at.hub.events.latest(9).some((event) => event.type === 'mark'));
    await waitFor(() => at.hub.board.services.get('web')?.state === 'up');
    assert.ok(at.hub.events.latest(9).every((event) => event.type === 'transition'));
    await publisher.stop();
    await at.end();
  });

  it('gets every event of a monitor whose disk did not answer for a while', async () => {
    const log = new (class extends MemoryEventLog {
      isUnreadable = false;

      override after(seq: number, limit: number): Promise<readonly Event[] | null> {
        return this.isUnreadable ? Promise.resolve(null) : super.after(seq, limit);
      }
    })(0);
    const slow = scripted('slow', ['web'], 'monitor-of-slow', log);
    const { log: logger, logged } = readableLog();
    const publisher = publish(slow, url, 'slow', logger);
    await waitFor(() => publisher.vantage !== null);
    const at = await serveHub(url, 0, 'slow');
    log.isUnreadable = true;
    slow.change('web', 'up');
    await waitFor(() => publisher.problem !== null);
    assert.match(publisher.problem ?? '', /can not be read/);
    slow.change('web', 'down');
    log.isUnreadable = false;
    await waitFor(() => publisher.isCaughtUp && publisher.problem === null);
    await waitFor(() => at.hub.events.latest(9).length === 2);
    assert.deepEqual(
      at.hub.events.latest(9).map((event) => event.type === 'transition' && event.to),
      ['up', 'down'],
    );
    assert.equal(logged().match(/nothing is delivered/g)?.length, 1);
    await publisher.stop();
    await at.end();
  });
});
