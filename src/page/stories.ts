/**
 * Incidents as stories, day by day: services that fell together are one story, and a service that flaps is one line. Pure;
 * bounded memory. Times in milliseconds since the epoch; days are those of UTC, and a gap belongs to the day on which it ended.
 */
import { count, list, showDuration, showGap } from '../core/format.ts';
import { TOGETHER_MS } from '../core/incidents.ts';
import type { GapFacts, Note as Published } from '../core/messages.ts';
import type { Reason } from '../core/model.ts';
import { DAY_MS } from '../core/uptime.ts';
import { mainReason, REASON_WORDS } from './page-text.ts';

/** So many gaps of a service, with no more than this between two of them, are flapping. */
const FLAPPING = 5;
const FLAP_MS = 600_000;
/** Gaps kept of each day: the newest. */
const KEPT = 1000;
const DAYS = 91;
/** Services that are named one by one. */
const NAMED = 3;

/** A gap that ended, with its number. */
export interface PastGap extends GapFacts {
  readonly seq: number;
  readonly service: string;
}

/** What a person wrote for all readers. */
export type Note = Pick<Published, 'id' | 'kind' | 'from' | 'to' | 'services' | 'text'>;

/** A service that is down now. */
export interface Fall {
  readonly service: string;
  readonly from: number;
  /** How long it has been seen down since. */
  readonly downMs: number;
  readonly reason: Reason | null;
}

export interface Story {
  /** The number of its first gap; the names and the time of what goes on, or is only a note. */
  readonly key: string;
  readonly from: number;
  /** When the newest part of it began: of what flaps its last gap, of anything else `from`. */
  readonly newest: number;
  /** Null while it goes on. */
  readonly to: number | null;
  /** While it goes on: how long the service that was seen down for longest was. */
  readonly downMs?: number;
  readonly services: readonly string[];
  /** The longest first; empty while it goes on. */
  readonly gaps: readonly PastGap[];
  readonly isFlapping: boolean;
  readonly isPlanned: boolean;
  readonly reason: Reason | null;
  readonly notes: readonly Note[];
}

/** The gaps that are known, by the day on which they ended. */
export class Stories {
  readonly #days = new Map<number, Map<string, PastGap>>();
  readonly #grouped = new Map<number, { readonly notes: readonly Note[]; readonly stories: readonly Story[] }>();

