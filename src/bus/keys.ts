/** The keys in Redis. All are in one slot of a cluster by the same hash tag, so that one script may use all of them. */

export interface Keys {
  /** The stream: what all monitors told, in the order in which it came. */
  readonly stream: string;
  /** Hash: `id` of the numbering, `n` the number of the newest event, `began`, `top` the newest entry, `trimmed`. */
  readonly meta: string;
  /** Hash by vantage: who leads it, its lease and its last sign of life, as JSON. */
  readonly vantages: string;
  /** Hash by vantage: all that is known of it, as of an entry of the stream, as JSON. */
  readonly snapshots: string;
  /** Hash by monitor: the `seq` of its last event in the stream, and when that was. */
  readonly seqs: string;
}

/** @param stream the name of the stream; where it has no hash tag of its own, it is the tag of the other keys */
export function keysOf(stream: string): Keys {
  const tag = /\{[^}]+\}/.test(stream) ? stream : `{${stream}}`;
  const key = (name: string): string => `${tag}:${name}`;
  return {
    stream,
    meta: key('meta'),
    vantages: key('vantages'),
    snapshots: key('snapshots'),
    seqs: key('seqs'),
  };
}

/** In the order in which the scripts take them. */
export function keyList({ stream, meta, vantages, snapshots, seqs }: Keys): string[] {
  return [stream, meta, vantages, snapshots, seqs];
}
