/** Gaps as comma-separated values (RFC 4180), for spreadsheets. */
import { isoTime } from '../core/format.ts';
import { printable } from '../core/printable.ts';
import type { PastGap } from './past-view.ts';

const COLUMNS = [
  ...(['seq', 'service', 'vantage', 'from', 'to', 'durationMs', 'minMs', 'maxMs', 'silenceMs', 'failed'] as const),
  'planned',
  'reasons',
] as const;

/** A header and a row for each gap; what is not known is empty. */
export function gapsCsv(gaps: readonly PastGap[]): string {
  const rows = gaps.map((gap) => {
    const reasons = gap.reasons.map(({ reason, count }) => `${reason} ${String(count)}`).join('; ');
    const row = {
      ...gap,
      planned: String(gap.planned === true),
      from: isoTime(gap.from),
      to: isoTime(gap.to),
      reasons,
    };
    return COLUMNS.map((column) => cell(row[column] ?? '')).join(',');
  });
  return [COLUMNS.join(','), ...rows, ''].join('\r\n');
}

/**
 * Where a spreadsheet would take the text for a formula: at its beginning, and after what may separate cells where a comma does
 * not (https://owasp.org/www-community/attacks/CSV_Injection).
 */
const FORMULA = /(^|[,;|"])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = printable(value).replace(FORMULA, "$1$2'");
  return /[",;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
