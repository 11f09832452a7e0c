/** A simulated world for the pure tests of the dashboard: messages as a monitor would send them, and frames of them. */
import assert from 'node:assert/strict';

import type { Hello, Message, ServiceSnapshot } from '../../src/core/messages.ts';
import type { Reason, State } from '../../src/core/model.ts';
import { UNICODE, type Glyphs } from '../../src/terminal/terminal-traits.ts';
import type { Size } from '../../src/terminal/cell-grid.ts';
import { Model } from '../../src/terminal/dashboard-model.ts';
import { FIRST_UI, type Ui } from '../../src/terminal/key-bindings.ts';
import type { Style } from '../../src/terminal/palette.ts';
import { view, type View } from '../../src/terminal/view.ts';
import { gap, hello, NO_PHASES, snapshot, transition } from '../support/builders.ts';

/** 2026-11-23 12:00:00 local time. */
export const START = new Date(2026, 10, 23, 12, 0, 0).getTime();

/** A service of which nothing is known yet at the start. */
export function unknown(name: string, more: Partial<ServiceSnapshot> = {}): ServiceSnapshot {
  return snapshot(name, { target: `tcp://127.0.0.1:80/${name}`, state: 'unknown', since: START, ...more });
}

/** Simulated monitors, and the model that receives their messages. */
export class World {
  readonly model: Model;
  /** The present. */
  now = START;
  readonly #seq: number[] = [];

  constructor(vantages: readonly string[], services: readonly ServiceSnapshot[]) {
    this.model = new Model(vantages.length);
    vantages.forEach((vantage, source) => {
      this.receive([this.hello(vantage, services)], source);
    });
  }

  hello(vantage: string, services: readonly ServiceSnapshot[]): Hello {
    return hello(services, { now: this.now }, { id: vantage, vantage, startedAt: START });
  }

  receive(messages: readonly Message[], source = 0): void {
    this.model.take(source, messages, this.now, 0);
  }

  /** A service changes its state. @param at milliseconds after the start */
  change(service: string, from: State, to: State, at: number, reason: Reason | null = null, source = 0): void {
    const time = START + at;
    const message = reason === null ? null : `it was ${reason} (127.0.0.1:80)`;
    const facts = { seq: this.#next(source), notBefore: time - 100, notAfter: time + 1, reason, message };
    this.receive([transition(service, from, to, time, facts)], source);
  }

  /** A gap ends. Times in milliseconds after the start. */
  gap(service: string, from: number, to: number, reason: Reason = 'refused', source = 0): void {
    const reasons = [{ reason, count: Math.max(1, Math.round((to - from) / 100)) }];
    this.receive([gap(service, START + from, START + to, { seq: this.#next(source), reasons })], source);
  }

  /** A service is away from `from` to `to`, and comes back. */
  outage(service: string, from: number, to: number, reason: Reason = 'refused', source = 0): void {
    this.change(service, 'up', 'down', from, reason, source);
    this.change(service, 'down', 'up', to, null, source);
    this.gap(service, from, to, reason, source);
  }

  mark(text: string, at: number, source = 0): void {
    this.receive([{ type: 'mark', seq: this.#next(source), at: START + at, text }], source);
  }

  /** A probe was answered. */
  sample(service: string, at: number, durationMs: number, reason: Reason | null = null, source = 0): void {
    const result = reason === null ? 'up' : 'down';
    const phases = reason === null ? { ...NO_PHASES, connectMs: durationMs } : NO_PHASES;
    const message = reason === null ? null : `it was ${reason}`;
    const time = START + at;
    this.receive([{ type: 'sample', service, at: time, durationMs, result, reason, message, phases }], source);
  }

  #next(source: number): number {
    const seq = (this.#seq[source] ?? 0) + 1;
    this.#seq[source] = seq;
    return seq;
  }

  /** The frame at present. */
  draw(size: Size, ui: Partial<Ui> = {}, glyphs: Glyphs = UNICODE): View {
    return view({ model: this.model, ui: { ...FIRST_UI, ...ui }, size, glyphs, clock: this.now, waiting: 0 });
  }

  /** The lines of the frame at present. */
  lines(size: Size, ui: Partial<Ui> = {}, glyphs: Glyphs = UNICODE): string[] {
    const { grid } = this.draw(size, ui, glyphs);
    return Array.from({ length: size.height }, (_, y) => grid.line(y));
  }
}

const NAMES = ['web', 'api', 'cache'];

/** Three services that are up, after a minute. */
export function wellWorld(names: readonly string[] = NAMES): World {
  const world = new World(
    ['here'],
    names.map((name) => unknown(name)),
  );
  for (const name of names) world.change(name, 'unknown', 'up', 0);
  world.now = START + 60_000;
  return world;
}

/** The line that contains a text; there must be one. */
export function lineWith(lines: readonly string[], text: string): string {
  const line = lines.find((each) => each.includes(text));
  assert.ok(line !== undefined, `no line with "${text}":\n${lines.join('\n')}`);
  return line;
}

/** The characters of a frame that have a style. */
export function styled({ grid }: View, style: Style): string {
  return grid.chars.filter((_, at) => grid.styles[at] === style).join('');
}
