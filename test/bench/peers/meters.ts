/** Programs that ping one service each, at a fixed rate, from a terminal: many of them are started by one shell. */
import { debian } from './needs.ts';
import { Program } from './program.ts';
import type { Running, Tool, Watchable } from './tool.ts';
import { now, type Witness } from './witness.ts';

const INTERVAL_MS = 100;
/** A second is what a look of httping may take; it says so when it has ended. */
const LINE_LATE_MS = 1500;
const STATED_LATE_MS = 150;

/** @param line called with the service and each line of its program */
function each(
  targets: readonly Watchable[],
  command: (target: Watchable) => string,
  line: (name: string, text: string) => void,
): Promise<Running> {
  const pings = targets.map((target) => `stdbuf -oL ${command(target)} 2>&1 | sed -u 's/^/${target.name} /' &`);
  const program = new Program('sh', ['-c', [...pings, 'wait'].join('\n')], (text) => {
    const [, name, rest] = /^([\w-]+) (.*)$/.exec(text) ?? [];
    if (name !== undefined && rest !== undefined) line(name, rest);
  });
  return Promise.resolve(program);
}

/** An open loop: it connects at its rate, whether or not it was answered. It sees connections only, of any kind of service. */
export const nping: Tool = {
  name: 'nping --tcp-connect --rate 10',
  missing: debian({ nping: 'nmap', stdbuf: 'coreutils' }),
  intervalMs: INTERVAL_MS,
  lateMs: STATED_LATE_MS,
  start(targets, witness) {
    const connects = new Map(targets.map(({ name }) => [name, new Connects(name, witness)]));
    return each(
      targets,
      ({ host, port }) => `nping --tcp-connect --rate 10 --count 0 -p ${String(port)} ${host}`,
      (name, text) => connects.get(name)?.take(text),
    );
  },
};

/** The lines of one nping. It states the seconds since its start, exactly; the earliest line shows when that was. */
class Connects {
  readonly #name: string;
  readonly #witness: Witness;
  #startedAt = Infinity;
  #sentAt: number | null = null;

  constructor(name: string, witness: Witness) {
    this.#name = name;
    this.#witness = witness;
  }

  take(text: string): void {
    const [, kind, seconds, rest = ''] = /^(SENT|RCVD) \(([\d.]+)s\) (.*)/.exec(text) ?? [];
    if (kind === undefined) return;
    const sinceMs = Number(seconds) * 1000;
    this.#startedAt = Math.min(this.#startedAt, now() - sinceMs);
    if (kind === 'SENT') {
      // Who gets no answer within an interval, by this machine, is down.
      this.#end(false);
      this.#sentAt = this.#startedAt + sinceMs;
    } else this.#end(rest.endsWith('completed'));
  }

  #end(up: boolean): void {
    if (this.#sentAt !== null) this.#witness.saw(this.#name, up, this.#sentAt);
    this.#sentAt = null;
  }
}

/** One request after the other, each at most a second; it waits an interval after each. */
export const httping: Tool = {
  name: 'httping -s -G -i 0.1 -t 1',
  missing: debian({ httping: 'httping', stdbuf: 'coreutils' }),
  kinds: ['http'],
  intervalMs: INTERVAL_MS,
  lateMs: LINE_LATE_MS,
  start(targets, witness) {
    return each(
      targets,
      ({ host, port }) => `httping -s -G -i 0.1 -t 1 -g http://${host}:${String(port)}/`,
      (name, text) => {
        const [, took, status] = /^connected to .* time= *([\d.]+) ms *(\d+)?/.exec(text) ?? [];
        if (took !== undefined) witness.saw(name, /^[23]/.test(status ?? ''), now() - Number(took));
        else if (/^(could not|error|timeout|time-?out|short read|receive)/i.test(text)) witness.saw(name, false, now());
      },
    );
  },
};
