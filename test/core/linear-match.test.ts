import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { linearMatchEnd, linearProblem } from '../../src/core/linear-match.ts';

describe('an expression', () => {
  it('takes time that grows with the text alone', () => {
    const texts = ['a'.repeat(200_000), `${'a'.repeat(200_000)}!`, '1'.repeat(200_000), ' '.repeat(200_000)];
    for (const pattern of [
      /^(a+)+$/,
      /(a|a)*b/,
      /(x+x+)+y/,
      /a*b/,
      /\d+x/,
      /\s+$/m,
      /(.*)(.*)(.*)z/s,
      /^(([a-z])+.)+[A-Z]([a-z])+$/,
    ]) {
      assert.equal(linearProblem(pattern), null, String(pattern));
      for (const text of texts) {
        // Of the processor, as others may use it too; in microseconds.
        const from = process.cpuUsage();
        linearMatchEnd(text, pattern);
        assert.ok(process.cpuUsage(from).user < 5_000_000, String(pattern));
      }
    }
  });

  it('finds what the engine of JavaScript finds', () => {
    const text = '{"status": "ok",\n "load": 7, "name": "grün 😀 ÄÖ"}\nPONG\n';
    for (const pattern of [
      /"status":\s*"ok"/,
      /load.*\d/,
      /^pong$/im,
      /pong/,
      /name": "[^"]+"/,
      /😀+/u,
      /\p{Lu}{2}/u,
      /\u00fc+n/,
      /(?<word>st\w+)/,
      /a{3}|o{1}k/,
      /\bok\b/g,
      /(?!x)ok/,
      /(o)k/,
      /./s,
      /[\]*+{]/,
      /\*|\+/,
      /$/,
    ]) {
      const match = pattern.exec(text);
      pattern.lastIndex = 0;
      assert.equal(linearProblem(pattern), null, String(pattern));
      const end = match === null ? -1 : match.index + match[0].length;
      assert.equal(linearMatchEnd(text, pattern), end, String(pattern));
      assert.equal(linearMatchEnd(text, pattern), end, 'again');
    }
  });

  it('is refused where that can’t be done', () => {
    for (const pattern of [/(?=.*a)b/, /(?<!a+)b/, /(a+)\1/, /(?<n>a+)\k<n>/, /a{1,2000}/, /(?!x)a*/])
      assert.match(String(linearProblem(pattern)), /endless time.*no look-around/, String(pattern));
  });
});
