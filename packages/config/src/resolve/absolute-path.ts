import { resolve } from 'node:path';
import type { TlsFiles } from '../network/tls-files.ts';

/** The directories from which paths begin. */
export interface Paths {
  readonly cwd: string;
  /** Undefined where nobody knows; `~` then is a plain name. */
  readonly home: string | undefined;
}

/** A path as the operator wrote it: relative to the working directory, or to the home folder behind `~/`. */
export function absolutePath(path: string, { cwd, home }: Paths): string {
  return resolve(cwd, home === undefined ? path : path.replace(/^~(?=\/)/, () => home));
}

interface WrittenTlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export function absoluteTlsFiles({ ca, cert, key }: WrittenTlsFiles, paths: Paths): TlsFiles {
  const absolute = (path: string | undefined): string | undefined => path && absolutePath(path, paths);
  return { ca: absolute(ca), cert: absolute(cert), key: absolute(key) };
}
