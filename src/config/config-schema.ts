/**
 * The configuration: one definition that checks it, types it, and describes it to editors.
 * What needs fields of different objects, secrets or defaults is in `load-config.ts`, `watched.ts` and `probe-specs.ts`.
 */
import { isIP } from 'node:net';

import { z } from 'zod';

import { HOOK_EVENTS } from '../core/messages.ts';
import {
  busAddress,
  choice,
  duration,
  fields,
  flag,
  host,
  label,
  filledSecret,
  pattern,
  port,
  secret,
  shown,
  statuses,
  text,
  url,
  whole,
  says,
} from './fields.ts';
import { isOneLine } from '../core/printable.ts';
import { parseListen } from './target-url.ts';

const SECOND = 1000;
const DAY = 86_400_000;

const interval = duration('an interval', 10, DAY, 'faster probes would measure the monitor, not the service').describe(
  'The time from the start of one probe to the start of the next, such as "100ms".',
);
const timeout = duration('a timeout', 1, DAY, null).describe(
  'One deadline over the whole probe, name look-up included, such as "1s". It may exceed the interval.',
);
const connection = choice('a kind of connection', ['new', 'kept', 'both']).describe(
  'new: a connection for every probe. kept: every probe over one connection, whose break is noticed at once. both: two services, NAME and NAME (kept).',
);
const family = z
  .literal([4, 6], says('an address family', '4 or 6'))
  .describe('Look up an IPv4 (4) or an IPv6 (6) address only. Without it, the first address that the look-up gives.');
const rise = whole('a number of probes', 1, 100).describe('Good probes in a row that make the status up. Default: 1.');
const fall = whole('a number of probes', 1, 100).describe(
  'Failed probes in a row that make the status down. Default: 1.',
);

const recheckWords = {
  error: ({ input }: { input?: unknown }) =>
    `${shown(input)} is not a time between rechecks; a duration such as "10ms", from 10ms to 1d, or "off"`,
};
const recheck = z
  .union([z.literal('off'), duration('a recheck', 10, DAY, null)], recheckWords)
  .transform((written) => (written === 'off' ? null : written))
  .describe(
    'How often the service is probed beside the grid while it is down, or "off". Default: a tenth of the interval, at least "10ms".',
  );

const slow = duration('a limit for slow answers', 1, DAY, null).describe(
  'A good answer that took longer counts as slow, such as "500ms". Without it none does.',
);

const settings = { interval, timeout, connection, family, rise, fall, recheck, slow };

const name = label('a name').describe('What the service is called; no other has the same name.');

/** What every service may have beside its name, its type, and what goes with that. */
const common = {
  group: label('a group').describe('Services of one group are shown together.').optional(),
  enabled: flag.describe('false: checked with the rest, but not watched. Default: true.').optional(),
  ...z.object(settings).partial().shape,
};

const tlsSettings = fields('TLS settings', {
  verify: flag.describe('Whether the certificate must be trusted and must name the server. Default: true.').optional(),
  ca: text('a path', 'the path of a PEM file')
    .describe("A PEM file with the certificates to trust instead of the system's, from the folder of this file.")
    .optional(),
  cert: text('a path', 'the path of a PEM file')
    .describe('A PEM file with the certificate to show to servers that ask for one, followed by its intermediates.')
    .optional(),
  key: text('a path', 'the path of a PEM file')
    .describe('The PEM file with the key of "cert", without a passphrase.')
    .optional(),
  servername: host.describe('The name to ask for (SNI) and to verify. Default: the host.').optional(),
  minDays: z
    .number(says('a number of days', 'a number of 0 or more'))
    .min(0, says('a number of days', 'a number of 0 or more'))
    .max(36_500, says('a number of days', 'a number up to 36500'))
    .describe('The service is down (tls) where its certificate is valid for fewer days than this.')
    .optional(),
});

