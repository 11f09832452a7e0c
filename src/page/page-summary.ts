/** The overall sentence: how all services are, in words that claim no more than is known. Pure. */
import { count, countServices, showDuration, showGap, showGrain, STATE_WORDS } from '../core/format.ts';
import type { GapFacts } from '../core/messages.ts';
import type { BoardService } from '../core/board.ts';
import { type Reason, type ServiceInfo, WORST_FIRST, type State } from '../core/model.ts';
import { mainReason, REASON_WORDS, showWhen } from './page-text.ts';

/** What the summary needs of each service. */
export type SummaryFacts = Pick<BoardService, 'name' | 'status' | 'since' | 'reason' | 'gaps'> & {
  readonly info: Pick<ServiceInfo, 'intervalMs'>;
  /** It is under maintenance, as was announced. */
  readonly isMaintained?: boolean;
  /** The gap that goes on, as far as was seen; null where none does. */
  readonly openGap?: ReturnType<BoardService['gapSoFar']>;
};

/** A line below the sentence; the service that it is about may be looked up. */
interface Line {
  readonly service: string | null;
  readonly text: string;
}

/** A state, or that all that is not up is under maintenance. */
export type Tone = State | 'maintenance';

/** What is above the services. */
export interface Summary {
  /** The worst of what is known. */
  readonly tone: Tone;
  /** Short: it is set in large letters. */
  readonly sentence: string;
  /** What the sentence leaves out, as another one; empty where it leaves out nothing. */
  readonly rest: string;
  /** What there is to know beside, the most important first. */
  readonly lines: readonly Line[];
}

/** Lines there are at most. */
const LINES = 3;
/** A gap that ended within this time is recent: the longest of these is worth a line, and not the last one. */
const RECENT_MS = 86_400_000;
/** Further services that are named in one line. */
const NAMED = 5;

/**
 * Sums up.
 * @param old whether the connection is broken: then it was so
 * @param startedAt since when the monitor watches; null while gaps of before are not known
 */
export function summarise(
  services: readonly SummaryFacts[],
  now: number,
  old: boolean,
  startedAt: number | null,
): Summary {
  const of = (status: State): SummaryFacts[] => services.filter((service) => service.status === status);
  const down = of('down')
    .map((one) => ({ ...one, since: one.openGap?.from ?? one.since }))
    .sort((a, b) => a.since - b.since);
  const partial = of('partial').sort((a, b) => a.since - b.since);
  const unobserved = of('unobserved');
  const unknown = of('unknown').length;
  const worst = WORST_FIRST.find((state) => of(state).length > 0) ?? 'unknown';
  const maintained = services.filter(({ isMaintained }) => isMaintained);
  const isPlanned =
    worst !== 'up' && maintained.length > 0 && services.every((one) => one.status === 'up' || one.isMaintained);
  const tone = isPlanned ? 'maintenance' : worst;
  const counts = { down: down.length, partial: partial.length, unobserved: unobserved.length, unknown };
  const { sentence, ...more } = sentencesOf(services, counts, old);
  const rest = [more.rest, maintenanceOf(maintained.length, old)].filter((part) => part !== '').join(', ');
  return {
    tone,
    sentence: isPlanned ? `Maintenance: ${sentence}` : sentence,
    rest,
    lines:
      down.length + partial.length > 0
        ? [...downLines([...down, ...partial], now, rest === '' ? LINES : LINES - 1), ...restLine(rest)]
        : [...restLine(rest), ...quietLines(services, unobserved, now, startedAt)],
  };
}

interface Past {
  readonly name: string;
  readonly gap: GapFacts;
}

function sentencesOf(
  services: readonly SummaryFacts[],
  { down, partial, unobserved, unknown }: Readonly<Record<'down' | 'partial' | 'unobserved' | 'unknown', number>>,
  old: boolean,
): Pick<Summary, 'sentence' | 'rest'> {
  const n = services.length;
  const [only] = services;
  const is = old ? 'was' : 'is';
  const are = old ? 'were' : 'are';
  if (only === undefined) return { sentence: 'No service is watched', rest: '' };
  if (n === 1) {
    const { name, status } = only;
    if (status === 'unknown') return { sentence: `${name} has not answered yet`, rest: '' };
    return { sentence: `${name} ${is} ${STATE_WORDS[status].toLowerCase()}`, rest: '' };
  }
  const whole = countServices(services.map(({ name }) => name));
  const noun = whole === count(n, 'service') ? 'services' : 'connections';
  const all = `All ${whole} ${are}`;
  if (down === n) return { sentence: `${all} down`, rest: '' };
  if (unobserved === n) return { sentence: `No service ${is} observed`, rest: '' };
  if (unknown === n) return { sentence: 'No service has answered yet', rest: '' };
  if (partial === n) return { sentence: `${all} partly up`, rest: '' };
  const rest = restOf(down > 0 ? partial : 0, unobserved, unknown, old);
  if (down > 0) return { sentence: `${ofAll(down, n, noun, old)} down`, rest };
  if (partial > 0) return { sentence: `${ofAll(partial, n, noun, old)} partly up`, rest };
  if (rest === '') return { sentence: `${all} up`, rest };
  return { sentence: `${ofAll(n - unobserved - unknown, n, noun, old)} up`, rest };
}

