import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { folderWith, Program } from '../cli/program.ts';

const STOPS_MS = [100, 300, 600, 900, 1500, 2500, 150, 700, 1100, 4000];

describe('a monitor that is stopped for a while, beside services that are up all the time', () => {
  const script = fileURLToPath(new URL('./children/impatient.js', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  let ports: number[] = [];

  before(async () => {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    ports = JSON.parse(line) as number[];
  });
  after(() => {
    child.stdin.end();
  });

  for (const [interval, timeout] of [
    ['10ms', '250ms'],
    ['100ms', '500ms'],
    ['600ms', '1s'],
  ] as const) {
    it(`blames nobody for its absence: every ${interval}, with a timeout of ${timeout}`, async () => {
      const [http = 0, tcp = 0] = ports;
      const url = `http://127.0.0.1:${String(http)}/`;
      const services = [
        { name: 'web', type: 'http', url, connection: 'both' },
        // Kept, nothing would be sent, and so its peer would lose patience with good reason.
        { name: 'api', type: 'tcp', host: '127.0.0.1', port: tcp },
      ];
      const folder = folderWith('services.json', { services });
      const how = ['-i', interval, '-t', timeout, '--listen', 'off', '--format', 'json', '--sentinel', 'off'];
      const program = new Program(['watch', ...how], { cwd: folder });
      await program.line(/"to":"up"/);
      for (const stopMs of STOPS_MS) {
        program.signal('SIGSTOP');
        await sleep(stopMs);
        program.signal('SIGCONT');
        await sleep(300);
      }
      await program.end('SIGTERM');
      const blamed = program.messages.filter(
        (message) => message['to'] === 'down' || message['type'] === 'gap' || message['type'] === 'connection-lost',
      );
      assert.deepEqual(blamed, []);
      const unobserved = program.messages.filter((message) => message['to'] === 'unobserved');
      assert.ok(unobserved.length >= 6, `${String(unobserved.length)} times unobserved`);
    });
  }
});
