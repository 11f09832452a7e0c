/** From the one stream of a monitor to all clients of the feed. */
import type { Socket } from 'node:net';

import type { WebSocket } from 'ws';

import type { EventLog } from '../core/event-log.ts';
import { type Heartbeat, isEvent, type Message, type SampleMessage } from '../core/messages.ts';
import type { FeedSource } from '../core/source.ts';
import { Channel, frameOf } from './channel.ts';
import { HeartbeatScheduler } from './heartbeat-scheduler.ts';
import type { View } from './public-view.ts';
import type { FeedQuery } from './query.ts';
import { CLOSE, closeSocket, type Sent, Subscriber } from './subscriber.ts';

type EngineHealth = Omit<Heartbeat, 'type' | 'now' | 'seq'>;

const NOTHING_YET: EngineHealth = { probes: 0, missed: 0, lateMs: 0, overloaded: false };

const STOPS = 'the monitor stops';

export class FanOut implements Sent {
  readonly #source: FeedSource;
  readonly #channels = new Map<string, Channel>();
  readonly #subscribers = new Set<Subscriber>();
  readonly #heartbeats: HeartbeatScheduler;
  readonly #samples: SampleBatch;
  readonly #unsubscribe: () => void;
  #unsubscribeSamples: (() => void) | null = null;
  #lastHeartbeat: EngineHealth = NOTHING_YET;
  #missed = 0;
  #closed = false;
  /** Clients that get samples. */
  #wanting = 0;

  constructor(source: FeedSource) {
    this.#source = source;
    this.#heartbeats = new HeartbeatScheduler(this.#subscribers, () => this.#heartbeat(this.#lastHeartbeat));
    this.#samples = new SampleBatch((samples) => {
      for (const channel of this.#channels.values()) if (channel.samples) channel.sendSamples(samples);
    });
    this.#unsubscribe = source.subscribe({
      samples: false,
      take: (messages) => {
        this.#take(messages);
      },
    });
  }

  get log(): EventLog {
    return this.#source.events;
  }

  allSent(): Buffer {
    // Counts are of the time since the last heartbeat, so this one has none.
    return this.#heartbeat({ ...NOTHING_YET, overloaded: this.#lastHeartbeat.overloaded });
  }

  /** How many clients there are. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** Slots without a probe, by the monitor's own fault, since this began; as the heartbeats count them. */
  get missed(): number {
    return this.#missed;
  }

  /** Serves a client until it disconnects. */
  join(ws: WebSocket, socket: Socket, view: View, query: FeedQuery): void {
    if (this.#closed) {
      closeSocket(ws, CLOSE.stops, STOPS);
      return;
    }
    const key = JSON.stringify([view, query.samples, query.services === null ? null : [...query.services].sort()]);
    const channel = this.#channels.get(key) ?? new Channel(this.#source, view, query.samples, query.services);
    this.#channels.set(key, channel);
    channel.members += 1;
    const subscriber = new Subscriber(ws, socket, channel, this);
    this.#subscribers.add(subscriber);
    ws.once('close', () => {
      channel.leave(subscriber);
      channel.members -= 1;
      if (channel.members === 0 && !channel.isWorthKeeping) this.#channels.delete(key);
      this.#subscribers.delete(subscriber);
      if (query.samples) this.#wantSamples(-1);
    });
    const { resume } = query;
    const isSame = resume?.monitor === this.#source.identity.id;
    subscriber.begin(isSame ? resume.after : null);
    if (query.samples) this.#wantSamples(1);
  }

  /** The monitor stops: closes all clients. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#unsubscribeSamples?.();
    this.#unsubscribeSamples = null;
    this.#heartbeats.stop();
    this.#samples.stop();
    for (const subscriber of this.#subscribers) subscriber.close(CLOSE.stops, STOPS);
  }

  /** Closes all clients, who may come back. */
  closeClients(): void {
    for (const subscriber of this.#subscribers)
      subscriber.close(CLOSE.comeBack, "the feed's address or its rules of access were changed: come back");
  }

  #take(messages: readonly Message[]): void {
    let due: Exclude<Message, SampleMessage>[] = [];
    const flush = (): void => {
      if (due.length > 0) for (const channel of this.#channels.values()) channel.send(due);
      due = [];
    };
    for (const message of messages) {
      if (isEvent(message) || (message.type === 'open-gap' && message.final === false)) {
        due.push(message);
      } else if (message.type === 'hello') {
        flush();
        this.#forget();
        for (const subscriber of this.#subscribers) subscriber.greetAgain();
      } else if (message.type === 'heartbeat') {
        this.#lastHeartbeat = message;
        this.#missed += message.missed;
        this.#heartbeats.begin();
      } else if (message.type !== 'sample') {
        this.#forget();
        for (const subscriber of this.#subscribers) subscriber.missesUnlogged();
        due.push(message);
      }
    }
    flush();
  }

  #forget(): void {
    for (const channel of this.#channels.values()) channel.forget();
  }

  #heartbeat({ probes, missed, lateMs, overloaded }: EngineHealth): Buffer {
    const now = this.#source.now();
    return frameOf({ type: 'heartbeat', now, seq: this.log.newest, probes, missed, lateMs, overloaded }, 'public');
  }

  /** The monitor sends samples only while a client asks for them. */
  #wantSamples(change: 1 | -1): void {
    this.#wanting += change;
    if (this.#wanting === 0) {
      this.#unsubscribeSamples?.();
      this.#unsubscribeSamples = null;
      this.#samples.stop();
    } else {
      this.#unsubscribeSamples ??= this.#source.subscribe({
        samples: true,
        take: (messages) => {
          this.#samples.add(messages.filter((message) => message.type === 'sample'));
        },
      });
    }
  }
}

/** How long a sample waits at most while there is time. */
const WAIT_MS = 40;
/** Writing samples takes at most one part in so many of the time: events come first. */
const SHARE = 4;
/** More than this do not wait; the oldest are dropped. */
const LIMIT = 10_000;

class SampleBatch {
  readonly #write: (samples: readonly SampleMessage[]) => void;
  #waiting: SampleMessage[] = [];
  #timer: NodeJS.Timeout | null = null;
  #tookMs = 0;

  /** @param write called with what has come together */
  constructor(write: (samples: readonly SampleMessage[]) => void) {
    this.#write = write;
  }

  add(samples: readonly SampleMessage[]): void {
    this.#waiting.push(...samples);
    if (this.#waiting.length > LIMIT) this.#waiting = this.#waiting.slice(-LIMIT / 2);
    this.#timer ??= setTimeout(
      () => {
        this.#flush();
      },
      Math.max(WAIT_MS, this.#tookMs * (SHARE - 1)),
    );
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = [];
  }

  #flush(): void {
    this.#timer = null;
    const samples = this.#waiting;
    this.#waiting = [];
    const before = performance.now();
    this.#write(samples);
    this.#tookMs = performance.now() - before;
  }
}
