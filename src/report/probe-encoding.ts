/**
 * Probes as few bytes, for the report that shows itself. On the grid nearly nothing is left of a good probe but its jitter: times are
 * differences to the interval, durations are logarithmic where they are short, and equal columns stand together, so that what
 * compresses them finds the pattern. Pure, and runs in browsers too.
 */
import type { ProbeColumns } from './probe-record.ts';

/** Times are exact to a tenth of a millisecond. */
const TICKS_PER_MS = 10;
/** Durations below this are kept to within 3 %, longer ones to the millisecond. */
const EXACT_FROM_MS = 100;
const LEAST_MS = 0.05;
const PER_DECADE = 40;
const EXACT_CODE = codeOfShort(EXACT_FROM_MS) + 1;

/** What is said beside the bytes of each service's probes. */
export interface ProbeSeries {
  /** How many. */
  readonly probes: number;
  readonly intervalMs: number;
}

/**
 * The columns of all services after each other: their times, their durations, their outcomes.
 * @param services with the interval of each
 * @param from what times are counted from, in milliseconds since the epoch
 */
export function encodeProbes(
  services: readonly (ProbeColumns & Pick<ProbeSeries, 'intervalMs'>)[],
  from: number,
): Uint8Array {
  const bytes: number[] = [];
  for (const { at, intervalMs } of services) {
    const step = stepOf(intervalMs);
    let before = 0;
    for (const time of at) {
      const tick = Math.round((time - from) * TICKS_PER_MS);
      const error = tick - before - step;
      putVarint(bytes, error < 0 ? -2 * error - 1 : 2 * error);
      before = tick;
    }
  }
  for (const { durationMs } of services) for (const ms of durationMs) putVarint(bytes, codeOf(ms));
  for (const { outcome } of services) for (const place of outcome) putVarint(bytes, place);
  return Uint8Array.from(bytes);
}

/** The columns again; times are milliseconds since `from`. */
export function decodeProbes(bytes: Uint8Array, series: readonly ProbeSeries[]): ProbeColumns[] {
  let place = 0;
  const next = (): number => {
    let [value, factor, byte] = [0, 1, 0x80];
    while (byte >= 0x80) {
      byte = bytes[place++] ?? 0;
      value += (byte & 0x7f) * factor;
      factor *= 0x80;
    }
    return value;
  };
  const times = series.map(({ probes, intervalMs }) => {
    const step = stepOf(intervalMs);
    let tick = 0;
    return Float64Array.from({ length: probes }, () => {
      const code = next();
      tick += step + (code % 2 === 1 ? -(code + 1) / 2 : code / 2);
      return tick / TICKS_PER_MS;
    });
  });
  const durations = series.map(({ probes }) => Float32Array.from({ length: probes }, () => msOf(next())));
  const outcomes = series.map(({ probes }) => Uint16Array.from({ length: probes }, next));
  return times.map((at, index) => ({
    at,
    durationMs: durations[index] ?? new Float32Array(),
    outcome: outcomes[index] ?? new Uint16Array(),
  }));
}

/** The ticks of an interval, which a feed may have made up: the encoding is exact for those of up to a month. */
function stepOf(intervalMs: number): number {
  return Math.round(Math.min(Math.max(intervalMs, 0), 3e9) * TICKS_PER_MS);
}

function putVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

function codeOf(ms: number): number {
  return ms < EXACT_FROM_MS ? codeOfShort(ms) : EXACT_CODE + Math.round(ms - EXACT_FROM_MS);
}

function codeOfShort(ms: number): number {
  return ms < LEAST_MS ? 0 : 1 + Math.round(Math.log10(ms / LEAST_MS) * PER_DECADE);
}

function msOf(code: number): number {
  if (code === 0) return 0;
  return code < EXACT_CODE ? LEAST_MS * 10 ** ((code - 1) / PER_DECADE) : EXACT_FROM_MS + code - EXACT_CODE;
}
