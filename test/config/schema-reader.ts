/** A reader of JSON Schema, draft 7, as far as ours goes: a second opinion that knows nothing of zod. */
import assert from 'node:assert/strict';

export interface Schema {
  readonly [keyword: string]: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const IGNORED = new Set(['$schema', 'title', 'description', 'definitions', 'properties']);

/** Whether a value passes. A keyword that is not known here fails the test. */
export function passes(root: Schema, value: unknown, schema: Schema = root): boolean {
  const object = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  const entries = Object.entries(object ?? {}) as [string, unknown][];
  const all = (list: unknown): boolean[] => (list as Schema[]).map((inner) => passes(root, value, inner));
  const rules: Readonly<Record<string, (rule: never) => boolean>> = {
    type: (type: string) =>
      type === 'integer' ? Number.isInteger(value) : type === (Array.isArray(value) ? 'array' : typeof value),
    const: (only: unknown) => value === only,
    enum: (list: unknown[]) => list.includes(value),
    minimum: (least: number) => typeof value !== 'number' || value >= least,
    maximum: (most: number) => typeof value !== 'number' || value <= most,
    minLength: (least: number) => typeof value !== 'string' || value.length >= least,
    maxLength: (most: number) => typeof value !== 'string' || value.length <= most,
    pattern: (source: string) => typeof value !== 'string' || new RegExp(source, 'u').test(value),
    minItems: (least: number) => !Array.isArray(value) || value.length >= least,
    items: (inner: Schema) => !Array.isArray(value) || value.every((item) => passes(root, item, inner)),
    required: (names: string[]) => object === null || names.every((name) => name in object),
    propertyNames: (inner: Schema) => entries.every(([name]) => passes(root, name, inner)),
    additionalProperties: (inner: Schema | false) =>
      entries.every(([name, field]) => {
        const known = schema.properties?.[name];
        return known !== undefined || (inner !== false && passes(root, field, inner));
      }),
    allOf: (list: unknown) => !all(list).includes(false),
    anyOf: (list: unknown) => all(list).includes(true),
    oneOf: (list: unknown) => all(list).filter(Boolean).length === 1,
    $ref: (name: string) => passes(root, value, root.definitions?.[name.replace('#/definitions/', '')]),
  };
  const fields = entries.every(([name, field]) => {
    const inner = schema.properties?.[name];
    return inner === undefined || passes(root, field, inner);
  });
  return (
    fields &&
    Object.entries(schema).every(([keyword, rule]) => {
      if (IGNORED.has(keyword)) return true;
      const check = rules[keyword] ?? assert.fail(`unknown keyword ${keyword}`);
      return check(rule as never);
    })
  );
}
