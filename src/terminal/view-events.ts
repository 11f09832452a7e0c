/** Draws what happened, one entry per line. Pure. */
import { count, countServices, showClock, showDuration, showLostWrites, showNote, showSlow } from '../core/format.ts';
import { isAbout, type Identity } from '../core/messages.ts';
import { withMessage } from '../core/reasons.ts';
import { showFall, showRecovery, type Incident } from '../core/incidents.ts';
import type { Glyphs } from './terminal-traits.ts';
import type { Grid, Span } from './cell-grid.ts';
import type { Entry, UnobservedSpan } from './event-list.ts';
import type { Occasion, Ui } from './key-bindings.ts';
import type { SourceState } from './dashboard-model.ts';
import { widthOf } from '../core/text-width.ts';
import type { Place } from './view-strip.ts';

/** Names that are listed after "4 services down". */
const NAMED = 6;

/** Whether an entry is about one of some services; what is of no service, as a mark is, is about each. */
export function isEntryAbout(entry: Entry, has: (service: string) => boolean): boolean {
  if (entry.kind === 'incident') return Array.from(entry.incident.services).some(has);
  if (entry.kind === 'unobserved') return Array.from(entry.span.services).some(has);
  return entry.kind === 'note' || isAbout(entry.event, has);
}

/** What opening an entry shows: its service, the one with the longest gap of several, and its time. */
export function occasionOf(entry: Entry, now: number): Occasion & { readonly id: number } {
  const { id, at } = entry;
  if (entry.kind === 'incident') {
    const { falls, gaps, from, open } = entry.incident;
    const durationOf = ({ service }: { service: string }): number => gaps.get(service)?.durationMs ?? Infinity;
    const longest = falls.toSorted((a, b) => durationOf(b) - durationOf(a))[0];
    const to = open > 0 ? now : at;
    return { id, service: longest?.service ?? null, from, to };
  }
  if (entry.kind === 'unobserved') {
    const { services, open, to } = entry.span;
    return { id, service: [...services][0] ?? null, from: at, to: open.size > 0 || to === null ? now : to };
  }
  const service = entry.kind === 'event' && 'service' in entry.event ? entry.event.service : null;
  const from = entry.kind === 'event' && entry.event.type === 'slow' ? entry.event.from : at;
  return { id, service, from, to: at };
}

/**
 * Draws the newest entries, the newest first, or older ones so that the selected one is seen.
 * @returns which entry each line of the screen shows
 */
export function drawEntries(
  grid: Grid,
  { x, y, width, height }: Place,
  entries: readonly Entry[],
  { entry: selected, gap }: Pick<Ui, 'entry' | 'gap'>,
  sources: readonly SourceState[],
  glyphs: Glyphs,
): Map<number, number> {
  const widest = sources.length > 1 ? Math.max(...sources.map(({ vantage }) => widthOf(vantage))) : 0;
  const isSelected = (entry: Entry): boolean =>
    selected === null
      ? gap !== null && entry.kind === 'incident' && entry.incident.gaps.get(gap.service)?.from === gap.from
      : entry.id === selected;
  const chosen = selected === null && gap === null ? -1 : entries.findIndex(isSelected);
  const top = Math.max(0, chosen - height + 1);
  const entryAt = new Map<number, number>();
  entries.slice(top, top + Math.max(0, height)).forEach((entry, index) => {
    const line = y + index;
    entryAt.set(line, entry.id);
    if (top + index === chosen) grid.put(x - 1, line, glyphs.selected, 'accent');
    let at = grid.put(x, line, `${showClock(entry.at)}  `, top + index === chosen ? 'accent' : 'dim', width);
    if (widest > 0) {
      grid.put(at, line, sources[entry.source]?.vantage ?? '', 'dim');
      at += widest + 2;
    }
    grid.spans(at, line, spansOf(entry, glyphs), width - (at - x));
  });
  return entryAt;
}

