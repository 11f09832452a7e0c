/** What was found of each tool, and of ours beside the others. */
import type { Row } from '../table.ts';
import type { Scene, Seen } from './side-by-side.ts';
import type { Tool } from './tool.ts';
import { errorsOf, hasBounds, isLong, isSeen, isWrong, type Outcome, quantiles, type Tally } from './tally.ts';

/** Two intervals of the tools that can look so often. */
export const LONG_MS = 200;

interface Counts {
  readonly seen: number;
  readonly missed: number;
  /** Not seen, which the tool says itself. */
  readonly unobserved: number;
  readonly long: number;
  readonly longSeen: number;
  readonly longMissed: number;
  readonly invented: number;
}

export function countsOf({ outcomes, invented }: Tally): Counts {
  const long = outcomes.filter((outcome) => isLong(outcome, LONG_MS));
  const isMissed = (outcome: Outcome): boolean => !isSeen(outcome) && !outcome.isUnobserved;
  return {
    seen: outcomes.filter(isSeen).length,
    missed: outcomes.filter(isMissed).length,
    unobserved: outcomes.filter(({ isUnobserved }) => isUnobserved).length,
    long: long.length,
    longSeen: long.filter(isSeen).length,
    longMissed: long.filter(isMissed).length,
    invented: invented.length,
  };
}

function nameOf({ name, kinds }: Tool): string {
  return kinds === undefined ? name : `${name} (watches ${kinds.join(' and ')} only)`;
}

/** How often the stage was itself late; what it played then is not counted. */
export function stageRow({ stalls }: Scene): Row {
  const lateMs = stalls.map(({ before, after }) => after - before);
  return {
    what: 'the stage: a process at the highest priority, if it may',
    found: `late ${String(lateMs.length)} times, by ${Math.max(0, ...lateMs).toFixed(0)} ms at most`,
    reach: '',
    reached: null,
    figures: { lateMs },
  };
}

/** @param more what else was found of it */
export function toolRow({ tool, tally }: Seen, more?: { words: string; figures: Row['figures'] }): Row {
  const { outcomes, stageLate } = tally;
  const counts = countsOf(tally);
  const errors = errorsOf(outcomes);
  const { p50, p99 } = quantiles(errors);
  const given = outcomes.filter(hasBounds).length;
  const right = given - outcomes.filter(isWrong).length;
  const kinds = [...new Set(outcomes.map(({ what }) => what))].map((what) => {
    const of = outcomes.filter((outcome) => outcome.what === what);
    return `${what} ${String(of.filter(isSeen).length)}/${String(of.length)}`;
  });
  const late = stageLate.outages + stageLate.gaps;
  return {
    what: nameOf(tool),
    found: `${[
      `seen ${String(counts.seen)} of ${String(outcomes.length)}, missed ${String(counts.missed)}, said to be unobserved ${String(counts.unobserved)}`,
      `of the ${String(counts.long)} of ${String(LONG_MS)} ms and more seen ${String(counts.longSeen)}, missed ${String(counts.longMissed)}`,
      `invented ${String(counts.invented)}`,
      ...(more === undefined ? [] : [more.words]),
      errors.length === 0
        ? 'no length'
        : `error of the length ${p50.toFixed(0)} ms at p50, ${p99.toFixed(0)} ms at p99`,
      given === 0 ? 'no bounds' : `bounds given in ${String(given)}, right in ${String(right)}`,
      ...(late === 0
        ? []
        : [
            `not counted, for the stage was late: ${String(stageLate.outages)} outages, ${String(stageLate.gaps)} gaps`,
          ]),
    ].join('; ')}\n            ${kinds.join('; ')}`,
    reach: '',
    reached: null,
    figures: {
      ...counts,
      p50Ms: p50,
      p99Ms: p99,
      bounds: given,
      right,
      stageLateOutages: stageLate.outages,
      stageLateGaps: stageLate.gaps,
      ...more?.figures,
      errorsMs: errors,
    },
  };
}

/** All of ours seen and none invented; and whether another tool can say that. */
export function countVerdicts(seen: readonly Seen[]): Row[] {
  const [ours, ...others] = seen as [Seen, ...Seen[]];
  const { long, longSeen, invented } = countsOf(ours.tally);
  const wrong = ours.tally.outcomes.filter(isWrong).length;
  const spotless = others.filter(({ tally }) => {
    const other = countsOf(tally);
    return other.longSeen === other.long && other.invented === 0;
  });
  const faultless = spotless.filter(({ tool }) => tool.kinds === undefined);
  const partly = spotless
    .filter(({ tool }) => tool.kinds !== undefined)
    .map(({ tool }) => `; none of the few that it can watch: ${nameOf(tool)}`);
  return [
    {
      what: 'gapwatch: outages of two intervals and more',
      found: `${String(longSeen)} of ${String(long)} seen, ${String(invented)} invented, bounds wrong in ${String(wrong)}`,
      reach: 'all seen, none invented, no bounds wrong',
      reached: longSeen === long && invented === 0 && wrong === 0,
      figures: { long, longSeen, invented, wrong },
    },
    {
      what: 'the others, on the same outages',
      found:
        faultless.length === 0
          ? `each of them missed or invented some${partly.join('')}`
          : `neither missed nor invented one: ${faultless.map(({ tool }) => tool.name).join(', ')}${partly.join('')}`,
      reach: 'each misses or invents some',
      reached: faultless.length === 0,
      figures: { faultless: faultless.length },
    },
  ];
}

/** How wrong the lengths of ours may be beside those of the best of the others, on the outages that both saw. */
export interface LengthReach {
  /** Which outages. */
  readonly words: string;
  readonly of: (outcome: Outcome) => boolean;
  /** Of the error at p99. */
  readonly most: number;
  readonly reach: string;
}

export function lengthVerdict(seen: readonly Seen[], { words, of, most, reach }: LengthReach): Row {
  const [ours, ...others] = seen as [Seen, ...Seen[]];
  const mine = ours.tally.outcomes.filter((outcome) => isSeen(outcome) && of(outcome));
  const beside = others
    .map(({ tool, tally }) => {
      const both = mine.flatMap((outcome) => {
        const theirs = tally.outcomes.find(({ outage }) => outage === outcome.outage);
        return theirs !== undefined && isSeen(theirs) ? [{ outcome, theirs }] : [];
      });
      return {
        name: tool.name,
        mine: errorsOf(both.map(({ outcome }) => outcome)),
        theirs: errorsOf(both.map(({ theirs }) => theirs)),
      };
    })
    .filter(({ theirs }) => theirs.length > 0)
    .sort((a, b) => quantiles(a.theirs).p99 - quantiles(b.theirs).p99);
  const [best] = beside;
  const what = `error of the length, ${words}; beside the best of the others`;
  if (best === undefined) return { what, found: 'no other saw one', reach, reached: null, figures: {} };
  const [own, their] = [quantiles(best.mine), quantiles(best.theirs)];
  return {
    what,
    found:
      `${best.name}, on the ${String(best.mine.length)} that both saw: p50 ${own.p50.toFixed(1)} against ` +
      `${their.p50.toFixed(1)} ms, p99 ${own.p99.toFixed(1)} against ${their.p99.toFixed(1)} ms: ${(own.p99 / their.p99).toFixed(2)} times`,
    reach,
    reached: own.p99 <= their.p99 * most,
    figures: {
      p50Ms: own.p50,
      p99Ms: own.p99,
      bestP50Ms: their.p50,
      bestP99Ms: their.p99,
      errorsMs: best.mine,
      bestErrorsMs: best.theirs,
    },
  };
}
