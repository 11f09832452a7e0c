/** Real causes, and what `gapwatch run` says of each: one hint for one cause, and none that misleads. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { ask } from './daemon.ts';
import { type Docker, PORTS, startDocker } from './docker.ts';
import { requireDocker, whyNoDocker } from './needs.ts';
import { PLACES, type Ran, runCommand, runRestarts } from './run.ts';

const OPTIONS = ['--before', '1s', '--after', '2s', '--give-up', '60s'];
/** A pipe holds 64 KiB, and each of the 40 probes a second writes 1 kB. */
const AWAY_S = 8;

/** That a busy machine stalled the monitor is true as well, and nothing of Docker. */
function kindsOf({ report }: Ran): string[] {
  return report.hints.map(({ kind }) => kind).filter((kind) => kind !== 'monitor-stalled');
}

function said({ printed }: Ran): string {
  return printed.join('\n');
}

describe('the hints of gapwatch run, with live-restore', () => {
  let docker: Docker | null = null;
  const shell = (script: string): Promise<Ran> => runCommand(docker!, ['sh', '-c', script], OPTIONS);
  const cli = (words: string): string => `docker -H unix://${docker!.daemon.folder}/socket ${words} >&2`;

  before(async () => {
    if (whyNoDocker() !== null) return;
    docker = await startDocker({ liveRestore: true, userlandProxy: true });
    const { Version: version } = JSON.parse(await ask(docker.daemon, 'GET', '/version')) as { Version: string };
    console.log(`Docker ${version}`);
  });
  after(() => docker?.close());

  it('name a frozen process', async (t) => {
    if (!requireDocker(t)) return;
    const ran = await shell(`${cli('pause web redis')}; sleep 3; ${cli('unpause web redis')}`);
    assert.deepEqual(kindsOf(ran), ['process-frozen'], said(ran));
  });

  it('name a firewall that cuts off those outside, who are users', async (t) => {
    if (!requireDocker(t)) return;
    const rule = 'FORWARD -i cable -j DROP';
    const ran = await shell(`iptables -I ${rule}; sleep 2; iptables -D ${rule}`);
    assert.deepEqual(kindsOf(ran), ['outside-only'], said(ran));
    assert.ok(
      ran.report.verdict?.faults.every(({ vantage }) => vantage === PLACES.second),
      said(ran),
    );
  });

  it('name a firewall that drops new connections only', async (t) => {
    if (!requireDocker(t)) return;
    const rule = 'FORWARD -i cable -p tcp --syn -j DROP';
    const ran = await shell(`iptables -I ${rule}; sleep 2; iptables -D ${rule}`);
    assert.deepEqual(kindsOf(ran), ['new-connections-only'], said(ran));
  });

  it('name a network that was taken away, and no restart', async (t) => {
    if (!requireDocker(t)) return;
    const both = (words: string): string =>
      ['web', 'redis'].map((name) => cli(`network ${words} bridge ${name}`)).join('; ');
    const ran = await shell(`${both('disconnect')}; sleep 2; ${both('connect')}`);
    assert.deepEqual(kindsOf(ran), ['cut-off'], said(ran));
  });

  it('name containers that were restarted', async (t) => {
    if (!requireDocker(t)) return;
    const ran = await shell(cli('restart web redis'));
    assert.deepEqual(kindsOf(ran), ['process-replaced'], said(ran));
  });

  it('name the proxy and the rules of a restart of the daemon, and a container that blocks on its log', async (t) => {
    if (!requireDocker(t)) return;
    const logging = (address: string): string[] => [`logging=http://${address}:${String(PORTS.logging)}/`];
    const restart = [process.execPath, new URL('./restart-command.js', import.meta.url).pathname];
    const command = [...restart, JSON.stringify(docker!.daemon), '1', String(AWAY_S * 1000)];
    const ran = await runCommand(docker!, command, OPTIONS, logging);
    const kinds = kindsOf(ran);
    assert.deepEqual(
      kinds.filter((kind) => kind !== 'rules-rebuilt'),
      ['log-pipe-blocked', 'loopback-only'],
      said(ran),
    );
    const [blocked] = ran.report.hints;
    assert.match(blocked!.evidence[0]!, /^logging \(from second machine\) down /);
  });
});

describe('the hints of gapwatch run, without live-restore', () => {
  it('name processes that were replaced, and no rules', async (t) => {
    if (!requireDocker(t)) return;
    const docker = await startDocker({ liveRestore: false, userlandProxy: true });
    try {
      const ran = await runRestarts(docker, 1, OPTIONS);
      assert.deepEqual(kindsOf(ran), ['process-replaced'], said(ran));
    } finally {
      await docker.close();
    }
  });
});
