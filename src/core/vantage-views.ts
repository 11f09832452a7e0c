/** How each vantage sees each service, from the messages of a hub's feed. Pure. */
import type { Hello, Transition, VantageView } from './messages.ts';

export class VantageViews {
  readonly #services = new Map<string, Map<string, VantageView>>();

  /** A hello: all that was known is replaced. */
  hello({ services }: Pick<Hello, 'services'>): void {
    this.#services.clear();
    for (const { service, vantages } of services) {
      if (vantages === undefined) continue;
      this.#services.set(service, new Map(vantages.map((view) => [view.vantage, view])));
    }
  }

  transition({ service, vantage, monitor = '', seen, at: since, reason }: Transition): void {
    if (vantage === undefined || seen === undefined) return;
    this.#services.get(service)?.set(vantage, { vantage, monitor, state: seen.to, since, reason });
  }

  /** `down from rack-2, up from office and home` where they don't agree on whether it is up; null where they do. */
  disagreement(service: string): string | null {
    return disagreementOf([...(this.#services.get(service)?.values() ?? [])]);
  }
}

/** The same for any views. */
export function disagreementOf(views: readonly Pick<VantageView, 'vantage' | 'state'>[]): string | null {
  const from = (state: string): string[] => views.flatMap((view) => (view.state === state ? [view.vantage] : []));
  const [down, up] = [from('down'), from('up')];
  if (down.length === 0 || up.length === 0) return null;
  return `down from ${down.join(' and ')}, up from ${up.join(' and ')}`;
}
