/** What the errors mean that undici ends a connection with. */
import type { Socket } from 'node:net';

import type { Attempt } from '../attempt.ts';
import { closedFailure, failureOf, type CodedError, type Failure } from '../failure.ts';

/**
 * The failure of an HTTP connection. What undici finds wrong on the wire has codes of its own (`UND_ERR_…`) or, from its
 * parser, only a name.
 */
export function explain(error: CodedError, attempt: Attempt, socket: Socket): Failure {
  const code = typeof error.code === 'string' ? error.code : '';
  if (error.name !== 'HTTPParserError' && !code.startsWith('UND_ERR_')) {
    return failureOf(error, attempt.phase, attempt.address);
  }
  if (socket.readableEnded) return closedFailure(attempt.address, socket.bytesRead);
  const where = attempt.address === null ? '' : ` (${attempt.address})`;
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return { reason: 'protocol', message: `the headers of the reply are too long${where}` };
  }
  return { reason: 'protocol', message: `not an HTTP reply: ${wording(error)}${where}` };
}

/** undici's text: of its parser's, what stands in brackets at the end. */
function wording({ message }: CodedError): string {
  const text = typeof message === 'string' ? message : '';
  return /\((.*)\)$/.exec(text)?.[1] ?? text;
}
