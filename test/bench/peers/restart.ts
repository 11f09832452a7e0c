/** Real restarts of a Docker daemon with live-restore: what each tool says of them, beside a meter of 5 ms. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Child } from '../../docker/child.ts';
import { restart as restartDaemon } from '../../docker/daemon.ts';
import { type Docker, startDocker } from '../../docker/docker.ts';
import type { Machine } from '../../docker/machine.ts';
import { type Metered, Metering } from '../../docker/metering.ts';
import { DOCKER_PACKAGES, whyNoDocker } from '../../docker/needs.ts';
import { dockerVersion, newerDocker } from '../../docker/newer-docker.ts';
import { installMissing } from '../../support/install.ts';
import type { Bench, Row } from '../table.ts';
import { TOOLS } from './all-tools.ts';
import { present } from './needs.ts';
import type { ToldThere, WatchedThere } from './restart-watch.ts';
import { ncLoop } from './tools.ts';

const SCRIPT = fileURLToPath(new URL('./restart-watch.js', import.meta.url));
/** For the slowest tool to see the services up again. */
const AFTERWARDS_MS = ncLoop.intervalMs + 3000;
const RESTARTS = 3;
const SERVICES = ['web', 'redis'] as const;

export const restart: Bench = {
  name: 'peers:restart',
  about: `${String(RESTARTS)} real restarts of a Docker daemon with live-restore, of two versions: what each tool says of them`,
  async run(say, isQuick) {
    installMissing(DOCKER_PACKAGES, 'a restart of Docker');
    const why = whyNoDocker();
    if (why !== null) return [notRun('a restart of Docker', why)];
    const restarts = isQuick ? 1 : RESTARTS;
    // Installs what is missing, where that is allowed: from the machines of the daemon it can't.
    present(TOOLS);
    const rows = await withDocker(restarts, say);
    const newer = newerDocker();
    if ('why' in newer) return [...rows, notRun('a newer Docker', newer.why)];
    return [...rows, ...(await withDocker(restarts, say, newer.programs))];
  },
};

function notRun(what: string, why: string): Row {
  return { what, found: `not run here: ${why}`, reach: '', reached: null, figures: {} };
}

/** @param programs those of another version than the system's */
async function withDocker(restarts: number, say: (progress: string) => void, programs?: string): Promise<Row[]> {
  const version = `Docker ${dockerVersion(programs)}`;
  say(`${version}: a daemon of its own, with containers`);
  const settings = { liveRestore: true, userlandProxy: true, ...(programs === undefined ? {} : { programs }) };
  const docker = await startDocker(settings).catch((error: unknown) => String(error));
  if (typeof docker === 'string') return [notRun(version, docker)];
  try {
    return await watchRestarts(docker, version, restarts, say);
  } finally {
    await docker.close();
  }
}

async function watchRestarts(
  { host, second, daemon }: Docker,
  version: string,
  restarts: number,
  say: (progress: string) => void,
): Promise<Row[]> {
  const places = [
    new Place(`${version}, loopback`, host, '127.0.0.1'),
    new Place(`${version}, second machine`, second, host.address),
  ];
  await Promise.all(places.map((place) => place.ready));
  let first: number | undefined;
  for (let turn = 1; turn <= restarts; turn++) {
    say(`${version}: restart ${String(turn)} of ${String(restarts)}`);
    const { asked } = await restartDaemon(daemon);
    first ??= asked;
    await sleep(AFTERWARDS_MS);
  }
  const rows = await Promise.all(places.map((place) => place.rows(first ?? 0)));
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

  /** @param asked when the daemon was first asked to stop: what was before does not count */
  async rows(asked: number): Promise<Row[]> {
    this.#watch.endInput();
    const [metered] = await Promise.all([this.#meter.end(), this.#watch.ended()]);
    const { told, absent } = JSON.parse(this.#last) as WatchedThere;
    return [this.#meterRow(metered, asked), ...told.map((one) => this.#toolRow(one, asked)), ...absent];
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
    const figures = SERVICES.map((service, at) => [`${service}Ms`, lengths[at]!] as const);
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
