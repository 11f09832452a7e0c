/** The status page: shows what the feed tells, as it tells it. */
import { announcement, oldWords, unreachableWords } from '../page-text.ts';
import type { Change } from '../page-state.ts';
import { summarise, type Summary } from '../page-summary.ts';
import { Announcer, Hero, Top } from './page-header.ts';
import { byId, setData, setHidden } from './dom.ts';
import { Feed } from './page-feed.ts';
import { type Frame, type Theme, watchTheme } from './paint.ts';
import { ServiceList } from './service-list.ts';
import { NewsList } from './news-list.ts';
import { Pacer } from './page-pacer.ts';
import { Zoom } from './zoom.ts';

/** A break that is over sooner is not worth a word. */
const GRACE_MS = 1000;
/** Between two drawings while nothing changes: where a pixel is less than a second, and otherwise. */
const FAST_MS = 250;
const SLOW_MS = 1000;

const OVERLOADED = { service: null, text: 'This monitor can not hold its rate: short gaps may be missed.' };

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
  const { picture, state } = feed;
  const now = feed.clock.now();
  const old = isOld();
  if (old !== wasOld) announcer.say(old ? oldWords(state, now) : `Connected again. ${spoken()}`);
  wasOld = old;
  setData(document.body, 'old', String(old));
  top.draw(state, picture, now);
  if (picture.monitor === null) {
    if (state.is === 'broken') hero.draw(unreachable(), true);
    return state.is === 'broken';
  }
  hero.draw(summaryNow(), old);
  if (document.hidden || theme === null) return true;
  setHidden(board, false);
  const { spanMs, name: spanName } = zoom.chosen;
  const heard = state.is === 'live' ? now : Math.min(now, state.heard);
  const frame: Frame = { now, heard, old, spanMs, spanName, width: axis.clientWidth, density: devicePixelRatio, theme };
  list.draw(picture, frame);
  newsList.draw(picture.news.entries(picture.open(), heard, newsList.wanted), now);
  setHidden(news, false);
  setHidden(foot, false);
  return true;
}

function isOld(): boolean {
  const { state, clock, picture } = feed;
  return state.is === 'broken' && picture.monitor !== null && clock.now() - state.heard > GRACE_MS;
}

function summaryNow(): Summary {
  const { picture, state, clock } = feed;
  const now = clock.now();
  const old = isOld();
  const summary = summarise(picture.services, old ? state.heard : now, old, picture.monitor?.startedAt ?? now);
  const lines = [
    ...(old ? [{ service: null, text: oldWords(state, now) }] : []),
    ...(picture.overloaded ? [OVERLOADED] : []),
    ...summary.lines,
  ];
  return { ...summary, lines };
}

function spoken(): string {
  const { sentence, rest } = summaryNow();
  return rest === '' ? `${sentence}.` : `${sentence}; ${rest}.`;
}

function unreachable(): Summary {
  const { state, clock } = feed;
  const text = unreachableWords(state, clock.now());
  return { tone: 'unknown', sentence: 'No connection', rest: '', lines: [{ service: null, text }] };
}
