/** The status page: shows what comes over the feed, as it comes. */
import { announcement, staleText, unreachableText } from '../page-text.ts';
import type { Change } from '../page-text.ts';
import { summarise, type Summary } from '../page-summary.ts';
import { Announcer, Hero, Top } from './page-header.ts';
import { byId, setData, setHidden } from './dom.ts';
import { Feed } from './page-feed.ts';
import { type Frame, type Theme, watchTheme } from './paint.ts';
import { ServiceList } from './service-list.ts';
import { NewsList } from './news-list.ts';
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
const list = new ServiceList(soon);
const hero = new Hero((service) => {
  list.reveal(service);
});
const top = new Top(() => {
  feed.retryNow();
});
const newsList = new NewsList(soon);
const zoom = new Zoom(pace);

watchTheme((read) => {
  theme = read;
  soon();
});
new ResizeObserver(soon).observe(axis);
calm.addEventListener('change', pace);
document.addEventListener('visibilitychange', soon);
pace();

function pace(): void {
  pacer.every(zoom.chosen.spanMs <= 60_000 && !calm.matches ? FAST_MS : SLOW_MS);
}

/** Returns whether there was anything to draw. */
function draw(): boolean {
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
    spanMs,
    spanName,
    width: axis.clientWidth,
    density: devicePixelRatio,
    theme,
  };
  list.draw(state, frame);
  newsList.draw(state.news.entries(state.open(), knownUntil, newsList.wanted), now);
  setHidden(news, false);
  setHidden(foot, false);
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
  const summary = summarise(state.services, old ? connection.lastMessageAt : now, old, state.monitor?.startedAt ?? now);
  const lines = [
    ...(old ? [{ service: null, text: staleText(connection, now) }] : []),
    ...(state.overloaded ? [OVERLOADED] : []),
    ...summary.lines,
  ];
  return { ...summary, lines };
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
