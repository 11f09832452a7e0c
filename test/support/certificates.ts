/** Certificates, made by `openssl` when they are asked for. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificate {
  /** PEM. It is its own authority. */
  readonly cert: string;
  readonly key: string;
}

/**
 * A self-signed certificate.
 * @param names such as `DNS:localhost,IP:127.0.0.1`
 * @param days it is valid for this long
 */
export async function certificate(names: string, days = 30): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-cert-'));
  try {
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
    const subject = ['-subj', '/CN=gapwatch test', '-addext', `subjectAltName=${names}`];
    await run('openssl', ['req', '-x509', ...key, ...subject, '-days', String(days), '-out', certFile]);
    return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}
