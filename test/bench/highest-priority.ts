/** What plays targets must not starve: its fault would be taken for the monitor's. Only root may. */
import { setPriority } from 'node:os';

export function takeHighestPriority(): void {
  try {
    setPriority(-20);
  } catch {
    // Measured all the same, on a machine that should be quiet then.
  }
}
