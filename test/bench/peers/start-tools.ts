/** Tools that are there, watching the same services. */
import type { Row } from '../table.ts';
import { absentRow, present } from './needs.ts';
import { canWatch, type Running, type Tool, type Watchable } from './tool.ts';
import { Witness } from './witness.ts';

export interface Watching {
  readonly tool: Tool;
  readonly witness: Witness;
  readonly running: Running;
}

/**
 * Starts those of the tools that there are, and waits until each has seen up what is up.
 * @returns those that did, and a row for each other one
 */
export async function startTools(
  tools: readonly Tool[],
  targets: readonly Watchable[],
  up: readonly Watchable[],
  folder: string,
): Promise<{ watching: Watching[]; absent: Row[] }> {
  const { there, absent } = present(tools);
  const started = await Promise.all(
    there.map((tool) =>
      start(tool, targets, up, folder).catch((error: unknown) => absentRow(tool.name, (error as Error).message)),
    ),
  );
  return {
    watching: started.filter((one) => 'running' in one),
    absent: [...absent, ...started.filter((one) => 'what' in one)],
  };
}

async function start(
  tool: Tool,
  targets: readonly Watchable[],
  up: readonly Watchable[],
  folder: string,
): Promise<Watching> {
  const witness = new Witness();
  const watched = (all: readonly Watchable[]): Watchable[] => all.filter((target) => canWatch(tool, target));
  const running = await tool.start(watched(targets), witness, folder);
  try {
    const names = watched(up).map(({ name }) => name);
    await witness.sawUp(names, tool.name);
    return { tool, witness, running };
  } catch (error) {
    await running.stop();
    throw error;
  }
}
