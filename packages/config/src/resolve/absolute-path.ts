import { resolve } from 'node:path';
import type { TlsFiles } from '../network/tls-files.ts';

/** The directories for relative paths. */
export interface Paths {
  readonly cwd: string;
  /** Undefined if unknown; `~` is then a plain name. */
  readonly home: string | undefined;
}

/** Resolves a path of the operator: relative to the working directory, or after `~/` to the home folder. */
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
