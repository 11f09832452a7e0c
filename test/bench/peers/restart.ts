/** One real restart of a Docker daemon with live-restore: what each tool says of it, beside a meter of 5 ms. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Child } from '../../docker/child.ts';
import { restart as restartDaemon } from '../../docker/daemon.ts';
import { type Docker, startDocker } from '../../docker/docker.ts';
import type { Machine } from '../../docker/machine.ts';
import { type Metered, Metering } from '../../docker/metering.ts';
import { DOCKER_PACKAGES, whyNoDocker } from '../../docker/needs.ts';
import { installMissing } from '../../support/install.ts';
import type { Bench, Row } from '../table.ts';
import { TOOLS } from './all-tools.ts';
import { present } from './needs.ts';
import type { ToldThere } from './restart-watch.ts';
import { ncLoop } from './tools.ts';

const SCRIPT = fileURLToPath(new URL('./restart-watch.js', import.meta.url));
/** For the slowest tool to see the services up again. */
const AFTERWARDS_MS = ncLoop.intervalMs + 3000;
const SERVICES = ['web', 'redis'] as const;

export const restart: Bench = {
  name: 'peers:restart',
  about: 'one real restart of a Docker daemon with live-restore: what each tool says of it',
  async run(say) {
    installMissing(DOCKER_PACKAGES, 'a restart of Docker');
    const why = whyNoDocker();
    if (why !== null) return [notRun(why)];
    say('a Docker daemon of its own, with three containers');
    const docker = await startDocker({ liveRestore: true, userlandProxy: true }).catch((error: unknown) =>
      String(error),
    );
    if (typeof docker === 'string') return [notRun(docker)];
    try {
      return [...(await watchRestart(docker, say)), ...present(TOOLS).absent];
    } finally {
      await docker.close();
    }
  },
};

function notRun(why: string): Row {
  return { what: 'a restart of Docker', found: `not run here: ${why}`, reach: '', reached: null, figures: {} };
}

async function watchRestart({ host, second, daemon }: Docker, say: (progress: string) => void): Promise<Row[]> {
  const places = [new Place('loopback', host, '127.0.0.1'), new Place('second machine', second, host.address)];
  await Promise.all(places.map((place) => place.ready));
  say('the restart');
  const { asked } = await restartDaemon(daemon);
  await sleep(AFTERWARDS_MS);
  const rows = await Promise.all(places.map((place) => place.rows(asked)));
  return rows.flat();
}

/** All tools and the meter in one place. */
class Place {
  readonly #name: string;
  readonly #watch: Child;
  readonly #meter: Metering;
  readonly ready: Promise<void>;
  #last = '';

  constructor(name: string, machine: Machine, address: string) {
    this.#name = name;
    let isReady = (): void => undefined;
    this.ready = new Promise((resolve) => {
      isReady = resolve;
    });
    this.#watch = new Child(machine, SCRIPT, [address], (line) => {
      if (line === 'ready') isReady();
      else this.#last = line;
    });
    this.#meter = new Metering(machine, address);
  }

  /** @param asked when the daemon was asked to stop: what was before does not count */
  async rows(asked: number): Promise<Row[]> {
    this.#watch.endInput();
    const [metered] = await Promise.all([this.#meter.end(), this.#watch.ended()]);
    const told = JSON.parse(this.#last) as ToldThere[];
    return [this.#meterRow(metered, asked), ...told.map((one) => this.#toolRow(one, asked))];
  }

  #meterRow(metered: Readonly<Record<(typeof SERVICES)[number], Metered>>, asked: number): Row {
    const lengths = SERVICES.map((service) => {
      return metered[service].gaps.filter(({ to }) => to > asked).map(({ from, to }) => to - from);
    });
    return this.#row('the meter of 5 ms', (at) => lengths[at]!.map(seconds).join(', ') || NO_GAP, '', lengths);
  }

  #toolRow({ tool, watched, gaps, emptyUp }: ToldThere, asked: number): Row {
    const of = SERVICES.map((service) => gaps.filter((gap) => gap.service === service && gap.to > asked));
    const words = (at: number): string => {
      if (!watched.includes(SERVICES[at]!)) return 'not watched';
      const lengths = of[at]!.map(({ durationMs, bounds }) => {
        if (bounds === null) return seconds(durationMs);
        return `${seconds(durationMs)} (${seconds(bounds.minMs)}–${seconds(bounds.maxMs)})`;
      });
      return lengths.join(', ') || NO_GAP;
    };
    const empty = emptyUp === null ? '' : `; the port behind which nothing listens: ${emptyUp ? 'up' : 'down'}`;
    return this.#row(
      tool,
      words,
      empty,
      of.map((list) => list.map(({ durationMs }) => durationMs)),
    );
  }

  #row(what: string, words: (at: number) => string, more: string, lengths: readonly (readonly number[])[]): Row {
    const told = SERVICES.map((service, at) => `${service} ${words(at)}`);
    const figures = SERVICES.map((service, at) => {
      return [`${service}Ms`, lengths[at]!.reduce((sum, length) => sum + length, 0)] as const;
    });
    return {
      what: `${this.#name}, ${what}`,
      found: told.join('; ') + more,
      reach: '',
      reached: null,
      figures: Object.fromEntries(figures),
    };
  }
}

const NO_GAP = 'no gap';

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
