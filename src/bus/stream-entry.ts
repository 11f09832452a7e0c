/** The entries of the stream. Nothing in them is trusted, neither sizes nor names, numbers or times. */
import { z } from 'zod';

import { decodeValue } from '../core/message-schema.ts';
import { type Event, type Hello, isEvent, type Note, type StatusMessage, timeOf } from '../core/messages.ts';
import type { RawEntry } from './bus-connection.ts';

/** Events in one entry at most, and how long each of its parts may be before a hub passes it over unread. */
export const ENTRY_EVENTS = 500;
export const PART_LENGTH = 16 * 1024 * 1024;

/** Clocks of monitors may be this far ahead of the hub's; an event from farther in the future is not believed. In milliseconds. */
export const AHEAD_MS = 60_000;

export interface Entry {
  /** In the stream. */
  readonly id: string;
  /** The `id` of the feed to which it was appended. */
  readonly feed: string;
  /** The number of the last event before it. */
  readonly previous: number;
  /** The numbers of its first event and its last one; where it has none, both are `previous`. */
  readonly first: number;
  readonly newest: number;
  readonly monitor: string;
  /** Empty where it is of no vantage: a mark or a note that was made at a hub. */
  readonly vantage: string;
  /** The oldest first; null for what can't be read. */
  readonly events: readonly (Event | null)[];
  readonly statuses: readonly StatusMessage[];
  /** All that is known of the vantage: it takes the place of what was known before. */
  readonly opening: Hello | null;
}

/** Why an entry can't be read, in words. */
export interface Unreadable {
  readonly problem: string;
  /** Where it was written by a publisher, as far as can be seen: its events have numbers all the same. */
  readonly entry: Entry | null;
  /** Where it is from the future: when it will be believed, in milliseconds since the epoch. It may be this clock that is behind. */
  readonly believedAt?: number;
}

/** `append` in `scripts/head.lua` writes them. Numbers are below 2^53. */
const number = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number)
  .pipe(z.int());
const part = z.string().max(PART_LENGTH).optional();
const fields = z.object({
  f: z.string().min(1).max(100),
  p: number,
  n: number,
  c: number,
  m: z.string().max(200),
  v: z.string().max(200),
  e: part,
  s: part,
  o: part,
});

const list = z.array(z.unknown()).max(10_000);

/**
 * @param now by this machine's clock, in milliseconds since the epoch
 * @returns the entry, with null for each event in it that can't be read; or why it is none
 */
export function entryOf([id, pairs]: RawEntry, now: number): Entry | Unreadable {
  const named: Record<string, string> = {};
  for (let at = 0; at + 1 < pairs.length; at += 2) named[pairs[at] ?? ''] = pairs[at + 1] ?? '';
  const parsed = fields.safeParse(named);
  if (!parsed.success) return { problem: 'an entry that no publisher has written', entry: null };
  const { f, p, n, c, m, v, e, s, o } = parsed.data;
  if (c > ENTRY_EVENTS) return { problem: 'an entry with more events than a publisher puts into one', entry: null };
  if (c === 0 ? n !== p : n <= p) return { problem: 'an entry with numbers that no script gives', entry: null };
  if (/\p{Cc}/u.test(v + m)) return { problem: 'an entry of a vantage whose name has control characters', entry: null };
  const numbers = { feed: f, previous: p, first: n, newest: n + Math.max(c - 1, 0) };
  const head = { id, ...numbers, monitor: m, vantage: v, statuses: [], opening: null };
  const none = { ...head, events: Array.from({ length: c }, () => null) };
  if (o !== undefined) {
    const opening = decoded(o);
    const problem = 'an opening that can not be read';
    if (!isHello(opening)) return { problem, entry: none };
    const believedAt = latestOf(opening) - AHEAD_MS;
    return believedAt > now ? { problem, entry: none, believedAt } : { ...head, events: none.events, opening };
  }
  const values = list.safeParse(jsonOf(e ?? '[]'));
  if (!values.success || values.data.length !== c) {
    return { problem: 'events that can not be read', entry: none };
  }
  const read = values.data.map(eventOf);
  const isAhead = (event: Event | null): boolean => event !== null && timeOf(event) > now + AHEAD_MS;
  const events = read.map((event) => (isAhead(event) ? null : event));
  const statuses = (list.safeParse(jsonOf(s ?? '[]')).data ?? []).flatMap((value) => {
    const message = decodeValue(value);
    return 'type' in message && message.type === 'status' ? [message] : [];
  });
  const entry = { ...head, events, statuses };
  if (!events.includes(null)) return entry;
  const ahead = read.flatMap((event) => (event !== null && isAhead(event) ? [timeOf(event)] : []));
  const problem = 'an event that can not be read';
  if (ahead.length === 0) return { problem, entry };
  return { problem, entry, believedAt: Math.min(...ahead) - AHEAD_MS };
}

/** All that is known of a vantage, as it is stored beside the stream. */
export interface Snapshot {
  /** The last entry that it knows of. */
  readonly top: string;
  readonly hello: Hello;
  /** When it is believed, in milliseconds since the epoch: later where it has times that are still to come. */
  readonly believedAt: number;
}

/** Reads one; null where it can't be read. */
export function snapshotOf(stored: string | null): Snapshot | null {
  if (stored === null || stored.length > PART_LENGTH) return null;
  const parsed = z
    .object({ top: z.string().regex(/^\d{1,20}-\d{1,20}$/), hello: z.unknown() })
    .safeParse(jsonOf(stored));
  if (!parsed.success) return null;
  const hello = decodeValue(parsed.data.hello);
  return isHello(hello) ? { top: parsed.data.top, hello, believedAt: latestOf(hello) - AHEAD_MS } : null;
}

/** What is stored of a note that was made at a hub; null where that can't be read, or is from the future. @param now by this machine's clock */
export function noteOf(stored: string, now: number): Note | null {
  const [, seq, json] = /^(\d{1,16}) (.*)$/s.exec(stored) ?? [];
  if (seq === undefined || json === undefined || json.length > PART_LENGTH) return null;
  const note = decoded(json);
  if (note === null || !('type' in note) || note.type !== 'note' || note.at > now + AHEAD_MS) return null;
  return { ...note, seq: Number(seq) };
}

/** The latest time in it. */
function latestOf({ now, services }: Hello): number {
  let latest = now;
  for (const { since, timeline, gaps } of services) {
    latest = Math.max(latest, since);
    for (const { from } of timeline) latest = Math.max(latest, from);
    for (const { to } of gaps) latest = Math.max(latest, to);
  }
  return latest;
}

function isHello(message: ReturnType<typeof decodeValue> | null): message is Hello {
  return message !== null && 'type' in message && message.type === 'hello';
}

function decoded(json: string): ReturnType<typeof decodeValue> | null {
  const value = jsonOf(json);
  return value === undefined ? null : decodeValue(value);
}

function eventOf(value: unknown): Event | null {
  const message = decodeValue(value);
  return 'fault' in message || !isEvent(message) ? null : message;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether an entry's id is after another's. */
export function isAfter(id: string, other: string): boolean {
  const [ms = '0', part = '0'] = id.split('-');
  const [otherMs = '0', otherPart = '0'] = other.split('-');
  const [a, b] = [BigInt(ms), BigInt(otherMs)];
  return a === b ? BigInt(part) > BigInt(otherPart) : a > b;
}
