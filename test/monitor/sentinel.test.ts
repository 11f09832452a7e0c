/** When a service gets its idle connection, by a clock that the test sets. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { Sentinel } from '../../src/monitor/sentinel.ts';
import { Dialler } from '../../src/probe/dialler.ts';
import { AMPLE_MS, endpoint, HOST } from '../support/probing.ts';
import { endServices, TestService } from '../support/test-service.ts';
import { waitFor } from '../support/wait-for.ts';

const MINUTE_MS = 60_000;
const DAY_MIN = 24 * 60;

class CountingDialler extends Dialler {
  dialled = 0;

  override dial(...how: Parameters<Dialler['dial']>): void {
    this.dialled += 1;
    super.dial(...how);
  }
}

/** A service whose probes are answered well, in the usual time, whenever the test says so. */
class Guarded {
  readonly sentinel: Sentinel;
  readonly #dialler: CountingDialler;
  #clock = 0;
  losses = 0;

  constructor(backend: TestService) {
    this.#dialler = new CountingDialler(endpoint(backend.port));
    this.sentinel = new Sentinel({ ...HOST, now: () => this.#clock }, this.#dialler, AMPLE_MS, () => {
      this.losses += 1;
    });
  }

  /** A probe is answered some minutes later. Returns whether it opened the connection. */
  async answered(minutesLater = 0): Promise<boolean> {
    this.#clock += minutesLater * MINUTE_MS;
    const before = this.#dialler.dialled;
    this.sentinel.answered(this.#clock);
    if (this.#dialler.dialled === before) return false;
    await waitFor(() => this.sentinel.isOnTrial);
    return true;
  }

  /** Fails the trial. Returns whether the next connection comes after so many minutes, and not before. */
  async pausesFor(minutes: number): Promise<boolean> {
    this.sentinel.giveUp();
    return !(await this.answered(0.99 * minutes)) && (await this.answered(0.01 * minutes));
  }
}

describe('the sentinel of a service', () => {
  after(endServices);

  it('is tried ever more rarely where probes wait beside it, and anew once one was answered', async () => {
    const guarded = new Guarded(await TestService.start());
    assert.equal(await guarded.answered(), true);
    for (const minutes of [10, 20, 40, 80, 160, 320, 640, 1280, DAY_MIN, DAY_MIN])
      assert.equal(await guarded.pausesFor(minutes), true, `${String(minutes)} min`);
    await guarded.answered(0.01);
    assert.equal(guarded.sentinel.isOnTrial, false);
    // On trial again, as one that has been open for long is given up by nobody.
    guarded.sentinel.close();
    assert.equal(await guarded.answered(1), true);
    assert.equal(await guarded.pausesFor(10), true);
    assert.equal(guarded.losses, 0);
    guarded.sentinel.close();
  });

  it('comes back at once with a service that was down, unless it was given up', async () => {
    const backend = await TestService.start();
    const guarded = new Guarded(backend);
    for (const isGivenUp of [false, true]) {
      await guarded.answered(1);
      if (isGivenUp) guarded.sentinel.giveUp();
      else {
        backend.cut();
        await waitFor(() => guarded.losses === 1);
        assert.equal(await guarded.answered(0.5), false, 'a server that closes idle connections is not bothered');
      }
      guarded.sentinel.recovered(false);
      assert.equal(await guarded.answered(), !isGivenUp);
    }
    guarded.sentinel.close();
  });

  it('is another one after an outage which its connection outlived: its host may have gone without a word', async () => {
    const guarded = new Guarded(await TestService.start());
    await guarded.answered();
    await guarded.answered(0.01);
    assert.equal(guarded.sentinel.isOnTrial, false);
    guarded.sentinel.recovered(false);
    assert.equal(await guarded.answered(0.01), false, 'a service that answers badly now and then keeps it');
    guarded.sentinel.recovered(true);
    assert.equal(await guarded.answered(0.01), true);
    assert.equal(guarded.losses, 0);
    guarded.sentinel.close();
  });
});
