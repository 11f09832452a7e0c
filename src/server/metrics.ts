/** `/metrics`: what is known, for Prometheus. Every label is bounded by the configuration or a list in the code. */
import type { Archive } from '../core/archive.ts';
import type { BoardService } from '../core/board.ts';
import { STATES, type Phases, type State, type Totals } from '../core/model.ts';
import { printable } from '../core/printable.ts';
import type { FeedSource, HookFigures, HubFigures } from '../core/source.ts';
import { VERSION } from '../core/version.ts';
import { type Family, labelsText, Series } from './exposition.ts';
import type { FanOut } from './fan-out.ts';
import { nextSlice } from './slices.ts';

/** The phases under the blackbox exporter's names. */
const PHASES: readonly (readonly [string, keyof Phases])[] = [
  ['resolve', 'dnsMs'],
  ['connect', 'connectMs'],
  ['tls', 'tlsMs'],
  ['processing', 'replyMs'],
];
const STATUSES = STATES.filter((state) => state !== 'partial');
const LATENCY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const LATENCY_BOUNDS_S = LATENCY_BOUNDS_MS.map((ms) => ms / 1000);
/** Services that are read in one turn of the loop. */
const SLICE = 50;

type Sums = Pick<Totals, 'upMs' | 'downMs' | 'unobservedMs' | 'gaps'>;

/** What metrics read of a monitor. */
type Measured = Pick<FeedSource, 'now' | 'counters'> & {
  readonly board: Pick<FeedSource['board'], 'services'>;
  /** Of a hub. */
  readonly figures?: HubFigures;
};

/** What metrics read of a history. */
type HistoryHealth = Pick<Archive, 'problem' | 'figures' | 'kept'>;

/** What a scrape asks for. */
export interface Scrape {
  /** The form of OpenMetrics, and not that of Prometheus. */
  readonly isOpen: boolean;
  /** The services that are wanted; null for all. */
  readonly services: ReadonlySet<string> | null;
  /** For the public view: without the vantages of a hub, whose names are usually those of hosts. */
  readonly isPublic: boolean;
}

const PER_SERVICE = {
  success: gauge('probe_success', 'Whether the last probe found the service up; absent while it is not observed'),
  duration: gauge('probe_duration_seconds', 'How long the last probe took'),
  lookup: gauge('probe_dns_lookup_time_seconds', 'How long the last probe took to resolve the name'),
  httpDuration: gauge('probe_http_duration_seconds', 'How long each phase of the last HTTP probe took'),
  ip: gauge('probe_ip_protocol', 'The version of IP that the last probe went over'),
  statusCode: gauge('probe_http_status_code', 'The status of the last HTTP reply; 0 where there was none'),
  certificate: gauge('probe_ssl_earliest_cert_expiry', 'When the certificate of the server expires, in Unix seconds'),
  status: gauge('gapwatch_status', 'Which status the service has: 1 for that one, 0 for the others'),
  probes: counter('gapwatch_probes_total', 'Probes that ended; reason is empty where the service was up'),
  uptime: counter('gapwatch_uptime_seconds_total', 'Time in which the service was up'),
  downtime: counter('gapwatch_downtime_seconds_total', 'Time in which the service was down'),
  unobserved: counter('gapwatch_unobserved_seconds_total', 'Time in which the monitor was not probing, or could not'),
  gaps: counter('gapwatch_gaps_total', 'Gaps that have ended'),
  latency: { name: 'gapwatch_probe_latency_seconds', type: 'histogram', help: 'How long good answers took' },
} as const satisfies Record<string, Family>;

function gauge(name: string, help: string): Family {
  return { name, type: 'gauge', help };
}

function counter(name: string, help: string): Family {
  return { name, type: 'counter', help };
}

export class Metrics {
  readonly #source: Measured;
  readonly #fanOut: Pick<FanOut, 'size' | 'missed'>;
  readonly #archive: HistoryHealth | null;
  readonly #hooks: (() => readonly HookFigures[]) | null;
  /**
   * A counter never falls, but a state that is published later than it began takes back some of the time counted before. What was
   * counted before the sums of this object is its `offset`.
   */
  readonly #highest = new Map<string, { readonly service: BoardService; readonly offset: Sums; readonly sums: Sums }>();
  /** A hub shows copies of its services while it can't read the bus, and makes new ones where it reads everything again. */
  readonly #isHub: boolean;

