/** Reads XML as strictly as the tests need it: every tag closed, every attribute quoted, nothing bare that must be escaped. */
import assert from 'node:assert/strict';

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  text: string;
}

const ATTRIBUTE = /\s+([\w:-]+)="([^"<]*)"/g;
const PIECE = /<\?[^?]*\?>|<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|[^<]+/gy;

/** @throws AssertionError where it is not well formed */
export function readXml(source: string): Element {
  const root: Element = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [root];
  let at = 0;
  for (const match of source.matchAll(PIECE)) {
    assert.equal(match.index, at, `not well formed at: ${source.slice(at, at + 80)}`);
    at += match[0].length;
    const [whole, close, name, attributes = '', empty] = match;
    const parent = open.at(-1)!;
    if (whole.startsWith('<?')) continue;
    if (name === undefined) parent.text += unescaped(whole);
    else if (close === '/') {
      assert.equal(parent.name, name);
      open.pop();
    } else {
      const pairs = Array.from(attributes.matchAll(ATTRIBUTE), ([, key, value]) => [key!, unescaped(value!)] as const);
      const element: Element = { name, attributes: new Map(pairs), children: [], text: '' };
      assert.equal(element.attributes.size, pairs.length, 'an attribute stands there twice');
      parent.children.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  assert.equal(at, source.length, `not well formed at: ${source.slice(at, at + 80)}`);
  assert.equal(open.length, 1, 'a tag is not closed');
  assert.equal(root.children.length, 1);
  return root.children[0]!;
}

/** All elements of a name, however deep. */
export function all(element: Element, name: string): Element[] {
  const below = element.children.flatMap((child) => all(child, name));
  return element.name === name ? [element, ...below] : below;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  assert.doesNotMatch(text, /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
  return text.replace(/&(\w*);?/g, (whole, name: string) => {
    assert.ok(whole.endsWith(';') && name in ENTITIES, `not an entity: ${whole}`);
    return ENTITIES[name]!;
  });
}
