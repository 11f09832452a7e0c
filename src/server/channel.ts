/** The clients that get the same bytes: the same view, the same services, samples or not. */
import type { Hello, Message, SampleMessage } from '../core/messages.ts';
import { PROTOCOL } from '../core/messages.ts';
import { frameOf, textFrame, textFrameHead } from './frames.ts';
import { publicIdentity, publicSnapshot, type View } from './public-view.ts';
import { snapshotsOf } from './snapshots.ts';
import type { FeedSource } from '../core/source.ts';

/** A client whose events come as they happen. */
export interface Live {
  /** Writes frames. */
  write(frames: Buffer): void;
  /** Writes frames of samples, unless the client is slow. */
  writeSamples(frames: Buffer): void;
}

/** What a client is told first. */
export interface Greeting {
  /** The bytes of the frame. The second part is shared by all clients that came at about the same time. */
  readonly parts: readonly Buffer[];
  /** The number of the newest event that it knows of. */
  readonly seq: number;
}

interface Snapshot {
  readonly seq: number;
  readonly at: number;
  readonly json: Buffer;
}

/** What is known of the services may be told this late to a newcomer: what happened since then follows at once. */
const SNAPSHOT_MS = 250;

/** Samples in one write, some 40 kB: a client that turns out to be slow has no more than that waiting on top. */
const SAMPLES_EACH = 200;

export class Channel {
  readonly view: View;
  readonly samples: boolean;
  readonly #services: ReadonlySet<string> | null;
  readonly #source: FeedSource;
  readonly #live = new Set<Live>();
  #snapshot: Snapshot | null = null;
  /** Clients that have this channel, live or not. */
  members = 0;

  constructor(source: FeedSource, view: View, samples: boolean, services: ReadonlySet<string> | null) {
    this.#source = source;
    this.view = view;
    this.samples = samples;
    this.#services = services;
  }

  enter(client: Live): void {
    this.#live.add(client);
  }

  leave(client: Live): void {
    this.#live.delete(client);
  }

  /** The frames of what concerns this channel; null where nothing does. */
  frames(messages: readonly Exclude<Message, SampleMessage>[]): Buffer | null {
    const frames = messages.filter((message) => this.#wants(message)).map((message) => frameOf(message, this.view));
    return frames.length === 0 ? null : Buffer.concat(frames);
  }

  /** Tells the live ones. */
  tell(messages: readonly Exclude<Message, SampleMessage>[]): void {
    if (this.#live.size === 0) return;
    const frames = this.frames(messages);
    if (frames === null) return;
    for (const client of this.#live) client.write(frames);
  }

  /** Tells the live ones what the probes found. */
  tellSamples(samples: readonly SampleMessage[]): void {
    if (this.#live.size === 0) return;
    const frames = samples.filter((sample) => this.#wants(sample)).map((sample) => textFrame(JSON.stringify(sample)));
    for (let from = 0; from < frames.length; from += SAMPLES_EACH) {
      const some = Buffer.concat(frames.slice(from, from + SAMPLES_EACH));
      for (const client of this.#live) client.writeSamples(some);
    }
  }

  /** What was told so far is not the whole truth any more, though no event says so. */
  forget(): void {
    this.#snapshot = null;
  }

  /**
   * The hello for a client.
   * @param newest the number of the newest event
   * @param atLeast it must know of this event
   */
  greeting(resumed: boolean, newest: number, atLeast: number): Greeting {
    const now = this.#source.now();
    let snapshot = this.#snapshot;
    if (snapshot === null || snapshot.seq < atLeast || now - snapshot.at > SNAPSHOT_MS) {
      const services = snapshotsOf(this.#source, this.#services);
      const shown = this.view === 'public' ? services.map(publicSnapshot) : services;
      snapshot = { seq: newest, at: now, json: Buffer.from(JSON.stringify(shown)) };
      this.#snapshot = snapshot;
    }
    const { identity } = this.#source;
    const monitor = this.view === 'public' ? publicIdentity(identity) : identity;
    const hello: Omit<Hello, 'services'> = {
      type: 'hello',
      protocol: PROTOCOL,
      monitor,
      now,
      seq: snapshot.seq,
      resumed,
    };
    const head = Buffer.from(`${JSON.stringify(hello).slice(0, -1)},"services":`);
    const frameHead = textFrameHead(head.length + snapshot.json.length + 1);
    return { parts: [Buffer.concat([frameHead, head]), snapshot.json, Buffer.from('}')], seq: snapshot.seq };
  }

  #wants(message: Message): boolean {
    return this.#services === null || !('service' in message) || this.#services.has(message.service);
  }
}
