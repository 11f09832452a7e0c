import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import { jsonSchema } from '../../src/config/config-schema.ts';
import { ConfigFolder } from './config-folder.ts';
import { passes, type Schema } from './schema-reader.ts';

/** A file at the root of the package. */
function atRoot(name: string): string {
  let folder = new URL('./', import.meta.url);
  while (!existsSync(new URL('services.example.json', folder))) folder = new URL('../', folder);
  return readFileSync(new URL(name, folder), 'utf8');
}

const schema = jsonSchema() as Schema;

describe('the JSON Schema', () => {
  it('is the one that is committed; write-schema.js writes it again', () => {
    assert.deepEqual(JSON.parse(atRoot('services.schema.json')), JSON.parse(JSON.stringify(jsonSchema())));
  });

  it('accepts the example, and refuses what the program refuses', () => {
    const example = JSON.parse(atRoot('services.example.json')) as { services: object[] };
    assert.ok(passes(schema, example));
    const [web, api] = example.services;
    const wrong = [
      { services: [{ ...api, port: 70_000 }] },
      { services: [{ ...api, prot: 1 }] },
      { services: [{ ...web, interval: '5' }] },
      { services: [{ ...web, type: 'ftp' }] },
      { services: [{ ...api, url: 'tcp://h:1' }] },
      { service: [] },
    ];
    for (const file of wrong) assert.ok(!passes(schema, file), JSON.stringify(file));
  });

  it('says of every field what it is', () => {
    const undescribed: string[] = [];
    const visit = (node: Schema, path: string): void => {
      for (const [name, field] of Object.entries(node.properties ?? {})) {
        const referred = JSON.stringify(field['allOf'] ?? '').includes('$ref');
        if (field.description === undefined && !referred) undescribed.push(`${path}.${name}`);
        visit(field, `${path}.${name}`);
      }
      const inner = [node.items ?? [], node['oneOf'] ?? [], node['anyOf'] ?? []].flat() as Schema[];
      for (const alternative of inner) visit(alternative, path);
    };
    visit(schema, '');
    for (const [name, definition] of Object.entries(schema.definitions ?? {})) {
      assert.ok(definition.description !== undefined);
      visit(definition, name);
    }
    assert.deepEqual(undescribed, []);
  });
});

describe('services.example.json', () => {
  it('shows the three services that we replace a script for', async () => {
    const { watched } = await new ConfigFolder().load({ json: atRoot('services.example.json') });
    assert.deepEqual(
      watched.map(({ service }) => [service.name, service.kind, service.target]),
      [
        ['web', 'http', 'http://127.0.0.1:8080/'],
        ['api', 'tcp', 'tcp://127.0.0.1:3000'],
        ['cache', 'redis', 'redis://127.0.0.1:6379'],
      ],
    );
  });
});
