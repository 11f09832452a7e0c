/** The monitor on a second machine: opened by options alone, and reached with its token in each way that there is. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { freePort } from '../support/servers.ts';
import { endServices, type SignalledService, startSignalledService } from '../support/test-service.ts';
import { waitFor } from '../support/wait-for.ts';
import { endPrograms, folderWith, Program } from './program.ts';

describe('the monitor on a second machine', { concurrency: 2 }, () => {
  let service: SignalledService;
  before(async () => {
    service = await startSignalledService();
  });
  after(async () => {
    await endPrograms();
    await endServices();
  });

  /** Starts it; returns the address of its feed. */
  async function served(...options: readonly string[]): Promise<URL> {
    const where = ['--listen', '127.0.0.1:0', '--data', 'off'];
    const program = new Program(['serve', `web=${String(service.port)}`, '-i', '50ms', ...where, ...options], {
      env: { ITS_TOKEN: 'open-sesame' },
    });
    await program.said(/"feed":"http:\/\/[^"]+"/);
    return new URL(/"feed":"(http:\/\/[^"]+)"/.exec(program.stderr)?.[1] ?? '');
  }

  it('asks for the token of the command line, and is attached to with it', async () => {
    const folder = folderWith('token', 'open-sesame\n');
    const { host } = await served('--token', `file:${join(folder, 'token')}`);
    assert.equal((await fetch(`http://${host}/api/v1/status`)).status, 401);
    const ways: [args: string[], env: Record<string, string>][] = [
      [[`http://open-sesame@${host}`], {}],
      [[host, '--token', 'open-sesame'], {}],
      [[host, '--token', 'env:OTHER'], { OTHER: 'open-sesame' }],
      [[host, '--token', 'file:token'], {}],
      [[host], { GAPWATCH_TOKEN: 'open-sesame' }],
    ];
    for (const [args, env] of ways) {
      const attached = new Program(['attach', ...args, '--format', 'lines'], { cwd: folder, env });
      await attached.said(/: connected/);
      await attached.end();
      assert.doesNotMatch(attached.stdout + attached.stderr, /sesame/);
    }
    const waiting = new Program(['run', '9', '--also', host, '--token', 'wrong', '--', 'true']);
    await waiting.said(/Still waiting: the feed \S+ is not connected: this is not the token\. Retrying\./);
    await waiting.end();
    const refused = new Program(['attach', host, '--token', 'wrong', '--format', 'lines']);
    await refused.said(/connecting: this is not the token/);
    await refused.end();
  });

  it('says at once which services are down', async () => {
    const { host } = await served('dead=9', '--token', 'env:ITS_TOKEN');
    const attached = new Program(['attach', `open-sesame@${host}`, '--format', 'lines']);
    await attached.said(/: connected.*; 2 services, down now: dead$/m);
    await attached.end();
  });

  it('gives its token to a run, whose own feed asks for none because of that', async () => {
    const { host } = await served('--token', 'open-sesame');
    const port = await freePort();
    const quick = ['--before', '100ms', '--after', '1m', '-i', '50ms', '--listen', `127.0.0.1:${String(port)}`];
    const services = [`web=${String(service.port)}`, '--also', host, '--token', 'open-sesame'];
    const program = new Program(['run', ...services, ...quick, '--', 'true']);
    const status = (): Promise<number> =>
      fetch(`http://127.0.0.1:${String(port)}/api/v1/status`).then(
        (reply) => reply.status,
        () => 0,
      );
    await waitFor(
      async () => (await status()) > 0,
      () => program.stderr,
    );
    assert.equal(await status(), 200);
    await program.end();
  });

  it('shows names and states to all where it is public, and targets to those with the token', async () => {
    const { origin } = await served('--public', '--token', 'env:ITS_TOKEN');
    const status = async (headers: Record<string, string>): Promise<string> =>
      (await fetch(`${origin}/api/v1/status`, { headers })).text();
    const stranger = await status({});
    assert.match(stranger, /"web"/);
    assert.doesNotMatch(stranger, /127\.0\.0\.1/);
    assert.match(await status({ authorization: 'Bearer open-sesame' }), /127\.0\.0\.1/);
  });

  it('is not started with a token that no client could send', async () => {
    const folder = folderWith('blank', ' \n');
    writeFileSync(join(folder, 'empty'), '');
    for (const [token, problem] of [
      ['env:NOT_SET_ANYWHERE', /--token env:NOT_SET_ANYWHERE: there is no token: the environment variable is not set/],
      ['file:missing', /--token file:missing: no such file/],
      ['file:empty', /there is no token: the file is empty/],
      ['file:blank', /it is blank/],
      ['é', /--token: it holds a character that is not ASCII/],
    ] as const) {
      const program = new Program(['serve', '8080', '--data', 'off', '--token', token], { cwd: folder });
      assert.equal(await program.ended, 2);
      assert.match(program.stderr, problem);
    }
  });
});
