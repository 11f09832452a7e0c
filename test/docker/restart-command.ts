/** What an administrator types, for a daemon of the tests: restarts it. Arguments: the `Daemon` as JSON, how many times, and the pause in milliseconds. */
import { setTimeout as sleep } from 'node:timers/promises';

import { type Daemon, restart } from './daemon.ts';

/** Between two restarts: time enough to be seen up. */
const CALM_MS = 1500;

const [daemon = '{}', times = '1', pauseMs] = process.argv.slice(2);
for (let count = 0; count < Number(times); count++) {
  if (count > 0) await sleep(CALM_MS);
  await restart(JSON.parse(daemon) as Daemon, pauseMs === undefined ? undefined : Number(pauseMs));
}