const tls = z
  .union(
    [z.literal(true), tlsSettings],
    says(
      'TLS settings',
      'true, or an object with verify, ca, cert, key, servername or minDays; without TLS the field is left out',
    ),
  )
  .meta({ id: 'tls', description: 'Encrypt the connection: true, or how.' });
/** `true`, or how. */
export type Tls = z.output<typeof tls>;

const HOST_OR_URL = { oneOf: [{ required: ['url'] }, { required: ['host'] }] };

/** Reports a service that has no address, or two. */
function oneAddress(
  service: { url?: unknown; host?: unknown; port?: unknown },
  context: z.core.$RefinementCtx,
  portNeeded: boolean,
): void {
  const add = (path: string[], message: string): void => {
    context.addIssue({ code: 'custom', path, message });
  };
  if (service.url !== undefined) {
    for (const field of ['host', 'port'] as const) {
      if (service[field] !== undefined)
        add([field], 'conflicts with "url", which already says it; remove one of the two');
    }
  } else if (service.host === undefined) {
    add([], `no address; "host"${portNeeded ? ' and "port"' : ''}, or "url"`);
  } else if (portNeeded && service.port === undefined) {
    add([], 'no port; "port" is missing beside "host": a whole number from 1 to 65535');
  }
}

const identityBody = pattern.superRefine((written, context) => {
  // An alternative that is empty matches anything, and its result has a place for each group.
  const groups =
    typeof written === 'string' ? 0 : (new RegExp(`${written.source}|`, written.flags).exec('')?.length ?? 1) - 1;
  if (groups === 1) return;
  const message = `${shown(String(written))} has ${String(groups)} groups; "/regular expression/" with one group, which holds who answered`;
  context.addIssue({ code: 'custom', message });
}) as unknown as z.ZodType<RegExp, string>;
const identityIn = identityBody.describe('"/regular expression/flags" with one group, which holds who answered.');

const tcp = fields('a service', {
  name,
  type: z.literal('tcp').describe('Up: connected, still open after "hold", and what is expected arrived.'),
  host: host.describe('A name or an address. localhost is 127.0.0.1, or ::1 where the family is 6.').optional(),
  port: port.describe('The port.').optional(),
  url: url('tcp').describe('tcp://HOST:PORT, instead of host and port.').optional(),
  hold: duration('a hold', 0, 60 * SECOND, null)
    .describe(
      'How long the peer must keep the accepted connection open. Default: "25ms". Not waited for where something is expected.',
    )
    .optional(),
  send: secret.describe('Text to send once connected.').optional(),
  expect: pattern.describe('Text that must arrive, or "/regular expression/flags".').optional(),
  identity: fields('an identity', { body: identityIn })
    .describe('Where in what arrives it stands who answered: a change is reported. Only with "expect".')
    .optional(),
  tls: tls.optional(),
  ...common,
})
  .superRefine((service, context) => {
    oneAddress(service, context, true);
    if (service.identity !== undefined && service.expect === undefined)
      context.addIssue({ code: 'custom', path: ['identity'], message: 'nothing is read without "expect"; add that' });
  })
  .meta(HOST_OR_URL);

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

const headers = z.record(z.string().regex(HEADER_NAME), secret, {
  error: ({ code, input }) =>
    code === 'invalid_key'
      ? "this is not the name of a header; letters, digits and any of !#$%&'*+-.^_`|~"
      : says('headers', 'an object such as { "Authorization": { "env": NAME } }').error({ input }),
});

