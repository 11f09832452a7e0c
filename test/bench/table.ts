/** What a benchmark found, for people and for scripts. */

export interface Row {
  /** What was measured. */
  readonly what: string;
  /** What was found, in words. */
  readonly found: string;
  /** The figure to reach, in words; empty where there is none. */
  readonly reach: string;
  /** Whether it was reached; null where there is none. */
  readonly reached: boolean | null;
  /** The figures themselves; those of each round where there were several. */
  readonly figures: Readonly<Record<string, number | readonly number[]>>;
}

export interface Bench {
  readonly name: string;
  /** One line for the list of benchmarks. */
  readonly about: string;
  /** Whether it runs only where it is named: it takes an hour. */
  readonly onlyByName?: boolean;
  /** @param isQuick fewer and shorter rounds, where it knows how */
  run(say: (progress: string) => void, isQuick: boolean): Promise<Row[]>;
}

/** @param isNoisy whether the machine was too noisy to judge */
export function printRows(rows: readonly Row[], isNoisy: boolean): string {
  const lines = rows.map(({ what, found, reach, reached }) => {
    const mark = reached === null ? '     ' : isNoisy ? '?    ' : reached ? 'ok   ' : 'MISS ';
    return `  ${mark} ${what}\n          ${found}${reach === '' ? '' : `   (to reach: ${reach})`}`;
  });
  return `${lines.join('\n')}\n`;
}

/** The value below which this share of the values lies; 0 for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The median, and between which values all lie: `4.7 (4.1 to 6.0)`. */
export function spread(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

/**
 * Plays things in turns (A B, B A, A B ...), so that what else the machine does falls on all of them.
 * @returns what each play returned in each round
 */
export async function inTurns<T>(rounds: number, ...plays: readonly (() => Promise<T>)[]): Promise<T[][]> {
  const results = plays.map((): T[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [...plays.keys()] : [...plays.keys()].reverse();
    for (const index of order) {
      const play = plays[index];
      if (play !== undefined) results[index]?.push(await play());
    }
  }
  return results;
}
