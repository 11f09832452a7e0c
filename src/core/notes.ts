/** Notes for everybody who looks at the services, as they stand now, and which gaps were planned. Pure; bounded memory. */
import type { Note, NoteKind } from './messages.ts';

/** Notes that are known at a time: the last ones that were written, and before them those that have not ended. */
const KEPT = 1000;
/** How long a note is shown after it has ended. */
const SHOWN_MS = 90 * 86_400_000;

/** The ids of notes that stand in the configuration begin so. */
export const CONFIGURED_NOTE = 'configured-';

/** What a note says, before it has its number. */
export type NoteText = Pick<Note, 'id' | 'kind' | 'from' | 'to' | 'services' | 'text'>;

/** What is to be written: with the id of a note that is known, what is left out stays as it is. Times in milliseconds since the epoch. */
export interface NoteDraft {
  readonly id?: string | undefined;
  readonly kind?: NoteKind | undefined;
  readonly text?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | null | undefined;
  readonly services?: readonly string[] | undefined;
}

export class Notes {
  /** By their ids, in the order in which they were written last. */
  readonly #notes = new Map<string, Note>();

  take(note: Note): void {
    this.#notes.delete(note.id);
    this.#notes.set(note.id, note);
    if (this.#notes.size <= KEPT) return;
    // What lasts, or is to come, as late as this one was written, is needed still.
    const all = [...this.#notes.values()];
    const oldest = all.find(({ to }) => to !== null && to < note.at) ?? all[0];
    if (oldest !== undefined) this.#notes.delete(oldest.id);
  }

  get(id: string): Note | null {
    return this.#notes.get(id) ?? null;
  }

  /** Those that last, are to come, or ended in the last 90 days; those that begin last come first. @param limit at most so many */
  list(now: number, limit: number): Note[] {
    const shown = [...this.#notes.values()].filter((note) => isShown(note, now));
    return shown.sort((a, b) => b.from - a.from || b.seq - a.seq).slice(0, limit);
  }

  get all(): readonly Note[] {
    return [...this.#notes.values()];
  }

  /** Whether a gap of a service that began at a time was planned: a maintenance of that service, or of all, was on. */
  isPlanned(service: string, from: number): boolean {
    for (const { kind, from: begin, to, services } of this.#notes.values()) {
      if (kind !== 'maintenance' || from < begin || (to !== null && from >= to)) continue;
      if (services.length === 0 || services.includes(service)) return true;
    }
    return false;
  }
}

/** Whether a note lasts, is to come, or ended in the last 90 days. */
export function isShown({ to }: Pick<Note, 'to'>, now: number): boolean {
  return to === null || to >= now - SHOWN_MS;
}

/** A note as a draft makes it of the one that is there; what a new one does not say is `info`, from now on, without an end, for all. */
export function drafted(draft: NoteDraft, known: Note | null, newId: string, now: number): NoteText {
  const { kind = known?.kind ?? 'info', text = known?.text ?? '', from = known?.from ?? now } = draft;
  const { to = known?.to ?? null, services = known?.services ?? [] } = draft;
  return { id: known?.id ?? newId, kind, from, to, services, text };
}
