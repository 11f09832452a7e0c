/** The description of the paths is true: what the running server answers is what it says. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Ajv2020 } from 'ajv/dist/2020.js';

import { ask } from './asking.ts';
import { type Scene, scene, TOKEN } from './scene.ts';

interface Answer {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: object }>>;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example: unknown }[];
  readonly requestBody?: { readonly content: Answer['content'] };
  readonly responses: Readonly<Record<string, Answer>>;
}

interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<'get' | 'post', Operation | undefined>>>>;
}

const WITH_TOKEN = { authorization: `Bearer ${TOKEN}` };
const FORMATS = {
  uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
  'date-time': (text: string) => !Number.isNaN(Date.parse(text)),
};

describe('the description of the paths', () => {
  const data = mkdtempSync(join(tmpdir(), 'gapwatch-openapi-'));
  let at: Scene;
  let described: Description;
  let ajv: Ajv2020;

  before(async () => {
    at = await scene({ data, feed: { token: TOKEN, public: true } });
    await at.services[0]!.flap(at.monitor);
    at.monitor.mark('a mark');
    described = JSON.parse((await ask(`${at.http}/openapi.json`)).body) as Description;
    ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, formats: FORMATS });
  });
  after(async () => {
    await at.end();
    rmSync(data, { recursive: true });
  });

  function fits({ content }: Answer, type: string | undefined, body: string, where: string): void {
    const { schema } = content[type ?? ''] ?? {};
    assert.ok(schema !== undefined, `${where}: ${String(type)} is not described`);
    const isValid = ajv.compile(schema);
    const value: unknown = type?.startsWith('application/json') === true ? JSON.parse(body) : body;
    assert.ok(isValid(value), `${where}: ${ajv.errorsText(isValid.errors)}\n${body.slice(0, 2000)}`);
  }

  const gets = (): [string, Operation][] =>
    Object.entries(described.paths).flatMap(([path, { get }]): [string, Operation][] => (get ? [[path, get]] : []));

  /** The address of an operation with the examples of its parameters. */
  function address(path: string, { parameters = [] }: Operation, withQuery: boolean): string {
    const query = new URLSearchParams();
    for (const parameter of withQuery ? parameters : [])
      if (parameter.in === 'query')
        for (const one of [parameter.example].flat()) query.append(parameter.name, String(one));
    return `${at.http}${path.replace('{name}', 'web')}?${query.toString()}`;
  }

  it('has every answer as it is, to a stranger and with the token', async () => {
    assert.match(described.openapi, /^3\.1\./);
    assert.ok(gets().length >= 20);
    for (const [path, operation] of gets())
      for (const withQuery of [false, true])
        for (const headers of [{}, WITH_TOKEN]) {
          const answer = await ask(address(path, operation, withQuery), { headers });
          const where = `${path} ${String(withQuery)} ${Object.keys(headers).join()}`;
          assert.equal(answer.status, 200, `${where}: ${answer.body}`);
          fits(operation.responses['200']!, answer.headers['content-type'], answer.body, where);
        }
    const csv = described.paths['/api/v1/gaps']!.get!;
    const { headers, body } = await ask(`${at.http}/api/v1/gaps?format=csv`);
    fits(csv.responses['200']!, headers['content-type'], body, 'csv');
  });

  it('has the errors as they are', async () => {
    for (const [path, operation] of gets()) {
      if (operation.responses['400'] !== undefined) {
        const { status, headers, body } = await ask(`${at.http}${path}?nothing=1`);
        assert.equal(status, 400, path);
        fits(operation.responses['400'], headers['content-type'], body, path);
      }
      if (operation.responses['404'] !== undefined) {
        const where = path.includes('{name}') ? path.replace('{name}', 'nothing') : `${path}?service=nothing`;
        const { status, headers, body } = await ask(at.http + where);
        assert.equal(status, 404, path);
        fits(operation.responses['404'], headers['content-type'], body, path);
      }
    }
    const closed = await scene({ names: ['web'], feed: { token: TOKEN } });
    try {
      for (const [path, operation] of gets()) {
        if (path === '/healthz' || path === '/readyz') continue;
        const { status, headers, body } = await ask(closed.http + path.replace('{name}', 'web'));
        assert.equal(status, 401, path);
        fits(operation.responses['401']!, headers['content-type'], body, path);
      }
    } finally {
      await closed.end();
    }
  });

  it('has a mark as it is', async () => {
    const { responses } = described.paths['/api/v1/marks']!.post!;
    const type = { 'content-type': 'application/json' };
    const post = async (status: number, body: string, headers: Record<string, string>): Promise<void> => {
      const answer = await ask(`${at.http}/api/v1/marks`, { method: 'POST', body, headers });
      assert.equal(answer.status, status);
      fits(responses[String(status)]!, answer.headers['content-type'], answer.body, String(status));
    };
    await post(201, '{"text":"here"}', { ...type, ...WITH_TOKEN });
    await post(400, '{"text":""}', { ...type, ...WITH_TOKEN });
    await post(401, '{"text":"here"}', type);
    await post(413, `{"text":"${'x'.repeat(5000)}"}`, { ...type, ...WITH_TOKEN });
    await post(415, '{"text":"here"}', WITH_TOKEN);
    const { requestBody } = described.paths['/api/v1/notes']!.post!;
    const isNote = ajv.compile(requestBody!.content['application/json']!.schema);
    for (const to of [null, 1_800_000_000_000, '2026-12-01T03:00:00Z'])
      assert.ok(isNote({ kind: 'maintenance', text: 'x', to, services: ['web'] }), ajv.errorsText(isNote.errors));
    for (const note of [{ kind: 'other' }, { text: '' }, { to: true }, { author: 'x' }])
      assert.ok(!isNote(note), JSON.stringify(note));
  });
});