function maintenanceOf(n: number, old: boolean): string {
  return n === 0 ? '' : `${String(n)} ${old ? (n === 1 ? 'was' : 'were') : n === 1 ? 'is' : 'are'} under maintenance`;
}

function ofAll(part: number, all: number, noun: string, old: boolean): string {
  const verb = old ? (part === 1 ? 'was' : 'were') : part === 1 ? 'is' : 'are';
  return `${String(part)} of ${String(all)} ${noun} ${verb}`;
}

function restOf(partial: number, unobserved: number, unknown: number, old: boolean): string {
  const are = (number: number): string => (old ? (number === 1 ? 'was' : 'were') : number === 1 ? 'is' : 'are');
  return [
    ...(partial > 0 ? [`${String(partial)} ${are(partial)} partly up`] : []),
    ...(unobserved > 0 ? [`${String(unobserved)} ${are(unobserved)} not observed`] : []),
    ...(unknown > 0 ? [`${String(unknown)} ${unknown === 1 ? 'has' : 'have'} not answered yet`] : []),
  ].join(', ');
}

function restLine(rest: string): Line[] {
  return rest === '' ? [] : [{ service: null, text: `${rest}.` }];
}

function because(reason: Reason | null): string {
  return reason === null ? '' : ` – ${REASON_WORDS[reason]}`;
}

/** @param room for so many lines */
function downLines(down: readonly SummaryFacts[], now: number, room: number): Line[] {
  const listed = down.slice(0, down.length > room ? room - 1 : room);
  const lines: Line[] = listed.map(({ name, since, reason, openGap }) => ({
    service: name,
    text: `since ${showWhen(since, now)}, for ${showDuration(openGap?.downMs ?? Math.max(0, now - since))}${because(reason)}`,
  }));
  const more = down.slice(listed.length);
  if (more.length === 0) return lines;
  const named = more.slice(0, NAMED);
  const [first, ...others] = named.map(({ since }) => showWhen(since, now));
  // Of one time it is named once: that leaves room for names.
  const together = others.every((time) => time === first) && more.length > 1 ? ` since ${first ?? ''}` : '';
  const names = named.map(({ name, since }) => (together === '' ? `${name} since ${showWhen(since, now)}` : name));
  const text = `and ${String(more.length)} more${together}: ${names.join(', ')}${more.length > names.length ? ', …' : ''}`;
  return [...lines, { service: null, text }];
}

function quietLines(
  services: readonly SummaryFacts[],
  unobserved: readonly SummaryFacts[],
  now: number,
  startedAt: number | null,
): Line[] {
  const lines: Line[] = [];
  const [first] = unobserved;
  if (first !== undefined)
    lines.push({
      service: first.name,
      text: `not observed since ${showWhen(first.since, now)}${because(first.reason)}`,
    });
  const wasDown = unobserved.filter(({ openGap = null }) => openGap !== null);
  const [lost] = wasDown;
  if (lost !== undefined) {
    const others = wasDown.length === 1 ? '' : `, as ${count(wasDown.length - 1, 'other')}`;
    return [...lines, { service: lost.name, text: `was down when it was last observed${others}` }];
  }
  const gaps = services.flatMap(({ name, gaps }) => gaps.map((gap) => ({ name, gap })));
  const recent = gaps.filter(({ gap }) => gap.to > now - RECENT_MS);
  const shown =
    recent.length > 0
      ? recent.reduce((longest, one) => (one.gap.durationMs > longest.gap.durationMs ? one : longest))
      : gaps.reduce<Past | null>((last, one) => (last === null || one.gap.to > last.gap.to ? one : last), null);
  if (shown !== null) {
    const { name, gap } = shown;
    const which = recent.length > 1 ? 'the longest gap of the last 24 h' : 'the last gap';
    const when = `${showWhen(gap.from, now)}, ${showDuration(Math.max(0, now - gap.to))} ago`;
    lines.push({ service: name, text: `had ${which}: ${showGap(gap)} at ${when}${because(mainReason(gap))}` });
  } else if (services.length > 0 && startedAt !== null) {
    const intervalMs = services.reduce((most, { info }) => Math.max(most, info.intervalMs), 0);
    lines.push({
      service: null,
      text: `No gap since monitoring began, ${showWhen(startedAt, now)}${showGrain(intervalMs)}`,
    });
  }
  return lines;
}
