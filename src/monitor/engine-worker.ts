/** The engine's thread: passes messages between the main thread and an `Engine`. */
import { getPriority, setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';

import { Clock, systemClock } from '../core/clock.ts';
import type { EngineCommand, EngineReply } from './engine-protocol.ts';
import { Engine } from './engine.ts';

const port = parentPort;
if (port === null) throw new Error('engine-worker.ts runs in a worker thread');

const send = (message: EngineReply): void => {
  port.postMessage(message);
};

/** The nice value of this thread: probes take a few percent of a core, and must not wait where others take all. */
const ENGINE_NICE = -15;

/**
 * Raises the priority of this thread. On Linux the nice value belongs to a thread (setpriority(2), NOTES), elsewhere to the
 * process, which is left as it is.
 * @returns whether it has the priority now; null where there is no such thing
 */
function raisePriority(): boolean | null {
  if (process.platform !== 'linux') return null;
  try {
    if (getPriority(0) > ENGINE_NICE) setPriority(0, ENGINE_NICE);
    return true;
  } catch {
    return false;
  }
}

// Where many objects of one kind survived, V8 allocates the next ones where it collects seldom ("pretenuring"). For sockets that live
// for some milliseconds that is wrong, and stays so: each dead one keeps the young objects that it refers to, which survive then, and
// so on. Half of all that a probe allocates was kept that way, and a pause of the collector took 16 ms instead of 4. The flag is of the
// whole process: what lives long elsewhere is copied twice before it is allocated there, and no more.
setFlagsFromString('--no-allocation-site-pretenuring');

send({ type: 'priority', isRaised: raisePriority() });

const { followsSteps } = workerData as { readonly followsSteps: boolean };
const engine = new Engine(
  {
    emit: (messages, checkpoints) => {
      send({ type: 'messages', messages, checkpoints });
    },
    stats: (stats) => {
      send({ type: 'stats', stats, at: engine.clock.epoch(engine.now()) });
    },
  },
  new Clock(systemClock, followsSteps),
);

// Commands are handled one after the other, so that what is added is there when it is removed.
let last: Promise<void> = Promise.resolve();

async function handle(command: EngineCommand): Promise<void> {
  switch (command.type) {
    case 'add':
      await engine.add(command.services);
      return;
    case 'remove':
      engine.remove(command.names);
      send({ type: 'removed', names: command.names });
      return;
    case 'samples':
      engine.samplesWanted = command.wanted;
      return;
    case 'stop':
      engine.stop();
      send({ type: 'stopped' });
      port?.close();
      return;
  }
}

port.on('message', (command: EngineCommand) => {
  last = last.then(() => handle(command));
});
