/** The reference page is true: its examples and tables are held against the program. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { MESSAGES } from '../../src/core/message-schema.ts';
import { isEvent, type Message, type SampleMessage } from '../../src/core/messages.ts';
import { openApi } from '../../src/server/openapi.ts';
import { publicMessage } from '../../src/server/public-view.ts';
import { DOWN_REASONS, STATES, UNOBSERVED_REASONS } from '../../src/core/model.ts';
import { ask } from './asking.ts';
import { PageClient } from './page-client.ts';
import { parsePrometheus } from './prometheus.ts';
import { inScene } from './scene.ts';
import { nextMessage, Recording } from '../support/recording.ts';

function root(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'docs/feed.md'))) folder = dirname(folder);
  return folder;
}

const PAGE = readFileSync(join(root(), 'docs/feed.md'), 'utf8');

interface Section {
  readonly type: string;
  readonly example: Message;
  /** Of the table: the field, and what it is. */
  readonly fields: ReadonlyMap<string, string>;
}

const rowsOf = (text: string): [string, string][] =>
  [...text.matchAll(/^\| `([^`]+)` +\| (.*?) *\|$/gm)].map(([, field = '', is = '']) => [field, is]);

const SECTIONS: Section[] = PAGE.split(/^##+ /m)
  .filter((part) => /^`[a-z-]+`\n/.test(part))
  .map((part) => {
    const [, type = ''] = /^`([a-z-]+)`/.exec(part)!;
    const [, json = ''] = /```json\n([\s\S]*?)```/.exec(part)!;
    return { type, example: JSON.parse(json) as Message, fields: new Map(rowsOf(part)) };
  });

/** Not given by version 0.1.0, which is why they may be missing. */
const LATER: ReadonlySet<string> = new Set([
  ...['provenMinMs', 'silenceMs', 'until', 'final', 'asks', 'steadySince', 'truncated', 'answerMs', 'what', 'planned'],
  ...['identified', 'notBefore'],
]);
/** The fields that every sender gives. */
const shapeOf = (schema: z.ZodObject): string[] =>
  Object.entries<z.ZodType>(schema.shape)
    .filter(([name, field]) => name !== 'type' && (LATER.has(name) || !(field instanceof z.ZodOptional)))
    .map(([name]) => name);
/** Those that only a hub gives: `docs/many-monitors.md` describes them. */
const hubFields = (schema: z.ZodObject): string[] =>
  Object.entries<z.ZodType>(schema.shape).flatMap(([name, field]) =>
    field instanceof z.ZodOptional && !LATER.has(name) ? [name] : [],
  );

/** Of a hook. */
const FIGURES = { hook: 'hooks[0]', delivered: 1, failed: 2, givenUp: 0, pending: 3 };
/** The folder of a history. */
const DATA = mkdtempSync(join(tmpdir(), 'gapwatch-reference-'));

describe('the reference page', () => {
  after(() => {
    rmSync(DATA, { recursive: true });
  });

  it('has a section for each message', () => {
    assert.deepEqual(SECTIONS.map(({ type }) => type).sort(), Object.keys(MESSAGES).sort());
  });

  it('has examples that are messages, whole and with nothing else', () => {
    for (const { type, example } of SECTIONS) {
      assert.equal(example.type, type);
      assert.deepEqual(MESSAGES[example.type].parse(example), example);
    }
  });

  it('names every field of every message, and no other', () => {
    for (const { example, fields } of SECTIONS) {
      const schema = MESSAGES[example.type];
      const named = [...fields.keys()];
      const expected = shapeOf(schema);
      if (example.type === 'hello') {
        expected.push(...shapeOf(MESSAGES.hello.shape.services.element).map((name) => `services[].${name}`));
      }
      assert.deepEqual(named.toSorted(), expected.toSorted(), example.type);
    }
  });

  it('has a page of its own for what only hubs send', () => {
    const page = readFileSync(join(root(), 'docs/many-monitors.md'), 'utf8');
    const names = new Set([
      ...Object.values(MESSAGES).flatMap((schema) => hubFields(schema)),
      ...hubFields(MESSAGES.hello.shape.services.element),
    ]);
    assert.ok(names.size >= 4);
    for (const name of names) assert.ok(page.includes(`\`${name}\``), name);
  });

  it('marks what the public view leaves out, and nothing else', () => {
    for (const { type, example, fields } of SECTIONS) {
      if (type === 'sample') continue;
      const shown = publicMessage(example as Exclude<Message, SampleMessage>);
      const hidden = missing(example, shown);
      if (example.type === 'hello' && shown.type === 'hello') {
        hidden.push(...missing(example.services[0]!, shown.services[0]!).map((name) => `services[].${name}`));
      }
      const marked = [...fields].filter(([, is]) => is.startsWith('**P**')).map(([field]) => field);
      assert.deepEqual(marked.toSorted(), hidden.toSorted(), type);
    }
  });

  it('calls those messages events that are', () => {
    for (const { type, example } of SECTIONS) {
      const part = PAGE.split(`### \`${type}\`\n`)[1]!.trimStart();
      assert.equal(part.startsWith('An event:'), isEvent(example), type);
    }
  });

  it('names every state and every reason', () => {
    const words = new Set([...PAGE.matchAll(/`([a-z-]+)`/g)].map(([, word]) => word));
    for (const word of [...STATES, ...DOWN_REASONS, ...UNOBSERVED_REASONS]) assert.ok(words.has(word), word);
  });

  it(
    'names the paths that are there, and the metrics',
    inScene({ names: ['web'], data: DATA, feed: { hooks: () => [FIGURES] } }, async (at) => {
      const rows = rowsOf(PAGE.split(/^## HTTP$/m)[1]!);
      const paths = rows.map(([field]) => field).filter((field) => field.includes('/'));
      assert.ok(paths.length >= 9);
      const described = Object.keys(openApi()['paths'] as object).map((path) => path.replace('{name}', 'NAME'));
      for (const path of paths) assert.ok(described.includes(path.replace(/^POST |\?.*/g, '')), path);
      for (const path of described) assert.ok(PAGE.includes(path.replace(/^.*\//, '/')), path);
      for (const path of paths) {
        const [method, where] = path.startsWith('POST ')
          ? (['POST', path.slice(5)] as const)
          : (['GET', path] as const);
        const url = at.http + where.replace('NAME', 'web').replace(/\?.*/, '');
        const { status } = await ask(url, { method });
        assert.equal(status, method === 'POST' ? 403 : 200, path);
      }
      const metrics = rows.map(([field]) => field).filter((field) => !field.includes('/'));
      const families = parsePrometheus((await ask(`${at.http}/metrics`)).body);
      assert.deepEqual(metrics.map((name) => name.replace(/\{.*/, '')).toSorted(), [...families.keys()].sort());
      for (const metric of metrics) {
        const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(metric)!;
        for (const series of families.get(name)!.series) {
          // The bound of a histogram's bucket is part of its form.
          const named = Object.keys(series.labels).filter((label) => label !== 'le');
          assert.equal(named.join(','), labels);
        }
      }
    }),
  );
});

describe('a client that was written against the page alone', () => {
  it(
    'knows all that happened, over breaks',
    inScene({}, async (at) => {
      const client = new PageClient(at.ws);
      await client.waitFor(() => client.states.size === 2);
      const recording = new Recording(false);
      at.monitor.subscribe(recording);
      for (let n = 0; n < 6; n++) {
        await at.services[n % 2]!.flap(at.monitor);
        if (n % 3 === 1) client.break();
      }
      client.break();
      const fell = nextMessage(at.monitor, ({ type }) => type === 'transition');
      at.services[0]!.down();
      await fell;
      at.monitor.mark('the end');
      await client.waitFor(() => client.marks.includes('the end'));
      client.close();
      const gaps = recording.of('gap').map(({ service, from }) => `${service} ${String(from)}`);
      assert.deepEqual(client.gaps, gaps);
      assert.equal(gaps.length, 6);
      assert.deepEqual(Object.fromEntries(client.states), { web: 'down', api: 'up' });
    }),
  );
});

function missing(all: object, shown: object): string[] {
  return Object.keys(all).filter((name) => !(name in shown));
}
