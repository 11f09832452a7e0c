/** One call: a body by POST, or to the standard input of a command; or a GET. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';

import type { Agent } from 'undici';

import { VERSION } from '../core/version.ts';
import type { CommandTarget, GetTarget, PostTarget } from './hook-settings.ts';

/** How long a delivery may take. */
const TIMEOUT_MS = 10_000;

/** A delivery failed. The message holds no secret. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /** How long the receiver asked to wait, in milliseconds; 0 where it did not. */
  readonly waitMs: number;

  constructor(message: string, waitMs = 0) {
    super(message);
    this.waitMs = waitMs;
  }
}

/**
 * Delivers a body.
 * @param body not sent by a GET
 * @param key the same for each attempt to deliver the same event
 * @param end ends it early
 * @throws DeliveryError where it is not certain that the receiver took it
 */
export async function deliver(
  to: PostTarget | CommandTarget | GetTarget,
  body: string,
  key: string,
  end: AbortSignal,
): Promise<void> {
  const aborter = new AbortController();
  const abort = (): void => {
    aborter.abort();
  };
  // After a time in which this process was stopped its timers run before its sockets are read.
  const timer = setTimeout(() => setImmediate(abort), TIMEOUT_MS);
  end.addEventListener('abort', abort);
  if (end.aborted) abort();
  try {
    if (to.kind === 'command') await run(to, body, aborter.signal);
    else if (to.kind === 'post') await post(to, body, key, aborter.signal);
    else await exchange('GET', to.url, to.headers, null, aborter.signal);
  } catch (error) {
    if (!aborter.signal.aborted) throw error;
    throw new DeliveryError(end.aborted ? 'this monitor stops' : `no answer within ${String(TIMEOUT_MS / 1000)} s`);
  } finally {
    clearTimeout(timer);
    end.removeEventListener('abort', abort);
  }
}

function post({ url, headers, secret }: PostTarget, body: string, key: string, signal: AbortSignal): Promise<void> {
  const signature = secret === null ? null : createHmac('sha256', secret).update(body).digest('hex');
  const all = {
    ...{ 'content-type': 'application/json', ...lowerCased(headers), 'idempotency-key': key },
    ...(signature !== null && { 'x-gapwatch-signature': `sha256=${signature}` }),
  };
  return exchange('POST', url, all, body, signal);
}

/** In one spelling, so that one that is set takes the place of ours. */
function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

let agent: Agent | null = null;

async function exchange(
  method: 'GET' | 'POST',
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string | null,
  signal: AbortSignal,
): Promise<void> {
  const undici = await import('undici').catch(failed);
  // Not the global one, which the environment may send through a proxy. Each has a connection of its own: none is found closed.
  agent ??= new undici.Agent({ pipelining: 0 });
  const all = { 'user-agent': `gapwatch/${VERSION}`, ...lowerCased(headers) };
  const response = await undici.request(url, { method, headers: all, body, signal, dispatcher: agent }).catch(failed);
  // The status says all.
  response.body.on('error', () => undefined).destroy();
  const { statusCode } = response;
  if (statusCode >= 200 && statusCode < 300) return;
  const retryAfter = Number(response.headers['retry-after'] ?? 0);
  const more = statusCode >= 300 && statusCode < 400 ? ': a redirect is not followed' : '';
  throw new DeliveryError(`HTTP ${String(statusCode)}${more}`, retryAfter > 0 ? retryAfter * 1000 : 0);
}

/** Its code only: the message may hold more. */
function failed(error: unknown): never {
  const { code, name } = error as NodeJS.ErrnoException;
  throw new DeliveryError(code ?? name);
}

/** Without a shell. What it prints is of no interest, only how it ends. */
function run(to: CommandTarget, body: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = start(to);
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    };
    signal.addEventListener('abort', kill);
    child.once('error', (error) => {
      signal.removeEventListener('abort', kill);
      reject(notStarted(error));
    });
    child.once('close', (code, killedBy) => {
      signal.removeEventListener('abort', kill);
      if (code === 0) resolve();
      else
        reject(new DeliveryError(code === null ? `it was ended by ${String(killedBy)}` : `exit code ${String(code)}`));
    });
    // It need not read to the end. Where this process has no file descriptor left there is none.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${body}\n`);
    if (signal.aborted) kill();
  });
}

/** @throws DeliveryError for what Node does not say by an event of the child: ENOTDIR, E2BIG and others */
function start({ argv: [program, ...args], cwd }: CommandTarget): ChildProcess {
  try {
    // A process group of its own: what it started ends with it.
    return spawn(program, args, { cwd, stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  } catch (error) {
    throw notStarted(error as NodeJS.ErrnoException);
  }
}

function notStarted({ code, name }: NodeJS.ErrnoException): DeliveryError {
  return new DeliveryError(`it could not be started: ${code ?? name}`);
}