  /** @param hooks what each of them has done; null where there are none by design, as at a hub */
  constructor(
    source: Measured,
    fanOut: Pick<FanOut, 'size' | 'missed'>,
    archive: HistoryHealth | null = null,
    hooks: (() => readonly HookFigures[]) | null = null,
  ) {
    this.#hooks = hooks;
    this.#isHub = 'figures' in source;
    this.#source = source;
    this.#fanOut = fanOut;
    this.#archive = archive;
  }

  /** The text of a scrape. It is made in slices, so that probes and clients do not wait for thousands of services. */
  async text({ isOpen, services, isPublic }: Scrape): Promise<string> {
    const series = Object.fromEntries(
      Object.entries(PER_SERVICE).map(([key, family]) => [key, new Series(family, isOpen)]),
    ) as Record<keyof typeof PER_SERVICE, Series>;
    // Once: a hub puts all its views together for it.
    const { figures } = this.#source;
    const statuses = figures === undefined ? STATUSES : STATES;
    const wanted = [...this.#source.board.services.values()].filter(({ name }) => services?.has(name) ?? true);
    for (let n = 0; n < wanted.length; n += SLICE) {
      if (n > 0) await nextSlice();
      for (const service of wanted.slice(n, n + SLICE)) this.#read(service, series, statuses);
    }
    const all = Object.values(series);
    if (services === null) {
      for (const name of this.#highest.keys()) if (!this.#source.board.services.has(name)) this.#highest.delete(name);
      all.push(...this.#monitorSeries(isOpen));
      if (figures !== undefined) all.push(...(await hubSeries(isPublic ? { ...figures, views: [] } : figures, isOpen)));
    }
    const parts: string[] = [];
    for (const one of all) {
      if (wanted.length > SLICE) await nextSlice();
      parts.push(one.text());
    }
    return `${parts.join('')}${isOpen ? '# EOF\n' : ''}`;
  }

  /** @param statuses which there are: only a hub sees a part */
  #read(service: BoardService, series: Record<keyof typeof PER_SERVICE, Series>, statuses: readonly State[]): void {
    const { name } = service;
    const shown = printable(name);
    const labels = labelsText({ service: shown });
    const counters = this.#source.counters(name);
    for (const { result, reason, count } of counters?.counts() ?? [])
      series.probes.add(labelsText({ service: shown, result, reason: reason ?? '' }), count);
    const last = counters?.last() ?? null;
    if (last !== null) {
      if (last.result !== 'unobserved') series.success.add(labels, last.result === 'up' ? 1 : 0);
      series.duration.add(labels, last.durationMs / 1000);
      series.lookup.add(labels, (last.phases.dnsMs ?? 0) / 1000);
      if (last.ip > 0) series.ip.add(labels, last.ip);
      if (last.certUntil > 0) series.certificate.add(labels, last.certUntil / 1000);
      if (service.info.kind === 'http') {
        series.statusCode.add(labels, last.status);
        for (const [phase, field] of PHASES)
          series.httpDuration.add(labelsText({ service: shown, phase }), (last.phases[field] ?? 0) / 1000);
      }
    }
    for (const state of statuses)
      series.status.add(labelsText({ service: shown, status: state }), service.status === state ? 1 : 0);
    const sums = this.#sumsOf(service);
    series.uptime.add(labels, wholeS(sums.upMs));
    series.downtime.add(labels, wholeS(sums.downMs));
    series.unobserved.add(labels, wholeS(sums.unobservedMs));
    series.gaps.add(labels, sums.gaps);
    const answers = counters?.answers(LATENCY_BOUNDS_MS);
    if (answers !== undefined)
      series.latency.addHistogram(labels, LATENCY_BOUNDS_S, { ...answers, sumS: answers.sumMs / 1000 });
  }

  /**
   * The sums of a service that never fall, over restarts neither: those that are on disk, where there is a history. What is not
   * there would be missing after a `kill -9`, and Prometheus would count all of it again.
   */
  #sumsOf(service: BoardService): Sums {
    const kept = this.#archive?.problem === null ? (this.#archive.kept.get(service.name) ?? NOTHING) : null;
    const now = kept ?? service.totalsAt(this.#source.now());
    const highest = this.#highest.get(service.name);
    // One that was removed and is added again counts anew.
    const known = this.#isHub || highest?.service === service ? highest : undefined;
    const before = known?.sums ?? NOTHING;
    // Each object of a hub counts from another beginning: of another one only what is added from now on.
    const isOther = known !== undefined && known.service !== service;
    const offset = isOther ? each(before, now, (ours, its) => ours - its) : (known?.offset ?? NOTHING);
    const sums = each(before, each(now, offset, add), Math.max);
    this.#highest.set(service.name, { service, offset, sums });
    return sums;
  }

  /** What is of the monitor, and not of a service. */
  #monitorSeries(isOpen: boolean): Series[] {
    const one: One = (family, value, labels) => single(family, isOpen, value, labels);
    const build = labelsText({ version: VERSION, node: process.versions.node });
    const missed = "Probes that were due and not sent, by the monitor's own fault";
    return [
      one(gauge('gapwatch_build_info', 'Which version runs'), 1, build),
      one(counter('gapwatch_probes_missed_total', missed), this.#fanOut.missed),
      one(gauge('gapwatch_feed_clients', 'Clients of the feed'), this.#fanOut.size),
      ...(this.#archive === null ? [] : historySeries(this.#archive, one)),
      ...(this.#hooks === null ? [] : hookSeries(this.#hooks(), isOpen)),
    ];
  }
}

/** Seconds, of whole milliseconds: below that the disk rounds, and a counter never falls. */
function wholeS(ms: number): number {
  return Math.floor(ms) / 1000;
}

const NOTHING: Sums = { upMs: 0, downMs: 0, unobservedMs: 0, gaps: 0 };

function each(a: Sums, b: Sums, combine: (a: number, b: number) => number): Sums {
  return {
    upMs: combine(a.upMs, b.upMs),
    downMs: combine(a.downMs, b.downMs),
    unobservedMs: combine(a.unobservedMs, b.unobservedMs),
    gaps: combine(a.gaps, b.gaps),
  };
}

function add(a: number, b: number): number {
  return a + b;
}

type One = (family: Family, value: number, labels?: string) => Series;

function single(family: Family, isOpen: boolean, value: number, labels = ''): Series {
  const series = new Series(family, isOpen);
  series.add(labels, value);
  return series;
}

function historySeries({ problem, figures }: HistoryHealth, one: One): Series[] {
  const lost = 'Events that were never written, because more waited than memory may hold';
  return [
    one(gauge('gapwatch_history_ok', 'Whether what happens is written to disk'), problem === null ? 1 : 0),
    one(gauge('gapwatch_history_bytes', 'Size of the history on disk'), figures.bytes),
    one(gauge('gapwatch_history_waiting_events', 'Events that are not on disk yet'), figures.waiting),
    one(counter('gapwatch_history_lost_events_total', lost), figures.lost),
  ];
}

function hookSeries(hooks: readonly HookFigures[], isOpen: boolean): Series[] {
  const results = 'Attempts to call a hook, and events that were given up after 24 h';
  const deliveries = new Series(counter('gapwatch_hook_deliveries_total', results), isOpen);
  const pending = new Series(gauge('gapwatch_hook_pending_events', 'Events that have not arrived at a hook'), isOpen);
  for (const { hook, delivered, failed, givenUp, pending: waiting } of hooks) {
    for (const [result, count] of Object.entries({ delivered, failed, 'given-up': givenUp }))
      deliveries.add(labelsText({ hook, result }), count);
    pending.add(labelsText({ hook }), waiting);
  }
  return [deliveries, pending];
}

async function hubSeries({ vantages, skipped, views }: HubFigures, isOpen: boolean): Promise<Series[]> {
  const unread = 'Entries of the stream, and events in them, that the hub could not read';
  const seen = 'Whether a vantage sees the service up; absent while it does not see it';
  const up = new Series(gauge('gapwatch_up', seen), isOpen);
  for (const [n, { service, vantage, state }] of views.entries()) {
    if (n % SLICE === SLICE - 1) await nextSlice();
    if (state === 'up' || state === 'down')
      up.add(labelsText({ service: printable(service), vantage: printable(vantage) }), state === 'up' ? 1 : 0);
  }
  return [
    single(gauge('gapwatch_hub_vantages', 'Vantages that the hub knows'), isOpen, vantages),
    single(counter('gapwatch_hub_skipped_total', unread), isOpen, skipped),
    up,
  ];
}
