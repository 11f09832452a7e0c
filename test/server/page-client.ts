/**
 * A client that was written against the reference page alone (`docs/feed.md`): it knows nothing else of the
 * program. It keeps the state of every service and all gaps over any number of breaks.
 */
import { WebSocket } from 'ws';

import { Waitable } from '../support/wait-for.ts';

interface Wire {
  type: string;
  [field: string]: unknown;
}

export class PageClient extends Waitable {
  /** The state of each service. */
  readonly states = new Map<string, string>();
  /** `service from` of each gap. */
  readonly gaps: string[] = [];
  readonly marks: string[] = [];
  readonly #base: string;
  #ws: WebSocket;
  #seq = 0;
  #monitor = '';
  #first = true;

  constructor(base: string) {
    super();
    this.#base = base;
    this.#ws = this.#connect();
  }

  get seq(): number {
    return this.#seq;
  }

  break(): void {
    this.#ws.terminate();
  }

  close(): void {
    this.#ws.removeAllListeners('close');
    this.#ws.terminate();
  }

  #connect(): WebSocket {
    const query = this.#first ? '' : `?after=${String(this.#seq)}&monitor=${encodeURIComponent(this.#monitor)}`;
    const ws = new WebSocket(this.#base + query);
    ws.on('error', () => undefined);
    ws.on('message', (data: Buffer) => {
      this.#take(JSON.parse(data.toString()) as Wire);
      this.changed();
    });
    ws.on('close', () => {
      setTimeout(() => {
        this.#ws = this.#connect();
      }, 20);
    });
    return ws;
  }

  #take(message: Wire): void {
    switch (message.type) {
      case 'hello': {
        this.states.clear();
        for (const { service, state } of message['services'] as { service: string; state: string }[]) {
          this.states.set(service, state);
        }
        this.#monitor = (message['monitor'] as { id: string }).id;
        if (message['resumed'] !== true) this.#seq = message['seq'] as number;
        this.#first = false;
        return;
      }
      case 'transition':
        this.states.set(message['service'] as string, message['to'] as string);
        break;
      case 'gap':
        this.gaps.push(`${String(message['service'])} ${String(message['from'])}`);
        break;
      case 'mark':
        this.marks.push(message['text'] as string);
        break;
    }
    if (typeof message['seq'] === 'number') this.#seq = message['seq'];
  }
}
