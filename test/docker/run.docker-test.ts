import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';

import { startDocker } from './docker.ts';
import { requireDocker, whyNoDocker } from './needs.ts';
import { PLACES, type Ran, runRestarts } from './run.ts';

/** Between what the two places see: on loopback a gap is as long as the daemon is away, 2 s and more. */
const BUDGET = ['--max-gap', '1500ms', '--before', '1s', '--after', '1s'];

describe('gapwatch run, on a restart of the Docker daemon', () => {
  let ran: Ran | null = null;
  let close = async (): Promise<void> => {};

  before(async () => {
    if (whyNoDocker() !== null) return;
    const docker = await startDocker({ liveRestore: true, userlandProxy: true });
    close = docker.close;
    ran = await runRestarts(docker, 1, BUDGET);
  });
  after(() => close());

  function report(t: TestContext): Ran | null {
    return requireDocker(t) ? ran : null;
  }

  it('calls it bad, for what loopback saw alone', (t) => {
    const seen = report(t);
    if (seen === null) return;
    assert.equal(seen.code, 1);
    assert.equal(seen.report.verdict?.result, 'fail');
    const faults = seen.report.verdict.faults.map(({ kind, vantage }) => `${kind} ${vantage}`);
    assert.deepEqual([...new Set(faults)], [`gap ${PLACES.loopback}`]);
  });

  it('holds what both places saw', (t) => {
    const seen = report(t);
    if (seen === null) return;
    const { vantages } = seen.report;
    assert.deepEqual(vantages.map(({ vantage }) => vantage).sort(), Object.values(PLACES).sort());
    for (const { vantage, services } of vantages) {
      for (const { service, connection, gaps, connectionsLost, cameBack } of services) {
        const lost = connection === 'kept' && vantage === PLACES.loopback ? 1 : 0;
        assert.equal(connectionsLost.length, lost, `${service} from ${vantage}: connections lost`);
        if (connection === 'kept' && lost === 0) assert.deepEqual(gaps, [], `${service} from ${vantage}`);
        assert.ok(cameBack, `${service} from ${vantage}`);
      }
    }
  });

  it('gives the hint that the way through loopback was gone, not the containers', (t) => {
    const seen = report(t);
    if (seen === null) return;
    assert.ok(seen.report.hints.some(({ kind }) => kind === 'loopback-only'));
  });
});