const http = fields('a service', {
  name,
  type: z.literal('http').describe('Up: the whole reply arrived, with an accepted status and body.'),
  url: url('http').describe(
    'http://…, https://… or unix:/SOCKET:/PATH. A user and password in it are sent as Basic authorization.',
  ),
  method: choice('a method', METHODS).describe('The method. Default: GET.').optional(),
  headers: headers.describe('Headers to send, each with text or a secret.').optional(),
  body: secret.describe('The body to send.').optional(),
  expect: fields('an expectation', {
    status: statuses
      .describe('Accepted statuses: 200, "2xx", "200-299", or a list. Default: ["2xx", "3xx"].')
      .optional(),
    body: pattern.describe('Text that the body must hold, or "/regular expression/flags".').optional(),
  })
    .describe('What the reply must be.')
    .optional(),
  identity: fields('an identity', {
    header: z
      .string(says('the name of a header', 'text such as "X-Served-By"'))
      .regex(HEADER_NAME, says('the name of a header', 'text such as "X-Served-By"'))
      .describe('The header of the reply that says who answered.')
      .optional(),
    body: identityIn.optional(),
  })
    .superRefine(({ header, body }, context) => {
      if ((header === undefined) === (body === undefined))
        context.addIssue({ code: 'custom', message: 'one of "header" and "body" says who answered; exactly one' });
    })
    .describe('Where in a reply it stands who answered: a change is reported.')
    .optional(),
  follow: whole('a number of redirects', 0, 20).describe('How many redirects are followed. Default: 0.').optional(),
  tls: tls.optional(),
  ...common,
});

const redis = fields('a service', {
  name,
  type: z
    .literal('redis')
    .describe('Up: PING was answered by PONG, the role is the required one, and the write was acknowledged.'),
  url: url('redis')
    .describe(
      'redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], rediss:// for TLS, or redis+sentinel://HOST[:PORT],…/MASTER[/DB] for the master that sentinels name; user and password are those of the master.',
    )
    .optional(),
  host: host.describe('A name or an address, instead of url.').optional(),
  port: port.describe('The port. Default: 6379.').optional(),
  username: filledSecret.describe('The ACL user.').optional(),
  password: filledSecret.describe('The password, best as { "env": NAME } or { "file": PATH }.').optional(),
  db: whole('the number of a database', 0, 999_999).describe('The database to select. Default: 0.').optional(),
  role: choice('a role', ['master', 'replica'])
    .describe('The role that the server must have. Default: any; with sentinels master.')
    .optional(),
  write: text('a key', 'the name of a key of gapwatch\'s own, such as "gapwatch:write"')
    .describe(
      "A key of gapwatch's own: each probe also adds one to a field of it and reads that back. It is a hash, which expires a week after the last write.",
    )
    .optional(),
  tls: tls.optional(),
  ...common,
})
  .superRefine((service, context) => {
    oneAddress(service, context, false);
  })
  .meta(HOST_OR_URL);

const TYPES = choice('a type of service', ['tcp', 'http', 'redis']);

/** One service, from the file or from a target. */
export const serviceSchema = z.discriminatedUnion('type', [tcp, http, redis], {
  error: ({ input }) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      return says('a service', 'an object with "name", "type" and an address').error({ input });
    const type = TYPES.safeParse('type' in input ? input.type : undefined);
    return type.error?.issues[0]?.message ?? '';
  },
});
/** A checked entry. Durations are in milliseconds, expressions are compiled; secrets and URLs are as they were. */
export type ServiceEntry = z.output<typeof serviceSchema>;
export type TcpEntry = Extract<ServiceEntry, { type: 'tcp' }>;
export type HttpEntry = Extract<ServiceEntry, { type: 'http' }>;
export type RedisEntry = Extract<ServiceEntry, { type: 'redis' }>;

const vantage = label('a vantage').describe('Where this monitor is. Default: the host name.');

/** The options of the command line that the file has too, as typed. */
export const optionsSchema = z.object({ interval, timeout, connection, recheck, slow, vantage }).partial();

const defaultsSchema = fields('defaults', z.object(settings).partial().shape);

const listenWords = says(
  'an address to listen on',
  'HOST:PORT such as "127.0.0.1:9720", port 0 for a free one, or "off"',
);

const streamWords = says('a stream', 'the name of a key: 1 to 100 letters, digits and . : _ - { }');

