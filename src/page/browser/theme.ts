/** The colours of the style sheet, for what is painted: they follow the reader's light or dark. */

export interface Theme {
  readonly up: string;
  readonly down: string;
  readonly partial: string;
  readonly unobserved: string;
  /** Of what is not known. */
  readonly rule: string;
  /** Grows when the colours change. */
  readonly version: number;
}

let version = 0;

function read(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  version += 1;
  return {
    up: colour('--up-band'),
    down: colour('--down'),
    partial: colour('--partial'),
    unobserved: colour('--unobserved'),
    rule: colour('--rule'),
    version,
  };
}

/** Tells the colours now, and again whenever they change. */
export function watchTheme(told: (theme: Theme) => void): void {
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)'])
    matchMedia(query).addEventListener('change', () => {
      told(read());
    });
  told(read());
}
