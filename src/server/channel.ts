/** The clients that get the same bytes: the same view, the same services, samples or not. */
import {
  type Hello,
  isAbout,
  type Message,
  type SampleMessage,
  PROTOCOL,
  type ServiceSnapshot,
} from '../core/messages.ts';
import { toJson } from '../core/printable.ts';
import type { FeedSource } from '../core/source.ts';
import { publicIdentity, publicSnapshot, type PublicSnapshot, type View, publicMessage } from './public-view.ts';

/** A client whose events come as they happen. */
export interface Live {
  /** Writes frames. */
  write(frames: Buffer): void;
  /** Writes frames of samples, unless the client is slow. */
  writeSamples(frames: Buffer): void;
}

/** What a client gets first. */
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
  /** How old it may be. */
  readonly keepMs: number;
}

/** What is known of the services may be this old when a new client gets it: what happened since then follows at once. */
const SNAPSHOT_MS = 250;
/** Or as old as so many times what it takes to make it: clients that come and go get a share of the time, not all of it. */
const SNAPSHOT_SHARE = 10;

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

  /** Whether what it knows took so long to make that it is kept for the next client. Those of all services are few. */
  get isWorthKeeping(): boolean {
    return this.#services === null && this.#snapshot !== null && this.#snapshot.json.length > HELLO_BYTES;
  }

  enter(client: Live): void {
    this.#live.add(client);
  }

  leave(client: Live): void {
    this.#live.delete(client);
  }

  /** The frames of what concerns this channel; null where nothing does. */
  frames(messages: readonly Exclude<Message, SampleMessage>[]): Buffer | null {
    const frames = messages.filter((message) => this.#includes(message)).map((message) => frameOf(message, this.view));
    return frames.length === 0 ? null : Buffer.concat(frames);
  }

  /** Sends messages to the live ones. */
  send(messages: readonly Exclude<Message, SampleMessage>[]): void {
    if (this.#live.size === 0) return;
    const frames = this.frames(messages);
    if (frames === null) return;
    for (const client of this.#live) client.write(frames);
  }

  /** Sends samples to the live ones. */
  sendSamples(samples: readonly SampleMessage[]): void {
    if (this.#live.size === 0) return;
    const frames = samples.filter((sample) => this.#includes(sample)).map((sample) => textFrame(toJson(sample)));
    for (let from = 0; from < frames.length; from += SAMPLES_EACH) {
      const some = Buffer.concat(frames.slice(from, from + SAMPLES_EACH));
      for (const client of this.#live) client.writeSamples(some);
    }
  }

  /** What is known has changed, though no event says so. */
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
    if (snapshot === null || snapshot.seq < atLeast || now - snapshot.at > snapshot.keepMs) {
      const began = performance.now();
      const services = snapshotsOf(this.#source, this.#services);
      const shown = this.view === 'public' ? services.map(publicSnapshot) : services;
      const json = jsonWithin(shown, HELLO_BYTES);
      const keepMs = Math.max(SNAPSHOT_MS, SNAPSHOT_SHARE * (performance.now() - began));
      snapshot = { seq: newest, at: now, json, keepMs };
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
    const head = Buffer.from(`${toJson(hello).slice(0, -1)},"services":`);
    const frameHead = textFrameHead(head.length + snapshot.json.length + 1);
    return { parts: [Buffer.concat([frameHead, head]), snapshot.json, Buffer.from('}')], seq: snapshot.seq };
  }

  #includes(message: Message): boolean {
    const services = this.#services;
    return services === null || isAbout(message, (name) => services.has(name));
  }
}

/**
 * A hello is no longer than this, where its services alone are not: the libraries of many languages refuse a message of more than
 * 1 MiB.
 */
const HELLO_BYTES = 900_000;
/** Of these, what stands before the services. */
const HEAD_BYTES = 2000;

/** Intervals and gaps in one answer. */
const INTERVALS = 20_000;
const GAPS = 4000;

/** How many intervals of each service's timeline an answer about so many services holds: the newest. */
export function intervalsEach(services: number): number {
  return Math.max(10, Math.floor(INTERVALS / Math.max(1, services)));
}

/**
 * The services' snapshots now, with the newest intervals and gaps of each.
 * @param names only these; null for all
 */
function snapshotsOf(source: FeedSource, names: ReadonlySet<string> | null): ServiceSnapshot[] {
  const now = source.now();
  const services = [...source.board.services.values()].filter(({ name }) => names === null || names.has(name));
  const intervals = intervalsEach(services.length);
  const gaps = Math.max(2, Math.floor(GAPS / Math.max(1, services.length)));
  return services.map((service) => {
    const snapshot = service.snapshot(now);
    return newest(snapshot, intervals, gaps);
  });
}

/** A snapshot with no more than the newest intervals and gaps. */
function newest<T extends PublicSnapshot>(snapshot: T, intervals: number, gaps: number): T {
  if (snapshot.timeline.length <= intervals && snapshot.gaps.length <= gaps) return snapshot;
  const { timeline } = snapshot;
  return { ...snapshot, timeline: timeline.slice(-intervals), gaps: snapshot.gaps.slice(-gaps), truncated: true };
}

/** A service alone takes more than this as JSON. */
const LEAST_BYTES = 300;

/** Services as JSON of at most so many bytes, if each then has its present state: of all, the same number of the newest intervals and gaps. */
function jsonWithin(services: readonly PublicSnapshot[], bytes: number): Buffer {
  // Of so many, the present state is all that can be had: what each entry takes need not be known, which would be seconds.
  if (services.length * LEAST_BYTES > bytes) return Buffer.from(toJson(services.map((one) => newest(one, 1, 1))));
  const whole = Buffer.from(toJson(services));
  let left = bytes - HEAD_BYTES - whole.length;
  if (left >= 0) return whole;
  /** What the newest entries of all lists take, what those before them take, and so on. */
  const costs: number[] = [];
  for (const list of services.flatMap(({ timeline, gaps }): (readonly object[])[] => [timeline, gaps]))
    list.toReversed().forEach((entry, age) => {
      costs[age] = (costs[age] ?? 0) + Buffer.byteLength(toJson(entry)) + 1;
    });
  left -= services.length * ',"truncated":true'.length;
  let kept = costs.length;
  while (left < 0 && kept > 1) left += costs[--kept] ?? 0;
  return Buffer.from(toJson(services.map((service) => newest(service, kept, kept))));
}

/**
 * The head of an unfragmented text frame. A frame from the server carries no mask (RFC 6455, 5.1), so the same bytes serve
 * every client; the library would frame them again for each.
 */
function textFrameHead(byteLength: number): Buffer {
  if (byteLength < 126) return Buffer.from([0x81, byteLength]);
  if (byteLength < 65_536) return Buffer.from([0x81, 126, byteLength >> 8, byteLength & 0xff]);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(0x817f);
  head.writeUIntBE(byteLength, 4, 6);
  return head;
}

function textFrame(json: string): Buffer {
  const body = Buffer.from(json);
  return Buffer.concat([textFrameHead(body.length), body]);
}

const MADE: Record<View, WeakMap<Message, Buffer>> = { private: new WeakMap(), public: new WeakMap() };

/** A message's frame for one kind of viewer. It is made at the first call, and kept as long as the message is. */
export function frameOf(message: Exclude<Message, SampleMessage>, view: View): Buffer {
  const made = MADE[view];
  let frame = made.get(message);
  if (frame === undefined) {
    frame = textFrame(toJson(view === 'public' ? publicMessage(message) : message));
    made.set(message, frame);
  }
  return frame;
}
