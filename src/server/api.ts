/** `/api/v1`: what is known, as JSON. What asks the archive throws an ArchiveError where that can't answer. */
import type { Archive } from '../core/archive.ts';
import { TOGETHER_MS } from '../core/incidents.ts';
import { gapFacts, isAbout, type MonitorIdentity, type Note, type ServiceSnapshot } from '../core/messages.ts';
import { seenStatus, type State, WORST_FIRST } from '../core/model.ts';
import { toJson } from '../core/printable.ts';
import type { FeedSource } from '../core/source.ts';
import { DAY_MS, midnights, uptimeWithoutPlanned } from '../core/uptime.ts';
import { atom } from './atom.ts';
import { intervalsEach } from './channel.ts';
import { gapsCsv } from './csv.ts';
import { type HttpResponse, json, errorResponse } from './http-response.ts';
import { listIncidents } from './incident-list.ts';
import { type PastGap, PastView } from './past-view.ts';
import {
  publicGap,
  publicIdentity,
  publicMessage,
  publicSnapshot,
  type PublicSnapshot,
  type View,
} from './public-view.ts';
import { isBad, seqOf, servicesOf, unexpected, timeOf } from './query.ts';
import { statuspage, type StatuspageDocument, type StatuspageFacts } from './statuspage.ts';

/** Gaps in one answer: the newest. */
const GAPS = 1000;
/** Events that a page which is opened shows beside the state. */
const NEWS = 100;
/** Events in one answer. */
const EVENTS = 1000;
/** Incidents that ended, in a document of Statuspage and in a feed of Atom: the newest. Notes in the latter. */
const INCIDENTS = 50;
/** Notes in a status: the newest. */
const NOTES = 200;
/** Days that a page shows. */
const DAYS = 90;
/** How far back a timeline reaches by default. */
const TIMELINE_MS = 24 * 3_600_000;

export class Api {
  readonly #source: FeedSource;
  readonly #past: PastView;

  constructor(source: FeedSource, archive: Archive | null) {
    this.#source = source;
    this.#past = new PastView(source, archive);
  }

