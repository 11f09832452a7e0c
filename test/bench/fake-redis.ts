/** As much of a Redis as probes ask for, fast enough not to be what is measured. */
import type { Socket } from 'node:net';

const INFO = '# Server\r\nredis_version:7.0.0\r\nrun_id:0123456789012345678901234567890123456789\r\n';
const LOADING = '-LOADING Redis is loading the dataset in memory\r\n';

/** Commands as client libraries send them; typed ones (`PING` and a line's end), as simple checks do. */
const ARRAYS = /\*\d+\r\n\$\d+\r\n(\w+)\r\n/g;
const INLINE = /^(\w+)\r?\n/gm;

/** Answers the commands in what arrived; commands come whole, as on loopback they do. */
export function answerRedis(socket: Socket, text: string, loading: boolean): void {
  let reply = '';
  for (const match of text.matchAll(text.startsWith('*') ? ARRAYS : INLINE)) {
    const command = match[1]?.toUpperCase();
    if (loading) reply += LOADING;
    else if (command === 'PING') reply += '+PONG\r\n';
    else if (command === 'INFO') reply += `$${String(INFO.length)}\r\n${INFO}\r\n`;
    else reply += '+OK\r\n';
  }
  if (reply !== '') socket.write(reply);
}
