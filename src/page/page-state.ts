/**
 * What the page knows of its monitor, from the messages of the feed. The hello says what is; events that it knows of
 * already are only news, and those after it change the state. Pure.
 */
import { byService } from '../core/archive.ts';
import { Board, type BoardService } from '../core/board.ts';
import {
  gapFacts,
  type Event,
  type Hello,
  type Message,
  type MonitorIdentity,
  type ServiceSnapshot,
  type SlowFacts,
  type Transition,
  isEvent,
} from '../core/messages.ts';
import type { Reason } from '../core/model.ts';
import { type Day, knownMs } from '../core/uptime.ts';
import { VantageViews } from '../core/vantage-views.ts';
import { News } from './news.ts';
import { type Fall, isMaintained, type Note, type PastGap, Stories } from './stories.ts';
import type { Change } from './page-text.ts';
import { type DaysAnswer, readDays } from './page-days.ts';
import { type Figures, figuresOf, helloOf, type StatusAnswer } from './page-messages.ts';

/** Where to go on in the feed. */
interface Position {
  readonly after: number;
  readonly monitor: string;
}

type KeptDays = ReadonlyMap<number, Day>;

/** What is known of a service beside its timeline. */
export interface ServiceExtras extends Figures {
  /** The reason of the present state in the monitor's words; null where it gave none. */
  readonly message: string | null;
  /** What each vantage sees, where they don't agree on whether it is up; otherwise null. */
  readonly disagreement: string | null;
  /** What the monitor kept of the last days, by their beginnings. */
  readonly days: KeptDays;
  /** The newest stretches of slow answers whose end came over the feed. */
  readonly slow: readonly SlowFacts[];
}

const NO_DAYS: KeptDays = new Map();
/** Gaps that are shown of a service. */
const GAPS = 20;
/** Stretches of slow answers that are kept of each service: the newest. */
const SLOW = 100;
const NO_SLOW: readonly SlowFacts[] = [];
const NO_FIGURES: Figures = {
  at: 0,
  latency: undefined,
  uptime: { '1h': null, '24h': null, '90d': null },
  observed: { '1h': 0, '24h': 0, '90d': 0 },
};

/** All that the page shows. */
export class PageState {
  readonly news = new News();
  readonly stories = new Stories();
  #notes: readonly Note[] = [];
  #board = new Board();
  #monitor: MonitorIdentity | null = null;
  #figures = new Map<string, Figures>();
  readonly #slow = new Map<string, readonly SlowFacts[]>();
  #days: ReadonlyMap<string, KeptDays> = new Map();
  readonly #views = new VantageViews();
  /** The reasons in the monitor's words, where it gave them. */
  readonly #messages = new Map<string, string | null>();
  #position: Position | null = null;
  /** The newest event that the last hello knows of. */
  #helloSeq = 0;
  #greeted = false;
  /** Since when and why services are not observed. */
  readonly #unobserved = new Map<string, { readonly at: number; readonly reason: Reason | null }>();
  #overloaded = false;

