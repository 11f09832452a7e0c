/** `/metrics`: what is known, for Prometheus. Every label is bounded by the configuration or a list in the code. */
import { Counter, Gauge, Registry } from 'prom-client';

import type { Phases } from '../core/model.ts';
import type { BoardService } from '../core/board.ts';
import type { Archive } from '../core/archive.ts';
import { printable } from '../core/printable.ts';
import type { FanOut } from './fan-out.ts';
import type { FeedSource, HubFigures } from '../core/source.ts';

/** The phases under the blackbox exporter's names. */
const PHASES: readonly (readonly [string, keyof Phases])[] = [
  ['resolve', 'dnsMs'],
  ['connect', 'connectMs'],
  ['tls', 'tlsMs'],
  ['processing', 'replyMs'],
];

const LATENCY = 'gapwatch_probe_latency_seconds';
const LATENCY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** A counter never falls, but a state that is published later than it began takes back some of the time counted before. */
interface Highest {
  downMs: number;
  unobservedMs: number;
}

/** What metrics read of a monitor. */
type Measured = Pick<FeedSource, 'now' | 'counters'> & {
  readonly board: Pick<FeedSource['board'], 'services'>;
  /** Of a hub. */
  readonly figures?: HubFigures;
};

/** What metrics read of a history. */
type HistoryHealth = Pick<Archive, 'problem' | 'figures'>;

export class Metrics {
  readonly #registry = new Registry();
  readonly #source: Measured;
  readonly #fanOut: Pick<FanOut, 'size' | 'missed'>;
  readonly #highest = new WeakMap<BoardService, Highest>();
  readonly #success: Gauge<'service'>;
  readonly #duration: Gauge<'service'>;
  readonly #httpDuration: Gauge<'service' | 'phase'>;
  readonly #probes: Counter<'service' | 'result' | 'reason'>;
  readonly #downtime: Counter<'service'>;
  readonly #unobserved: Counter<'service'>;
  readonly #gaps: Counter<'service'>;
  readonly #missed: Counter;
  readonly #clients: Gauge;
  readonly #readHistory: () => void;
  readonly #readHub: () => void;

