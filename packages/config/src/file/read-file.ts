import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError, type ConfigProblem } from '../config-error.ts';

const defaultFile = './sluice.yaml';

export interface FileRequest {
  /** Path in the environment; undefined = the default file, if it exists. */
  readonly path: string | undefined;
  readonly cwd: string;
  /** Reads a file; default: from disk, as UTF-8. */
  readonly readFile?: ((path: string) => string) | undefined;
}

export type FoundFile =
  | { readonly kind: 'none' }
  /** `name` is the path as the operator wrote it. */
  | { readonly kind: 'text'; readonly name: string; readonly text: string }
  | { readonly kind: 'unreadable'; readonly problem: ConfigProblem };

/** Reads the configuration file. */
export function readConfigFile({ path, cwd, readFile = readFromDisk }: FileRequest): FoundFile {
  const name = path ?? defaultFile;
  try {
    return { kind: 'text', name, text: readFile(resolve(cwd, name)) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const isAbsent = code === 'ENOENT';
    if (isAbsent && path === undefined) return { kind: 'none' };
    if (isAbsent)
      return { kind: 'unreadable', problem: { path: 'SLUICE_CONFIG', message: `there is no file ${name}` } };
    return { kind: 'unreadable', problem: { path: name, message: `can't be read (${code})` } };
  }
}

const readFromDisk = (path: string): string => readFileSync(path, 'utf8');

/**
 * Reads a file that may not exist.
 *
 * @returns undefined if the file does not exist
 * @throws ConfigError if the file can't be read
 */
export function readOptionalFile(path: string, readFile = readFromDisk): string | undefined {
  try {
    return readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ConfigError([{ path, message: `can't be read (${code})` }], 'environment');
  }
}
