/** The shape of a file in `servers/`: one kind of HTTP server that bends the rules, in one or more variants. */
import type { HttpSpec } from '../../src/probe/spec.ts';
import type { Behaviour } from '../support/servers.ts';

export interface ServerVariant {
  /** What it does with each connection. */
  readonly behave: Behaviour;
  /** What of the probe is not as usual. */
  readonly over?: Partial<HttpSpec>;
  /** `up`, or the reason of the failure. What a browser shows is up. */
  readonly found: string;
  /** What a person reads of it, where it is not up: one line. */
  readonly message?: RegExp;
}

/** By their names. */
export type MisbehavingServer = Readonly<Record<string, ServerVariant>>;

/** A header that makes what follows it a body of two bytes. */
export const TWO = 'Content-Length: 2\r\n';
export const OK = `HTTP/1.1 200 OK\r\n${TWO}\r\nok`;
