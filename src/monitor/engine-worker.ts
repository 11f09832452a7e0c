/** The engine's thread: passes messages between the main thread and an `Engine`. */
import { parentPort } from 'node:worker_threads';

import { Engine } from './engine.ts';
import type { EngineReply, EngineCommand } from './engine-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('worker.ts runs in a worker thread');

const send = (message: EngineReply): void => {
  port.postMessage(message);
};

const engine = new Engine({
  told: (messages, checkpoints) => {
    send({ type: 'told', messages, checkpoints });
  },
  stats: (stats) => {
    send({ type: 'stats', stats, at: engine.clock.epoch(engine.now()) });
  },
});

// Orders are carried out one after the other, so that what is added is there when it is removed.
let last: Promise<void> = Promise.resolve();

async function handle(order: EngineCommand): Promise<void> {
  switch (order.type) {
    case 'add':
      await engine.add(order.services);
      return;
    case 'remove':
      engine.remove(order.names);
      send({ type: 'removed', names: order.names });
      return;
    case 'samples':
      engine.samplesWanted = order.wanted;
      return;
    case 'stop':
      engine.stop();
      send({ type: 'stopped' });
      port?.close();
      return;
  }
}

port.on('message', (order: EngineCommand) => {
  last = last.then(() => handle(order));
});
