/** Bodies that are compressed although that was not asked for, or are not in UTF-8. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

import { answering } from '../../support/servers.ts';
import { reply } from '../../support/website.ts';
import { type MisbehavingServer } from '../misbehaving-server.ts';

const server: MisbehavingServer = {
  gzip: {
    behave: answering(reply('200 OK', gzipSync('grün'), 'Content-Encoding: gzip')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'x-gzip in capitals': {
    behave: answering(reply('200 OK', gzipSync('grün'), 'Content-Encoding: X-GZip')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  deflate: {
    behave: answering(reply('200 OK', deflateSync('grün'), 'Content-Encoding: deflate')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'deflate without its header': {
    behave: answering(reply('200 OK', deflateRawSync('grün'), 'Content-Encoding: deflate')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  br: {
    behave: answering(reply('200 OK', brotliCompressSync('grün'), 'Content-Encoding: br')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'two codings': {
    behave: answering(reply('200 OK', gzipSync(deflateSync('grün')), 'Content-Encoding: deflate, gzip')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  identity: {
    behave: answering(reply('200 OK', 'grün', 'Content-Encoding: identity')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'an empty body that is gzip': {
    behave: answering(reply('200 OK', '', 'Content-Encoding: gzip')),
    over: { expectBody: /^$/ },
    found: 'up',
  },
  'gzip with zeros behind it': {
    behave: answering(reply('200 OK', Buffer.concat([gzipSync('grün'), Buffer.alloc(9)]), 'Content-Encoding: gzip')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'no gzip, though announced': {
    behave: answering(reply('200 OK', 'grün', 'Content-Encoding: gzip')),
    over: { expectBody: /^grün$/ },
    found: 'body',
    message: /^the body is not gzip, though it is announced as gzip$/,
  },
  'a coding that is not known': {
    behave: answering(reply('200 OK', 'grün', 'Content-Encoding: compress')),
    over: { expectBody: /^grün$/ },
    found: 'body',
    message: /^the body is coded as "compress", which can't be decoded$/,
  },
  'a bomb': {
    behave: answering(reply('200 OK', gzipSync(Buffer.alloc(2 ** 25)), 'Content-Encoding: gzip')),
    over: { expectBody: /^grün$/ },
    found: 'body',
    message: /^the body decodes to more than 8388608 bytes/,
  },
  'gzip that is not looked at': {
    behave: answering(reply('200 OK', 'grün', 'Content-Encoding: gzip')),
    over: { expectBody: null },
    found: 'up',
  },
  'Latin-1': {
    behave: answering(reply('200 OK', Buffer.from('grün', 'latin1'), 'Content-Type: text/plain; charset=ISO-8859-1')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'Latin-1 in quotes': {
    behave: answering(reply('200 OK', Buffer.from('grün', 'latin1'), 'Content-Type: text/plain;Charset="latin1"')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'Latin-1 that is not announced': {
    behave: answering(reply('200 OK', Buffer.from('grün', 'latin1'))),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'UTF-16 with a mark': {
    behave: answering(reply('200 OK', Buffer.from('\ufeffgrün', 'utf16le'))),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'UTF-16, announced': {
    behave: answering(reply('200 OK', Buffer.from('grün', 'utf16le'), 'Content-Type: text/plain; charset=utf-16')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'UTF-16 the other way round': {
    behave: answering(reply('200 OK', Buffer.from('\ufeffgrün', 'utf16le').swap16())),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'UTF-8 with a mark': {
    behave: answering(reply('200 OK', '\ufeffgrün')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'UTF-8 with a mark, announced as Latin-1': {
    behave: answering(reply('200 OK', '\ufeffgrün', 'Content-Type: text/plain; charset=latin1')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'a charset that does not exist': {
    behave: answering(reply('200 OK', 'grün', 'Content-Type: text/plain; charset=nonsense')),
    over: { expectBody: /^grün$/ },
    found: 'up',
  },
  'a charset that the page names': {
    behave: answering(reply('200 OK', Buffer.from('<meta charset="windows-1252">grün', 'latin1'))),
    over: { expectBody: /grün$/ },
    found: 'up',
  },
  Shift_JIS: {
    behave: answering(reply('200 OK', Buffer.from('8cce', 'hex'), 'Content-Type: text/html; charset=Shift_JIS')),
    over: { expectBody: '\u6e56' },
    found: 'up',
  },
};

export default server;
