/** The entries of the stream. Nothing in them is trusted, neither sizes nor names, numbers or times. */
import { z } from 'zod';

import { decodeValue } from '../core/message-schema.ts';
import { type Event, type Hello, isEvent, type StatusMessage, timeOf } from '../core/messages.ts';
import type { RawEntry } from './bus-connection.ts';

/** Events in one entry at most, and how long each of its parts may be before a hub passes it over unread. */
export const ENTRY_EVENTS = 500;
export const PART_LENGTH = 16 * 1024 * 1024;

/** Clocks of monitors may be this far ahead of the hub's; an event from farther in the future is not believed. In milliseconds. */
const AHEAD_MS = 60_000;

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
    if (!isHello(opening) || isAhead(opening, now)) return { problem: 'an opening that can not be read', entry: none };
    return { ...head, events: none.events, opening };
  }
  const values = list.safeParse(jsonOf(e ?? '[]'));
  if (!values.success || values.data.length !== c) {
    return { problem: 'events that can not be read', entry: none };
  }
  const events = values.data.map((value) => eventOf(value, now));
  const statuses = (list.safeParse(jsonOf(s ?? '[]')).data ?? []).flatMap((value) => {
    const message = decodeValue(value);
    return 'type' in message && message.type === 'status' ? [message] : [];
  });
  const entry = { ...head, events, statuses };
  return events.includes(null) ? { problem: 'an event that can not be read', entry } : entry;
}

/**
 * All that is known of a vantage, as it is stored beside the stream; null where it can't be read.
 * @param now by this machine's clock, in milliseconds since the epoch
 */
export function snapshotOf(stored: string | null, now: number): { readonly top: string; readonly hello: Hello } | null {
  if (stored === null || stored.length > PART_LENGTH) return null;
  const parsed = z
    .object({ top: z.string().regex(/^\d{1,20}-\d{1,20}$/), hello: z.unknown() })
    .safeParse(jsonOf(stored));
  if (!parsed.success) return null;
  const hello = decodeValue(parsed.data.hello);
  return isHello(hello) && !isAhead(hello, now) ? { top: parsed.data.top, hello } : null;
}

/** Whether it has times that are still to come. */
function isAhead({ now: at, services }: Hello, now: number): boolean {
  const latest = now + AHEAD_MS;
  return (
    at > latest ||
    services.some(
      ({ since, timeline, gaps }) =>
        since > latest || timeline.some(({ from }) => from > latest) || gaps.some(({ to }) => to > latest),
    )
  );
}

function isHello(message: ReturnType<typeof decodeValue> | null): message is Hello {
  return message !== null && 'type' in message && message.type === 'hello';
}

function decoded(json: string): ReturnType<typeof decodeValue> | null {
  const value = jsonOf(json);
  return value === undefined ? null : decodeValue(value);
}

function eventOf(value: unknown, now: number): Event | null {
  const message = decodeValue(value);
  if ('fault' in message || !isEvent(message)) return null;
  const at = timeOf(message);
  return at > now + AHEAD_MS ? null : message;
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
