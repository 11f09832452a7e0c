import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Incidents, showFall, showRecovery, type Fall, type Incident } from '../../src/core/incidents.ts';
import { gap } from '../support/builders.ts';

function fall(service: string, at: number): Fall {
  return { service, at, reason: 'refused', message: null };
}

function incidentsOf(falls: readonly Fall[]): Incident[] {
  const incidents = new Incidents();
  return [...new Set(falls.map((each) => incidents.fell(each)))];
}

describe('incidents', () => {
  it('have one service alone', () => {
    assert.deepEqual(incidentsOf([fall('web', 5000)]).map(showFall), ['web down']);
  });

  it('join services that fell within a second, the first one named', () => {
    const incidents = incidentsOf([fall('web', 5000), fall('api', 5020), fall('cache', 5080), fall('db', 5040)]);
    assert.deepEqual(incidents.map(showFall), ['4 services down within 80 ms, the first web']);
    assert.deepEqual(
      incidents[0]?.falls.map(({ service }) => service),
      ['web', 'api', 'db', 'cache'],
    );
  });

  it('puts a fall that is settled late where its time is', () => {
    const incidents = incidentsOf([fall('api', 5900), fall('web', 5000)]);
    assert.deepEqual(incidents.map(showFall), ['2 services down within 0.90 s, the first web']);
  });

  it('does not chain falls for longer than a second', () => {
    const incidents = incidentsOf([fall('a', 0), fall('b', 700), fall('c', 1400), fall('d', 2100)]);
    assert.deepEqual(
      incidents.map(({ falls }) => falls.map(({ service }) => service)),
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    );
  });

  it('counts a service that falls twice as two incidents', () => {
    const incidents = incidentsOf([fall('web', 0), fall('web', 300)]);
    assert.deepEqual(incidents.map(showFall), ['web down', 'web down']);
  });

  it('knows how many services are up again, and the longest gap', () => {
    const incidents = new Incidents();
    const incident = incidents.fell(fall('web', 5000));
    incidents.fell(fall('api', 5080));
    assert.equal(showRecovery(incident), null);
    assert.equal(incidents.ended('api', gap('api', 5080, 5580)), incident);
    assert.equal(incident.open, 1);
    assert.equal(showRecovery(incident), '1 of 2 services up again, the longest gap 0.50 s (0.40–0.60) of api');
    incidents.ended('web', gap('web', 5000, 7480));
    assert.equal(incident.open, 0);
    assert.equal(showRecovery(incident), 'both services up again, the longest gap 2.48 s (2.38–2.58) of web');
  });

  it('gives a gap to the newest incident of its service that is open', () => {
    const incidents = new Incidents();
    const first = incidents.fell(fall('web', 0));
    incidents.ended('web', gap('web', 0, 200));
    const second = incidents.fell(fall('web', 300));
    assert.equal(incidents.ended('web', gap('web', 300, 400)), second);
    assert.equal(first.gaps.get('web')?.to, 200);
    assert.equal(showRecovery(second), 'web up again after 0.10 s (0.00–0.20)');
  });

  it('says so where it does not remember the fall', () => {
    assert.equal(new Incidents().ended('web', gap('web', 0, 200)), null);
  });
});
