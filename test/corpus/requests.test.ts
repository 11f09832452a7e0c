/** Every odd request of the corpus, over a raw socket, has the answer that RFC 9110 and 9112 say. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { scene, type Scene } from '../server/scene.ts';
import type { OddRequest } from './odd-request.ts';

const FOLDER = new URL('./requests/', import.meta.url);
const WAIT_MS = 2000;

/** All that comes until the connection is closed, or for so long. */
async function answerTo(port: number, bytes: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  const closed = once(socket, 'close').catch(() => undefined);
  let answer = '';
  socket.setEncoding('latin1').on('data', (data: string) => (answer += data));
  socket.on('error', () => undefined);
  socket.write(Buffer.from(bytes, 'latin1'));
  const timer = setTimeout(() => socket.destroy(), WAIT_MS);
  await closed;
  clearTimeout(timer);
  return answer;
}

describe('an odd request', () => {
  let at: Scene;
  before(async () => {
    at = await scene({ names: ['web'] });
  });
  after(async () => {
    await at.end();
  });

  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.js')))
    it(file.replace('.js', ''), async () => {
      const { default: requests } = (await import(new URL(file, FOLDER).href)) as { default: readonly OddRequest[] };
      const wrong: string[] = [];
      for (const { bytes, statuses, has = [], hasNot = [] } of requests) {
        const answer = await answerTo(at.feed.address.port, bytes);
        const found = [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
        const isRight =
          JSON.stringify(found) === JSON.stringify(statuses) &&
          has.every((one) => one.test(answer)) &&
          !hasNot.some((one) => one.test(answer));
        if (!isRight) wrong.push(`${bytes.slice(0, 200)}-> not ${JSON.stringify(statuses)}:\n${answer.slice(0, 700)}`);
      }
      assert.equal(wrong.length, 0, wrong.join('\n----\n'));
    });
});
