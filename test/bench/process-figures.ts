/** What the kernel says of a process: proc(5). */
import { readdir, readFile } from 'node:fs/promises';

export interface ProcessFigures {
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Seconds of a core that it has used. */
  readonly cpuS: number;
}

/** `_SC_CLK_TCK`. */
const TICKS_PER_S = 100;

export async function figuresOf(pid: number): Promise<ProcessFigures> {
  const folder = `/proc/${String(pid)}`;
  const [status, ticks, descriptors] = await Promise.all([
    readFile(`${folder}/status`, 'utf8'),
    readFile(`${folder}/stat`, 'utf8'),
    readdir(`${folder}/fd`),
  ]);
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  // Behind the name, which may hold spaces.
  const [user = 0, system = 0] = ticks.slice(ticks.lastIndexOf(')')).split(' ').slice(12).map(Number);
  return {
    rssBytes: figure('VmRSS') * 1024,
    descriptors: descriptors.length,
    threads: figure('Threads'),
    cpuS: (user + system) / TICKS_PER_S,
  };
}
