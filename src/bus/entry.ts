/** The entries of the stream. What others wrote is trusted in nothing: sizes, names, numbers, times. */
import { z } from 'zod';

import { decodeValue } from '../core/message-schema.ts';
import { type Event, type Hello, isEvent, type StatusMessage } from '../core/messages.ts';
import { AHEAD_MS, ENTRY_BYTES, ENTRY_EVENTS } from './constants.ts';
import type { StreamEntry } from './bus-connection.ts';

/** What one entry tells. */
export interface Entry {
  /** In the stream. */
  readonly id: string;
  /** The numbering in which its numbers are. */
  readonly numbering: string;
  /** The number of its first event; where it has none, of the next one. */
  readonly n: number;
  /** How many numbers it takes. */
  readonly count: number;
  readonly monitor: string;
  /** Empty where it is of no vantage: a mark that was made at a hub. */
  readonly vantage: string;
  /** One for each number; null for what can't be read. */
  readonly events: readonly (Event | null)[];
  readonly statuses: readonly StatusMessage[];
  /** All that is known of the vantage: what was told of it before is over. */
  readonly opening: Hello | null;
}

/** Why an entry can't be read, in words. */
export interface Unreadable {
  readonly problem: string;
  /** Whether it was written by a publisher as far as can be seen, and takes numbers. */
  readonly entry: Entry | null;
}

const fields = z.object({
  f: z.string().min(1).max(100),
  n: z.string().regex(/^[1-9]\d{0,14}$/),
  c: z.string().regex(/^\d{1,4}$/),
  m: z.string().max(200),
  v: z.string().max(200),
  e: z.string().max(ENTRY_BYTES).optional(),
  s: z.string().max(ENTRY_BYTES).optional(),
  o: z.string().max(ENTRY_BYTES).optional(),
});

const list = z.array(z.unknown()).max(10_000);

/**
 * @param now by this machine's clock, in milliseconds since the epoch
 * @returns the entry, with null for each event in it that can't be read; or why it is none
 */
export function entryOf([id, pairs]: StreamEntry, now: number): Entry | Unreadable {
  const named: Record<string, string> = {};
  for (let at = 0; at + 1 < pairs.length; at += 2) named[pairs[at] ?? ''] = pairs[at + 1] ?? '';
  const parsed = fields.safeParse(named);
  if (!parsed.success) return { problem: 'an entry that no publisher has written', entry: null };
  const { f, n, c, m, v, e, s, o } = parsed.data;
  const count = Number(c);
  if (count > ENTRY_EVENTS) return { problem: 'an entry with more events than a publisher puts into one', entry: null };
  if (/\p{Cc}/u.test(v + m)) return { problem: 'an entry of a vantage whose name has control characters', entry: null };
  const head = { id, numbering: f, n: Number(n), count, monitor: m, vantage: v, statuses: [], opening: null };
  const none = { ...head, events: Array.from({ length: count }, () => null) };
  if (o !== undefined) {
    const opening = decoded(o);
    if (!isHello(opening) || isAhead(opening, now)) return { problem: 'an opening that can not be read', entry: none };
    return { ...head, events: none.events, opening };
  }
  const values = list.safeParse(jsonOf(e ?? '[]'));
  if (!values.success || values.data.length !== count) {
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
  if (stored === null || stored.length > ENTRY_BYTES) return null;
  const parsed = z
    .object({ top: z.string().regex(/^\d{1,20}-\d{1,20}$/), hello: z.unknown() })
    .safeParse(jsonOf(stored));
  if (!parsed.success) return null;
  const hello = decodeValue(parsed.data.hello);
  return isHello(hello) && !isAhead(hello, now) ? { top: parsed.data.top, hello } : null;
}

/** Whether it tells of times that are still to come. */
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
  const at = message.type === 'gap' ? message.to : message.at;
  return at > now + AHEAD_MS ? null : message;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether one entry's id is behind another's. */
export function isBehind(id: string, other: string): boolean {
  const [ms = '0', part = '0'] = id.split('-');
  const [otherMs = '0', otherPart = '0'] = other.split('-');
  const [a, b] = [BigInt(ms), BigInt(otherMs)];
  return a === b ? BigInt(part) > BigInt(otherPart) : a > b;
}
