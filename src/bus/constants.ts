/** What publishers and hubs agree on. Times in milliseconds. */

/** A publisher gives a sign of life this often, and with everything that it appends. */
export const SIGN_MS = 1000;

/** Whoever has led a vantage loses it this long after the last sign of life: another monitor there goes on. */
export const LEASE_MS = 4000;

/** A vantage without a sign of life for this long is not observed any more. */
export const SILENT_MS = 10_000;

/** What the stream keeps: events of the last day, and at most so many of them. */
export const KEEP_MS = 24 * 3_600_000;
export const KEEP_EVENTS = 500_000;

/** Events in one entry at most, and what an entry may weigh before a hub passes it over unread. */
export const ENTRY_EVENTS = 500;
export const ENTRY_BYTES = 16 * 1024 * 1024;

/** Clocks of monitors may be this far ahead of the hub's; an event from farther in the future is not believed. */
export const AHEAD_MS = 60_000;
