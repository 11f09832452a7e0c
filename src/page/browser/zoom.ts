/** How far back the strips reach: chosen by the reader, and kept in the page's address. */
import { WINDOWS } from '../page-strip.ts';
import { byId, make, setText } from './dom.ts';

type Window = (typeof WINDOWS)[number];

const USUAL = WINDOWS[1];

export class Zoom {
  readonly #axisFrom = byId('axis-from', HTMLElement);
  readonly #axisMiddle = byId('axis-middle', HTMLElement);
  readonly #inputs = new Map<Window, HTMLInputElement>();
  #chosen: Window;

  /** @param changed called when another window is chosen */
  constructor(changed: () => void) {
    this.#chosen = askedFor();
    const choices = WINDOWS.map((choice) => {
      const input = make('input');
      input.type = 'radio';
      input.name = 'window';
      input.checked = choice === this.#chosen;
      input.addEventListener('change', () => {
        this.#chosen = choice;
        this.#label();
        const url = new URL(location.href);
        url.searchParams.set('window', choice.key);
        history.pushState(null, '', url);
        changed();
      });
      this.#inputs.set(choice, input);
      return make('label', '', input, make('span', '', choice.name));
    });
    byId('zoom', HTMLElement).append(...choices);
    this.#label();
    window.addEventListener('popstate', () => {
      const asked = askedFor();
      if (asked === this.#chosen) return;
      this.#chosen = asked;
      const input = this.#inputs.get(asked);
      if (input !== undefined) input.checked = true;
      this.#label();
      changed();
    });
  }

  get chosen(): Window {
    return this.#chosen;
  }

  #label(): void {
    const { name, middle } = this.#chosen;
    setText(this.#axisFrom, `${name} ago`);
    setText(this.#axisMiddle, middle);
  }
}

/** The window in the page's address. */
function askedFor(): Window {
  const asked = new URLSearchParams(location.search).get('window');
  return WINDOWS.find(({ key }) => key === asked) ?? USUAL;
}
