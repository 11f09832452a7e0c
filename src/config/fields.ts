/** The kinds of value that the configuration is made of: each one's check, type, words and part of the JSON Schema. */
import { z } from 'zod';

import { DURATION, durationMs, durationText, durationProblem } from '../core/duration.ts';
import { excerpt, list } from '../core/format.ts';
import { linearProblem } from '../core/linear-match.ts';
import { redacted, safeExcerpt } from '../core/shown-url.ts';
import { isOneLine } from '../core/printable.ts';
import type { Pattern, StatusRange } from '../probe/spec.ts';
import { BUS_URL_FORMS, busUrl, redisServiceUrl, shownBusUrl } from './bus-url.ts';
import { hostOf, httpUrl, tcpUrl, URL_FORMS, type Parsed } from './target-url.ts';

/**
 * An object with these fields and no other.
 * The message for unknown fields has a line for each of them, in the order of zod's `keys`.
 * @param noun what it is, with its article, for messages
 */
export function fields<Shape extends z.ZodRawShape>(noun: string, shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const names = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys')
        return `${shown(issue.input)} is not ${noun}; an object with ${list(names, 'or')}`;
      return issue.keys
        .map((key) => `unknown field${didYouMean(key, names) || '.'} Allowed here: ${names.join(', ')}`)
        .join('\n');
    },
  });
}

/** One of some words. */
export function choice<const Words extends readonly string[]>(noun: string, words: Words) {
  const allowed = list(
    words.map((word) => `"${word}"`),
    'or',
  );
  return z.enum(words, {
    error: ({ input }) => {
      if (input === undefined) return `missing; ${allowed}`;
      const meant = typeof input === 'string' ? didYouMean(input, words) : '';
      return `${shown(input)} is not ${noun}${meant === '' ? ';' : `${meant} Allowed:`} ${allowed}`;
    },
  });
}

const CONTROLS = '\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029';

/** A name that people read: of a service, a group, a vantage. */
export function label(noun: string) {
  const words = says(noun, '1 to 100 characters, none of them a control character, not all of them blank');
  return z
    .string(words)
    .min(1, words)
    .max(100, words)
    .regex(new RegExp(`^[^${CONTROLS}]*$`), words)
    .refine((written) => written.trim() !== '' && isOneLine(written), words);
}

/** Text of at least one character, which messages may show. */
export function text(noun: string, allowed: string) {
  const words = says(noun, allowed);
  return z.string(words).min(1, words);
}

/** A whole number, both bounds included. */
export function whole(noun: string, min: number, max: number) {
  const words = says(noun, `a whole number from ${String(min)} to ${String(max)}`);
  return z.int(words).min(min, words).max(max, words);
}

/** true or false. */
export const flag = z.boolean({ error: ({ input }) => `${shown(input)} is neither true nor false` });

/**
 * A duration, to milliseconds.
 * @param minWhy the reason why it can't be shorter, for the message; null for none
 */
export function duration(noun: string, minMs: number, maxMs: number, minWhy: string | null) {
  const range = `from ${durationText(minMs)} to ${durationText(maxMs)}`;
  const tooShort = (input: unknown): string =>
    `${shown(input)} is too short for ${noun}; ${range}${minWhy === null ? '' : `: ${minWhy}`}`;
  const words = {
    error: ({ input }: { input?: unknown }) =>
      minMs > 0 && (input === 0 || input === '0') ? tooShort(input) : durationProblem(input),
  };
  return z
    .string(words)
    .regex(DURATION, words)
    .refine((written) => (durationMs(written) ?? minMs) >= minMs, { error: ({ input }) => tooShort(input) })
    .refine((written) => (durationMs(written) ?? maxMs) <= maxMs, {
      error: ({ input }) => `${shown(input)} is too long for ${noun}; ${range}`,
    })
    .transform((written) => durationMs(written) ?? minMs);
}

/** A host: a name or an address. */
export const host = z
  .string(says('a host', 'a name or an address, such as "db.internal", "127.0.0.1" or "::1"'))
  .refine((written) => hostOf(written) !== null, {
    error: ({ input }) =>
      `${excerpt(redacted(String(input)))} is not a host; a name or an address, without port or path`,
  });

/** A TCP port to connect to. */
export const port = whole('a port', 1, 65_535);

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const envWords = {
  error: () => 'this is not the name of an environment variable; letters, digits and _, such as "GAPWATCH_TOKEN"',
};
const fromEnv = fields('a secret', {
  env: z.string(envWords).regex(ENV_NAME, envWords).describe('The name of an environment variable that holds it.'),
});
const fromFile = fields('a secret', {
  file: text('a path', 'the path of a file').describe(
    'The path of a file that holds it, from the folder of this configuration. One line break at its end is not part of it.',
  ),
});
const SECRET_FORMS = 'text in double quotes, { "env": NAME } or { "file": PATH }';

/** Text that may be kept out of the configuration. It is never printed, logged, stored, or sent to anything but its service. */
export const secret = z
  .union([z.string(), fromEnv, fromFile], {
    error: ({ input }) =>
      input === undefined
        ? `missing; ${SECRET_FORMS}`
        : `${kindOf(input)} is not allowed here; it takes ${SECRET_FORMS}`,
  })
  .meta({ id: 'secret', description: 'Text; or { "env": NAME } or { "file": PATH }, which keep it out of this file.' });

