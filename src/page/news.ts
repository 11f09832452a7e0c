/**
 * What happened beside the gaps, the newest first: unobserved time, marks, lost connections, lost writes, restarts.
 * What happened to several services within a second is one entry.
 * Pure; bounded memory. Times in milliseconds since the epoch.
 */
import { showDuration, showLostWrites, showSlow } from '../core/format.ts';
import type { Identity, SlowFacts } from '../core/messages.ts';
import { TOGETHER_MS } from '../core/incidents.ts';
import type { Reason } from '../core/model.ts';
import { REASON_WORDS } from './page-text.ts';

/** Items kept: the newest. */
const KEPT = 500;

interface Of<Kind extends string> {
  readonly kind: Kind;
  readonly at: number;
  /** Empty where it is of no service. */
  readonly service: string;
}

export type Item =
  | (Of<'unobserved'> & { readonly to: number | null; readonly reason: Reason | null })
  | (Of<'lost'> & { readonly reason: Reason; readonly message: string | null })
  | (Of<'identity'> & { readonly was: string; readonly is: string; readonly what: Identity['what'] })
  | (Of<'slow'> & { readonly slow: SlowFacts })
  | (Of<'lost-writes'> & { readonly count: number })
  | (Of<'mark'> & { readonly text: string })
  | (Of<'note'> & { readonly text: string });

/** An item, or several of one moment, in words. */
export interface Entry {
  readonly kind: Item['kind'];
  /** When the first of it began. */
  readonly at: number;
  readonly who: string;
  readonly what: string;
  readonly why: string;
}

/** The newest items, each once. */
export class News {
  readonly #items = new Map<string, Item>();

  /** Takes an item. One that is known already is replaced, but an end that is known is not forgotten. */
  add(item: Item): void {
    const key = [item.kind, item.at, 'text' in item ? item.text : item.service].join(' ');
    const known = this.#items.get(key);
    if (item.kind === 'unobserved' && item.to === null && known !== undefined) return;
    this.#items.set(key, item);
    if (this.#items.size > 2 * KEPT) {
      const newest = this.#sorted().slice(0, KEPT);
      this.#items.clear();
      for (const one of newest) this.add(one);
    }
  }

  /**
   * The newest entries, the newest first.
   * @param limit at most this many
   */
  entries(now: number, limit: number): Entry[] {
    return together(this.#sorted())
      .slice(0, limit)
      .map((group) => entryOf(group, now));
  }

  #sorted(): Item[] {
    return byTime([...this.#items.values()]);
  }
}

function byTime(items: readonly Item[]): Item[] {
  return items.toSorted((a, b) => b.at - a.at);
}

/** Groups of items that make one entry, in the order of their newest ones. @param items the newest first */
function together(items: readonly Item[]): (readonly [Item, ...Item[]])[] {
  const groups: [Item, ...Item[]][] = [];
  const recent = new Map<Item['kind'], [Item, ...Item[]][]>();
  for (const item of items) {
    const near = (recent.get(item.kind) ?? []).filter(([newest]) => newest.at - item.at <= TOGETHER_MS);
    recent.set(item.kind, near);
    const group = groupable(item)
      ? near.find((candidate) => candidate.every(({ service }) => service !== item.service))
      : undefined;
    if (group !== undefined) {
      group.push(item);
      continue;
    }
    const fresh: [Item] = [item];
    groups.push(fresh);
    near.push(fresh);
  }
  return groups;
}

function groupable({ kind }: Item): boolean {
  return kind === 'unobserved' || kind === 'lost';
}

function entryOf(group: readonly [Item, ...Item[]], now: number): Entry {
  const [first] = group;
  const at = Math.min(...group.map((item) => item.at));
  const { kind, service } = first;
  if (group.length === 1) return { kind, at, who: service, what: whatOf(first), why: whyOf(first) };
  const who = `${String(group.length)} services`;
  const names = group
    .map((item) => item.service)
    .reverse()
    .join(', ');
  return { kind, at, who, what: whatOfAll(group, now), why: names };
}

function whatOf(item: Item): string {
  switch (item.kind) {
    case 'unobserved':
      return item.to === null ? 'not observed' : `not observed for ${showDuration(item.to - item.at)}`;
    case 'lost':
      return 'kept connection broke';
    case 'identity':
      return `another ${item.what ?? 'process'} now`;
    case 'slow':
      return `slow for ${showDuration(item.slow.to - item.slow.from)}`;
    case 'lost-writes':
      return showLostWrites(item.count);
    case 'mark':
      return item.text === '' ? 'a moment was marked' : item.text;
    case 'note':
      return item.text;
  }
}

function whyOf(item: Item): string {
  switch (item.kind) {
    case 'unobserved':
      return item.reason === null ? '' : REASON_WORDS[item.reason];
    case 'lost':
      return item.message ?? REASON_WORDS[item.reason];
    case 'identity':
      return item.is === '' ? '' : `was ${item.was}, is ${item.is}`;
    case 'slow':
      return showSlow(item.slow);
    case 'lost-writes':
    case 'mark':
    case 'note':
      return '';
  }
}

function whatOfAll(group: readonly [Item, ...Item[]], now: number): string {
  const longest = group.reduce((longest, item) => (lengthOf(item, now) > lengthOf(longest, now) ? item : longest));
  return whatOf(longest);
}

function lengthOf(item: Item, now: number): number {
  return (item.kind === 'unobserved' ? (item.to ?? now) : now) - item.at;
}