function spansOf(entry: Entry, glyphs: Glyphs): Span[] {
  switch (entry.kind) {
    case 'incident': {
      const { incident } = entry;
      const seen = [...incident.gaps.values()].filter(({ failed }) => failed > 0).length;
      if (incident.open === 0) {
        // The event of its end was missed: a gap has at least one failed probe.
        if (seen < incident.gaps.size)
          return [[`${glyphs.note} ${showFall(incident)}, the end was not seen`, 'dim'], ...why(incident)];
        return [[`${glyphs.recovered} `, 'up'], [showRecovery(incident) ?? '', 'plain'], ...found(incident)];
      }
      const again = seen === 0 ? '' : `, ${String(seen)} up again`;
      return [[`${glyphs.states.down} ${showFall(incident)}${again}`, 'down'], ...why(incident)];
    }
    case 'unobserved':
      return [
        [`${glyphs.states.unobserved} ${showUnobserved(entry.span, entry.at)}`, 'unobserved'],
        [`  ${entry.span.reason}`, 'dim'],
      ];
    case 'note':
      return [[`${glyphs.note} ${entry.text}`, 'dim']];
    case 'event':
      return spansOfEvent(entry.event, glyphs);
  }
}

function spansOfEvent(event: (Entry & { kind: 'event' })['event'], glyphs: Glyphs): Span[] {
  switch (event.type) {
    case 'mark':
      return [[`${glyphs.mark} ${event.text}`, 'mark']];
    case 'note':
      return [[`${glyphs.mark} ${showNote(event)}`, 'mark']];
    case 'connection-lost':
      return [
        [`${glyphs.lost} ${event.service} lost its kept connection`, 'ahead'],
        [`  ${withMessage(event.reason, event.message)}`, 'dim'],
      ];
    case 'identity':
      return [
        [
          `${glyphs.identity} ${event.service} ${event.what === undefined ? 'is another process' : `has another ${event.what}`} now`,
          'accent',
        ],
        [`  ${shortId(event.was, event.what)} → ${shortId(event.is, event.what)}`, 'dim'],
      ];
    case 'slow':
      return [
        [`${glyphs.note} ${event.service} was slow for ${showDuration(event.to - event.from)}`, 'ahead'],
        [`  ${showSlow(event)}`, 'dim'],
      ];
    case 'lost-writes':
      return [[`${glyphs.lost} ${event.service}: ${showLostWrites(event.count)}`, 'down']];
  }
}

/** Of a process' name the beginning tells it from another; an address is of use as a whole. */
function shortId(id: string, what: Identity['what']): string {
  return what === 'master' ? id : id.slice(0, 8);
}

/** `3 services not observed for 2.50 s`, `web not observed 4 times within 21.3 s, for 0.42 s in all`. */
function showUnobserved({ services, times, from, to, beforeMs }: UnobservedSpan, at: number): string {
  const [first = ''] = services;
  const who = services.size === 1 ? first : countServices([...services]);
  if (to === null) return `${who} not observed`;
  if (times === 1) return `${who} not observed for ${showDuration(to - from)}`;
  const within = showDuration(Math.max(from, to) - at);
  return `${who} not observed ${String(times)} times within ${within}, for ${showDuration(beforeMs + Math.max(0, to - from))} in all`;
}

/** Why the services of an incident fell. */
function why({ falls }: Incident): Span[] {
  const first = falls[0];
  if (first === undefined) return [];
  if (falls.length === 1) return [[`  ${withMessage(first.reason ?? 'error', first.message)}`, 'dim']];
  const reasons = [...new Set(falls.map(({ reason }) => reason ?? 'error'))].join(', ');
  const names = falls.slice(0, NAMED).map(({ service }) => service);
  if (falls.length > NAMED) names.push(`and ${String(falls.length - NAMED)} more`);
  return [[`  ${reasons}: ${names.join(', ')}`, 'dim']];
}

/** What the failed probes of a single service's gap found; why several fell. */
function found(incident: Incident): Span[] {
  const { falls, gaps } = incident;
  const gap = gaps.get(falls[0]?.service ?? '');
  if (falls.length !== 1 || gap === undefined) return why(incident);
  const reasons = gap.reasons.map((each) => each.reason).join(', ');
  return [[`  ${count(gap.failed, 'probe')} failed: ${reasons}`, 'dim']];
}