  add(gap: PastGap): void {
    const day = midnightOf(gap.to);
    const known = this.#days.get(day) ?? new Map<string, PastGap>();
    known.set(`${String(gap.seq)} ${gap.service}`, gap);
    if (known.size > KEPT) {
      const oldest = [...known].reduce((a, b) => (b[1].to < a[1].to ? b : a));
      known.delete(oldest[0]);
    }
    this.#days.set(day, known);
    this.#grouped.delete(day);
    if (this.#days.size > DAYS) this.#days.delete(Math.min(...this.#days.keys()));
  }

  /** How many gaps are known of a day. */
  count(day: number): number {
    return this.#days.get(day)?.size ?? 0;
  }

  /** The stories that ended on a day, that with the newest gap first. @param day its midnight */
  of(day: number, notes: readonly Note[]): readonly Story[] {
    const known = this.#grouped.get(day);
    if (known?.notes === notes) return known.stories;
    const found = storiesOf([...(this.#days.get(day)?.values() ?? [])], notes);
    const without = notes.filter(
      (note) =>
        note.kind !== 'info' &&
        note.to !== null &&
        midnightOf(note.to) === day &&
        !found.some((story) => story.notes.includes(note)),
    );
    const stories = [...found, ...without.map(noteAlone)].sort((a, b) => b.newest - a.newest);
    this.#grouped.set(day, { notes, stories });
    return stories;
  }
}

/** The midnight (UTC) before a moment. */
export function midnightOf(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

/** What goes on: services that fell together, the newest first. */
export function ongoing(falls: readonly Fall[], notes: readonly Note[]): Story[] {
  return together(falls)
    .map((group) => {
      const from = Math.min(...group.map((fall) => fall.from));
      const downMs = Math.max(...group.map((fall) => fall.downMs));
      const services = group.map(({ service }) => service);
      const about = notesFor(services, from, Infinity, notes);
      const isPlanned = about.some(({ kind }) => kind === 'maintenance');
      const key = `${services.join()} ${String(from)}`;
      const reason = group[0]?.reason ?? null;
      return {
        key,
        from,
        newest: from,
        to: null,
        downMs,
        services,
        gaps: [],
        isFlapping: false,
        isPlanned,
        reason,
        notes: about,
      };
    })
    .reverse();
}

/** The notes that concern the present: those that go on, and maintenance to come, the next one first. */
export function currentNotes(notes: readonly Note[], now: number): Note[] {
  return notes
    .filter(({ kind, from, to }) => (to === null || to > now) && (from <= now || kind === 'maintenance'))
    .sort((a, b) => a.from - b.from);
}

/** Whether a service is under maintenance at a moment. */
export function isMaintained(service: string, notes: readonly Note[], at: number): boolean {
  return notes.some((note) => note.kind === 'maintenance' && concerns(note, [service], at, at));
}

/** `web`, `web, api and db`, `web, api, db and 9 more`. */
export function whoOf(services: readonly string[]): string {
  if (services.length === 0) return 'All services';
  if (services.length <= NAMED) return list(services);
  return `${services.slice(0, NAMED).join(', ')} and ${String(services.length - NAMED)} more`;
}

/** How long it took, in words. */
export function whatOf({ gaps, to, downMs = 0, isFlapping, services }: Story): string {
  const [longest] = gaps;
  if (to === null) return `down for ${showDuration(downMs)} so far`;
  if (longest === undefined) return '';
  if (isFlapping) {
    const allMs = gaps.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return `flapping: ${count(gaps.length, 'gap')}, down for ${showDuration(allMs)} in all`;
  }
  return `down${services.length > 1 ? ', the longest' : ''} for ${showGap(longest)}`;
}

/** Why, in few words; a note says it better. */
export function whyOf({ reason, notes }: Story): string {
  return notes[0]?.text ?? (reason === null ? '' : REASON_WORDS[reason]);
}

function storiesOf(gaps: readonly PastGap[], notes: readonly Note[]): Story[] {
  const flapping: PastGap[][] = [];
  const single: PastGap[] = [];
  for (const run of runsOf(gaps)) {
    if (run.length < FLAPPING) single.push(...run);
    else flapping.push(run);
  }
  return [
    ...together(single).map((group) => storyOf(group, notes, false)),
    ...overlapping(flapping).map((group) => storyOf(group, notes, true)),
  ];
}

/** The gaps of each service, divided where it was up for a while. */
function runsOf(gaps: readonly PastGap[]): PastGap[][] {
  const runs: PastGap[][] = [];
  const last = new Map<string, PastGap[]>();
  for (const gap of gaps.toSorted((a, b) => a.from - b.from)) {
    const run = last.get(gap.service);
    if (run !== undefined && gap.from - (run.at(-1)?.to ?? 0) <= FLAP_MS) run.push(gap);
    else {
      const fresh = [gap];
      runs.push(fresh);
      last.set(gap.service, fresh);
    }
  }
  return runs;
}

/** Groups of what began within a second, each service once. In the order of time. */
function together<T extends { readonly from: number; readonly service: string }>(all: readonly T[]): T[][] {
  const groups: T[][] = [];
  for (const one of all.toSorted((a, b) => a.from - b.from)) {
    const near = groups.findLast(
      (group) =>
        one.from - (group[0]?.from ?? -Infinity) <= TOGETHER_MS &&
        group.every(({ service }) => service !== one.service),
    );
    if (near === undefined) groups.push([one]);
    else near.push(one);
  }
  return groups;
}

/** Services that flapped at the same time. */
function overlapping(runs: readonly PastGap[][]): PastGap[][] {
  const groups: PastGap[][] = [];
  let end = -Infinity;
  for (const run of runs.toSorted((a, b) => (a[0]?.from ?? 0) - (b[0]?.from ?? 0))) {
    const last = groups.at(-1);
    if (last !== undefined && (run[0]?.from ?? 0) <= end) last.push(...run);
    else groups.push([...run]);
    end = Math.max(end, run.at(-1)?.to ?? 0);
  }
  return groups;
}

function storyOf(gaps: readonly PastGap[], notes: readonly Note[], isFlapping: boolean): Story {
  const byTime = gaps.toSorted((a, b) => a.from - b.from || a.seq - b.seq);
  const longestFirst = gaps.toSorted((a, b) => b.durationMs - a.durationMs);
  const services = [...new Set(byTime.map(({ service }) => service))];
  const from = byTime[0]?.from ?? 0;
  const to = Math.max(...gaps.map((gap) => gap.to));
  const about = notesFor(services, from, to, notes);
  const [longest] = longestFirst;
  return {
    key: String(Math.min(...gaps.map(({ seq }) => seq))),
    ...{ from, to, services, gaps: longestFirst, isFlapping, notes: about },
    newest: isFlapping ? (byTime.at(-1)?.from ?? from) : from,
    isPlanned: gaps.every(({ planned, service, from }) => planned ?? isMaintained(service, notes, from)),
    reason: longest === undefined ? null : mainReason(longest),
  };
}

function noteAlone(note: Note): Story {
  const { id, from, to, services, kind } = note;
  const isPlanned = kind === 'maintenance';
  const story = {
    from,
    newest: from,
    to,
    services,
    gaps: [],
    isFlapping: false,
    isPlanned,
    reason: null,
    notes: [note],
  };
  return { key: `note ${id}`, ...story };
}

function notesFor(services: readonly string[], from: number, to: number, notes: readonly Note[]): Note[] {
  return notes.filter((note) => note.kind !== 'info' && concerns(note, services, from, to));
}

function concerns(note: Note, services: readonly string[], from: number, to: number): boolean {
  const isThen = note.from <= to && (note.to ?? Infinity) >= from;
  return isThen && (note.services.length === 0 || note.services.some((name) => services.includes(name)));
}