const origin = z
  .string(says('an origin', 'a scheme and a host such as "https://status.example.org"'))
  .refine(
    (written) => /^https?:\/\/[^/]+$/.test(written) && URL.canParse(written) && new URL(written).origin === written,
    says('an origin', 'a scheme and a host such as "https://status.example.org", without a path or a slash at its end'),
  );
const origins = z.array(origin, says('a list of origins', 'a list such as ["https://status.example.org"]'));

const proxy = z.string(says('a proxy', 'an address or a network, such as "127.0.0.1" or "10.0.0.0/8"')).refine(
  (written) => {
    const [address = '', bits, ...more] = written.split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    return (
      isIP(address) !== 0 &&
      more.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
    );
  },
  says('a proxy', 'an address or a network, such as "127.0.0.1" or "10.0.0.0/8"'),
);

const hook = fields('a hook', {
  on: z
    .array(choice('what a hook is called for', HOOK_EVENTS), says('a list', 'a list such as ["down", "up", "gap"]'))
    .min(1, says('a list', 'at least one, such as ["gap"]'))
    .describe('What it is called for.'),
  services: z
    .array(label('a name'), says('a list of names', 'a list of names of services, such as ["web"]'))
    .min(1, says('a list of names', 'at least one name; without the field all are meant'))
    .describe('The services that it is called for. Default: all.')
    .optional(),
  minMs: z
    .number(says('a number of milliseconds', 'a number from 0 to 86400000'))
    .min(0, says('a number of milliseconds', 'a number from 0 to 86400000'))
    .max(DAY, says('a number of milliseconds', 'a number from 0 to 86400000'))
    .describe('Only gaps that last this long, in milliseconds; "down" comes when they have, and "up" where "down" did.')
    .optional(),
  url: filledSecret.describe('http:// or https:// URL to which each event is posted as JSON.').optional(),
  headers: headers.describe('Headers to send with it, each with text or a secret.').optional(),
  secret: filledSecret.describe('Signs each body: X-Gapwatch-Signature: sha256=HEX, an HMAC.').optional(),
  command: z
    .array(
      text('an argument', 'text of at least one character'),
      says('a command', 'a list such as ["logger", "-t", "gapwatch"]'),
    )
    .min(1, says('a command', 'a list such as ["logger", "-t", "gapwatch"]'))
    .describe(
      'Program and arguments, without a shell, instead of url: it gets each event as JSON on its standard input.',
    )
    .optional(),
}).superRefine(({ url, command, headers, secret }, context) => {
  const add = (path: string[], message: string): void => {
    context.addIssue({ code: 'custom', path, message });
  };
  if (url === undefined && command === undefined) add([], 'it goes nowhere; "url" or "command"');
  if (url !== undefined && command !== undefined) add(['command'], 'conflicts with "url"; two hooks take one each');
  for (const [name, value] of Object.entries({ headers, secret }))
    if (value !== undefined && url === undefined && command !== undefined)
      add([name], 'only a "url" is sent this; a command gets the event on its standard input');
});
export type HookEntry = z.output<typeof hook>;

const momentWords = says('a time', 'one with its zone, such as "2026-12-01T02:00:00Z" or "2026-12-01T02:00+01:00"');
/** A time with its zone, to milliseconds since the epoch. */
const moment = z
  .string(momentWords)
  .regex(/^20\d\d-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/, momentWords)
  .refine((written) => !Number.isNaN(Date.parse(written)), momentWords)
  .transform((written) => Date.parse(written));

