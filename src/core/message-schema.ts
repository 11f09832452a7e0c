/** Reads the messages of another monitor's feed: trusts nothing, and passes over what it does not know. */
import { z } from 'zod';

import { CONNECTIONS, DOWN_REASONS, KINDS, STATES, UNOBSERVED_REASONS } from './model.ts';
import { gapFacts, type GapFacts, type Hello, type Message, NOTE_KINDS, PROTOCOL } from './messages.ts';

/** Services that one monitor may have: a hello of so many is some 12 MB. */
const MOST_SERVICES = 10_000;
/** Entries that a list in a message may have. */
const MOST_ENTRIES = 10_000;
const DAY_MS = 86_400_000;

const CONTROL = /\p{Cc}/u;

/** Others' words are shown in terminals: nothing in them may be a command to one. */
const textOf = (length: number, least = 0) =>
  z
    .string()
    .min(least)
    .max(length)
    .transform((words) => (CONTROL.test(words) ? words.replace(/\p{Cc}/gu, ' ') : words));
const text = textOf(10_000);
/** Configurations allow 100 characters, and a hub or a `both` puts a few beside them. */
const name = textOf(500);
/** No monitor ran before 2000; the numbers of events, which count microseconds, reach up to 2255. */
const FIRST_TIME = Date.UTC(2000);
const LAST_TIME = Number.MAX_SAFE_INTEGER / 1000;
const time = z.number().min(FIRST_TIME, 'a time before 2000').max(LAST_TIME, 'a time after 2255');
/** When something began: may be from before a clock was set, and is corrected by the time of the message. */
const began = z.number().min(0).max(LAST_TIME);
const duration = z.number().min(0).max(LAST_TIME);
/** An interval, a timeout: as the configuration allows. */
const setting = z.number().min(1, 'below 1 ms').max(DAY_MS, 'longer than a day');
/** Where it can't be, nothing was observed. */
const sum = duration.catch(0);
const count = z.int().min(0);
const share = z.number().min(0).max(1).nullable().catch(null);
const seq = z.int().min(0);
const state = z.enum(STATES);
const reason = z.enum([...DOWN_REASONS, ...UNOBSERVED_REASONS]);
const reasons = z
  .array(z.object({ reason, count, message: textOf(500).optional().catch(undefined) }))
  .max(DOWN_REASONS.length + UNOBSERVED_REASONS.length);
// The public view leaves out what has a default here.
const message = text.nullable().default(null);
const hidden = text.default('');

/** What the entries of lists of the past should be, by the schema of the list. */
const PAST_ENTRIES = new WeakMap<object, z.ZodType>();

/** A list of the past: an entry that makes no sense is left out, and the rest is of use all the same. */
function past<T extends z.ZodType>(entry: T) {
  const entries = z.array(z.unknown()).max(MOST_ENTRIES);
  PAST_ENTRIES.set(entries, entry);
  return entries.transform((list) =>
    list.flatMap((value) => {
      const read = entry.safeParse(value);
      return read.success ? [read.data] : [];
    }),
  );
}

const latency = z.object({ p50Ms: duration, p99Ms: duration, maxMs: duration });

const gapShape = {
  from: time,
  to: time,
  durationMs: duration,
  // Monitors of version 0.1.0 had bounds below 0 after a clock was set back.
  minMs: z.number(),
  provenMinMs: z.number().optional(),
  maxMs: z.number().max(LAST_TIME).nullable().catch(null),
  silenceMs: z.number().nullable().optional(),
  failed: count,
  reasons,
  planned: z.boolean().optional().catch(undefined),
};

/** Bounds that do not enclose the duration are none: at least 0, at most not known. */
function bounded<T extends GapFacts>(gap: T): T {
  return { ...gap, ...gapFacts(gap) };
}

/** A service's name and a gap of it, as the API has them. */
export const gapsSchema = past(z.object({ service: name, ...gapShape }).transform(bounded));

export const timelineSchema = past(z.object({ state, from: time, to: time.nullable() }));

const snapshot = z.object({
  service: textOf(500, 1),
  kind: z.enum(KINDS),
  target: hidden,
  connection: z.enum(CONNECTIONS),
  group: name.nullable(),
  intervalMs: setting,
  timeoutMs: setting,
  // Monitors of version 0.1.0 did not send these.
  rise: z.int().min(1).default(1),
  fall: z.int().min(1).default(1),
  asks: z.boolean().optional(),
  state,
  status: state,
  since: began,
  steadySince: time.optional().catch(undefined),
  reason: reason.nullable(),
  uptime: z.object({ '1h': share, '24h': share, '90d': share }),
  observed: z.object({ '1h': sum, '24h': sum, '90d': sum }).default({ '1h': 0, '24h': 0, '90d': 0 }),
  planned: z.object({ '1h': sum, '24h': sum, '90d': sum }).optional().catch(undefined),
  timeline: timelineSchema,
  gaps: past(z.object(gapShape).transform(bounded)),
  truncated: z.boolean().optional(),
  latency: latency.nullable().optional().catch(null),
  vantages: z
    .array(z.object({ vantage: name, monitor: name, state, since: began, reason: reason.nullable() }))
    .max(MOST_ENTRIES)
    .optional(),
});

/** The clocks behind a hub may be ahead of its own by this. */
const AHEAD_MS = 60_000;

