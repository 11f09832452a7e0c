import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { TestService, endServices } from '../support/test-service.ts';
import { freePort } from '../support/servers.ts';
import { Listener } from '../server/listener.ts';
import { endPrograms, folderWith, Program, run } from './program.ts';

const STAMP = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}';
const SPAN = '\\d+\\.\\d\\d s \\(\\d+\\.\\d\\d–\\d+\\.\\d\\d\\)';
const QUIET = ['--listen', 'off', '--interval', '20ms'];

/** A target whose port is a backend's. */
function target(name: string, { port }: TestService): string {
  return `${name}=${String(port)}`;
}

/** What JSON lines report: `type service to`. Less what is true of the machine of the test: that it was busy. */
function changesOf(program: Program): string[] {
  const changes = program.messages.filter(({ from, to }) => from !== 'unobserved' && to !== 'unobserved');
  return changes.map(({ type, service, to }) =>
    [type, service, to].filter((word) => typeof word === 'string').join(' '),
  );
}

describe('gapwatch watch', { concurrency: 4 }, () => {
  after(endServices);
  after(endPrograms);

  it('prints a line an event, and a summary at the end; stdout has nothing else', async () => {
    const backend = await TestService.start();
    const program = new Program([...QUIET, '--vantage', 'rack-2', target('api', backend)]);
    await program.line(/UP/);
    backend.down();
    await program.line(/DOWN/);
    await backend.up();
    await program.line(/GAP/);
    assert.equal(await program.end('SIGINT'), 130);
    // Where this machine is busy the program may truly stall, and says so.
    const lines = program.lines.filter((line) => !/UNOBSERVED {2}stalled|observed again/.test(line));
    const [up, down, back, gap, empty, head, row, ...rest] = lines;
    const where = `127\\.0\\.0\\.1:${String(backend.port)}`;
    assert.match(up ?? '', new RegExp(`^${STAMP}  api   UP          first answer$`));
    assert.match(down ?? '', new RegExp(`^${STAMP}  api   DOWN        (refused|reset|closed): .+ \\(${where}\\)$`));
    assert.match(back ?? '', new RegExp(`^${STAMP}  api   UP          answers again$`));
    assert.match(
      gap ?? '',
      new RegExp(`^${STAMP}  api   GAP         (${SPAN}|\\d+ ms \\(\\d+–\\d+\\)), \\d+ probes? failed: .+$`),
    );
    assert.equal(empty, '');
    assert.match(head ?? '', /^service +state +uptime +gaps +longest +down +unobserved$/);
    assert.match(row ?? '', /^api +UP +[\d.]+ % of [\d.]+ m?s +1 +[\d.]+ m?s +[\d.]+ m?s +(–|[\d.]+ m?s)$/);
    assert.deepEqual(rest, []);
    assert.equal(
      program.stderr,
      `Watching 1 service from rack-2, every 20ms: api (tcp://127.0.0.1:${String(backend.port)}). Ctrl-C ends it.\n`,
    );
  });

  it('says at its end what is still down', async () => {
    const port = await freePort();
    const program = new Program([...QUIET, `gone=${String(port)}`]);
    await program.line(/DOWN/);
    assert.equal(await program.end('SIGTERM'), 143);
    assert.match(
      program.stdout,
      new RegExp(`^${STAMP}  gone  STILL DOWN  .+ so far \\(at least .+\\), \\d+ probes? failed: refused$`, 'm'),
    );
    assert.match(program.stdout, /^gone {5}STILL DOWN +0 % of [\d.]+ m?s +1 /m);
  });

  it('prints the messages of the feed with --format json, a hello first and the events under growing numbers', async () => {
    const backend = await TestService.start();
    const program = new Program([...QUIET, '--format', 'json', target('api', backend)]);
    await program.line(/"to":"up"/);
    backend.down();
    await program.line(/"to":"down"/);
    await backend.up();
    await program.line(/"type":"gap"/);
    assert.equal(await program.end('SIGINT'), 130);
    const [hello] = program.messages;
    assert.deepEqual([hello?.['type'], hello?.['protocol'], hello?.['seq']], ['hello', 1, 0]);
    assert.deepEqual(changesOf(program), [
      'hello',
      'transition api up',
      'transition api down',
      'transition api up',
      'gap api',
    ]);
    const numbers = program.messages.map(({ seq }) => seq as number);
    assert.ok(numbers.slice(1).every((number, index) => number > (numbers[index] ?? Infinity)));
    assert.equal(program.stderr, '');
  });

  it('prints every probe too with --samples', async () => {
    const backend = await TestService.start();
    const args = [...QUIET, '--samples', target('api', backend)];
    const [json, lines] = [new Program([...args, '--format', 'json']), new Program([...args, '--format', 'lines'])];
    const sample = JSON.parse(await json.line(/"type":"sample"/)) as Record<string, unknown>;
    await lines.line(new RegExp(`^${STAMP}  api   · up        [\\d.]+ ms$`));
    await Promise.all([json.end(), lines.end()]);
    const { at, durationMs, result, reason, phases } = sample;
    assert.deepEqual([typeof at, typeof durationMs, result, reason], ['number', 'number', 'up', null]);
    assert.deepEqual(Object.keys(phases ?? {}).sort(), ['connectMs', 'dnsMs', 'replyMs', 'tlsMs']);
  });

  it('ends by itself with --for, with a summary', async () => {
    const backend = await TestService.start();
    const { code, stdout } = await run([...QUIET, '--for', '100ms', target('api', backend)]);
    assert.equal(code, 0);
    assert.match(stdout, /^service +state/m);
  });

  it('goes on for longer than a timer of Node can', async () => {
    const backend = await TestService.start();
    const program = new Program([...QUIET, '--for', '40d', target('api', backend)]);
    await program.line(/UP/);
    backend.down();
    await program.line(/DOWN/);
    assert.equal(await program.end(), 143);
    assert.doesNotMatch(program.stderr, /overflow/i);
  });

  it('reads services.json of the folder, and adds targets to a file that is named', async () => {
    const [web, api] = await Promise.all([TestService.start(), TestService.start()]);
    const config = {
      vantage: 'from-file',
      services: [{ name: 'web', type: 'tcp', host: '127.0.0.1', port: web.port, connection: 'both' }],
    };
    const folder = folderWith('services.json', config);
    const alone = new Program(QUIET, { cwd: folder });
    const added = new Program([...QUIET, '--config', join(folder, 'services.json'), target('api', api)]);
    await Promise.all([
      alone.line(/web \(kept\) +NOT BROKEN/),
      added.line(/api +UP/),
      added.line(/web +UP/),
      added.line(/web \(kept\) +NOT BROKEN/),
    ]);
    await Promise.all([alone.end(), added.end()]);
    assert.match(
      alone.stderr,
      /^Watching 1 service \(2 connections\) from from-file, every 20ms: web \(.+\), web \(kept\) \(/,
    );
    assert.match(added.stderr, /^Watching 2 services \(3 connections\) from from-file/);
  });

  it('reads the file again at SIGHUP; one with an error changes nothing, and is logged', async () => {
    const [stays, comes] = await Promise.all([TestService.start(), TestService.start()]);
    const entryOf = (name: string, { port }: TestService): object => ({ name, type: 'tcp', host: '127.0.0.1', port });
    const folder = folderWith('services.json', { services: [entryOf('stays', stays), entryOf('goes', stays)] });
    const write = (content: unknown): void => {
      writeFileSync(join(folder, 'services.json'), JSON.stringify(content));
    };
    const program = new Program([...QUIET, '--format', 'json'], { cwd: folder });
    await program.line(/"service":"goes","from":"unknown"/);
    await program.line(/"service":"stays","from":"unknown"/);
    write({ services: [entryOf('stays', stays), entryOf('comes', comes)] });
    program.signal('SIGHUP');
    await program.line(/"service":"comes","from":"unknown"/);
    write({ services: [{ ...entryOf('stays', stays), port: 70_000 }] });
    program.signal('SIGHUP');
    await program.said(/Nothing was changed/);
    stays.down();
    await program.line(/"service":"stays","from":"up"/);
    assert.equal(await program.end(), 143);

    assert.match(program.stderr, /Read the configuration again: 2 services\./);
    assert.match(program.stderr, /services\.json:1:\d+ {2}services\[0\]\.port: 70000 is not a port/);
    assert.doesNotMatch(program.stderr, /^\s+at /m);
    const hellos = program.messages.filter(({ type }) => type === 'hello');
    assert.deepEqual(
      hellos.map(({ services }) => (services as { service: string }[]).map(({ service }) => service).sort()),
      [
        ['goes', 'stays'],
        ['comes', 'stays'],
      ],
    );
    assert.equal(changesOf(program).filter((one) => one === 'transition stays up').length, 1);
  });

  it('ends quietly when its output is not read', async () => {
    const backend = await TestService.start();
    const program = new Program([...QUIET, '--samples', target('api', backend)]);
    await program.line(/UP/);
    program.stopReading();
    assert.equal(await program.ended, 0);
    assert.doesNotMatch(program.stderr, /Error|^\s+at /m);
  });

  it('goes on when its log is not read', async () => {
    const backend = await TestService.start();
    const folder = folderWith('services.json', {
      services: [{ name: 'api', type: 'tcp', host: '127.0.0.1', port: backend.port }],
    });
    const program = new Program(QUIET, { cwd: folder });
    await program.line(/UP/);
    program.stopListening();
    program.signal('SIGHUP');
    program.signal('SIGHUP');
    backend.down();
    await program.line(/DOWN/);
    assert.equal(await program.end('SIGINT'), 130);
  });

  it('was not observing while it was stopped, and says so', async () => {
    const backend = await TestService.start();
    const program = new Program([...QUIET, '--format', 'json', target('api', backend)]);
    await program.line(/"to":"up"/);
    program.signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 700));
    program.signal('SIGCONT');
    await program.line(/"from":"unobserved"/);
    assert.equal(await program.end(), 143);
    const transitions = program.messages.filter(({ type }) => type === 'transition');
    const blind = transitions.filter(({ to }) => to === 'unobserved');
    assert.ok(blind.length > 0 && blind.every(({ reason }) => reason === 'stalled'));
    assert.deepEqual(
      transitions.filter(({ to }) => to === 'down'),
      [],
    );
    const lengths = transitions.map(({ at, from }, index) =>
      from === 'unobserved' ? Number(at) - Number(transitions[index - 1]?.['at']) : 0,
    );
    assert.ok(
      lengths.some((ms) => ms > 600),
      lengths.join(),
    );
  });

  it('keeps its feed where it was stopped for longer than a feed may be silent (attach)', async () => {
    const backend = await TestService.start();
    const serve = new Program(['serve', '--listen', '127.0.0.1:0', '--data', 'off', target('api', backend)]);
    await serve.said(/"to":"up"/);
    const url = /"feed":"(http:[^"]+)"/.exec(serve.stderr)?.[1] ?? '';
    const attach = new Program(['attach', url, '--format', 'lines']);
    await attach.said(/connected; 1 service/);
    attach.signal('SIGSTOP');
    const stopped = performance.now();
    const other = await Listener.open(`${url.replace('http', 'ws')}/feed`);
    const heartbeats = (): number => other.received.filter(({ type }) => type === 'heartbeat').length;
    await other.waitFor(() => heartbeats() >= 4 && performance.now() > stopped + 16_000);
    attach.signal('SIGCONT');
    backend.down();
    await attach.line(/DOWN/);
    assert.doesNotMatch(attach.stderr, /not connected/);
    await other.close();
    for (const program of [attach, serve]) await program.end();
  });
});
