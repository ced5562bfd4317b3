import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError, type ConfigProblem } from '../config-error.ts';

/** Absolute paths of the files of a TLS connection. */
export interface TlsFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** The PEM texts of a TLS connection. */
export type TlsTexts = TlsFiles;

/**
 * Reads the files of a TLS connection. Only processes that make the connection need them, so they are not read with the
 * configuration.
 *
 * @param setting that holds the paths: `redis.tls`, `upstreams[0].tls`
 * @throws ConfigError that names each file that can't be used
 */
export function readTlsFiles(files: TlsFiles, setting: string): TlsTexts {
  const problems: ConfigProblem[] = [];
  const read = (part: keyof TlsFiles): string | undefined => {
    const path = files[part];
    if (path === undefined) return undefined;
    const text = textOf(path);
    const problem = 'problem' in text ? text.problem : part === 'ca' ? faultOfAuthorities(text.pem, path) : undefined;
    if (problem !== undefined) problems.push({ path: `${setting}.${part}`, message: problem });
    return 'pem' in text ? text.pem : undefined;
  };
  const texts = { ca: read('ca'), cert: read('cert'), key: read('key') };
  if (problems.length === 0) problems.push(...findMisfits(texts, setting));
  if (problems.length > 0) throw new ConfigError(problems, 'files of certificates');
  return texts;
}

/**
 * Returns the fault of a file of authorities. Node ignores a file without certificates and then trusts no server; its
 * error for a damaged certificate does not name the certificate.
 */
function faultOfAuthorities(pem: string, path: string): string | undefined {
  const wanted = 'must be the path of a PEM file of certificates';
  const blocks = pem.match(/^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^]*?(?=^-----BEGIN |$(?![^]))/gm) ?? [];
  if (blocks.length === 0) return `${wanted}; ${path} has none`;
  for (const [at, block] of blocks.entries()) {
    try {
      void new X509Certificate(block);
    } catch (error) {
      return `${wanted}; certificate ${at + 1} of ${path} is damaged (${codeOf(error)})`;
    }
  }
  return undefined;
}

/** Finds texts that TLS can't use: a key may be encrypted, or belong to another certificate. */
function findMisfits({ ca, cert, key }: TlsTexts, setting: string): ConfigProblem[] {
  const misfit = (why: string): ConfigProblem[] => [
    { path: setting, message: `must name a certificate and its unencrypted key (${why})` },
  ];
  try {
    createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    });
    if (cert === undefined || key === undefined) return [];
    const isPair = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    return isPair ? [] : misfit('the key belongs to another certificate');
  } catch (error) {
    return misfit(codeOf(error));
  }
}

function textOf(path: string): { readonly pem: string } | { readonly problem: string } {
  try {
    const pem = readFileSync(path, 'utf8');
    if (/^-----BEGIN [A-Z0-9 ]+-----/m.test(pem)) return { pem };
    return { problem: `must be the path of a PEM file; ${path} has no line that begins with -----BEGIN` };
  } catch (error) {
    return { problem: `must be the path of a PEM file; ${path} can't be read (${codeOf(error)})` };
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
