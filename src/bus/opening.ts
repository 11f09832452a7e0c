/** What a publisher says first of its vantage: all that is known of the services, as of its position in its own events. */
import type { Hello, ServiceSnapshot } from '../core/messages.ts';
import { PROTOCOL } from '../core/messages.ts';
import type { Board } from '../core/board.ts';
import { infoOf } from '../core/board.ts';
import { isDeepStrictEqual } from 'node:util';

import type { PublishedSource } from '../core/source.ts';

/** The newest intervals and gaps of each service that are told: monitors and hubs keep more. */
const INTERVALS = 20;
const GAPS = 5;

export interface Opening {
  readonly hello: Hello;
  /** Services whose state is that of now: what was told of them up to the newest event is in it already. */
  readonly current: readonly string[];
}

/**
 * @param told what is known of the vantage as of the position; services that are not in it are told as they are now
 * @param seq the position
 */
export function openingOf(monitor: PublishedSource, told: Board, seq: number): Opening {
  const now = monitor.now();
  const current: string[] = [];
  const services = [...monitor.board.services.values()].map((service) => {
    const before = told.services.get(service.name);
    const known = before !== undefined && isDeepStrictEqual(infoOf(before.info), infoOf(service.info)) ? before : null;
    if (known === null) current.push(service.name);
    const snapshot = (known ?? service).snapshot(now);
    return cut(snapshot);
  });
  return { hello: helloOf(monitor, services, seq, now), current };
}

/** The same for one that goes on, to be stored beside the stream. */
export function snapshotHello(monitor: PublishedSource, told: Board, seq: number): Hello {
  const now = monitor.now();
  const services = told.snapshot(now).map(cut);
  return helloOf(monitor, services, seq, now);
}

function helloOf(monitor: PublishedSource, services: readonly ServiceSnapshot[], seq: number, now: number): Hello {
  return { type: 'hello', protocol: PROTOCOL, monitor: monitor.identity, now, seq, resumed: false, services };
}

function cut(snapshot: ServiceSnapshot): ServiceSnapshot {
  return { ...snapshot, timeline: snapshot.timeline.slice(-INTERVALS), gaps: snapshot.gaps.slice(-GAPS) };
}
