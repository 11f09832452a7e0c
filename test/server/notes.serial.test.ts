/** Notes for everybody, and what a maintenance makes of gaps: over HTTP, the feed, a restart, and the public view. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import type { Message } from '../../src/core/messages.ts';
import { nextMessage } from '../support/recording.ts';

import { waitFor } from '../support/wait-for.ts';
import { withFolder } from '../history/open.ts';
import { HOSTILE_TEXTS } from '../corpus/strings.ts';
import { ask, askJson } from './asking.ts';
import { Listener } from './listener.ts';
import { endServices } from '../support/test-service.ts';
import { inScene, scene, type Scene, TOKEN } from './scene.ts';

const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
const feed = { token: TOKEN, public: true };

interface Written {
  readonly status: number;
  readonly value: Record<string, unknown>;
}

const post = (at: Scene, note: unknown): Promise<Written> =>
  askJson(`${at.http}/api/v1/notes`, { method: 'POST', headers, body: JSON.stringify(note) });

const status = async (at: Scene): Promise<{ notes: Record<string, unknown>[]; services: Record<string, unknown>[] }> =>
  JSON.parse((await ask(`${at.http}/api/v1/status`)).body) as never;

describe('a note', () => {
  it(
    'is written, changed and ended; feed and status have it, also in public',
    inScene({ feed }, async (at) => {
      const client = await Listener.open(at.ws);
      const other = await Listener.open(`${at.ws}?service=api`);
      const before = Date.now();
      const first = await post(at, { text: ' We look into it ', kind: 'incident', services: ['web', 'web'] });
      assert.equal(first.status, 201);
      const { id, from, seq } = first.value as { id: string; from: number; seq: number };
      assert.ok(from >= before - 1 && from <= Date.now() + 1);
      const { text, kind, to, services } = first.value;
      assert.deepEqual([text, kind, to, services], ['We look into it', 'incident', null, ['web']]);
      const changed = await post(at, { id, text: 'Repaired', to: from + 1000 });
      assert.equal(changed.status, 200);
      assert.deepEqual(
        { ...changed.value, seq: 0, at: 0 },
        { ...first.value, text: 'Repaired', to: from + 1000, seq: 0, at: 0 },
      );
      assert.ok((changed.value['seq'] as number) > seq);
      await waitFor(() => client.received.filter(({ type }) => type === 'note').length === 2);
      assert.deepEqual(client.received.filter(({ type }) => type === 'note')[1], changed.value);
      const later = await post(at, { text: 'Later', from: '2030-01-01T00:00:00+01:00', to: null });
      assert.equal(later.value['from'], Date.UTC(2029, 11, 31, 23));
      const { notes } = await status(at);
      assert.deepEqual(
        notes.map((note) => note['text']),
        ['Later', 'Repaired'],
      );
      const { type, ...rest } = changed.value;
      assert.deepEqual([type, notes[1]], ['note', rest]);
      // One who asked for another service gets what is about all.
      await other.find((message) => message['text'] === 'Later');
      assert.equal(other.received.filter(({ type: one }) => one === 'note').length, 1);
      await Promise.all([client.close(), other.close()]);
    }),
  );

  it(
    'that makes no sense is refused in words, and nothing is written',
    inScene({ feed }, async (at) => {
      const { value } = await post(at, { text: 'one' });
      const cases: readonly (readonly [number, unknown, RegExp])[] = [
        [400, {}, /text: 1 to 1000/],
        [400, { text: '' }, /text: 1 to 1000/],
        [400, { text: ' ' }, /text: 1 to 1000/],
        [400, { text: 'x'.repeat(1001) }, /text: 1 to 1000/],
        [400, { text: 'a\nb' }, /text: 1 to 1000/],
        [400, { text: 'a\u001b[2Jb' }, /text: 1 to 1000/],
        [400, { text: 5 }, /text: 1 to 1000/],
        [400, { text: 'x', kind: 'outage' }, /kind: "maintenance"/],
        [400, { text: 'x', from: 'now' }, /from: milliseconds/],
        [400, { text: 'x', from: '2026-12-01T02:00:00' }, /from: milliseconds/],
        [400, { text: 'x', from: 5 }, /from: milliseconds/],
        [400, { text: 'x', from: 1e300 }, /from: milliseconds/],
        [400, { text: 'x', from: Date.UTC(2030), to: Date.UTC(2029) }, /to: as "from"/],
        [400, { text: 'x', to: Date.UTC(2001) }, /to: as "from"/],
        [400, { text: 'x', services: 'web' }, /services: a list/],
        [400, { text: 'x', services: ['other'] }, /services: one of them is not watched/],
        [400, { text: 'x', more: 1 }, /expected an object with id, kind/],
        [400, [], /expected an object/],
        [400, 'x', /expected an object/],
        [404, { id: 'other', text: 'x' }, /no note has this id/],
        [404, { id: '__proto__', text: 'x' }, /no note has this id/],
        [400, { id: value['id'], to: Date.UTC(2001) }, /to: as "from"/],
        [400, { id: value['id'], text: '' }, /text: 1 to 1000/],
        [413, { text: 'x'.repeat(70_000) }, /not longer than 65536 bytes/],
      ];
      for (const [expected, note, words] of cases) {
        const { status, value } = await post(at, note);
        assert.equal(status, expected, JSON.stringify(note).slice(0, 100));
        assert.match(JSON.stringify(value).replaceAll('\\"', '"'), words);
      }
      const url = `${at.http}/api/v1/notes`;
      const body = '{"text":"x"}';
      assert.equal(
        (await ask(url, { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body })).status,
        415,
      );
      assert.equal(
        (await ask(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status,
        401,
      );
      assert.equal((await ask(url, { headers })).status, 405);
      assert.equal((await status(at)).notes.length, 1);
    }),
  );

  it(
    'without a token configured is taken from nobody',
    inScene({}, async (at) => {
      assert.equal((await post(at, { text: 'x' })).status, 403);
    }),
  );

  it(
    'may hold whatever is one line, and reads the same',
    inScene({ feed }, async (at) => {
      for (const { text } of HOSTILE_TEXTS) {
        const { status: code, value } = await post(at, { text });
        if (code === 201) assert.equal(value['text'], text.trim());
        else assert.equal(code, 400, text);
      }
      assert.ok((await status(at)).notes.length > 5);
    }),
  );
});

/** Waits until no probe of the first service is on its way that was sent before. */
async function probed(at: Scene): Promise<void> {
  const now = at.monitor.now();
  const isLater = (one: Message): boolean => one.type === 'sample' && one.service === 'web' && one.at > now;
  await nextMessage(at.monitor, isLater, true);
}

