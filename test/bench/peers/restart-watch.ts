/**
 * All tools in one place, watching the published ports of a Docker host: `node restart-watch.js ADDRESS`. Prints `ready`
 * some time after each of them has seen what is up; when its standard input ends, it prints what they told (`ToldThere[]`).
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { PORTS } from '../../docker/docker.ts';
import { TOOLS } from './all-tools.ts';
import { present } from './needs.ts';
import { withFolder } from './folder.ts';
import type { Watchable } from './tool.ts';
import { type Told, Witness } from './witness.ts';

/** The containers have only just been started, and begin on a machine that starts all these tools. */
const CALM_MS = 3000;

/** What one tool told. */
export interface ToldThere {
  readonly tool: string;
  readonly gaps: readonly Told[];
  /** Whether it took the container in which nothing listens for one that is up, before the restart. */
  readonly emptyUp: boolean;
}

async function main(host: string): Promise<void> {
  const targets: readonly Watchable[] = [
    { name: 'web', kind: 'http', host, port: PORTS.web, greeting: '' },
    { name: 'redis', kind: 'redis', host, port: PORTS.redis, greeting: '' },
    { name: 'empty', kind: 'tcp', host, port: PORTS.empty, greeting: '' },
  ];
  await withFolder(async (folder) => {
    const watching = await Promise.all(
      present(TOOLS).there.map(async (tool) => {
        const witness = new Witness();
        return { name: tool.name, witness, running: await tool.start(targets, witness, folder) };
      }),
    );
    await Promise.all(watching.map(({ name, witness }) => witness.sawUp(['web', 'redis'], name)));
    await sleep(CALM_MS);
    const emptyUp = watching.map(({ witness: { seenUp, seenDown } }) => seenUp.has('empty') && !seenDown.has('empty'));
    console.log('ready');
    await once(process.stdin.resume(), 'end');
    await Promise.all(watching.map(({ running }) => running.stop()));
    const told = watching.map(({ name, witness: { gaps } }, index): ToldThere => {
      return { tool: name, gaps, emptyUp: emptyUp[index] ?? false };
    });
    console.log(JSON.stringify(told));
  });
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2] ?? '');
