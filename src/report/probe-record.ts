/**
 * Every single probe of a run, in bounded memory: 14 bytes each, in chunks that grow with the service. Where more come than are
 * kept, the oldest go. Pure: time comes with the samples.
 */
import type { SampleMessage } from '../core/messages.ts';

/** Probes that are kept, over all services of a vantage: some 15 MB; 40 services every 50 ms fill it in 20 minutes. */
const MOST = 1_000_000;
const FIRST_CHUNK = 64;
const LARGEST_CHUNK = 4096;
/** Different ways in which probes ended, with their messages: what comes later is kept without its message. */
const OUTCOMES = 1000;
/** Characters of a message that are kept. */
const MESSAGE = 300;

/** How a probe ended. */
export type ProbeOutcome = Pick<SampleMessage, 'result' | 'reason' | 'message'>;

/** The probes of one service as columns, in the order in which they were sent. */
export interface ProbeColumns {
  /** When each was sent, in milliseconds since the epoch. */
  readonly at: Float64Array;
  readonly durationMs: Float32Array;
  /** Places in the list of outcomes. */
  readonly outcome: Uint16Array;
}

/** The probes that one monitor sent. */
export interface ObservedProbes {
  readonly outcomes: readonly ProbeOutcome[];
  readonly services: ReadonlyMap<string, ProbeColumns>;
  /** Those before are not all here; null where none was dropped. */
  readonly droppedUntil: number | null;
}

interface Chunk extends ProbeColumns {
  readonly service: string;
  size: number;
}

export class ProbeRecord {
  readonly #most: number;
  /** The oldest first. */
  readonly #chunks = new Set<Chunk>();
  /** The one of each service that is being filled. */
  readonly #filling = new Map<string, Chunk>();
  #capacity = 0;
  #droppedUntil: number | null = null;
  readonly #outcomes: ProbeOutcome[] = [];
  readonly #places = new Map<string, number>();

  constructor(most = MOST) {
    this.#most = most;
  }

  take(sample: SampleMessage): void {
    const chunk = this.#chunkFor(sample.service);
    chunk.at[chunk.size] = sample.at;
    chunk.durationMs[chunk.size] = sample.durationMs;
    chunk.outcome[chunk.size] = this.#placeOf(sample);
    chunk.size += 1;
  }

  /** @param ms what is taken off all times */
  observed(ms: number): ObservedProbes {
    const chunks = new Map<string, Chunk[]>();
    for (const chunk of this.#chunks) {
      const same = chunks.get(chunk.service);
      if (same === undefined) chunks.set(chunk.service, [chunk]);
      else same.push(chunk);
    }
    const services = new Map(Array.from(chunks, ([name, all]) => [name, columnsOf(all, ms)]));
    const droppedUntil = this.#droppedUntil === null ? null : this.#droppedUntil - ms;
    return { outcomes: [...this.#outcomes], services, droppedUntil };
  }

  #chunkFor(service: string): Chunk {
    const last = this.#filling.get(service);
    if (last !== undefined && last.size < last.at.length) return last;
    const length = Math.min(LARGEST_CHUNK, last === undefined ? FIRST_CHUNK : 2 * last.at.length);
    const chunk = {
      service,
      at: new Float64Array(length),
      durationMs: new Float32Array(length),
      outcome: new Uint16Array(length),
      size: 0,
    };
    this.#chunks.add(chunk);
    this.#filling.set(service, chunk);
    this.#capacity += length;
    for (const oldest of this.#chunks) {
      if (this.#capacity <= this.#most || oldest === chunk) break;
      this.#drop(oldest);
    }
    return chunk;
  }

  #drop(chunk: Chunk): void {
    this.#chunks.delete(chunk);
    this.#capacity -= chunk.at.length;
    if (this.#filling.get(chunk.service) === chunk) this.#filling.delete(chunk.service);
    const newest = chunk.at.subarray(0, chunk.size).reduce((latest, at) => Math.max(latest, at), -Infinity);
    this.#droppedUntil = Math.max(this.#droppedUntil ?? -Infinity, newest);
  }

  #placeOf({ result, reason, message }: ProbeOutcome): number {
    const isFull = this.#outcomes.length >= OUTCOMES;
    const kept = message === null || isFull ? null : message.slice(0, MESSAGE);
    const key = `${result} ${reason ?? ''} ${kept ?? ''}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = this.#outcomes.length;
    this.#outcomes.push({ result, reason, message: kept });
    this.#places.set(key, place);
    return place;
  }
}

/** The probes of one service in one piece, in the order in which they were sent: they came in that in which they ended. */
function columnsOf(chunks: readonly Chunk[], ms: number): ProbeColumns {
  const size = chunks.reduce((sum, one) => sum + one.size, 0);
  const came = { at: new Float64Array(size), durationMs: new Float32Array(size), outcome: new Uint16Array(size) };
  let end = 0;
  for (const { at, durationMs, outcome, size } of chunks) {
    came.at.set(at.subarray(0, size), end);
    came.durationMs.set(durationMs.subarray(0, size), end);
    came.outcome.set(outcome.subarray(0, size), end);
    end += size;
  }
  const order = Uint32Array.from(came.at.keys()).sort((a, b) => (came.at[a] ?? 0) - (came.at[b] ?? 0));
  return {
    at: Float64Array.from(order, (place) => (came.at[place] ?? 0) - ms),
    durationMs: Float32Array.from(order, (place) => came.durationMs[place] ?? 0),
    outcome: Uint16Array.from(order, (place) => came.outcome[place] ?? 0),
  };
}
