/** `gapwatch check`: reads the configuration, probes each service once, and prints what it found. */
import { list, showDuration } from '../core/format.ts';
import { answerMs, type Sample } from '../core/model.ts';
import { printable } from '../core/printable.ts';
import { Attempt } from '../probe/attempt.ts';
import { makeProber } from '../probe/prober.ts';
import type { Watched } from '../probe/spec.ts';
import { table } from '../core/text-width.ts';
import { REASON_MEANS } from '../core/reasons.ts';
import type { ProbeArguments, Targets } from './options.ts';
import { EXIT } from './ending.ts';
import { configOf } from './config-of.ts';
import { say } from './say.ts';

/** Probes at once: more would measure this process, not the services. */
const AT_ONCE = 16;

interface Finding {
  readonly watched: Watched;
  readonly sample: Sample;
}

/** Checks what the command line and the configuration file name. Returns the exit code: 1 where a service is not up. */
export async function check(args: ProbeArguments & Targets): Promise<number> {
  // One probe of each: no interval is too short for the timeout.
  const { watched, disabled, file } = await configOf(args, 60_000);
  if (file !== null) say(`${file} is well formed.`);
  if (disabled.length > 0) say(`Not watched, as "enabled" is false: ${list(disabled.map(printable))}.`);
  const findings: Finding[] = [];
  const rest = [...watched];
  const lane = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) findings.push(await probeOnce(next));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));

  const rows = watched.map(({ service }) => {
    const sample = findings.find((finding) => finding.watched.service.name === service.name)?.sample;
    if (sample === undefined) return [service.name];
    const took = showDuration(answerMs(sample));
    const why = sample.reason === null ? '' : `${sample.reason}: ${sample.message ?? REASON_MEANS[sample.reason]}`;
    return [service.name, sample.result.toUpperCase(), service.target, took, why];
  });
  process.stdout.write(table([['service', 'state', 'target', 'took', 'why'], ...rows], 5));
  return findings.every(({ sample }) => sample.result === 'up') ? EXIT.ok : EXIT.bad;
}

async function probeOnce(watched: Watched): Promise<Finding> {
  const ignore = (): void => {
    // One probe: what happens to its connection afterwards is of no interest.
  };
  const prober = await makeProber(watched, { connectionLost: ignore, identity: ignore, lostWrites: ignore });
  const host = { now: () => performance.now(), stalledMs: () => 0, lastFreeAt: () => performance.now() };
  const sample = await new Promise<Sample>((resolve) => {
    prober.start(new Attempt(host, watched.service.timeoutMs, resolve));
  });
  prober.close();
  return { watched, sample };
}
