/** Readers that keep the messages of a source, and wake the waits of a test. */
import { type Message, type Unnumbered, isEvent } from '../../src/core/messages.ts';
import type { Connected, Disconnected, FeedReader, FeedSource } from '../../src/core/source.ts';
import type { EngineStats } from '../../src/monitor/engine-protocol.ts';
import type { EngineSink } from '../../src/monitor/engine.ts';
import { Waitable } from './wait-for.ts';

/** An event of an engine has no number yet. */
export type Recorded = Message | Unnumbered;
type Of<Type extends Recorded['type']> = Extract<Recorded, { readonly type: Type }>;

/** Records a monitor, an engine, or a client of a feed. */
export class Recording extends Waitable implements EngineSink, FeedReader {
  readonly samples: boolean;
  readonly all: Recorded[] = [];
  /** What an engine counted, second by second. */
  readonly seconds: EngineStats[] = [];
  /** When it did, by the monotonic clock. */
  readonly secondsAt: number[] = [];
  /** How a client was connected, and not. */
  readonly links: (Connected | Disconnected)[] = [];

  /** @param samples whether it wants every sample */
  constructor(samples = true) {
    super();
    this.samples = samples;
  }

  emit(messages: readonly Recorded[]): void {
    this.take(messages);
  }

  take(messages: readonly Recorded[]): void {
    this.all.push(...messages);
    this.changed();
  }

  stats(stats: EngineStats): void {
    this.seconds.push(stats);
    this.secondsAt.push(performance.now());
    this.changed();
  }

  connected(link: Connected): void {
    this.links.push(link);
    this.changed();
  }

  disconnected(link: Disconnected): void {
    this.links.push(link);
    this.changed();
  }

  /** The messages of one type, in order; of one service where it is named. */
  of<Type extends Recorded['type']>(type: Type, service?: string): Of<Type>[] {
    return this.all.filter(
      (one): one is Of<Type> =>
        one.type === type && (service === undefined || ('service' in one && one.service === service)),
    );
  }

  /** The numbers of the events, in the order in which they came. */
  get seqs(): number[] {
    return this.all.flatMap((one) => ('seq' in one && isEvent(one) ? [one.seq] : []));
  }

  /** The states that a service went through, with the reasons of those that have one: `up`, `down refused`. */
  states(service: string): string[] {
    return this.of('transition', service).map(({ to, reason }) => (reason === null ? to : `${to} ${reason}`));
  }

  /**
   * As `states`, less what the machine of the test did: where it is busy, an engine may truly stall. A state that is
   * seen again after that counts once.
   */
  story(service: string): string[] {
    const states = this.states(service).filter((state) => state !== 'unobserved stalled');
    return states.filter((state, index) => state !== states[index - 1]);
  }

  /** The same without the reasons: after time in which this machine was busy a service may be down for another one. */
  outline(service: string): string[] {
    const states = this.story(service).map((state) => state.replace(/ .*/, ''));
    return states.filter((state, index) => state !== states[index - 1]);
  }

  /** Waits for the `n`th message of a type. Returns it. */
  async nth<Type extends Recorded['type']>(n: number, type: Type, service?: string): Promise<Of<Type>> {
    const found = (): Of<Type> | undefined => this.of(type, service)[n - 1];
    await this.waitFor(() => found() !== undefined, `${type} number ${String(n)} of ${service ?? 'any service'}`);
    return found()!;
  }

  waitForMark(text: string): Promise<void> {
    return this.waitFor(() => this.of('mark').some((mark) => mark.text === text), `mark ${text}`);
  }
}

/** Resolves with the next message of a monitor that fits, after its hello. */
export function nextMessage(
  monitor: Pick<FeedSource, 'subscribe'>,
  fits: (message: Message) => boolean,
  samples = false,
): Promise<Message> {
  return new Promise((resolve) => {
    const end = monitor.subscribe({
      samples,
      take: (messages) => {
        const found = messages.find((message) => message.type !== 'hello' && fits(message));
        if (found === undefined) return;
        resolve(found);
        // Not while the monitor goes through its readers.
        setImmediate(end);
      },
    });
  });
}
