/** Vantages with every single probe, as a real run has them: with jitter, several reasons, late and off-grid probes. */
import type { SampleMessage } from '../../src/core/messages.ts';
import type { ObservedService, ObservedVantage } from '../../src/report/observed.ts';
import { ProbeRecord } from '../../src/report/probe-record.ts';

/** Numbers from 0 to 1 that are the same in each run (Mulberry32). */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const REASONS = ['refused', 'timeout-connect', 'reset', 'timeout-reply'] as const;

/** The samples of a service from `from` to `to`, as its intervals say, in the order of sending. */
function samplesOf(
  { name, info, intervals }: ObservedService,
  from: number,
  to: number,
  random: () => number,
): SampleMessage[] {
  const samples: SampleMessage[] = [];
  const usualMs = 0.3 + random() * 20;
  const phases = { dnsMs: null, connectMs: null, tlsMs: null, replyMs: null };
  for (let slot = from + random() * info.intervalMs; slot < to; slot += info.intervalMs) {
    // A timer is late by some tenths of a millisecond, and now and then by much more.
    const at = slot + random() ** 3 * (random() < 0.01 ? 9 : 0.6);
    const state = intervals.findLast((one) => one.from <= at)?.state ?? 'up';
    if (state === 'up') {
      const durationMs = usualMs * Math.exp((random() + random() - 1) * 0.8) * (random() < 0.01 ? 5 : 1);
      samples.push({
        type: 'sample',
        service: name,
        at,
        durationMs,
        result: 'up',
        reason: null,
        message: null,
        phases,
      });
    } else if (state === 'down') {
      const reason = REASONS[Math.floor(random() * REASONS.length)] ?? 'refused';
      const durationMs = reason.startsWith('timeout') ? info.timeoutMs + random() * 2 : random() * 3;
      const message = `${reason} by ${info.target} (${String(Math.floor(random() * 4))})`;
      samples.push({ type: 'sample', service: name, at, durationMs, result: 'down', reason, message, phases });
    } else if (state === 'unobserved') {
      const message = 'the event loop did not run';
      samples.push({
        ...{ type: 'sample', service: name, at, durationMs: 400, message, phases },
        ...{ result: 'unobserved', reason: 'stalled' },
      });
    }
  }
  return samples;
}

/** A vantage with the probes that its timelines were made from. */
export function probed(vantage: ObservedVantage, from: number, to: number, seed = 1): ObservedVantage {
  const random = randoms(seed);
  const record = new ProbeRecord();
  for (const service of vantage.services)
    for (const sample of samplesOf(service, from, to, random)) record.take(sample);
  return { ...vantage, probes: record.observed(0) };
}
