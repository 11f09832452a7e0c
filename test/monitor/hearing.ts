/** Listens to an engine or a monitor, keeps all that it is told, and waits for what a test is after. */
import type { EngineSink } from '../../src/monitor/engine.ts';
import type { EngineStats } from '../../src/monitor/engine-protocol.ts';
import type { Reader } from '../../src/core/source.ts';
import type { Message, Unnumbered } from '../../src/core/messages.ts';

/** An event of an engine has no number yet. */
export type Heard = Message | Unnumbered;
type Of<Type extends Heard['type']> = Extract<Heard, { readonly type: Type }>;

export class Hearing implements EngineSink, Reader {
  readonly samples: boolean;
  readonly all: Heard[] = [];
  readonly seconds: EngineStats[] = [];
  #waiting: (() => void)[] = [];

  /** @param samples whether it wants every sample, of a monitor */
  constructor(samples = true) {
    this.samples = samples;
  }

  emit(messages: readonly Heard[]): void {
    this.take(messages);
  }

  take(messages: readonly Heard[]): void {
    this.all.push(...messages);
    this.#wake();
  }

  stats(stats: EngineStats): void {
    this.seconds.push(stats);
    this.#wake();
  }

  /** What was heard of one type, in order; of one service where it is named. */
  of<Type extends Heard['type']>(type: Type, service?: string): Of<Type>[] {
    return this.all.filter(
      (one): one is Of<Type> =>
        one.type === type && (service === undefined || ('service' in one && one.service === service)),
    );
  }

  /** The states that a service went through, with the reasons of those that have one: `up`, `down refused`. */
  states(service: string): string[] {
    return this.of('transition', service).map(({ to, reason }) => (reason === null ? to : `${to} ${reason}`));
  }

  /**
   * As `states`, less what the machine of the test did: where it is busy, an engine may truly stall. A state that is
   * seen again after that is told once.
   */
  story(service: string): string[] {
    const states = this.states(service).filter((state) => state !== 'unobserved stalled');
    return states.filter((state, index) => state !== states[index - 1]);
  }

  /** Waits until something is so; it is looked at whenever something is told. */
  async until(so: () => boolean): Promise<void> {
    while (!so()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Waits until so many of a type were heard. Returns the last of them. */
  async nth<Type extends Heard['type']>(n: number, type: Type, service?: string): Promise<Of<Type>> {
    for (;;) {
      const found = this.of(type, service)[n - 1];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
