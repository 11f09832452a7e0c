/** Reads the Prometheus text format (0.0.4), strictly: whatever it does not understand is an error. */

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly series: Series[];
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/.source;
const LINE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (NaN|[+-]Inf|[+-]?[0-9.eE+-]+)$`);
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;

export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, { type: string; help: string; series: Series[] }>();
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === 'HELP') families.set(name, { type: 'untyped', help: rest, series: [] });
    else if (word === 'TYPE') families.get(name)!.type = rest;
    else if (line !== '' && !line.startsWith('#')) {
      const [, series = '', labels = '', value = ''] = LINE.exec(line) ?? [];
      const family = families.get(series) ?? families.get(series.replace(/_(bucket|sum|count)$/, ''));
      if (family === undefined) throw new Error(`not of a family: ${line}`);
      if (seen.has(`${series}{${labels}}`)) throw new Error(`twice: ${line}`);
      seen.add(`${series}{${labels}}`);
      family.series.push({ name: series, labels: labelsOf(labels), value: Number(value.replace('Inf', 'Infinity')) });
    }
  }
  return families;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== '';) {
    const match = LABEL.exec(rest);
    if (match === null) throw new Error(`not labels: ${rest}`);
    const [whole, name = '', value = ''] = match;
    labels[name] = value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
    rest = rest.slice(whole.length);
  }
  return labels;
}
