/** Reads the messages of another monitor's feed: trusts nothing, and passes over what it does not know. */
import { z } from 'zod';

import { CONNECTIONS, DOWN_REASONS, KINDS, STATES, UNOBSERVED_REASONS } from './model.ts';
import { type Message, PROTOCOL } from './messages.ts';

const CONTROL = /\p{Cc}/u;

/** Others' words are shown in terminals: nothing in them may be a command to one. */
const text = z
  .string()
  .max(10_000)
  .transform((words) => (CONTROL.test(words) ? words.replace(/\p{Cc}/gu, ' ') : words));
const time = z.number().min(0).max(8.64e15);
const duration = z.number().min(0);
/** Where it can't be, nothing was observed. */
const sum = duration.catch(0);
const count = z.int().min(0);
const share = z.number().min(0).max(1).nullable().catch(null);
const seq = z.int().min(0);
const state = z.enum(STATES);
const reason = z.enum([...DOWN_REASONS, ...UNOBSERVED_REASONS]);
const reasons = z.array(z.object({ reason, count }));
// The public view leaves out what has a default here.
const message = text.nullable().default(null);
const hidden = text.default('');

export const gapFacts = z.object({
  from: time,
  to: time,
  durationMs: duration,
  minMs: duration,
  maxMs: duration.nullable(),
  failed: count,
  reasons,
});

/** A list of which what is malformed is left out: one bad value of a monitor must not hide the others. */
export function listOf<T extends z.ZodType>(one: T): z.ZodType<z.output<T>[]> {
  return z.array(z.unknown()).transform((values) =>
    values.flatMap((value) => {
      const parsed = one.safeParse(value);
      return parsed.success ? [parsed.data] : [];
    }),
  );
}

export const timelineSchema = listOf(z.object({ state, from: time, to: time.nullable() }));

const snapshot = z.object({
  service: text,
  kind: z.enum(KINDS),
  target: hidden,
  connection: z.enum(CONNECTIONS),
  group: text.nullable(),
  intervalMs: duration,
  timeoutMs: duration,
  // Monitors of version 0.1.0 did not send these.
  rise: z.int().min(1).default(1),
  fall: z.int().min(1).default(1),
  state,
  status: state,
  since: time,
  reason: reason.nullable(),
  uptime: z.object({ '1h': share, '24h': share, '90d': share }),
  observed: z.object({ '1h': sum, '24h': sum, '90d': sum }).default({ '1h': 0, '24h': 0, '90d': 0 }),
  timeline: timelineSchema,
  gaps: listOf(gapFacts),
  vantages: z
    .array(z.object({ vantage: text, monitor: text, state, since: time, reason: reason.nullable() }))
    .optional(),
});

/** Whose event it is. */
const origin = { vantage: text.optional(), monitor: text.optional() };

/** The schema of each message, by its type. */
export const MESSAGES = {
  hello: z.object({
    type: z.literal('hello'),
    protocol: z.literal(PROTOCOL),
    monitor: z.object({ id: z.string().min(1).max(200), vantage: text, version: text, startedAt: time }),
    now: time,
    seq,
    resumed: z.boolean(),
    services: z.array(snapshot),
  }),
  transition: z.object({
    type: z.literal('transition'),
    seq,
    service: text,
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
  gap: z.object({ type: z.literal('gap'), seq, service: text, ...gapFacts.shape, ...origin }),
  'open-gap': z.object({
    type: z.literal('open-gap'),
    service: text,
    ...gapFacts.omit({ to: true, maxMs: true }).shape,
  }),
  mark: z.object({ type: z.literal('mark'), seq, at: time, text: hidden, ...origin }),
  'connection-lost': z.object({
    type: z.literal('connection-lost'),
    seq,
    service: text,
    at: time,
    reason,
    message,
    ...origin,
  }),
  identity: z.object({ type: z.literal('identity'), seq, service: text, at: time, was: hidden, is: hidden, ...origin }),
  sample: z.object({
    type: z.literal('sample'),
    service: text,
    at: time,
    durationMs: duration,
    result: z.enum(['up', 'down', 'unobserved']),
    reason: reason.nullable(),
    message,
    phases: z.object({
      dnsMs: duration.nullable(),
      connectMs: duration.nullable(),
      tlsMs: duration.nullable(),
      replyMs: duration.nullable(),
    }),
  }),
  status: z.object({ type: z.literal('status'), service: text, at: time, status: state }),
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
  const result = MESSAGES[type as Message['type']].safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return { fault: 'malformed', problem: `${type}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
}
