/**
 * The name under which a monitor publishes: its vantage or, where another living monitor publishes under that, the first of
 * NAME-2, NAME-3, ... that is free.
 */
import type { MonitorIdentity } from '../core/messages.ts';
import { type BusOverview, SILENT_MS } from './bus-scripts.ts';

/**
 * - `wait`: the monitor that has a name may have died just now: its next sign of life, or its silence, will show that.
 * - `copied`: another process publishes under the `id` of this monitor.
 */
export type NameChoice = { readonly name: string } | 'wait' | 'copied';

export class VantageName {
  readonly #identity: Pick<MonitorIdentity, 'id' | 'vantage'>;
  readonly #run: string;
  /** The name under which this run published last. */
  #name: string | null = null;
  /** The signs of life that other monitors had given when this one first read the overview. */
  readonly #signs = new Map<string, number>();

  /** @param run this run of the monitor */
  constructor(identity: Pick<MonitorIdentity, 'id' | 'vantage'>, run: string) {
    this.#identity = identity;
    this.#run = run;
  }

  /** The name that it had before comes first. */
  choose({ vantages, now }: Pick<BusOverview, 'vantages' | 'now'>): NameChoice {
    const { id, vantage } = this.#identity;
    let first: NameChoice | null = null;
    for (let n = 1; ; n++) {
      const name = n === 1 ? vantage : `${vantage}-${String(n)}`;
      const held = vantages.get(name);
      if (held === undefined) return first ?? { name };
      // The same monitor after a restart, unless this run has published already: then there are two of them.
      const isSame = held.monitor === id;
      if (isSame && (held.run === this.#run || this.#name === null)) return { name };
      if (held.offline || now - held.sign >= SILENT_MS) {
        first ??= { name };
        continue;
      }
      const sign = this.#signs.get(name) ?? held.sign;
      this.#signs.set(name, sign);
      if (held.sign === sign) first ??= 'wait';
      // Both would resume from the same `seq`, so this one does not publish.
      else if (isSame) return 'copied';
    }
  }

  /**
   * It publishes under this name now.
   * @returns whether another monitor has its vantage, where that was not known before
   */
  taken(name: string): boolean {
    const isNews = name !== this.#name && name !== this.#identity.vantage;
    this.#name = name;
    this.#signs.clear();
    return isNews;
  }
}
