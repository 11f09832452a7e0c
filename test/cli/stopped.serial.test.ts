/** A process that was stopped (`Ctrl-Z`, a frozen virtual machine) finds its timers due before it has read what came meanwhile. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { HookReceiver } from '../support/hook-receiver.ts';
import { RedisServer } from '../support/redis.ts';
import { endServices, TestService } from '../support/test-service.ts';
import { waitFor } from '../support/wait-for.ts';
import { endPrograms, folderWith, Program } from './program.ts';

/** Longer than a hook may take, or a command of the bus. */
const STOPPED_MS = 11_000;

describe('what was answered while the process was stopped', { concurrency: 2 }, () => {
  after(async () => {
    await endPrograms();
    await endServices();
  });

  it('a hook: it is delivered, and not sent again', async () => {
    const [backend, receiver] = [await TestService.start(), await HookReceiver.start()];
    const services = [{ name: 'web', type: 'tcp', host: '127.0.0.1', port: backend.port }];
    const hooks = [{ on: ['down'], url: receiver.url }];
    const folder = folderWith('services.json', { services, hooks, feed: { listen: '127.0.0.1:0' } });
    const serve = new Program(['serve', '--data', 'off', '-i', '50ms', '--log-level', 'debug'], { cwd: folder });
    await serve.said(/"to":"up"/);
    receiver.answer = (response) => {
      receiver.answer = 204;
      serve.signal('SIGSTOP');
      response.writeHead(204).end();
    };
    backend.behave = (socket) => socket.destroy();
    await receiver.waitFor(() => receiver.deliveries.length === 1);
    await sleep(STOPPED_MS);
    backend.behave = () => undefined;
    serve.signal('SIGCONT');
    await serve.said(/"to":"up"[^]+"to":"up"/);
    backend.behave = (socket) => socket.destroy();
    await receiver.waitFor(() => receiver.taken.length === 1);
    assert.equal(receiver.deliveries.length, 2);
    assert.doesNotMatch(serve.stderr, /no answer within/);
    await serve.end();
    await receiver.close();
  });

  it('the bus: its connection is kept', async () => {
    const redis = await RedisServer.start();
    const hub = new Program(['hub', '--bus', redis.url, '--listen', '127.0.0.1:0']);
    await hub.said(/"msg":"started"/);
    const blocked = async (): Promise<string> =>
      /id=(\d+) .*cmd=xread/.exec(await redis.say('client', 'list'))?.[1] ?? '';
    await waitFor(async () => (await blocked()) !== '');
    const before = await blocked();
    hub.signal('SIGSTOP');
    await sleep(STOPPED_MS);
    hub.signal('SIGCONT');
    await waitFor(async () => (await redis.say('client', 'list')).includes('flags=b'));
    assert.equal(await blocked(), before);
    assert.doesNotMatch(hub.stderr, /has not answered/);
    await hub.end();
    await redis.close();
  });
});