  constructor(source: Measured, fanOut: Pick<FanOut, 'size' | 'missed'>, archive: HistoryHealth | null = null) {
    this.#source = source;
    this.#fanOut = fanOut;
    const registers = [this.#registry];
    const labelNames = ['service'] as const;
    this.#success = new Gauge({
      name: 'probe_success',
      help: 'Whether the last probe found the service up; absent while it is not observed',
      labelNames,
      registers,
    });
    this.#duration = new Gauge({
      name: 'probe_duration_seconds',
      help: 'How long the last probe took',
      labelNames,
      registers,
    });
    this.#httpDuration = new Gauge({
      name: 'probe_http_duration_seconds',
      help: 'How long each phase of the last HTTP probe took',
      labelNames: ['service', 'phase'],
      registers,
    });
    this.#probes = new Counter({
      name: 'gapwatch_probes_total',
      help: 'Probes that ended; reason is empty where the service was up',
      labelNames: ['service', 'result', 'reason'],
      registers,
    });
    this.#downtime = new Counter({
      name: 'gapwatch_downtime_seconds_total',
      help: 'Time in which the service was down',
      labelNames,
      registers,
    });
    this.#unobserved = new Counter({
      name: 'gapwatch_unobserved_seconds_total',
      help: 'Time in which the monitor was not probing, or could not',
      labelNames,
      registers,
    });
    this.#gaps = new Counter({ name: 'gapwatch_gaps_total', help: 'Gaps that have ended', labelNames, registers });
    this.#missed = new Counter({
      name: 'gapwatch_probes_missed_total',
      help: "Probes that were due and not sent, by the monitor's own fault",
      registers,
    });
    this.#clients = new Gauge({ name: 'gapwatch_feed_clients', help: 'Clients of the feed', registers });
    this.#readHub = source.figures === undefined ? () => undefined : hubMetrics(source, registers);
    this.#readHistory = archive === null ? () => undefined : historyMetrics(archive, registers);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of a scrape. */
  async text(): Promise<string> {
    this.#registry.resetMetrics();
    for (const service of this.#source.board.services.values()) this.#read(service);
    this.#missed.inc(this.#fanOut.missed);
    this.#clients.set(this.#fanOut.size);
    this.#readHistory();
    this.#readHub();
    return `${await this.#registry.metrics()}${this.#latencies()}`;
  }

  /** A histogram whose counts are there already, which is none that prom-client can make. */
  #latencies(): string {
    const lines = [`# HELP ${LATENCY} How long good answers took`, `# TYPE ${LATENCY} histogram`];
    for (const { name } of this.#source.board.services.values()) {
      const answers = this.#source.counters(name)?.answers(LATENCY_BOUNDS_MS);
      if (answers === undefined) continue;
      const label = `service="${printable(name).replace(/[\\"]/g, '\\$&')}"`;
      const { upTo, count, sumMs } = answers;
      LATENCY_BOUNDS_MS.forEach((ms, index) => {
        lines.push(`${LATENCY}_bucket{le="${String(ms / 1000)}",${label}} ${String(upTo[index] ?? 0)}`);
      });
      lines.push(
        `${LATENCY}_bucket{le="+Inf",${label}} ${String(count)}`,
        `${LATENCY}_sum{${label}} ${String(sumMs / 1000)}`,
        `${LATENCY}_count{${label}} ${String(count)}`,
      );
    }
    return `\n${lines.join('\n')}\n`;
  }

  #read(service: BoardService): void {
    const { name } = service;
    const shown = printable(name);
    const labels = { service: shown };
    const counters = this.#source.counters(name);
    for (const { result, reason, count } of counters?.counts() ?? []) {
      this.#probes.inc({ service: shown, result, reason: reason ?? '' }, count);
    }
    const last = counters?.last() ?? null;
    if (last !== null) {
      if (last.result !== 'unobserved') this.#success.set(labels, last.result === 'up' ? 1 : 0);
      this.#duration.set(labels, last.durationMs / 1000);
      if (service.info.kind === 'http') {
        for (const [phase, field] of PHASES) {
          this.#httpDuration.set({ service: shown, phase }, (last.phases[field] ?? 0) / 1000);
        }
      }
    }
    const totals = service.totalsAt(this.#source.now());
    const highest = this.#highest.get(service) ?? { downMs: 0, unobservedMs: 0 };
    highest.downMs = Math.max(highest.downMs, totals.downMs);
    highest.unobservedMs = Math.max(highest.unobservedMs, totals.unobservedMs);
    this.#highest.set(service, highest);
    this.#downtime.inc(labels, highest.downMs / 1000);
    this.#unobserved.inc(labels, highest.unobservedMs / 1000);
    this.#gaps.inc(labels, totals.gaps);
  }
}

/** The metrics of a history. Returns what updates them. */
function historyMetrics(archive: HistoryHealth, registers: Registry[]): () => void {
  const ok = new Gauge({ name: 'gapwatch_history_ok', help: 'Whether what happens is written to disk', registers });
  const bytes = new Gauge({ name: 'gapwatch_history_bytes', help: 'Size of the history on disk', registers });
  const waiting = new Gauge({
    name: 'gapwatch_history_waiting_events',
    help: 'Events that are not on disk yet',
    registers,
  });
  const lost = new Counter({
    name: 'gapwatch_history_lost_events_total',
    help: 'Events that were never written, because more waited than memory may hold',
    registers,
  });
  return () => {
    const { figures } = archive;
    ok.set(archive.problem === null ? 1 : 0);
    bytes.set(figures.bytes);
    waiting.set(figures.waiting);
    lost.inc(figures.lost);
  };
}

/** The metrics of a hub. Returns what updates them. */
function hubMetrics(hub: Measured, registers: Registry[]): () => void {
  const vantages = new Gauge({ name: 'gapwatch_hub_vantages', help: 'Vantages that the hub knows', registers });
  const skipped = new Counter({
    name: 'gapwatch_hub_skipped_total',
    help: 'Entries of the stream, and events in them, that the hub could not read',
    registers,
  });
  const up = new Gauge({
    name: 'gapwatch_up',
    help: 'Whether a vantage sees the service up; absent while it does not see it',
    labelNames: ['service', 'vantage'],
    registers,
  });
  return () => {
    const { figures } = hub;
    vantages.set(figures?.vantages ?? 0);
    skipped.inc(figures?.skipped ?? 0);
    for (const { service, vantage, state } of figures?.views ?? []) {
      if (state === 'up' || state === 'down')
        up.set({ service: printable(service), vantage: printable(vantage) }, state === 'up' ? 1 : 0);
    }
  };
}
