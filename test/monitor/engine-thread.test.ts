/** When the thread of an engine counts as silent. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { it } from 'node:test';

import { EngineThread } from '../../src/monitor/engine-thread.ts';

it('a thread may take two minutes to begin, and is silent from then on; once it has begun, from its last report on', async () => {
  const events = new EventEmitter();
  const thread = new EngineThread(true, Date.now, {
    messages: () => undefined,
    stats: () => events.emit('stats'),
    lowPriority: () => undefined,
  });
  const reported = once(events, 'stats');
  // All within one turn of the loop: nothing can come from it meanwhile.
  const before = Array.from({ length: 243 }, () => thread.tick(false));
  assert.deepEqual([Math.max(...before.slice(0, 240)), before.slice(240)], [0, [1, 2, 3]]);
  assert.equal(thread.tick(true), 0, 'the main thread was away itself');
  await reported;
  assert.deepEqual([thread.tick(false), thread.tick(false), thread.tick(false)], [0, 1, 2]);
  await thread.stop();
});
