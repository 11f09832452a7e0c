import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { redacted, redactedUrls, safeExcerpt, withoutSecrets } from '../../src/core/shown-url.ts';

describe('a URL that is shown', () => {
  it('has no password, no token and no fragment', () => {
    const shown: [string, string][] = [
      ['http://h/', 'http://h/'],
      ['http://me:pw@h:1/x', 'http://me@h:1/x'],
      ['redis://:pw@h/1', 'redis://h/1'],
      ['http://[::1]:8080/?deep=1', 'http://[::1]:8080/?deep=1'],
      ['http://h/?access_token=a&x=1', 'http://h/?access_token=…&x=1'],
      ['http://h/?token=a', 'http://h/?token=…'],
      ['http://h/?x=1;API-KEY=a', 'http://h/?x=1;API-KEY=…'],
      ['http://h/?key=a&keyboard=b&monkey=c', 'http://h/?key=…&keyboard=b&monkey=c'],
      ['http://h/?X-Amz-Signature=a&sig=b&password=c&pwd=d', 'http://h/?X-Amz-Signature=…&sig=…&password=…&pwd=…'],
      ['http://h/#token=a', 'http://h/#…'],
      ['http://h/#top', 'http://h/#top'],
      ['http://h/#eyJhbGciOiJIUzI1NiJ9aaaa', 'http://h/#…'],
      ['ws://h/feed?service=a#b=c', 'ws://h/feed?service=a#…'],
      ['h:9720/?token=a', 'h:9720/?token=…'],
      ['unix:/run/x.sock:/health?token=a', 'unix:/run/x.sock:/health?token=…'],
    ];
    for (const [url, less] of shown) {
      assert.equal(withoutSecrets(url), less);
      assert.doesNotMatch(redacted(url), /:pw|=a$/);
    }
  });

  it('that can’t be read is shown at the cost of too much', () => {
    for (const text of ['redis://me:pw', 'http://me:p/w@h', 'http://me:p#w@h/', 'me:pw@h', 'ws://me:p@w@h:x']) {
      assert.doesNotMatch(redacted(text) + safeExcerpt(text), /p[/#@]?w/, text);
    }
  });

  it('is found in any text', () => {
    assert.equal(
      redactedUrls("curl -H 'x: y' https://me:pw@h/?token=a now"),
      "curl -H 'x: y' https://me@h/?token=… now",
    );
    assert.equal(redactedUrls('docker restart web'), 'docker restart web');
  });
});
