/**
 * Messages as bytes on the wire: made once, however many clients get them. A frame from the server carries no mask (RFC
 * 6455, 5.1), so the same bytes serve every client; the library would frame them anew for each.
 */
import type { Message, SampleMessage } from '../core/messages.ts';
import { publicMessage, type View } from './public-view.ts';

/** The head of an unfragmented text frame. */
export function textFrameHead(byteLength: number): Buffer {
  if (byteLength < 126) return Buffer.from([0x81, byteLength]);
  if (byteLength < 65_536) return Buffer.from([0x81, 126, byteLength >> 8, byteLength & 0xff]);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(0x817f);
  head.writeUIntBE(byteLength, 4, 6);
  return head;
}

export function textFrame(json: string): Buffer {
  const body = Buffer.from(json);
  return Buffer.concat([textFrameHead(body.length), body]);
}

const MADE: Record<View, WeakMap<Message, Buffer>> = { private: new WeakMap(), public: new WeakMap() };

/** A message's frame for one kind of viewer. It is made at the first call, and kept as long as the message is. */
export function frameOf(message: Exclude<Message, SampleMessage>, view: View): Buffer {
  const made = MADE[view];
  let frame = made.get(message);
  if (frame === undefined) {
    frame = textFrame(JSON.stringify(view === 'public' ? publicMessage(message) : message));
    made.set(message, frame);
  }
  return frame;
}
