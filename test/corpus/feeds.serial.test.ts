/** Every hostile feed of the corpus: a client gets one sentence or goes on, and so do `attach` and `run`. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { WebSocketServer } from 'ws';

import { clientOf } from '../client/client-of.ts';
import { endPrograms, Program, run } from '../cli/program.ts';
import { Recording } from '../support/recording.ts';
import { endServices, TestService } from '../support/test-service.ts';
import type { HostileFeed } from './hostile-feed.ts';

const FOLDER = new URL('./feeds/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.js'));
const MINUTE_MS = 60_000;

async function serve(feed: HostileFeed): Promise<{ url: string; end: () => void }> {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request, socket: Socket, head) => {
    socket.on('error', () => undefined);
    if (feed.answer !== undefined) feed.answer(socket);
    else sockets.handleUpgrade(request, socket, head, (ws) => feed.speak?.(ws));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = (): void => {
    server.close();
    server.closeAllConnections();
    for (const ws of sockets.clients) ws.terminate();
  };
  return { url: `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}/feed`, end };
}

describe('a hostile feed', () => {
  const feeds = new Map<string, HostileFeed & { url: string; end: () => void }>();

  before(async () => {
    for (const file of FILES) {
      const { default: feed } = (await import(new URL(file, FOLDER).href)) as { default: HostileFeed };
      feeds.set(file.replace('.js', ''), { ...feed, ...(await serve(feed)) });
    }
  });

  after(async () => {
    for (const { end } of feeds.values()) end();
    await endPrograms();
    await endServices();
  });

  for (const file of FILES) {
    it(`${file.replace('.js', '')}: one sentence, or what is right of it`, async () => {
      const { url, problem } = feeds.get(file.replace('.js', ''))!;
      const recording = new Recording(false);
      const client = clientOf(url, recording);
      try {
        const isRefused = (): boolean => recording.links.some((link) => 'problem' in link);
        await recording.waitFor(() => isRefused() || (problem === null && client.connected));
        if (problem !== null) {
          const link = recording.links.find((one) => 'problem' in one);
          assert.match(link !== undefined && 'problem' in link ? link.problem : '', problem);
          return;
        }
        // Whatever follows the hello has come by then, or waits.
        await new Promise((resolve) => setTimeout(resolve, 300));
        assert.equal(client.connected, true);
        const now = Date.now();
        const [web] = client.board.snapshot(now);
        assert.equal(web?.service, 'web');
        assert.equal(web.state, 'up');
        assert.ok(web.since > Date.UTC(2020) && web.since <= now + MINUTE_MS, String(web.since));
        for (const { durationMs, minMs, maxMs, from, to } of web.gaps) {
          assert.ok(from > Date.UTC(2020) && to <= now + MINUTE_MS);
          assert.ok(0 <= minMs && minMs <= durationMs && durationMs <= (maxMs ?? Infinity), JSON.stringify(web.gaps));
        }
      } finally {
        client.close();
      }
    });
  }

  it('does not end attach, which names what is wrong with each', async () => {
    const urls = [...feeds.values()].map(({ url }) => url);
    const attach = new Program(['attach', ...urls, '--format', 'json']);
    for (const [kind, { url, problem }] of feeds) {
      if (problem === null) continue;
      // Some are connected before they are not.
      const heads = [`${url}: connecting: `, `${url}: not connected: `];
      const said = (): string[] =>
        attach.stderr
          .split('\n')
          .slice(0, -1)
          .filter((line) => heads.some((head) => line.startsWith(head)))
          .map((line) => heads.reduce((rest, head) => rest.replace(head, ''), line).replace(/\. Retrying\.$/, ''));
      await attach.waitFor(
        () => said().some((what) => problem.test(what)) || attach.isOver,
        () => `${kind}: ${attach.stderr}`,
      );
      // The process that serves all these feeds may be busy.
      const others = said().filter((what) => !/no hello came for|nothing answers at/.test(what));
      for (const what of others) assert.match(what, problem, kind);
    }
    assert.equal(await attach.end('SIGINT'), 130, attach.stderr);
  });

  it('does not end a run, whose own watch goes on', async () => {
    const backend = await TestService.start();
    const own = ['run', `own=${String(backend.port)}`, '-i', '50ms', '--before', '300ms', '--give-up', '8s'];
    const also = [...feeds.values()].filter(({ problem }) => problem !== null).flatMap(({ url }) => ['--also', url]);
    const { code, stderr } = await run([...own, ...also, '--', 'true']);
    assert.equal(code, 4, stderr);
    assert.doesNotMatch(stderr, /fault of gapwatch/);
    // Its own service is none of those that are named as not up.
    assert.doesNotMatch(stderr, /^ {2}own/m);
  });
});
