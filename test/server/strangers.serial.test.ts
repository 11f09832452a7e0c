/** Strangers see nothing: one list of requests, each sent to a monitor with a token, to one without, and to a public one. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';

import { handshake, raw } from './asking.ts';
import { inScene, type Scene, TOKEN } from './scene.ts';
import { assertNothing, sendAll, SHOP, STRANGE_REQUESTS, type StrangeRequest } from './strangers.ts';

const MARK = 'a word of its owner';

/** What no stranger may see, in public neither. */
function secretsOf(at: Scene): string[] {
  at.monitor.mark(MARK);
  return [MARK, TOKEN, 'tcp://', `:${String(at.services[0]?.port)}`, `"${hostname()}"`];
}

/** One request of each disguise, as the handshake of a websocket. */
async function shakeHands(at: Scene, requests: readonly StrangeRequest[], secrets: readonly string[]): Promise<number> {
  const feeds = requests.filter(({ method, path }) => method === 'GET' && path.split(/[?&]token/)[0] === '/feed');
  const look = async ({ path, headers }: StrangeRequest): Promise<void> => {
    const lines = Object.entries({ host: new URL(at.http).host, ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    const answer = await raw(at.http, handshake(path, lines));
    // With a token it is a websocket that is closed at once, so that a browser is given the reason.
    assert.match(answer, /^HTTP\/1\.1 (4\d\d|101)/, lines.join());
    for (const secret of [...secrets, SHOP]) assert.ok(!answer.includes(secret), `${lines.join()}: ${answer}`);
  };
  await Promise.all(feeds.map(look));
  return feeds.length;
}

describe('strangers', () => {
  it('see nothing of a monitor with a token', (t) =>
    inScene({ names: [SHOP], vantage: hostname(), feed: { token: TOKEN } }, async (at) => {
      const secrets = secretsOf(at);
      const count = await sendAll(at.http, STRANGE_REQUESTS, (one, answer) => {
        assertNothing(one, answer, [...secrets, SHOP]);
      });
      t.diagnostic(`${String(count + (await shakeHands(at, STRANGE_REQUESTS, secrets)))} requests, nothing seen`);
    })());

  it('see nothing of a monitor without one, on a loopback address, where they show to be strangers', (t) =>
    inScene({ names: [SHOP], vantage: hostname() }, async (at) => {
      const secrets = secretsOf(at);
      const foreign = STRANGE_REQUESTS.filter(({ isForeign }) => isForeign);
      const count = await sendAll(at.http, foreign, (one, answer) => {
        assertNothing(one, answer, [...secrets, SHOP]);
      });
      t.diagnostic(`${String(count + (await shakeHands(at, foreign, secrets)))} requests, nothing seen`);
    })());

  it('see the public view of a public one, and nothing else', (t) =>
    inScene({ names: [SHOP], vantage: hostname(), feed: { token: TOKEN, public: true } }, async (at) => {
      const secrets = secretsOf(at);
      const count = await sendAll(at.http, STRANGE_REQUESTS, ({ method, path }, { headers, body }) => {
        const seen = `${JSON.stringify(headers)}${body}`;
        for (const secret of secrets) assert.ok(!seen.includes(secret), `${method} ${path}: ${secret} in ${seen}`);
      });
      t.diagnostic(`${String(count)} requests, nothing private seen`);
    })());
});
