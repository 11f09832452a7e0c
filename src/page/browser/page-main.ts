/** The status page: shows what comes over the feed, as it comes. */
import { announcement, showShortDay, staleText, unreachableText, type Change } from '../page-text.ts';
import type { BoardService } from '../../core/board.ts';
import { summarise, type Summary, type SummaryFacts } from '../page-summary.ts';
import { Announcer, Hero, Top } from './page-header.ts';
import { byId, setData, setHidden, setText } from './dom.ts';
import { Feed } from './page-feed.ts';
import { type Frame, type Theme, watchTheme } from './paint.ts';
import { ServiceList } from './service-list.ts';
import { IncidentList, Notices } from './incident-list.ts';
import { NewsList } from './news-list.ts';
import { readAddress, setAddress } from './address.ts';
import { DAYS, daysShown } from '../page-days.ts';
import { Pacer } from './page-pacer.ts';
import { Zoom } from './zoom.ts';

/** A shorter break is not worth mentioning. */
const GRACE_MS = 1000;
/** Between two drawings while nothing changes: where a pixel is less than a second, and otherwise. */
const FAST_MS = 250;
const SLOW_MS = 1000;

const OVERLOADED = { service: null, text: 'The monitor is overloaded: short outages may be missing.' };

const axis = byId('axis', HTMLElement);
const board = byId('board', HTMLElement);
const news = byId('news', HTMLElement);
const foot = byId('foot', HTMLElement);
const incidents = byId('incidents', HTMLElement);
const keptSince = byId('kept-since', HTMLElement);
const calm = matchMedia('(prefers-reduced-motion: reduce)');

let theme: Theme | null = null;
let wasOld = false;

const pacer = new Pacer(draw);
const soon = (): void => {
  pacer.soon();
};
const feed = new Feed({
  changed: (changes) => {
    announcer.add(changes);
    soon();
  },
});
const announcer = new Announcer<Change>((changes) => announcement(changes, spoken()));
const list = new ServiceList(soon, (service) => {
  setAddress('service', service);
});
const hero = new Hero((service) => {
  setAddress('service', service);
  list.reveal(service);
});
const top = new Top(() => {
  feed.retryNow();
});
const newsList = new NewsList(soon);
const zoom = new Zoom(pace);
const incidentList = new IncidentList(soon);
const notices = new Notices();
/** Whether what the address names at the beginning is to be shown yet. */
let isToShow = true;

watchTheme((read) => {
  theme = read;
  soon();
});
new ResizeObserver(soon).observe(axis);
calm.addEventListener('change', pace);
document.addEventListener('visibilitychange', soon);
window.addEventListener('popstate', showNamed);
window.addEventListener('beforeprint', () => {
  list.openAll();
  incidentList.openAll();
  draw();
});
pace();

function pace(): void {
  pacer.every(zoom.chosen.spanMs <= 60_000 && !calm.matches ? FAST_MS : SLOW_MS);
}

/** Shows what the address names. */
function showNamed(): void {
  const named = readAddress();
  list.openOnly(named?.kind === 'service' ? named.name : null);
  if (named?.kind !== 'incident') return;
  void incidentList.show(named.name).then((isKnown) => {
    if (!isKnown) announcer.say('That incident is not known, or not kept any more.');
  });
}

/** Returns whether there was anything to draw. */
function draw(): boolean {
  feed.checkSilence();
  const { state, connection } = feed;
  const now = feed.clock.now();
  const old = isOld();
  if (old !== wasOld) announcer.say(old ? staleText(connection, now) : `Connected again. ${spoken()}`);
  wasOld = old;
  setData(document.body, 'old', String(old));
  top.draw(connection, state, now);
  if (state.monitor === null) {
    if (connection.status === 'broken') hero.draw(unreachable(), true);
    return connection.status === 'broken';
  }
  hero.draw(summaryNow(), old);
  if (document.hidden || theme === null) return true;
  setHidden(board, false);
  const { spanMs, name: spanName } = zoom.chosen;
  const knownUntil = connection.status === 'live' ? now : Math.min(now, connection.lastMessageAt);
  const frame: Frame = {
    now,
    knownUntil,
    old,
    knowsPast: state.knowsPast,
    spanMs,
    spanName,
    days: daysShown(state.keptSince, now),
    width: axis.clientWidth,
    density: devicePixelRatio,
    theme,
  };
  list.draw(state, frame);
  const isWhole = state.keptSince <= now - frame.days * 86_400_000 + 86_400_000 && frame.days === DAYS;
  setText(
    keptSince,
    isWhole || !Number.isFinite(state.keptSince)
      ? `${String(frame.days)} days ago`
      : `kept since ${showShortDay(state.keptSince)}`,
  );
  notices.draw(state.notes, now);
  newsList.draw(state.news.entries(knownUntil, newsList.wanted), now);
  // What comes later moves nothing: it is there when the section is shown.
  if (!feed.gapsKnown || !feed.daysKnown) return true;
  incidentList.draw({ state, now: knownUntil, load: (day) => feed.loadDay(day) });
  setHidden(incidents, false);
  setHidden(news, false);
  setHidden(foot, false);
  if (isToShow) {
    isToShow = false;
    if (readAddress() !== null) showNamed();
  }
  return true;
}

function isOld(): boolean {
  const { state, clock, connection } = feed;
  return connection.status === 'broken' && state.monitor !== null && clock.now() - connection.lastMessageAt > GRACE_MS;
}

function summaryNow(): Summary {
  const { state, connection, clock } = feed;
  const now = clock.now();
  const old = isOld();
  const at = old ? connection.lastMessageAt : now;
  const facts = state.services.map((service) => factsOf(service, state.isMaintained(service.name, at), at));
  const summary = summarise(facts, at, old, state.knowsPast ? (state.monitor?.startedAt ?? now) : null);
  const lines = [
    ...(old ? [{ service: null, text: staleText(connection, now) }] : []),
    ...(state.overloaded ? [OVERLOADED] : []),
    ...summary.lines,
  ];
  return { ...summary, lines };
}

function factsOf(service: BoardService, isMaintained: boolean, until: number): SummaryFacts {
  const { name, status, since, reason, gaps, info } = service;
  return { name, status, since, reason, gaps, info, isMaintained, openGap: service.gapSoFar(until) };
}

function spoken(): string {
  const { sentence, rest } = summaryNow();
  return rest === '' ? `${sentence}.` : `${sentence}; ${rest}.`;
}

function unreachable(): Summary {
  const { connection, clock } = feed;
  const text = unreachableText(connection, clock.now());
  return { tone: 'unknown', sentence: 'No connection', rest: '', lines: [{ service: null, text }] };
}
