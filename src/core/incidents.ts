/**
 * Services that fell together are one incident: that is what the restart of a daemon looks like. Pure; bounded memory.
 * Times are in milliseconds since the epoch.
 */
import { countServices, showDuration, showGap } from './format.ts';
import type { GapFacts } from './messages.ts';
import type { Reason } from './model.ts';

/** Services that fell within this time of each other, in milliseconds, fell together. */
export const TOGETHER_MS = 1000;
/** How many incidents are searched for the one that a fall belongs to, or a gap ends. */
const RECENT = 64;

/** A service went down. */
export interface Fall {
  readonly service: string;
  /** When the first failed probe was sent. */
  readonly at: number;
  readonly reason: Reason | null;
  /** The reason in words. */
  readonly message: string | null;
  /** From where it was seen, where others saw the service up. */
  readonly vantage?: string;
}

/** One service or several that fell within a second. */
export class Incident {
  readonly #falls = new Map<string, Fall>();
  readonly #gaps = new Map<string, GapFacts>();
  /** The services whose gap was ended though nobody saw its end, and whether they may be down still. */
  readonly #provisional = new Map<string, boolean>();
  #from = Infinity;
  #to = -Infinity;

  /** In the order of time, the first one first. */
  get falls(): readonly Fall[] {
    return [...this.#falls.values()].sort((a, b) => a.at - b.at);
  }

  /** In no order. */
  get services(): Iterable<string> {
    return this.#falls.keys();
  }

  /** The gaps that have ended, by service. */
  get gaps(): ReadonlyMap<string, GapFacts> {
    return this.#gaps;
  }

  /** When the first service fell. */
  get from(): number {
    return this.#from;
  }

  /** From the first fall to the last, in milliseconds. */
  get spreadMs(): number {
    return this.#to - this.#from;
  }

  /** How many services are not up again. */
  get open(): number {
    return this.#falls.size - this.#gaps.size;
  }

  /** Whether a service fell and is not up again. */
  isOpen(service: string): boolean {
    return this.#falls.has(service) && !this.#gaps.has(service);
  }

  /** Takes a fall if it belongs to this incident. Returns whether it does. */
  join(fall: Fall): boolean {
    if (this.#falls.has(fall.service)) return false;
    const from = Math.min(this.#from, fall.at);
    const to = Math.max(this.#to, fall.at);
    if (to - from > TOGETHER_MS) return false;
    this.#from = from;
    this.#to = to;
    this.#falls.set(fall.service, fall);
    return true;
  }

  /**
   * Takes a gap that has ended if it belongs to this incident. Returns whether it does.
   * @param isProvisional whether nobody saw its end: then one that was seen takes its place
   */
  end(service: string, gap: GapFacts, isProvisional = false): boolean {
    const known = this.#provisional.has(service) ? this.#gaps.get(service) : undefined;
    if (!this.isOpen(service) && (known === undefined || gap.from > known.to + TOGETHER_MS)) return false;
    this.#gaps.set(service, gap);
    if (isProvisional) this.#provisional.set(service, true);
    else this.#provisional.delete(service);
    return true;
  }

  /** A service was seen up: what falls after that is another gap. */
  seenUp(service: string): void {
    if (this.#provisional.has(service)) this.#provisional.set(service, false);
  }

  /** A service is down, and was not seen up since its gap was ended though nobody saw its end. Returns whether that is of this incident. */
  reopen(service: string): boolean {
    if (this.#provisional.get(service) !== true) return false;
    this.#provisional.delete(service);
    this.#gaps.delete(service);
    return true;
  }
}

/** Sorts falls and gaps into incidents. */
export class Incidents {
  #recent: Incident[] = [];

  /**
   * Takes a fall; falls of different services need not come in the order of time. Returns its incident.
   * @param goesOn whether the service was not up before it: then it may be the open gap that goes on, which is no second fall
   */
  fell(fall: Fall, goesOn = false): Incident {
    const open = goesOn
      ? this.#recent.findLast((incident) => incident.isOpen(fall.service) || incident.reopen(fall.service))
      : undefined;
    const known = open ?? this.#recent.findLast((incident) => incident.join(fall));
    if (known !== undefined) return known;
    const incident = new Incident();
    incident.join(fall);
    this.#recent = [...this.#recent, incident].slice(-RECENT);
    return incident;
  }

  /** A service was seen up: see `Incident.seenUp`. */
  seenUp(service: string): void {
    for (const incident of this.#recent) incident.seenUp(service);
  }

  /** Takes a gap that has ended. Returns its incident; null where its fall is not remembered. */
  ended(service: string, gap: GapFacts): Incident | null {
    return this.#recent.findLast((incident) => incident.end(service, gap)) ?? null;
  }
}

/** `web down`, or `4 services down within 80 ms, the first web`. */
export function showFall(incident: Incident): string {
  const { falls, spreadMs } = incident;
  const first = falls[0];
  if (first === undefined) return '';
  if (falls.length === 1) return `${first.service} down${first.vantage === undefined ? '' : ` from ${first.vantage}`}`;
  return `${countServices(falls.map(({ service }) => service))} down within ${showDuration(spreadMs)}, the first ${first.service}`;
}

/** `web up again after 0.40 s (0.31–0.50)`, `2 of 4 services up again …`; null while none is. */
export function showRecovery(incident: Incident): string | null {
  const { falls, gaps } = incident;
  const longest = [...gaps].reduce<[string, GapFacts] | null>(
    (so, gap) => (so === null || gap[1].durationMs > so[1].durationMs ? gap : so),
    null,
  );
  if (longest === null) return null;
  const [service, gap] = longest;
  const planned = gap.planned === true ? ', planned' : '';
  if (falls.length === 1) return `${service} up again after ${showGap(gap)}${planned}`;
  const all = falls.length === 2 ? 'both' : `all ${String(falls.length)}`;
  const who = incident.open === 0 ? all : `${String(gaps.size)} of ${String(falls.length)}`;
  return `${who} services up again, the longest gap ${showGap(gap)} of ${service}${planned}`;
}
