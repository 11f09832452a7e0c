/** HTTP redirects: where they are followed to, with what, and where they end. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type { Sample } from '../../src/core/model.ts';
import type { HttpSpec } from '../../src/probe/spec.ts';
import { AMPLE_MS, httpSpec, Probing, verdict } from '../support/probing.ts';
import { freePort, saying, serve, silent } from '../support/servers.ts';
import { reply, website } from '../support/website.ts';

describe('redirects', () => {
  const SECRETS = { authorization: 'Basic c2VjcmV0', cookie: 'a=b', 'x-plain': 'yes' };
  let there: Awaited<ReturnType<typeof website>>;
  let here: Awaited<ReturnType<typeof website>>;

  before(async () => {
    there = await website((_, response) => response.end('arrived'));
    here = await website((request, response) => {
      const [, status = '200', ...location] = (request.url ?? '').split('/');
      response.writeHead(Number(status), { location: location.join('/') }).end();
    });
  });

  after(() => {
    here.close();
    there.close();
  });

  const ask = async (path: string, over: Partial<HttpSpec> = {}, timeoutMs = AMPLE_MS): Promise<Sample> => {
    [here.asked.length, there.asked.length] = [0, 0];
    const probing = await Probing.of(httpSpec(`${here.url}${path}`, { follow: 3, ...over }));
    try {
      return await probing.probe(timeoutMs);
    } finally {
      probing.close();
    }
  };

  it('are followed to another origin, without anything that is configured', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const sample = await ask(`/${String(status)}/${there.url}/x`, { headers: SECRETS, expectBody: 'arrived' });
      assert.equal(verdict(sample), 'up', String(sample.message));
      const names = Object.keys(there.asked[0]?.headers ?? {});
      assert.deepEqual(names, ['host', 'connection', 'user-agent', 'accept', 'accept-encoding']);
      assert.equal(there.asked[0]?.headers.host, new URL(there.url).host);
    }
  });

  it('never take the body, or headers by a way round, to another origin', async () => {
    const sample = await ask(`/307/${there.url}/x`, { headers: SECRETS, method: 'POST', body: 'secret' });
    assert.equal(verdict(sample), 'status');
    assert.match(String(sample.message), /^redirected to ".*", another origin, to which no body is sent$/);
    assert.equal(there.asked.length, 0);
    // There and back again: the other origin has chosen what is asked.
    const back = await website((_, response) => response.writeHead(302, { location: `${here.url}/200/` }).end());
    assert.equal(verdict(await ask(`/302/${back.url}/`, { headers: SECRETS })), 'up');
    assert.equal(here.asked[1]?.headers.authorization, undefined);
    back.close();
  });

  it('are shown without what could be a secret', async () => {
    const { message } = await ask('/302/ftp://me:pw@127.0.0.1/?token=abc&x=1', {});
    assert.equal(message, 'redirected to "ftp://me@127.0.0.1/?token=…&x=1", which HTTP can’t ask');
  });

  it('are followed on the same host with all headers', async () => {
    assert.equal(verdict(await ask('/307//200/', { headers: SECRETS, method: 'PUT', body: 'x' })), 'up');
    assert.deepEqual(
      here.asked.map(({ method, url, headers }) => [method, url, headers.authorization]),
      [
        ['PUT', '/307//200/', SECRETS.authorization],
        ['PUT', '/200/', SECRETS.authorization],
      ],
    );
  });

  it('turn POST into GET as browsers do', async () => {
    await ask(`/302/${there.url}/`, { method: 'POST', body: 'x' });
    await ask(`/303/${there.url}/`, { method: 'PUT', body: 'x' });
    assert.equal(there.asked[0]?.method, 'GET');
    assert.equal(there.asked[0].headers['content-length'], undefined);
  });

  it('end where there are more than are followed', async () => {
    const server = await serve(saying(reply('302 Found', '', 'Location: /')));
    const probing = await Probing.of(httpSpec(`http://127.0.0.1:${String(server.port)}/`, { follow: 3 }));
    const sample = await probing.probe();
    assert.equal(verdict(sample), 'status');
    assert.match(String(sample.message), /302: more than 3 redirects/);
    assert.equal(server.accepted, 4);
    await server.close();
  });

  it('end where they lead to nothing', async () => {
    assert.equal(verdict(await ask('/302/ftp://127.0.0.1/')), 'status');
    assert.equal(verdict(await ask('/302/http://[/')), 'status');
    assert.equal(verdict(await ask(`/302/http://127.0.0.1:${String(await freePort())}/`)), 'refused');
    assert.equal(verdict(await ask('/302/http://nope.invalid/')), 'dns');
  });

  it('are under one deadline', async () => {
    const server = await serve(silent);
    const sample = await ask(`/302/http://127.0.0.1:${String(server.port)}/`, {}, 300);
    assert.equal(verdict(sample), 'timeout-reply');
    await server.idle();
    await server.close();
  });
});