  get services(): readonly BoardService[] {
    return [...this.#board.services.values()];
  }

  /** Null before the first message. */
  get monitor(): MonitorIdentity | null {
    return this.#monitor;
  }

  /** Where to go on; null where there is no beginning yet. */
  get position(): Position | null {
    return this.#position;
  }

  /** What people wrote for all readers. */
  get notes(): readonly Note[] {
    return this.#notes;
  }

  /** What the monitor kept of a day, of all services. @param from its midnight (UTC) */
  keptOf(from: number): Day {
    const sum = { from, upMs: 0, downMs: 0, unobservedMs: 0, partialMs: 0, gaps: 0 };
    for (const days of this.#days.values()) {
      const day = days.get(from);
      if (day === undefined) continue;
      sum.upMs += day.upMs;
      sum.downMs += day.downMs;
      sum.unobservedMs += day.unobservedMs;
      sum.partialMs += day.partialMs ?? 0;
      sum.gaps += day.gaps;
    }
    return { ...sum, gaps: Math.max(sum.gaps, this.stories.count(from)) };
  }

  /** The first day of which something is kept; Infinity where nothing is. */
  get keptSince(): number {
    let first = Infinity;
    for (const days of this.#days.values())
      for (const day of days.values()) if (knownMs(day) > 0) first = Math.min(first, day.from);
    return first;
  }

  /** Whether the monitor cannot keep up with its probes. */
  get overloaded(): boolean {
    return this.#overloaded;
  }

  /** What is known of a service beside its timeline. */
  extras(service: string): ServiceExtras {
    return {
      ...(this.#figures.get(service) ?? NO_FIGURES),
      message: this.#messages.get(service) ?? null,
      disagreement: this.#views.disagreement(service),
      days: this.#days.get(service) ?? NO_DAYS,
      slow: this.#slow.get(service) ?? NO_SLOW,
    };
  }

  /** Takes what the monitor kept of the last days. */
  takeDays(answer: DaysAnswer): void {
    this.#days = readDays(answer);
  }

  /** Takes the state without the past: shown until the hello is there. */
  begin(answer: StatusAnswer): void {
    this.#replace(helloOf(answer));
    this.#takeNotes(answer);
    this.#position = { after: answer.newsAfter, monitor: answer.monitor.id };
  }

  /** Whether all gaps are known that a hello has: without one a service without gaps may have had some. */
  get knowsPast(): boolean {
    return this.#greeted;
  }

  /** Takes gaps of the past. */
  takeGaps(gaps: readonly PastGap[]): void {
    for (const gap of gaps) this.stories.add(gap);
    // A hello brings those of each service. Behind a proxy that passes no websocket there is none.
    if (this.#greeted) return;
    for (const [name, own] of byService(gaps)) {
      const known = this.#board.services.get(name)?.gaps;
      known?.splice(
        0,
        known.length,
        ...own
          .map(gapFacts)
          .sort((a, b) => a.to - b.to)
          .slice(-GAPS),
      );
    }
  }

  /** Takes newer figures and notes. */
  refresh(answer: StatusAnswer): void {
    this.#figures = figuresOf(answer);
    this.#takeNotes(answer);
  }

  /** Takes the next message. Returns what changed of the services' statuses. */
  take(message: Message): Change[] {
    const touched = message.type === 'hello' ? this.services : this.#touched(message);
    const before = touched.map(({ name, status }) => ({ service: name, status }));
    if (message.type === 'hello') this.#hello(message);
    else if (message.type === 'heartbeat') {
      this.#overloaded = message.overloaded;
      this.#board.apply(message);
    } else if (!isEvent(message)) this.#board.apply(message);
    else if (message.seq > (this.#position?.after ?? 0)) this.#event(message);
    return before.flatMap(({ service, status }) => {
      const to = this.#board.services.get(service)?.status;
      return to === undefined || to === status ? [] : [{ service, to }];
    });
  }

  /** The services that are down. @param until until when that is known */
  open(until: number): Fall[] {
    return this.services.flatMap((service) => {
      const gap = service.state === 'down' ? service.gapSoFar(until) : null;
      return gap === null ? [] : [{ service: service.name, ...gap, reason: service.reason }];
    });
  }

  /** Whether a service is under maintenance. */
  isMaintained(service: string, now: number): boolean {
    return this.#notes.length > 0 && isMaintained(service, this.#notes, now);
  }

  /** Notes that did not change stay the same object: stories are made of them. */
  #takeNotes({ notes = [] }: Pick<StatusAnswer, 'notes'>): void {
    // What ends before it begins was withdrawn.
    const whole = notes
      .map((note) => ({ ...{ to: null, services: [] }, ...note }))
      .filter(({ from, to }) => to === null || to > from);
    if (JSON.stringify(whole) !== JSON.stringify(this.#notes)) this.#notes = whole;
  }

  #touched(message: Message): BoardService[] {
    const service = 'service' in message ? this.#board.services.get(message.service) : undefined;
    return service === undefined ? [] : [service];
  }

  #hello(hello: Hello): void {
    const { monitor, resumed, seq, now } = hello;
    // A hub whose stream was created again counts from the beginning.
    const another = this.#position !== null && this.#position.monitor !== monitor.id;
    if (!resumed || another) {
      if (this.#monitor !== null && this.#monitor.id !== monitor.id) {
        this.#note(now, 'the monitor was restarted without a history: what it saw before is lost');
      } else if (this.#greeted) {
        this.#note(now, 'some events were missed while this page was not connected');
      }
      this.#position = { after: seq, monitor: monitor.id };
    }
    this.#position ??= { after: seq, monitor: monitor.id };
    this.#helloSeq = seq;
    this.#greeted = true;
    this.#replace(hello);
  }

  #event(event: Event): void {
    this.#position = { after: event.seq, monitor: this.#position?.monitor ?? '' };
    this.#addNews(event);
    if (event.seq <= this.#helloSeq) return;
    this.#board.apply(event);
    if (event.type === 'transition') this.#views.transition(event);
  }

  #replace(hello: Hello): void {
    this.#monitor = hello.monitor;
    this.#board = new Board();
    this.#board.apply(hello);
    this.#views.hello(hello);
    this.#figures = figuresOf(hello);
    for (const service of hello.services) this.#addHistory(service);
  }

  #addHistory({ service, timeline, state, since, reason }: ServiceSnapshot): void {
    for (const { state, from, to } of timeline) {
      if (state === 'unobserved' && to !== null)
        this.news.add({ kind: 'unobserved', at: from, to, service, reason: null });
    }
    if (state !== 'unobserved') return;
    this.#unobserved.set(service, { at: since, reason });
    this.news.add({ kind: 'unobserved', at: since, to: null, service, reason });
  }

  #addNews(event: Event): void {
    switch (event.type) {
      case 'transition':
        this.#transition(event);
        return;
      case 'gap':
        this.stories.add(event);
        return;
      case 'mark':
        this.news.add({ kind: 'mark', at: event.at, service: '', text: event.text });
        return;
      case 'note':
        this.news.add({ kind: 'note', at: event.at, service: '', text: `${event.kind}: ${event.text}` });
        return;
      case 'connection-lost': {
        const { at, service, reason, message } = event;
        this.news.add({ kind: 'lost', at, service, reason, message });
        return;
      }
      case 'identity': {
        const { at, service, was, is, what } = event;
        this.news.add({ kind: 'identity', at, service, was, is, what });
        return;
      }
      case 'slow':
        this.news.add({ kind: 'slow', at: event.from, service: event.service, slow: event });
        this.#slow.set(event.service, [...(this.#slow.get(event.service) ?? []), event].slice(-SLOW));
        return;
      case 'lost-writes':
        this.news.add({ kind: 'lost-writes', at: event.at, service: event.service, count: event.count });
    }
  }

  #transition({ service, from, to, at, reason, message }: Transition): void {
    this.#messages.set(service, message);
    if (to === 'unobserved') {
      this.#unobserved.set(service, { at, reason });
      this.news.add({ kind: 'unobserved', at, to: null, service, reason });
    }
    const before = this.#unobserved.get(service);
    if (from !== 'unobserved' || before === undefined) return;
    this.news.add({ kind: 'unobserved', at: before.at, to: at, service, reason: before.reason });
  }

  #note(at: number, text: string): void {
    this.news.add({ kind: 'note', at, service: '', text });
  }
}