  /** Every service as it is now, and the worst of their states. */
  status(view: View, query: URLSearchParams): HttpResponse {
    const problem = unexpected(query, [], ['service']);
    if (problem !== null) return errorResponse(400, problem);
    const asked = servicesOf(query, this.#knows);
    if (isBad(asked)) return errorResponse(400, asked.problem);
    const now = this.#source.now();
    const snapshots = this.#source.board.snapshot(now).filter(({ service }) => asked === null || asked.has(service));
    const isKnown = (this.#source.problem ?? null) === null;
    const overall = isKnown ? worstOf(snapshots) : 'unknown';
    const services = view === 'public' ? snapshots.map(publicSnapshot).map(present) : snapshots.map(present);
    const { events } = this.#source;
    const news = events.latest(NEWS);
    const newsAfter = news.length < NEWS ? events.completeAfter : (news[0]?.seq ?? 1) - 1;
    const notes = this.#source.board.notes.list(now, NOTES).map(noteOf);
    return json({ monitor: this.#monitor(view), now, seq: events.newest, newsAfter, overall, services, notes });
  }

  /**
   * The gaps that ended after `since`, and not after `until`, the oldest first. The answer's own `since` is later where not all of them are
   * known any more: from then on they are.
   */
  async gaps(view: View, query: URLSearchParams): Promise<HttpResponse> {
    const problem = unexpected(query, ['since', 'until', 'format'], ['service']);
    if (problem !== null) return errorResponse(400, problem);
    const services = servicesOf(query, this.#knows);
    if (isBad(services)) return errorResponse(400, services.problem);
    const since = timeOf(query, 'since', this.#source.now());
    if (isBad(since)) return errorResponse(400, since.problem);
    const until = timeOf(query, 'until', this.#source.now());
    if (isBad(until)) return errorResponse(400, until.problem);
    const ended = { after: since ?? 0, until: until ?? Infinity };
    const format = query.get('format') ?? 'json';
    if (format !== 'json' && format !== 'csv') return errorResponse(400, 'format is json or csv');
    const { gaps, completeSince } = await this.#past.gaps(services, ended, GAPS);
    const shown = gaps.map((gap) => viewOf(gap, view));
    if (format === 'csv') {
      const headers = { 'content-disposition': 'attachment; filename="gaps.csv"' };
      return { status: 200, type: 'text/csv; charset=utf-8; header=present', body: gapsCsv(shown), headers };
    }
    return json({ monitor: this.#monitor(view), now: this.#source.now(), since: completeSince, gaps: shown });
  }

  /** The events after a number, the oldest first: a page of them. */
  async events(view: View, query: URLSearchParams): Promise<HttpResponse> {
    const problem = unexpected(query, ['after', 'limit'], ['service']);
    if (problem !== null) return errorResponse(400, problem);
    const services = servicesOf(query, this.#knows);
    if (isBad(services)) return errorResponse(400, services.problem);
    const after = seqOf(query.get('after') ?? '0');
    if (isBad(after)) return errorResponse(400, after.problem);
    const limit = query.get('limit') ?? String(EVENTS);
    if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > EVENTS)
      return errorResponse(400, `limit is a number from 1 to ${String(EVENTS)}`);
    const { events } = this.#source;
    const from = Math.max(after, events.completeAfter);
    const page = await events.after(from, Number(limit));
    if (page === null) return errorResponse(503, 'the history does not answer at present');
    const next = page.at(-1)?.seq ?? from;
    const found = page.filter((event) => services === null || isAbout(event, (name) => services.has(name)));
    return json({
      monitor: this.#monitor(view),
      now: this.#source.now(),
      after: from,
      complete: events.canResume(after),
      events: view === 'public' ? found.map(publicMessage) : found,
      next,
      more: next < events.newest,
    });
  }

  /** A document as Statuspage has it. @param page where the status page is, and its title where it has one */
  async statuspage(
    view: View,
    document: StatuspageDocument,
    page: Pick<StatuspageFacts, 'url' | 'title'>,
  ): Promise<HttpResponse> {
    const incidents = await listIncidents(this.#source, this.#past, null, INCIDENTS);
    return json(statuspage({ source: this.#source, identity: this.#monitor(view), incidents, ...page }, document));
  }

  /**
   * Incidents and notes as a feed of Atom. Incidents that may still change their first service are left out.
   * @param title of the page; null where it has none
   */
  async atom(view: View, query: URLSearchParams, title: string | null): Promise<HttpResponse> {
    const problem = unexpected(query, [], ['service']);
    if (problem !== null) return errorResponse(400, problem);
    const services = servicesOf(query, this.#knows);
    if (isBad(services)) return errorResponse(400, services.problem);
    const incidents = await listIncidents(this.#source, this.#past, services, INCIDENTS);
    // Readers would show one twice whose first service, and with it the id, changed.
    const timeouts = Array.from(this.#source.board.services.values(), ({ info }) => info.timeoutMs);
    const settled = this.#source.now() - TOGETHER_MS - Math.max(0, ...timeouts);
    const shown = incidents.filter(({ from }) => from <= settled);
    const notes = this.#source.board.notes
      .list(this.#source.now(), INCIDENTS)
      .filter(
        (note) => (note.to === null || note.to > note.from) && isAbout(note, (name) => services?.has(name) ?? true),
      );
    return {
      status: 200,
      type: 'application/atom+xml; charset=utf-8',
      body: atom(this.#monitor(view), title, shown, notes),
    };
  }

  /** The stretches of time in one state that touch [`from`, `to`], as far back as they are known. */
  async timeline(view: View, query: URLSearchParams): Promise<HttpResponse> {
    const problem = unexpected(query, ['from', 'to'], ['service']);
    if (problem !== null) return errorResponse(400, problem);
    const services = servicesOf(query, this.#knows);
    if (isBad(services)) return errorResponse(400, services.problem);
    const now = this.#source.now();
    const from = timeOf(query, 'from', now);
    if (isBad(from)) return errorResponse(400, from.problem);
    const to = timeOf(query, 'to', now);
    if (isBad(to)) return errorResponse(400, to.problem);
    const until = Math.min(to ?? now, now);
    const begin = from ?? until - TIMELINE_MS;
    if (begin > until) return errorResponse(400, 'from is after to, or after now');

    const asked = this.#asked(services);
    const each = intervalsEach(asked.length);
    const window = { from: begin, to: until < now ? until : null };
    const head = { monitor: this.#monitor(view), now, from: begin, to: until };
    return jsonOfParts(head, this.#past.timelines(asked, window, each));
  }

  /** The last 90 days of each service, in columns: the first entry of each is of the day that begins at `from`. */
  async days(view: View, query: URLSearchParams): Promise<HttpResponse> {
    const problem = unexpected(query, [], ['service']);
    if (problem !== null) return errorResponse(400, problem);
    const services = servicesOf(query, this.#knows);
    if (isBad(services)) return errorResponse(400, services.problem);
    const now = this.#source.now();
    const head = { monitor: this.#monitor(view), now, from: midnights(now, DAYS)[0], widthMs: DAY_MS };
    return jsonOfParts(head, this.#past.days(this.#asked(services), DAYS), ({ service, days }) => ({
      service,
      upMs: days.map(({ upMs }) => Math.round(upMs)),
      // Never nothing where there was something.
      downMs: days.map(({ downMs }) => Math.ceil(downMs)),
      unobservedMs: days.map(({ unobservedMs }) => Math.round(unobservedMs)),
      ...(days.some(({ partialMs }) => partialMs !== undefined) && {
        partialMs: days.map(({ partialMs = 0 }) => Math.ceil(partialMs)),
      }),
      gaps: days.map(({ gaps }) => gaps),
    }));
  }

  #asked(services: ReadonlySet<string> | null): string[] {
    return [...this.#source.board.services.keys()].filter((name) => services === null || services.has(name));
  }

  readonly #knows = (service: string): boolean => this.#source.board.services.has(service);

  #monitor(view: View): MonitorIdentity {
    const { identity } = this.#source;
    return view === 'public' ? publicIdentity(identity) : identity;
  }
}

/** An answer of which `services` come some at a time. */
async function jsonOfParts<T>(
  head: object,
  parts: AsyncIterable<readonly T[]>,
  shown: (one: T) => unknown = (one) => one,
): Promise<HttpResponse> {
  const texts: string[] = [];
  for await (const part of parts) texts.push(...part.map((one) => toJson(shown(one))));
  const body = `${JSON.stringify(head).slice(0, -1)},"services":[${texts.join(',')}]}\n`;
  return { ...json({}), body: Buffer.from(body) };
}

/** The worst status; of what is not observed now, that. */
function worstOf(services: readonly ServiceSnapshot[]): State {
  const found = new Set(services.map(seenStatus));
  return WORST_FIRST.find((state) => found.has(state)) ?? 'unknown';
}

/** A snapshot without the past, which has paths of its own. JSON leaves out what is undefined. */
function present(snapshot: ServiceSnapshot | PublicSnapshot): object {
  const { planned = { '1h': 0, '24h': 0, '90d': 0 } } = snapshot;
  const more = { planned, uptimeWithoutPlanned: uptimeWithoutPlanned(snapshot) };
  return { ...snapshot, ...more, timeline: undefined, gaps: undefined };
}

/** A note as it stands: the same in both views. */
function noteOf({ seq, at, id, kind, from, to, services, text }: Note): Omit<Note, 'type'> {
  return { seq, at, id, kind, from, to, services, text };
}

function viewOf(gap: PastGap, view: View): PastGap {
  const { seq, service, vantage } = gap;
  if (view === 'public') return { seq, service, ...publicGap(gap) };
  return { seq, service, ...gapFacts(gap), ...(vantage !== undefined && { vantage }) };
}
