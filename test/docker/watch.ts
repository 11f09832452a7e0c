/** The real program at one place, as `gapwatch watch --format json`: what it tells of the published ports. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Gap, Message, OpenGap } from '../../src/core/messages.ts';
import type { State } from '../../src/core/model.ts';
import { Child, GAPWATCH } from './child.ts';
import { PORTS } from './docker.ts';
import type { Machine } from './machine.ts';

const EMPTY = 'empty';
/** From one probe's start to the next one's. */
export const INTERVAL_MS = 50;
const PATIENCE_MS = 60_000;

/** Targets on a command line: those that answer, at an address. */
export function answering(address: string): string[] {
  return [`web=http://${address}:${String(PORTS.web)}/`, `redis=redis://${address}:${String(PORTS.redis)}`];
}

/** As `answering`, and the one in which nothing listens. */
export function allOf(address: string): string[] {
  return [...answering(address), `${EMPTY}=tcp://${address}:${String(PORTS.empty)}`];
}

export class Watch {
  readonly messages: Message[] = [];
  readonly #states = new Map<string, State>();
  readonly #child: Child;

  /**
   * Watches targets from a machine, over new connections and kept ones.
   * @param more options
   */
  constructor(machine: Machine, targets: readonly string[], more: readonly string[] = ['--listen', 'off']) {
    const interval = `${String(INTERVAL_MS)}ms`;
    const options = ['--connection', 'both', '--interval', interval, '--format', 'json', '--samples', ...more];
    this.#child = new Child(machine, GAPWATCH, ['watch', ...targets, ...options], (line) => {
      const message = JSON.parse(line) as Message;
      this.messages.push(message);
      if (message.type === 'hello') for (const one of message.services) this.#states.set(one.service, one.state);
      if (message.type === 'transition') this.#states.set(message.service, message.to);
    });
  }

  /** Waits until all are up, and the empty one is down. */
  async settled(): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!this.#isSettled()) {
      if (this.#child.isOver || performance.now() > end) {
        throw new Error(`not settled, but ${JSON.stringify(Object.fromEntries(this.#states))}`);
      }
      await sleep(50);
    }
  }

  #isSettled(): boolean {
    const states = [...this.#states];
    return states.length > 0 && states.every(([name, state]) => state === (name.startsWith(EMPTY) ? 'down' : 'up'));
  }

  /** Ends the watch; nothing is told after this. */
  async end(): Promise<void> {
    this.#child.signal('SIGTERM');
    await this.#child.ended();
  }

  /** What it told of one type, of one service where one is named. */
  told<T extends Message['type']>(type: T, service?: string): Extract<Message, { type: T }>[] {
    return this.messages.filter(
      (message): message is Extract<Message, { type: T }> =>
        message.type === type && (service === undefined || ('service' in message && message.service === service)),
    );
  }

  /** The gaps of a service, the one that was open at the end last. */
  gaps(service: string): (Gap | OpenGap)[] {
    // How a gap stands is told now and then; at the end it is final.
    const open = this.told('open-gap', service).filter(({ final }) => final === true);
    return [...this.told('gap', service), ...open];
  }

  /** The longest time in which no probe of any service was sent, in milliseconds. */
  longestPause(from: number, to: number): number {
    const starts = this.told('sample')
      .filter(({ at, result }) => at >= from && at <= to && result !== 'unobserved')
      .map(({ at }) => at)
      .sort((one, other) => one - other);
    return starts.slice(1).reduce((longest, start, at) => Math.max(longest, start - (starts[at] ?? start)), 0);
  }

  /** The longest time between two good answers of a service, in milliseconds. */
  longestSilence(service: string): number {
    const ends = this.told('sample', service)
      .filter(({ result }) => result === 'up')
      .map(({ at, durationMs }) => at + durationMs)
      .sort((one, other) => one - other);
    return ends.slice(1).reduce((longest, end, at) => Math.max(longest, end - (ends[at] ?? end)), 0);
  }
}
