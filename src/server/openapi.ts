/** The description of all paths in the form of OpenAPI 3.1. A test holds it against the running server. */
import { z } from 'zod';

import { gapsSchema, jsonSchemaOf, MESSAGES, timelineSchema } from '../core/message-schema.ts';
import { isEvent } from '../core/messages.ts';
import { STATES } from '../core/model.ts';
import { VERSION } from '../core/version.ts';
import { markSchema, noteSchema } from './marks-and-notes.ts';
import { STATUSPAGE_DOCUMENTS } from './statuspage.ts';

const time = z.number();
const count = z.int().min(0);
const columns = z.array(z.number().min(0));
const { monitor, seq, services } = MESSAGES.hello.shape;
const answered = { monitor, now: time };
const event = z.union(Object.values(MESSAGES).filter(({ shape }) => isEvent({ type: shape.type.value })));

const page = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  time_zone: z.string(),
  updated_at: z.iso.datetime(),
});
const pageStatus = z.object({ indicator: z.enum(['none', 'minor', 'major', 'critical']), description: z.string() });
const component = z.object({
  id: z.uuid(),
  name: z.string(),
  status: z.enum(['operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance']),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  position: z.int(),
  description: z.string().nullable(),
  group_id: z.uuid().nullable(),
  group: z.boolean(),
  page_id: z.string(),
});
const pageIncident = z.object({
  id: z.uuid(),
  name: z.string(),
  status: z.enum(['investigating', 'resolved']),
  impact: z.enum(['major', 'critical']),
  created_at: z.iso.datetime(),
  started_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  resolved_at: z.iso.datetime().nullable(),
  incident_updates: z.array(z.object({ status: z.string(), body: z.string(), display_at: z.iso.datetime() })),
  components: z.array(component),
});
const maintenances = z.array(z.unknown());

/** What the documents of Statuspage consist of. */
const DOCUMENTS = {
  summary: { components: z.array(component), incidents: z.array(pageIncident), status: pageStatus },
  status: { status: pageStatus },
  components: { components: z.array(component) },
  incidents: { incidents: z.array(pageIncident) },
  'scheduled-maintenances': { scheduled_maintenances: maintenances },
} as const;

const kumaPage = z.object({
  config: z.object({ slug: z.literal('default'), title: z.string(), published: z.literal(true) }),
  incident: z
    .object({ id: count, title: z.string(), createdDate: z.iso.datetime(), lastUpdatedDate: z.iso.datetime() })
    .nullable(),
  publicGroupList: z.array(
    z.object({
      id: count,
      name: z.string(),
      monitorList: z.array(z.object({ id: count, name: z.string(), type: z.enum(['port', 'http', 'redis']) })),
    }),
  ),
  maintenanceList: z.array(z.object({ id: count, title: z.string(), status: z.literal('under-maintenance') })),
});
const kumaBeat = z.object({
  status: z.int().min(0).max(2),
  time: z.iso.datetime(),
  msg: z.string(),
  ping: z.number().nullable(),
});
const kumaHeartbeats = z.object({
  heartbeatList: z.record(z.string(), z.array(kumaBeat).min(1)),
  uptimeList: z.record(z.string(), z.number().min(0).max(1)),
});
const gatusStatus = z.object({
  name: z.string(),
  group: z.string().optional(),
  key: z.string(),
  results: z
    .array(
      z.object({
        duration: count,
        errors: z.array(z.string()).optional(),
        conditionResults: z.array(z.object({ condition: z.string(), success: z.boolean() })),
        success: z.boolean(),
        timestamp: z.iso.datetime(),
      }),
    )
    .min(1),
});

const JSON_TYPE = 'application/json; charset=utf-8';

type Json = Readonly<Record<string, unknown>>;

function content(type: string, schema: z.ZodType | Json): Json {
  return { [type]: { schema: schema instanceof z.ZodType ? jsonSchemaOf(schema) : schema } };
}

function failed(description: string): Json {
  return { description, content: content(JSON_TYPE, z.object({ error: z.string() })) };
}

const DENIED = { 401: failed('the token is missing or wrong'), 403: failed('not for this client') };
const UNKNOWN = { 404: failed('there is no such service') };
const BAD = { 400: failed('the query makes no sense') };
const NO_HISTORY = { 503: failed('the history does not answer at present') };

const TIME = { type: 'string', description: 'milliseconds since 1970, an ISO 8601 time, or a duration back like `2d`' };
const parameter = (name: string, schema: Json, example: unknown): Json => ({ name, in: 'query', schema, example });
const SERVICE = { ...parameter('service', { type: 'array', items: { type: 'string' } }, ['web']), explode: true };
const NAME = { name: 'name', in: 'path', required: true, schema: { type: 'string' }, example: 'web' };

/** @param others answers beside 200, 401 and 403 */
function get(summary: string, answers: Json, others: Json = {}, parameters: readonly Json[] = []): Json {
  return {
    get: { summary, parameters, responses: { 200: { description: summary, content: answers }, ...DENIED, ...others } },
  };
}

const plain = { type: 'string' };