describe('a maintenance of the configuration', () => {
  it(
    'ends where it is taken out, and is on again where it is put back; one that people ended stays so',
    inScene({ feed }, async (at) => {
      const now = at.monitor.now();
      const about = {
        kind: 'maintenance',
        from: now - 1000,
        to: now + 3_600_000,
        services: [],
        text: 'upgrade',
      } as const;
      const [one, other] = [
        { ...about, id: 'configured-one' },
        { ...about, id: 'configured-other' },
      ];
      const lasting = (): string[] => {
        const { notes } = at.monitor.board;
        return [one, other].map(({ id }) => id).filter((id) => (notes.get(id)?.to ?? 0) > at.monitor.now());
      };
      at.monitor.applyNotes([one, other]);
      assert.deepEqual(lasting(), [one.id, other.id]);
      at.monitor.applyNotes([other]);
      assert.deepEqual(lasting(), [other.id]);
      at.monitor.applyNotes([one, other]);
      assert.deepEqual(lasting(), [one.id, other.id]);
      assert.equal((await post(at, { id: other.id, to: at.monitor.now() })).status, 200);
      at.monitor.applyNotes([one, other]);
      assert.deepEqual(lasting(), [one.id]);
    }),
  );
});

describe('a gap that begins inside a maintenance', () => {
  const ended: Scene[] = [];
  after(async () => {
    await Promise.all(ended.map((one) => one.end()));
    await endServices();
  });

  it('is planned: in feed, gaps and sums, over a restart; it counts as always', async () => {
    await withFolder(async (data) => {
      const at = await scene({ feed, data });
      ended.push(at);
      const client = await Listener.open(at.ws);
      await post(at, { kind: 'incident', text: 'no maintenance', services: ['web'] });
      await at.services[0]!.flap(at.monitor);
      const { value } = await post(at, { kind: 'maintenance', text: 'upgrade', services: ['web'] });
      await probed(at);
      await at.services[0]!.flap(at.monitor);
      await at.services[1]!.flap(at.monitor);
      await post(at, { id: value['id'], to: at.monitor.now() });
      await probed(at);
      await at.services[0]!.flap(at.monitor);
      await waitFor(() => client.received.filter(({ type }) => type === 'gap').length === 4);
      const gaps = client.received.filter(({ type }) => type === 'gap');
      const planned = gaps.map(({ service, planned: is }) => [service, is]);
      const expected = [
        ['web', undefined],
        ['web', true],
        ['api', undefined],
        ['web', undefined],
      ];
      assert.deepEqual(planned, expected);
      const check = async (scene: Scene): Promise<void> => {
        const reply = JSON.parse((await ask(`${scene.http}/api/v1/gaps`)).body) as { gaps: Record<string, unknown>[] };
        assert.deepEqual(
          reply.gaps.map((gap) => [gap['service'], gap['planned']]),
          expected,
        );
        const { services, notes } = await status(scene);
        const [web, api] = services as [Record<string, Record<string, number>>, Record<string, Record<string, number>>];
        const duration = gaps[1]!['durationMs'] as number;
        assert.ok(Math.abs(web['planned']!['90d']! - duration) < 1e-6);
        assert.ok(web['uptimeWithoutPlanned']!['90d']! > web['uptime']!['90d']!);
        assert.ok(web['uptimeWithoutPlanned']!['90d']! < 1);
        assert.deepEqual(api['planned'], { '1h': 0, '24h': 0, '90d': 0 });
        assert.deepEqual(api['uptimeWithoutPlanned'], api['uptime']);
        assert.deepEqual(
          notes.map(({ text }) => text),
          ['upgrade', 'no maintenance'],
        );
      };
      await check(at);
      await client.close();
      await at.end();
      // Up before it looks again, or it finds gaps of its own.
      for (const service of at.services) await service.up().catch(() => undefined);
      const again = await scene({ feed, data, services: at.services });
      ended.push(again);
      await check(again);
      // A note that was written before can be changed.
      assert.equal((await post(again, { id: value['id'], text: 'upgraded' })).status, 200);
    });
  });
});
