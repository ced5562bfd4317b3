import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/**
 * Does what Node does with `NODE_EXTRA_CA_CERTS` when a process starts, for a value that it has got later, from `.env`.
 * Needs Node 24.
 *
 * @param {string | undefined} path
 * @returns {string | undefined} a sentence for the person when the file can't be used; like Node, we go on without it
 */
export function trustExtraCertificates(path = '') {
  if (path === '') return undefined;
  try {
    const pem = readFileSync(path, 'utf8');
    // `setDefaultCACertificates` ignores a text without certificates in silence; this throws.
    void new X509Certificate(pem);
    setDefaultCACertificates([...getCACertificates('default'), pem]);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return `Warning: NODE_EXTRA_CA_CERTS of .env is not used: the certificates in ${path} can't be read (${code}).`;
  }
}
