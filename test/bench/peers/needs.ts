/** The tools of others that are compared. They are needed by nothing else, and so are installed by nothing else. */
import { installMissing } from '../../support/install.ts';
import type { Row } from '../table.ts';

/** What can be compared where the programs of others are there. */
export interface Needing {
  readonly name: string;
  /** Installs what it needs where that is allowed; otherwise says what is missing. Null where all of it is there. */
  readonly missing: () => string | null;
}

const found = new Map<string, string | null>();

/** @param packages the Debian packages, by the programs that they bring */
export function debian(packages: Readonly<Record<string, string>>): Needing['missing'] {
  return () => {
    const key = Object.keys(packages).join();
    const command = found.get(key) ?? installMissing(packages, 'the benchmarks beside other tools');
    found.set(key, command);
    return command === null ? null : `it is missing; as root: ${command}`;
  };
}

/** Those that are there, and a row for each of the others. */
export function present<T extends Needing>(
  all: readonly T[],
): { readonly there: readonly T[]; readonly absent: Row[] } {
  const looked = all.map((one) => ({ one, why: one.missing() }));
  return {
    there: looked.filter(({ why }) => why === null).map(({ one }) => one),
    absent: looked.flatMap(({ one, why }) => (why === null ? [] : [absentRow(one.name, why)])),
  };
}

export function absentRow(name: string, why: string): Row {
  return { what: name, found: `not compared here: ${why}`, reach: '', reached: null, figures: {} };
}
