/** The client of a feed, and servers that misbehave. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';

import { type WebSocket, WebSocketServer } from 'ws';

import type { Disconnected } from '../../src/core/source.ts';
import { waitFor } from '../support/wait-for.ts';
import { clientOf } from './client-of.ts';
import { Recording } from '../support/recording.ts';
import { inScene, TOKEN } from '../server/scene.ts';

describe('a client of a server that misbehaves', () => {
  /** A server that says what a test says. */
  const strange = async (
    speak: (ws: WebSocket, n: number) => void,
  ): Promise<{ url: string; queries: string[]; end: () => void }> => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, autoPong: false });
    await once(server, 'listening');
    const queries: string[] = [];
    server.on('connection', (ws, request) => {
      queries.push(request.url!);
      speak(ws, queries.length);
    });
    const url = `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}/feed`;
    const end = (): void => {
      server.close();
      for (const ws of server.clients) ws.terminate();
    };
    return { url, queries, end };
  };
  const now = Date.now();
  const monitor = { id: 'm', vantage: 'there', version: '9', startedAt: now };
  const hello = { type: 'hello', protocol: 1, monitor, now, seq: 10, resumed: false, services: [] };
  const mark = (seq: number, text = 'x'): string => JSON.stringify({ type: 'mark', seq, at: now, text });

  it('passes over what it does not know, and what is not as it should be', async () => {
    const { url, end } = await strange((ws) => {
      ws.send(JSON.stringify({ ...hello, more: true }));
      ws.send(JSON.stringify({ type: 'weather', rain: true }));
      ws.send('{');
      ws.send(JSON.stringify({ type: 'mark', seq: 'eleven' }));
      ws.send(JSON.stringify({ type: '__proto__' }));
      ws.send(mark(11, 'a\u001b[31mb'));
    });
    const recording = new Recording(false);
    const unreadable: string[] = [];
    const client = clientOf(url, recording);
    client.subscribe({
      samples: false,
      take: () => undefined,
      unreadable: (problem) => {
        unreadable.push(problem);
      },
    });
    await recording.waitFor(() => recording.seqs.length === 1);
    // Types that it does not know are those of later versions, and left out.
    assert.deepEqual(unreadable.length, 2, unreadable.join());
    assert.match(unreadable.join(), /^not JSON,mark: seq: /);
    const last = recording.all.at(-1);
    assert.equal(last?.type === 'mark' && last.text, 'a [31mb');
    client.close();
    end();
  });

  it('drops what it has already, and goes on after the newest; a hole in the numbers means nothing', async () => {
    const { url, queries, end } = await strange((ws, n) => {
      ws.send(JSON.stringify(n === 1 ? hello : { ...hello, seq: 25, resumed: true }));
      for (const seq of n === 1 ? [11, 11, 12, 10, 20] : [12, 20, 21, 25]) ws.send(mark(seq));
      if (n === 1) ws.close(1013);
    });
    const recording = new Recording(false);
    const client = clientOf(url, recording);
    await recording.waitFor(() => recording.seqs.length === 5);
    assert.deepEqual(recording.seqs, [11, 12, 20, 21, 25]);
    assert.deepEqual(queries, ['/feed', '/feed?after=20&monitor=m']);
    client.close();
    end();
  });

  it('resumes from the last heartbeat', async () => {
    const { url, queries, end } = await strange((ws) => {
      ws.send(JSON.stringify(hello));
      ws.send(JSON.stringify({ type: 'heartbeat', now, seq: 20, probes: 0, missed: 0, lateMs: 0, overloaded: false }));
      ws.close(1013);
    });
    const recording = new Recording(false);
    const client = clientOf(`${url}?service=web`, recording);
    await recording.waitFor(() => queries.length === 2);
    assert.deepEqual(queries, ['/feed?service=web', '/feed?service=web&after=20&monitor=m']);
    client.close();
    end();
  });

  it('measures each round trip by its own ping, also where a second one is sent before the first is answered', async () => {
    const delayMs = 200;
    const heartbeat = { type: 'heartbeat', seq: 10, probes: 0, missed: 0, lateMs: 0, overloaded: false };
    const { url, end } = await strange((ws) => {
      const now = Date.now();
      ws.send(JSON.stringify({ ...hello, now }));
      // The client pings when it connects, and at a heartbeat.
      setTimeout(() => {
        ws.send(JSON.stringify({ ...heartbeat, now: Date.now() }));
      }, delayMs / 2);
      ws.on('ping', (data) => {
        setTimeout(() => {
          ws.pong(data);
        }, delayMs);
      });
    });
    const client = clientOf(url, new Recording(false));
    await waitFor(() => client.offset !== null);
    assert.ok(client.offset !== null);
    const { offsetMs, uncertaintyMs } = client.offset;
    // Half of the way back and forth, which can't be distinguished from a clock that is ahead.
    assert.ok(offsetMs > (delayMs / 2) * 0.8, String(offsetMs));
    assert.ok(uncertaintyMs >= delayMs * 0.9, String(uncertaintyMs));
    client.close();
    end();
  });

  it('says that another protocol is not its own, and tries again', async () => {
    const { url, queries, end } = await strange((ws) => {
      ws.send(JSON.stringify({ ...hello, protocol: 2 }));
    });
    const recording = new Recording(false);
    const client = clientOf(url, recording);
    await recording.waitFor(() => recording.links.length === 2);
    assert.match((recording.links[0] as Disconnected).problem, /does not speak protocol 1/);
    assert.ok(queries.length >= 1);
    client.close();
    end();
  });

  it(
    'reports a refusal in words',
    inScene({ feed: { token: TOKEN, listen: { host: '0.0.0.0', port: 0 } } }, async (at) => {
      const recording = new Recording(false);
      const client = clientOf(at.ws, recording);
      await recording.waitFor(() => recording.links.length === 1);
      assert.match((recording.links[0] as Disconnected).problem, /^a token is needed there: --token, or http:/);
      client.close();
    }),
  );
});