/** A secret of at least one character. */
export const filledSecret = secret.refine((written) => written !== '', {
  error: `it is empty; ${SECRET_FORMS}, or leave the field out`,
});
/** A secret as the configuration has it: itself, or where it is. */
export type Secret = z.output<typeof secret>;

/** Reads the URLs of each kind of service. */
export const URL_PARSERS = { tcp: tcpUrl, http: httpUrl, redis: redisServiceUrl } as const;

/** A URL, which may hold a password: so it may be a secret as a whole. Where it is text it is checked here. */
export function url(kind: keyof typeof URL_PARSERS) {
  return secret.superRefine((written, context) => {
    if (typeof written !== 'string') return;
    const parsed: Parsed<unknown> = URL_PARSERS[kind](written);
    if ('value' in parsed) return;
    context.addIssue({
      code: 'custom',
      message: `${excerpt(redacted(written))}: ${parsed.problem}; ${URL_FORMS[kind]}`,
    });
  });
}

/** The URL of a bus, which may hold a password. Where it is text it is checked here. */
export const busAddress = secret.superRefine((written, context) => {
  if (typeof written !== 'string') return;
  const parsed = busUrl(written);
  if ('value' in parsed) return;
  const message = `${excerpt(shownBusUrl(written))}: ${parsed.problem}; ${BUS_URL_FORMS}`;
  context.addIssue({ code: 'custom', message });
});

const patternWords = says('a pattern', 'text that must occur, or "/regular expression/flags"');

/** Text that must occur, or `/regex/flags`. */
export const pattern = z
  .string(patternWords)
  .min(1, patternWords)
  .transform((written, context): Pattern => {
    const [, source, flags = ''] = /^\/(.+)\/([a-z]*)$/s.exec(written) ?? [];
    if (source === undefined) return written;
    const wayOut = 'text that begins with a slash is written "/\\\\/text/"';
    if (!/^[imsuv]*$/.test(flags)) {
      // Many letters are no slip, but a text that holds slashes, which may be a secret.
      const shownFlags = flags.length > 5 ? 'the letters' : `"${flags}"`;
      const message = `${shownFlags} after the last slash are not flags; i, m, s, u and v are; ${wayOut}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    try {
      const expression = new RegExp(source, flags);
      const problem = linearProblem(expression);
      if (problem === null) return expression;
      context.addIssue({ code: 'custom', message: `${safeExcerpt(written)} can't be used: ${problem}` });
      return z.NEVER;
    } catch (error) {
      const [reason] = (error instanceof Error ? error.message : String(error)).split(': ').slice(-1);
      const message = `${safeExcerpt(written)} is not a regular expression (${reason ?? ''}); ${wayOut}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
  });

const statusWords = says('a status', 'a number such as 200, "2xx", "200-299", or a list of these');
const status = z
  .union([z.int(statusWords), z.string(statusWords).regex(/^([1-5]xx|\d{3}(-\d{3})?)$/, statusWords)], statusWords)
  .transform((written): StatusRange => {
    const [from = '', to = from] = String(written).split('-');
    return { from: Number(from.replace('xx', '00')), to: Number(to.replace('xx', '99')) };
  })
  .refine(({ from, to }) => from >= 100 && to <= 599 && from <= to, {
    error: ({ input }) => {
      const { from, to } = input as StatusRange;
      return `${from === to ? String(from) : `${String(from)}-${String(to)}`} is not a status; from 100 to 599, the lower one first`;
    },
  });

/** HTTP status codes, one or a list. */
export const statuses = z
  .union([z.array(status).min(1, says('a status', 'at least one, such as ["2xx"]')), status], statusWords)
  .transform((written): readonly StatusRange[] => (Array.isArray(written) ? written : [written]));

/** A value in a message. Of what is not text or a number only the kind is shown. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return safeExcerpt(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return kindOf(value);
}

/** What kind of value it is, without showing it. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

/** What zod passes on of a value that it rejects. */
interface Refused {
  readonly input?: unknown;
}

/** The `error` of a zod type and of its checks, for a value that may be shown. */
export function says(noun: string, allowed: string): { error: (issue: Refused) => string } {
  return {
    error: ({ input }) => (input === undefined ? `missing; ${allowed}` : `${shown(input)} is not ${noun}; ${allowed}`),
  };
}

/**
 * `, did you mean "port"?` where one of the words is near to what was written, otherwise nothing.
 * @param prefix stands before the word that is meant
 */
export function didYouMean(written: string, words: readonly string[], prefix = ''): string {
  let best: string | null = null;
  let least = written.length < 4 ? 2 : 3;
  for (const word of words) {
    const far = distance(written.toLowerCase(), word.toLowerCase());
    if (far < least) [best, least] = [word, far];
  }
  return best === null ? '' : `, did you mean "${prefix}${best}"?`;
}

/** How many letters must be put in, taken out, replaced, or exchanged with their neighbour; 3 for all that is more. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 3;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const ways = [at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1)];
      row.push(Math.min(...ways, exchanged ? at(i - 2, j - 2) + 1 : 3));
    }
  }
  return at(a.length, b.length);
}