function pathsOf(): Json {
  const statuspage = STATUSPAGE_DOCUMENTS.map((document) => {
    const [kind = 'summary'] = document.split('/');
    const schema = z.object({ page, ...DOCUMENTS[kind as keyof typeof DOCUMENTS] });
    return [
      `/api/v2/${document}.json`,
      get(`${document} in the form of Statuspage`, content(JSON_TYPE, schema), NO_HISTORY),
    ];
  });
  const asked = { ...BAD, ...NO_HISTORY };
  const snapshot = services.element.omit({ timeline: true, gaps: true });
  const status = {
    ...answered,
    seq,
    newsAfter: count,
    overall: z.enum(STATES),
    services: z.array(snapshot),
    notes: z.array(MESSAGES.note.omit({ type: true })),
  };
  const gaps = z.object({ ...answered, since: time, gaps: gapsSchema });
  const events = {
    ...answered,
    after: count,
    complete: z.boolean(),
    events: z.array(event),
    next: count,
    more: z.boolean(),
  };
  const timelines = z.array(z.object({ service: z.string(), timeline: timelineSchema }));
  const days = z.object({
    service: z.string(),
    upMs: columns,
    downMs: columns,
    unobservedMs: columns,
    partialMs: columns.optional(),
    gaps: columns,
  });
  const formats = parameter('format', { enum: ['json', 'csv'] }, 'json');
  const limit = parameter('limit', { type: 'integer', minimum: 1, maximum: 1000 }, 100);
  const since = parameter('since', TIME, '2d');
  const until = parameter('until', TIME, '1d');
  return {
    '/api/v1/status': get('every service now', content(JSON_TYPE, z.object(status)), BAD, [SERVICE]),
    '/api/v1/gaps': get(
      'gaps that ended, the oldest first',
      { ...content(JSON_TYPE, gaps), ...content('text/csv; charset=utf-8; header=present', plain) },
      asked,
      [since, until, SERVICE, formats],
    ),
    '/api/v1/events': get('events after a number', content(JSON_TYPE, z.object(events)), asked, [
      parameter('after', { type: 'integer', minimum: 0 }, 0),
      SERVICE,
      limit,
    ]),
    '/api/v1/timeline': get(
      'the states of each service over time',
      content(JSON_TYPE, z.object({ ...answered, from: time, to: time, services: timelines })),
      asked,
      [parameter('from', TIME, '1h'), parameter('to', TIME, '1m'), SERVICE],
    ),
    '/api/v1/days': get(
      'the last 90 days of each service',
      content(JSON_TYPE, z.object({ ...answered, from: time, widthMs: time, services: z.array(days) })),
      asked,
      [SERVICE],
    ),
    '/api/v1/marks': {
      post: {
        summary: 'mark this moment',
        security: [{ token: [] }],
        requestBody: { required: true, content: content('application/json', markSchema) },
        responses: {
          201: { description: 'the mark', content: content(JSON_TYPE, MESSAGES.mark) },
          ...BAD,
          ...DENIED,
          413: failed('too long'),
          415: failed('not application/json'),
          503: failed('the bus is unreachable'),
        },
      },
    },
    '/api/v1/notes': {
      post: {
        summary: 'write a note for everybody; with an id, change that one',
        security: [{ token: [] }],
        requestBody: { required: true, content: content('application/json', noteSchema) },
        responses: {
          200: { description: 'the note as it stands then', content: content(JSON_TYPE, MESSAGES.note) },
          201: { description: 'the note', content: content(JSON_TYPE, MESSAGES.note) },
          ...BAD,
          ...DENIED,
          404: failed('no note has this id'),
          413: failed('too long'),
          415: failed('not application/json'),
          503: failed('the bus is unreachable'),
        },
      },
    },
    ...(Object.fromEntries(statuspage) as Json),
    '/api/status-page/default': get('services and notes, in the form of Uptime Kuma', content(JSON_TYPE, kumaPage)),
    '/api/status-page/heartbeat/default': get(
      'the state, in the form of Uptime Kuma',
      content(JSON_TYPE, kumaHeartbeats),
    ),
    '/api/v1/endpoints/statuses': get('the state, in the form of Gatus', content(JSON_TYPE, z.array(gatusStatus))),
    '/feed.atom': get('incidents', content('application/atom+xml; charset=utf-8', plain), asked, [SERVICE]),
    '/badge/{name}.svg': get('the status of a service', content('image/svg+xml; charset=utf-8', plain), UNKNOWN, [
      NAME,
    ]),
    '/badge/{name}.json': get(
      'the same for shields.io',
      content(
        JSON_TYPE,
        z.object({ schemaVersion: z.literal(1), label: z.string(), message: z.string(), color: z.string() }),
      ),
      UNKNOWN,
      [NAME],
    ),
    '/metrics': get(
      'for Prometheus',
      content('text/plain; version=0.0.4; charset=utf-8', plain),
      { ...BAD, ...UNKNOWN },
      [SERVICE],
    ),
    '/openapi.json': get('this description', content(JSON_TYPE, { type: 'object', required: ['openapi', 'paths'] })),
    '/healthz': get('this process is alive', content('text/plain; charset=utf-8', plain)),
    '/readyz': get('every service has had its first answer', content('text/plain; charset=utf-8', plain), {
      503: { description: 'not yet', content: content('text/plain; charset=utf-8', plain) },
    }),
    '/': get('the status page', content('text/html; charset=utf-8', plain)),
  };
}

let made: Json | null = null;

/** The description; made at the first call. */
export function openApi(): Json {
  made ??= {
    openapi: '3.1.0',
    info: {
      title: 'gapwatch',
      version: VERSION,
      description:
        'Times are milliseconds since 1970 with a fraction, durations milliseconds. The feed is a websocket at `/feed`.',
    },
    // Relative to where this is: a proxy may put it under any path.
    servers: [{ url: '.' }],
    security: [{ token: [] }, {}],
    paths: pathsOf(),
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
  return made;
}
