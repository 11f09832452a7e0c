/** Draws what happened, one entry per line. Pure. */
import { count, showClock, showDuration, showLostWrites, showNote, showSlow } from '../core/format.ts';
import type { Identity } from '../core/messages.ts';
import { withMessage } from '../core/reasons.ts';
import { showFall, showRecovery, type Incident } from '../core/incidents.ts';
import type { Glyphs } from './terminal-traits.ts';
import type { Grid, Span } from './cell-grid.ts';
import type { Entry } from './event-list.ts';
import type { SourceState } from './dashboard-model.ts';
import { widthOf } from '../core/text-width.ts';
import type { Place } from './view-strip.ts';

/** Names that are listed after "4 services down". */
const NAMED = 6;

/** Draws the newest entries, the newest first. */
export function drawEntries(
  grid: Grid,
  { x, y, width, height }: Place,
  entries: readonly Entry[],
  sources: readonly SourceState[],
  glyphs: Glyphs,
): void {
  const widest = sources.length > 1 ? Math.max(...sources.map(({ vantage }) => widthOf(vantage))) : 0;
  entries.slice(0, height).forEach((entry, line) => {
    let at = grid.put(x, y + line, `${showClock(entry.at)}  `, 'dim', width);
    if (widest > 0) {
      grid.put(at, y + line, sources[entry.source]?.vantage ?? '', 'dim');
      at += widest + 2;
    }
    grid.spans(at, y + line, spansOf(entry, glyphs), width - (at - x));
  });
}

function spansOf(entry: Entry, glyphs: Glyphs): Span[] {
  switch (entry.kind) {
    case 'fall':
      return [[`${glyphs.states.down} ${showFall(entry.incident)}`, 'down'], ...why(entry.incident)];
    case 'recovery': {
      const { incident } = entry;
      const sign = `${glyphs.recovered} `;
      return [[sign, 'up'], [showRecovery(incident) ?? '', 'plain'], ...found(incident)];
    }
    case 'unobserved': {
      const { services, reason, to } = entry.span;
      const [first] = services;
      const who = services.size === 1 ? (first ?? '') : count(services.size, 'service');
      const until = to === null ? 'not observed' : `not observed for ${showDuration(to - entry.at)}`;
      return [
        [`${glyphs.states.unobserved} ${who} ${until}`, 'unobserved'],
        [`  ${reason}`, 'dim'],
      ];
    }
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

/** What the failed probes of a single service's gap found. */
function found({ falls, gaps }: Incident): Span[] {
  const gap = gaps.get(falls[0]?.service ?? '');
  if (falls.length !== 1 || gap === undefined) return [];
  const reasons = gap.reasons.map((each) => each.reason).join(', ');
  return [[`  ${count(gap.failed, 'probe')} failed: ${reasons}`, 'dim']];
}
