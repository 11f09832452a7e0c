/** The port of a protocol: how connections to a service are opened, and what they report. */
import type { Identity } from '../core/messages.ts';
import { printable } from '../core/printable.ts';
import type { Attempt } from './attempt.ts';
import type { Failure } from './failure.ts';

/** What a prober reports beside the outcome of its attempts. */
export interface ProberEvents {
  /** A kept connection broke. The engine emits it, and probes again at once where no attempt is on its way. */
  connectionLost(failure: Failure): void;
  /**
   * Which process answered (Redis: `run_id`; otherwise by `identity` of the configuration), in which role, or at which address a
   * sentinel says that the master is; reported as often as it is learnt.
   * @param sentAt when that was asked, in timeline time: answers may come out of order
   */
  identity(id: string, sentAt: number, what?: Identity['what']): void;
  /** So many writes of the probes that the server had acknowledged are gone. Called while the attempt that found it is under way. */
  lostWrites(count: number): void;
}

/** An open connection that carries probes. */
export interface Connection {
  /** Sends a probe over it. Never throws: ends the attempt, and sets its `answered` before, unless the connection breaks first. */
  send(attempt: Attempt): void;
  /** Closes it: it reports nothing more, and attempts on it are left as they are. */
  close(): void;
}

/** What becomes of a connection that may be kept. */
export interface KeepEvents {
  /**
   * Called once, when the connection has answered its first attempt and can be used again, whatever the answer was; just
   * before that attempt's end.
   */
  onOpen(connection: Connection): void;
  /** Called when the connection breaks after that; with null where it ended as the peer had announced. */
  onClose(failure: Failure | null): void;
}

/** Opens connections of one protocol to one service. */
export interface Connector {
  /**
   * Opens a connection for an attempt, probes over it, and ends the attempt. Never throws: what fails is its `Failure`.
   * @param keep null where the connection is for this attempt alone, and is closed with its end
   */
  open(attempt: Attempt, keep: KeepEvents | null): void;
}

/** Characters of an identity that are kept. */
const IDENTITY_LENGTH = 100;

/** An identity as it is reported: others wrote it. */
export function identityOf(text: string): string {
  return printable(text.trim().slice(0, IDENTITY_LENGTH));
}