const maintenance = fields('a maintenance', {
  from: moment.describe('When it begins, such as "2026-12-01T02:00:00Z".'),
  to: moment.describe('When it ends.'),
  services: z
    .array(label('a name'), says('a list of names', 'a list of names of services, such as ["web"]'))
    .min(1, says('a list of names', 'at least one name; without the field all are meant'))
    .describe('Its services. Default: all.')
    .optional(),
  text: z
    .string(says('a text', 'one line of 1 to 1000 characters'))
    .trim()
    .min(1, says('a text', 'one line of 1 to 1000 characters'))
    .max(1000, says('a text', 'one line of 1 to 1000 characters'))
    .refine(isOneLine, says('a text', 'one line of 1 to 1000 characters'))
    .describe('What is done, for everybody to read. Default: "Maintenance".')
    .optional(),
}).superRefine(({ from, to }, context) => {
  if (to <= from) context.addIssue({ code: 'custom', path: ['to'], message: 'it is not after "from"' });
});
export type MaintenanceEntry = z.output<typeof maintenance>;

/** The whole file. */
export const fileSchema = fields('a configuration', {
  $schema: z.string(says('a schema', 'the path or URL of a JSON Schema')).describe('For editors.').optional(),
  vantage: vantage.optional(),
  defaults: defaultsSchema.describe('Defaults of all services.').optional(),
  services: z
    .array(serviceSchema, says('a list', 'a list of services: [ { "name": …, "type": … } ]'))
    .describe('What is watched.')
    .optional(),
  feed: fields('the settings of the feed', {
    listen: z
      .string(listenWords)
      .refine((written) => parseListen(written) !== null, listenWords)
      .transform(parseListen)
      .describe('HOST:PORT of the feed, the status page and the metrics, or "off".')
      .optional(),
    token: filledSecret.describe('What clients must know on an address that is not loopback.').optional(),
    public: flag
      .describe('Whether anyone may see names, states and times, though no addresses and messages. Default: false.')
      .optional(),
    origins: origins
      .describe('The sites from which a proxy serves the page, such as ["https://status.example.org"].')
      .optional(),
    embed: origins.describe('The sites whose pages may show the page in a frame. Default: none.').optional(),
    proxies: z
      .array(proxy, says('a list of proxies', 'a list of addresses and networks, such as ["127.0.0.1", "10.0.0.0/8"]'))
      .describe('Proxies whose X-Forwarded-For is believed: limits then hold for the addresses of their clients.')
      .optional(),
  })
    .describe('The feed for other programs, the status page and the metrics.')
    .optional(),
  hooks: z
    .array(hook, says('a list of hooks', 'a list: [ { "on": ["down", "up"], "url": … } ]'))
    .describe('What is called when something happens: URLs and commands.')
    .optional(),
  heartbeat: fields('the settings of the heartbeat', {
    url: filledSecret.describe('http:// or https:// URL that is asked (GET) while this monitor is well.'),
    interval: duration('a time between heartbeats', SECOND, DAY, null).describe('How often. Default: "1m".').optional(),
  })
    .describe('A sign of life for another monitor, which notices where it stays away.')
    .optional(),
  maintenance: z
    .array(maintenance, says('a list', 'a list: [ { "from": "2026-12-01T02:00:00Z", "to": "2026-12-01T03:00:00Z" } ]'))
    .describe('When services may be down: gaps that begin then are marked as planned.')
    .optional(),
  history: fields('the settings of the history', {
    dir: text('a path', 'the path of a folder')
      .describe('The folder of the history, from the folder of this file.')
      .optional(),
    keep: duration('a time to keep', 60 * SECOND, 36_500 * DAY, null)
      .describe('How long events are kept. Default: "90d".')
      .optional(),
  })
    .describe('What is kept on disk.')
    .optional(),
  bus: fields('the settings of the bus', {
    url: busAddress.describe('The Redis to publish to: redis://…, redis+cluster://… or redis+sentinel://…').optional(),
    stream: z
      .string(streamWords)
      .regex(/^[\w.:{}-]{1,100}$/, streamWords)
      .describe('The name of the stream. Default: "gapwatch".')
      .optional(),
  })
    .describe('The Redis stream on which many monitors publish what they see.')
    .optional(),
});

/** The JSON Schema of `services.json`, draft 7: what editors know best. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7' });
  return { title: 'gapwatch: services.json', ...schema };
}
