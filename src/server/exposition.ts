/**
 * The text that Prometheus scrapes, in its own form and in that of OpenMetrics. Pure. Written here because the values are there
 * already: a library would count them a second time, and write all of them in one go.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 * @see https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 */

/** A family of series. The name of a counter ends in `_total`. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
}

export type Labels = Readonly<Record<string, string>>;

/** Label values with what ends them escaped. */
export function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))}"`)
    .join(',');
}

/** The series of one family, as they come. */
export class Series {
  readonly #family: Family;
  readonly #isOpen: boolean;
  readonly #lines: string[] = [];

  /** @param isOpen whether it is to be in the form of OpenMetrics */
  constructor(family: Family, isOpen: boolean) {
    this.#family = family;
    this.#isOpen = isOpen;
  }

  /** @param labels as `labelsText` has them */
  add(labels: string, value: number): void {
    this.#line('', labels, value);
  }

  /** @param upTo how many were at most each of the bounds, which are ascending */
  addHistogram(labels: string, boundsS: readonly number[], { upTo, count, sumS }: Cumulative): void {
    const more = labels === '' ? '' : `,${labels}`;
    boundsS.forEach((bound, n) => {
      // OpenMetrics wants a point in each.
      const le = this.#isOpen && Number.isInteger(bound) ? `${String(bound)}.0` : String(bound);
      this.#line('_bucket', `le="${le}"${more}`, upTo[n] ?? 0);
    });
    this.#line('_bucket', `le="+Inf"${more}`, count);
    this.#line('_sum', labels, sumS);
    this.#line('_count', labels, count);
  }

  text(): string {
    const { name, type, help } = this.#family;
    // OpenMetrics names a counter without the ending of its series.
    const shown = this.#isOpen && type === 'counter' ? name.replace(/_total$/, '') : name;
    return [`# HELP ${shown} ${help}`, `# TYPE ${shown} ${type}`, ...this.#lines, ''].join('\n');
  }

  #line(ending: string, labels: string, value: number): void {
    const shown = labels === '' ? '' : `{${labels}}`;
    this.#lines.push(`${this.#family.name}${ending}${shown} ${Number.isFinite(value) ? String(value) : 'NaN'}`);
  }
}

interface Cumulative {
  readonly upTo: readonly number[];
  readonly count: number;
  readonly sumS: number;
}

/** The content type of a form. */
export function expositionType(isOpen: boolean): string {
  return isOpen
    ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
    : 'text/plain; version=0.0.4; charset=utf-8';
}