/** What began before a clock was set, or is still to come, began as far as is known now. */
function corrected(hello: Hello): Hello {
  const { now } = hello;
  const latest = now + AHEAD_MS;
  const services = hello.services.map((service) => {
    const timeline = service.timeline.filter(({ from }) => from <= latest);
    const since = (at: number): number => (at < FIRST_TIME ? (timeline.at(-1)?.from ?? now) : at > latest ? now : at);
    return {
      ...service,
      since: since(service.since),
      ...(service.steadySince !== undefined && { steadySince: Math.min(service.steadySince, now) }),
      timeline,
      gaps: service.gaps.filter(({ to }) => to <= latest),
      ...(service.vantages && { vantages: service.vantages.map((view) => ({ ...view, since: since(view.since) })) }),
    };
  });
  return { ...hello, services };
}

/** Whose event it is. */
const origin = { vantage: name.optional(), monitor: name.optional() };

/** The schema of each message, by its type. */
export const MESSAGES = {
  hello: z.object({
    type: z.literal('hello'),
    protocol: z.literal(PROTOCOL),
    monitor: z.object({ id: z.string().min(1).max(200), vantage: name, version: name, startedAt: began }),
    now: time,
    seq,
    resumed: z.boolean(),
    services: z
      .array(snapshot)
      .refine((services) => new Set(services.map(({ service }) => service)).size === services.length, 'one name twice'),
  }),
  transition: z.object({
    type: z.literal('transition'),
    seq,
    service: name,
    from: state,
    to: state,
    at: time,
    notBefore: time,
    notAfter: time,
    reason: reason.nullable(),
    message,
    ...origin,
    seen: z.object({ from: state, to: state }).optional(),
  }),
  gap: z.object({ type: z.literal('gap'), seq, service: name, ...gapShape, ...origin }),
  'open-gap': z.object({
    type: z.literal('open-gap'),
    service: name,
    from: time,
    durationMs: duration,
    minMs: duration,
    provenMinMs: duration.optional(),
    failed: count,
    reasons,
    until: time.optional(),
    final: z.boolean().optional(),
  }),
  mark: z.object({ type: z.literal('mark'), seq, at: time, text: hidden, ...origin }),
  'connection-lost': z.object({
    type: z.literal('connection-lost'),
    seq,
    service: name,
    at: time,
    reason,
    message,
    ...origin,
  }),
  identity: z.object({
    type: z.literal('identity'),
    seq,
    service: name,
    at: time,
    notBefore: time.optional(),
    was: hidden,
    is: hidden,
    what: z.enum(['role', 'master']).optional(),
    ...origin,
  }),
  slow: z.object({
    type: z.literal('slow'),
    seq,
    service: name,
    from: time,
    to: time,
    slowestMs: duration,
    count,
    ...origin,
  }),
  note: z.object({
    type: z.literal('note'),
    seq,
    at: time,
    id: textOf(200, 1),
    kind: z.enum(NOTE_KINDS),
    from: time,
    to: time.nullable(),
    services: z.array(name).max(MOST_SERVICES),
    text,
    ...origin,
  }),
  'lost-writes': z.object({ type: z.literal('lost-writes'), seq, service: name, at: time, count, ...origin }),
  sample: z.object({
    type: z.literal('sample'),
    service: name,
    at: time,
    durationMs: duration,
    answerMs: duration.optional(),
    result: z.enum(['up', 'down', 'unobserved']),
    reason: reason.nullable(),
    message,
    phases: z.object({
      dnsMs: duration.nullable(),
      connectMs: duration.nullable(),
      tlsMs: duration.nullable(),
      replyMs: duration.nullable(),
    }),
    identified: z.object({ from: time, to: time }).optional(),
  }),
  status: z.object({ type: z.literal('status'), service: name, at: time, status: state }),
  heartbeat: z.object({
    type: z.literal('heartbeat'),
    now: time,
    seq,
    probes: count,
    missed: count,
    lateMs: duration,
    overloaded: z.boolean(),
  }),
} as const satisfies { readonly [Type in Message['type']]: z.ZodType<Extract<Message, { type: Type }>> };

/** A JSON Schema (2020-12) of what is sent, whether it is public or not: what one of the two leaves out is not required. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const json: Record<string, unknown> = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const entry = PAST_ENTRIES.get(zodSchema);
      if (entry !== undefined) jsonSchema.items = jsonSchemaOf(entry);
      // Of a value that is put in the place of one that can't be: what is sent has it.
      delete jsonSchema.default;
    },
  });
  delete json['$schema'];
  return json;
}

/** What is wrong with a message. `unknown`: of a type that a later version may have. */
export type Undecoded = { readonly fault: 'unknown' } | { readonly fault: 'malformed'; readonly problem: string };

export function decode(received: string): Message | Undecoded {
  let value: unknown;
  try {
    value = JSON.parse(received);
  } catch {
    return { fault: 'malformed', problem: 'not JSON' };
  }
  return decodeValue(value);
}

/** The same of what was JSON. */
export function decodeValue(value: unknown): Message | Undecoded {
  const type: unknown = typeof value === 'object' && value !== null && 'type' in value ? value.type : null;
  if (typeof type !== 'string') return { fault: 'malformed', problem: 'not an object with a type' };
  if (!Object.hasOwn(MESSAGES, type)) return { fault: 'unknown' };
  // Counted before each of them is looked at, which would take seconds.
  if (typeof value === 'object' && value !== null && 'services' in value && Array.isArray(value.services)) {
    const { length } = value.services;
    if (length > MOST_SERVICES)
      return { fault: 'malformed', problem: `${type}: ${String(length)} services, more than ${String(MOST_SERVICES)}` };
  }
  const result = MESSAGES[type as Message['type']].safeParse(value);
  if (result.success) {
    const { data } = result;
    return data.type === 'gap' ? bounded(data) : data.type === 'hello' ? corrected(data) : data;
  }
  const [issue] = result.error.issues;
  return { fault: 'malformed', problem: `${type}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
}
