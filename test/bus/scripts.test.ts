/** What runs inside Redis: nothing is appended twice, whoever did not hear the answer. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { answerOf } from '../../src/bus/answer.ts';
import { BusLink } from '../../src/bus/bus-connection.ts';
import { APPEND } from '../../src/bus/scripts.ts';
import { RedisServer } from '../support/redis.ts';
import { so, Told, publish, whereOf } from './scene.ts';

describe('appending', () => {
  let redis: RedisServer;
  let link: BusLink;
  before(async () => {
    redis = await RedisServer.start();
    link = new BusLink(whereOf(`redis://127.0.0.1:${String(redis.port)}`), 'gapwatch');
    await link.ready(5000);
  });
  after(async () => {
    link.close();
    await redis.close();
  });

  it('is done once, when it is asked for again because the answer was lost', async () => {
    const monitor = new Told('here');
    const publisher = publish(monitor, link.where.shown);
    await so(() => publisher.role === 'leading');
    monitor.mark('first');
    await so(() => publisher.waiting === 0);
    const events = JSON.stringify([{ type: 'mark', seq: 2, at: monitor.now(), text: 'second' }]);
    const ask = async (): Promise<{ what: string; last: string }> =>
      answerOf(
        await link.run(APPEND, [
          ...[monitor.identity.id, 'here', String(monitor.now()), '', 'new-numbering', 'go on', ''],
          ...['1', '2', 1, events, '', '', '', 4000, 1000, 60_000],
        ]),
      );
    const first = await ask();
    const again = await ask();
    assert.deepEqual([first.what, first.last], ['ok', '2']);
    assert.deepEqual([again.what, again.last], ['adopt', '2']);
    assert.equal((await redis.say('XRANGE', 'gapwatch', '-', '+')).split('"second"').length - 1, 1);
    // Its own second event is in the stream already, as far as the stream knows: the publisher goes on behind it.
    monitor.mark('second');
    monitor.mark('third');
    await so(() => publisher.waiting === 0);
    const told = await redis.say('XRANGE', 'gapwatch', '-', '+');
    assert.deepEqual(
      ['"second"', '"third"'].map((text) => told.split(text).length - 1),
      [1, 1],
    );
    await publisher.stop();
  });
});
