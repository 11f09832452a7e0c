/** A configuration file: its values, and the place of each in the text. */
import { resolve } from 'node:path';

import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';

import { readProblem } from '../core/file-problem.ts';
import { invalid, type ConfigError, type Problem, pathText, type Path } from './config-error.ts';
import { readBytes } from './read-file.ts';

/** What jsonc-parser calls an error, in words. */
const SYNTAX: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is not a value; text needs double quotes',
  PropertyNameExpected: 'the name of a field is missing here, in double quotes',
  ValueExpected: 'a value is missing here',
  ColonExpected: 'a colon is missing here',
  CommaExpected: 'a comma is missing before this',
  CloseBraceExpected: 'a closing } is missing here',
  CloseBracketExpected: 'a closing ] is missing here',
  EndOfFileExpected: 'the file continues here after its end',
  UnexpectedEndOfComment: 'a comment is not closed',
  UnexpectedEndOfString: 'a text is not closed; its double quote is missing',
  InvalidEscapeCharacter: 'a backslash precedes a letter that needs none; a plain backslash is written \\\\',
  InvalidCharacter: 'a text holds a control character; a line break is written \\n, a tab \\t',
  InvalidUnicode: 'a \\u is not followed by four hexadecimal digits',
};

/** A file that could be read. */
export class ConfigSource {
  readonly value: unknown;
  readonly #file: string;
  readonly #text: string;
  readonly #root: Node;
  /** Made for the first problem. */
  #lines: readonly number[] | null = null;

  /**
   * @param file its name, for messages
   * @throws ConfigError where the text is no JSON, or names a field twice
   */
  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    const errors: ParseError[] = [];
    const root = this.#parse(errors);
    const [first] = errors;
    if (first !== undefined) {
      const words = SYNTAX[printParseErrorCode(first.error)] ?? 'this is not JSON';
      throw this.#fault(first.offset, null, words);
    }
    if (root === undefined) {
      throw this.#fault(0, null, 'the file is empty; at least { "services": [ … ] } (services.example.json shows how)');
    }
    this.#root = root;
    const twice = repeatedField(root);
    if (twice !== null) {
      const { path, node } = twice;
      throw this.#fault(node.offset, pathText(path), 'this field is given twice; remove one of the two');
    }
    this.value = getNodeValue(root);
  }

  /** The place of a value; of what is missing, the place of what it is missing in. */
  place(path: Path, part: 'name' | 'value'): Omit<Problem, 'message'> {
    const node = this.#find(path);
    const [name] = part === 'name' && node.parent?.type === 'property' ? (node.parent.children ?? []) : [];
    return this.#at((name ?? node).offset, path.length === 0 ? null : pathText(path));
  }

  #parse(errors: ParseError[]): Node | undefined {
    try {
      return parseTree(this.#text, errors, { allowTrailingComma: true, allowEmptyContent: true });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw this.#fault(0, null, 'lists or objects are nested too deeply');
    }
  }

  #find(path: Path): Node {
    for (let length = path.length; length > 0; length -= 1) {
      const node = findNodeAtLocation(this.#root, path.slice(0, length).map(asSegment));
      if (node !== undefined) return node;
    }
    return this.#root;
  }

  #at(offset: number, place: string | null): Omit<Problem, 'message'> {
    this.#lines ??= lineStarts(this.#text);
    const line = this.#lines.findLastIndex((start) => start <= offset);
    return { file: this.#file, line: line + 1, column: offset - (this.#lines[line] ?? 0) + 1, place };
  }

  #fault(offset: number, place: string | null, message: string): ConfigError {
    return invalid([{ ...this.#at(offset, place), message }], 'syntax');
  }
}

/** The offsets at which the lines of a text begin. */
function lineStarts(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\r\n|\r|\n/g), ({ 0: end, index }) => index + end.length)];
}

function asSegment(key: PropertyKey): string | number {
  return typeof key === 'number' ? key : String(key);
}

/** The first field that an object has twice. JSON lets the last one win, unseen. */
function repeatedField(root: Node): { path: Path; node: Node } | null {
  const open: { node: Node; path: Path }[] = [{ node: root, path: [] }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, path } = next;
    const seen = new Set<string>();
    for (const [index, child] of (node.children ?? []).entries()) {
      if (node.type !== 'object') {
        open.push({ node: child, path: [...path, index] });
        continue;
      }
      const [key, value] = child.children ?? [];
      const name = String(key?.value);
      if (seen.has(name)) return { path: [...path, name], node: key ?? child };
      seen.add(name);
      if (value !== undefined) open.push({ node: value, path: [...path, name] });
    }
  }
  return null;
}

/**
 * Reads a configuration file.
 * @param file as the user named it, from the folder `cwd`
 * @returns null where there is no such file
 * @throws ConfigError where it can't be read, or is not JSON
 */
export async function readSource(file: string, cwd: string): Promise<ConfigSource | null> {
  const fault = (message: string): ConfigError =>
    invalid([{ file, line: null, column: null, place: null, message }], 'unreadable');
  let bytes: Buffer;
  try {
    bytes = await readBytes(resolve(cwd, file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw fault(readProblem(error));
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes); // takes a byte order mark away
  } catch {
    throw fault('this is not UTF-8 text');
  }
  return new ConfigSource(file, text);
}
