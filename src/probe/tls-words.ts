/** What goes wrong with TLS, in words: OpenSSL names its own functions and files, on two lines. */
/** An error as Node raises it. */
export interface CodedError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

const NO_TLS = 'no TLS is spoken there';
const VERSION = 'the server does not accept our versions of TLS (1.2 and 1.3)';
const CLIENT_CERTIFICATE = 'the server does not accept the client certificate';
const CIPHER = 'the server has no cipher or key that is strong enough in common with us';

/** By OpenSSL's reason, without what it calls the version: alerts of RFC 8446, 6.2, and its own. */
const BY_REASON: Readonly<Record<string, string>> = {
  'wrong version number': NO_TLS,
  'packet length too long': NO_TLS,
  'record layer failure': NO_TLS,
  'http request': NO_TLS,
  'unknown protocol': NO_TLS,
  'protocol version': VERSION,
  'unsupported protocol': VERSION,
  'version too low': VERSION,
  'no protocols available': VERSION,
  'inappropriate fallback': VERSION,
  'certificate required': 'the server wants a client certificate',
  'handshake failure':
    'the server refuses the handshake: it may want a client certificate, or has no cipher in common with us',
  'bad certificate': CLIENT_CERTIFICATE,
  'unsupported certificate': `${CLIENT_CERTIFICATE}: it is of a kind that is not supported`,
  'certificate revoked': `${CLIENT_CERTIFICATE}: it is revoked`,
  'certificate expired': `${CLIENT_CERTIFICATE}: it has expired`,
  'certificate unknown': CLIENT_CERTIFICATE,
  'unknown ca': `${CLIENT_CERTIFICATE}: it does not know who has signed it`,
  'access denied': `${CLIENT_CERTIFICATE}: it has no access`,
  'insufficient security': CIPHER,
  'no shared cipher': CIPHER,
  'ee key too small': "the key of the server's certificate is too small",
  'ca key too small': "the key of the server's authority is too small",
  'dh key too small': 'the key that the server offers is too small',
  'ca md too weak': "the server's certificate is signed by a hash that is too weak",
  'unrecognized name': 'the server does not know the name that it is asked for (SNI)',
  'no application protocol': 'the server speaks none of the protocols that it is asked for (ALPN)',
  'internal error': 'the server reports an internal error',
  'unexpected eof while reading': 'closed during the TLS handshake',
};

/** By Node's codes, which are OpenSSL's of the verification too. */
const BY_CODE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  CERT_REVOKED: 'the certificate is revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is signed by itself, and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is signed by an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'who signed the certificate is not known: the server may not send the intermediate certificates',
  UNABLE_TO_GET_ISSUER_CERT: 'who signed the certificate is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'who signed the certificate is not known: the server may not send the intermediate certificates',
};

/** Characters of the names in a certificate that are shown. */
const NAMES = 200;

/** The error of a TLS connection in words; null where it has none of its own. */
export function tlsWords({ code, message }: CodedError): string | null {
  const words = BY_CODE[String(code)];
  if (words !== undefined) return words;
  const text = typeof message === 'string' ? message : '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = /(?:altnames|list|CN): (.*)$/s.exec(text)?.[1] ?? '';
    return `the certificate is for another name${names === '' ? '' : `: ${names.slice(0, NAMES)}`}`;
  }
  // Node's words for a connection that ended in the handshake.
  if (text.startsWith('Client network socket disconnected')) return 'closed during the TLS handshake';
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(text)?.[1];
  if (reason === undefined) return null;
  const plain = reason.replace(/^(?:sslv\d|tlsv\d+|ssl\/tls) (?:alert )?/, '');
  return BY_REASON[plain] ?? `the TLS handshake failed: ${plain}`;
}
