import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/**
 * Trusts the certificates of `NODE_EXTRA_CA_CERTS` from `.env`. Node itself reads the variable only when the process
 * starts, before `.env` is read. Needs Node 24.
 *
 * @param {string | undefined} path
 * @returns {string | undefined} a warning when the file can't be used; like Node, Sluice then runs without it
 */
export function trustExtraCertificates(path = '') {
  if (path === '') return undefined;
  try {
    const pem = readFileSync(path, 'utf8');
    // This throws for a text without certificates, which `setDefaultCACertificates` ignores in silence.
    void new X509Certificate(pem);
    setDefaultCACertificates([...getCACertificates('default'), pem]);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return `Warning: NODE_EXTRA_CA_CERTS of .env is not used: the certificates in ${path} can't be read (${code}).`;
  }
}
