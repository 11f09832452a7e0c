import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { pino } from 'pino';

import { BusConnection } from '../../src/bus/bus-connection.ts';
import { append, type BusOverview, overview } from '../../src/bus/bus-scripts.ts';
import { LivenessMonitor } from '../../src/bus/liveness-monitor.ts';
import { MergedState } from '../../src/bus/merged-state.ts';
import { RedisServer } from '../support/redis.ts';
import { addressOf, scripted } from './scene.ts';

describe('a vantage that seems silent', () => {
  let redis: RedisServer;
  let bus: BusConnection;
  let liveness: LivenessMonitor;
  let state: MergedState;
  let found: BusOverview;
  before(async () => {
    redis = await RedisServer.start();
    bus = new BusConnection(addressOf(redis.url), 'gapwatch');
    await bus.ready(5000);
  });
  after(async () => {
    bus.close();
    await redis.close();
  });
  beforeEach(async () => {
    await redis.say('FLUSHALL');
    const monitor = scripted('here');
    monitor.change('web', 'up');
    const { feed } = await overview(bus);
    const own = { monitor: monitor.identity.id, run: 'r', vantage: 'here', now: Date.now(), feed, replaced: '' };
    const opening = JSON.stringify(monitor.hello());
    await append(bus, { ...own, from: '', through: 1, events: [], statuses: [], opening, snapshot: '' });
    const vantage = (await overview(bus)).vantages.get('here');
    const silent = { ...vantage, sign: Date.now() - 20_000 };
    await redis.say('HSET', '{gapwatch}:vantages', 'here', JSON.stringify(silent));
    liveness = new LivenessMonitor(bus, pino({ enabled: false }));
    state = new MergedState();
    state.begin('here', monitor.hello(), '0-0', null);
    found = await overview(bus);
  });

  const isOffline = async (): Promise<boolean | undefined> => (await overview(bus)).vantages.get('here')?.offline;
  /** The hub reads the overview, this long after the first time. */
  const check = (afterMs: number, newest = found.newest): Promise<void> =>
    liveness.check({ ...found, now: found.now + afterMs }, newest, state);

  it('is offline when that was seen for a while: after an outage of the bus all seem silent', async () => {
    await check(0);
    await check(2400);
    assert.equal(await isOffline(), false);
    await check(2600);
    assert.equal(await isOffline(), true);
    assert.equal(await redis.say('XLEN', 'gapwatch'), '2');
  });

  it('is watched from the beginning where the bus was away in between', async () => {
    await check(0);
    liveness.interrupted();
    await check(2600);
    assert.equal(await isOffline(), false);
  });

  it('is watched from the beginning where it gave a sign of life', async () => {
    await check(0);
    await redis.say('HDEL', '{gapwatch}:vantages', 'here');
    await check(0);
    const { vantages } = found;
    const sign = vantages.get('here');
    assert.ok(sign !== undefined);
    found = { ...found, vantages: new Map([['here', { ...sign, sign: sign.sign + 5000 }]]) };
    await check(2600);
    found = { ...found, vantages };
    await redis.say('HSET', '{gapwatch}:vantages', 'here', sign.raw);
    await check(2600);
    assert.equal(await isOffline(), false);
  });

  it('is not offline before the hub knows its last events', async () => {
    found = { ...found, newest: 5 };
    await check(0, 4);
    await check(2600, 4);
    assert.equal(await isOffline(), false);
    await check(2600, 5);
    assert.equal(await isOffline(), true);
  });
});
