/**
 * All tools in one place, watching the published ports of a Docker host: `node restart-watch.js ADDRESS`. Prints `ready`
 * some time after each of them has seen what is up; when its standard input ends, it prints what they told (`WatchedThere`).
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { PORTS } from '../../docker/docker.ts';
import type { Row } from '../table.ts';
import { TOOLS } from './all-tools.ts';
import { withFolder } from './folder.ts';
import { startTools } from './start-tools.ts';
import { canWatch, type Watchable } from './tool.ts';
import type { Told } from './witness.ts';

/** The containers have only just been started, and begin on a machine that starts all these tools. */
const CALM_MS = 3000;

/** What one tool told. */
export interface ToldThere {
  readonly tool: string;
  readonly gaps: readonly Told[];
  /** What it can watch. */
  readonly watched: readonly string[];
  /** Whether it took the container in which nothing listens for one that is up, before the restart; null where it can't watch it. */
  readonly emptyUp: boolean | null;
}

export interface WatchedThere {
  readonly told: readonly ToldThere[];
  /** What could not take part. */
  readonly absent: readonly Row[];
}

async function main(host: string): Promise<void> {
  const targets: readonly Watchable[] = [
    { name: 'web', kind: 'http', host, port: PORTS.web, greeting: '' },
    { name: 'redis', kind: 'redis', host, port: PORTS.redis, greeting: '' },
    { name: 'empty', kind: 'tcp', host, port: PORTS.empty, greeting: '' },
  ];
  await withFolder(async (folder) => {
    // Behind the third port nothing listens.
    const { watching, absent } = await startTools(TOOLS, targets, targets.slice(0, 2), folder);
    await sleep(CALM_MS);
    const emptyUp = watching.map(({ tool, witness: { seenUp, seenDown } }) => {
      return canWatch(tool, { kind: 'tcp' }) ? seenUp.has('empty') && !seenDown.has('empty') : null;
    });
    console.log('ready');
    await once(process.stdin.resume(), 'end');
    await Promise.all(watching.map(({ running }) => running.stop()));
    const told = watching.map(({ tool, witness: { gaps } }, index): ToldThere => {
      const watched = targets.filter((target) => canWatch(tool, target)).map(({ name }) => name);
      return { tool: tool.name, watched, gaps, emptyUp: emptyUp[index] ?? null };
    });
    console.log(JSON.stringify({ told, absent } satisfies WatchedThere));
  });
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2] ?? '');
