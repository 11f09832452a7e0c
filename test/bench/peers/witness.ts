/** What one tool says: what it saw, and the gaps that follow from it. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Clock } from '../../../src/core/clock.ts';

/** A gap as a tool tells it. Times are epoch milliseconds. */
export interface Told {
  readonly service: string;
  readonly from: number;
  readonly to: number;
  readonly durationMs: number;
  /** Null where the tool states none. */
  readonly bounds: { readonly minMs: number; readonly maxMs: number } | null;
}

/** When a tool did not look at a service, by its own words. */
export interface Blind {
  readonly service: string;
  readonly from: number;
  readonly to: number;
}

const clock = new Clock();

/** The time, in epoch milliseconds with a fraction, as the staged outages read it. */
export function now(): number {
  return clock.epoch(clock.now());
}

export class Witness {
  readonly gaps: Told[] = [];
  /** Services that were seen up, and down, at least once. */
  readonly seenUp = new Set<string>();
  readonly seenDown = new Set<string>();
  readonly #blind: Blind[] = [];
  readonly #blindSince = new Map<string, number>();
  readonly #downSince = new Map<string, number>();

  /** The tool found a service up or down at a time. A gap lasts from the first down to the first up after it. */
  saw(service: string, up: boolean, at: number): void {
    this.looksAgain(service, at);
    const since = this.#downSince.get(service);
    if (!up) {
      this.seenDown.add(service);
      if (since === undefined) this.#downSince.set(service, at);
      return;
    }
    if (since !== undefined) {
      this.#downSince.delete(service);
      // What was down before it was ever up is no gap: the tool began before the service did.
      if (this.seenUp.has(service)) this.told({ service, from: since, to: at, durationMs: at - since, bounds: null });
    }
    this.seenUp.add(service);
  }

  told(gap: Told): void {
    this.gaps.push(gap);
  }

  /** The tool says that it does not observe a service from then on. */
  looksAway(service: string, at: number): void {
    if (!this.#blindSince.has(service)) this.#blindSince.set(service, at);
  }

  looksAgain(service: string, at: number): void {
    const from = this.#blindSince.get(service);
    if (from === undefined) return;
    this.#blindSince.delete(service);
    this.#blind.push({ service, from, to: at });
  }

  /** When it said that it did not look. */
  get blind(): readonly Blind[] {
    const open = [...this.#blindSince].map(([service, from]) => ({ service, from, to: Infinity }));
    return [...this.#blind, ...open];
  }

  /** Waits until all of these services were seen up. */
  async sawUp(names: readonly string[], tool: string): Promise<void> {
    const until = performance.now() + 20_000;
    for (;;) {
      const missing = names.filter((name) => !this.seenUp.has(name));
      if (missing.length === 0) return;
      if (performance.now() > until) throw new Error(`${tool} did not see ${missing.join(', ')} up within 20 s`);
      await sleep(20);
    }
  }
}
