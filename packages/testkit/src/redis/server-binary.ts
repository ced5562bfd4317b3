import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** A Redis server that is installed on this machine. */
export interface ServerBinary {
  readonly path: string;
  /** Product and version: `Redis 7.0.15`, `Valkey 8.0.1`. */
  readonly title: string;
  /** 7 of `7.0.15`. */
  readonly majorVersion: number;
}

const names = ['redis-server', 'valkey-server'];

/** Finds the first of `redis-server` and `valkey-server` on the path that runs; undefined if none does. */
export async function findServerBinary(searchPath = process.env['PATH'] ?? ''): Promise<ServerBinary | undefined> {
  for (const name of names) {
    for (const directory of searchPath.split(delimiter)) {
      const path = join(directory, name);
      if (directory === '' || !(await isExecutable(path))) continue;
      const version = await versionOf(path);
      if (version !== undefined) return { path, ...version };
    }
  }
  return undefined;
}

/** Parses the output of `--version`: `Redis server v=7.0.15 sha=…`. */
export function parseVersion(text: string): Omit<ServerBinary, 'path'> | undefined {
  const [, product, version, major] = /(\w+) server v=((\d+)[\d.]*)/.exec(text) ?? [];
  return product === undefined ? undefined : { title: `${product} ${version}`, majorVersion: Number(major) };
}

/** Returns the default arguments of a server. Arguments after them override them. */
export function serverArguments({
  port,
  directory,
  majorVersion,
}: {
  readonly port: number;
  readonly directory: string;
  readonly majorVersion: number;
}): readonly string[] {
  return toArguments({
    port: String(port),
    bind: '127.0.0.1',
    dir: directory,
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
    'cluster-enabled': 'no',
    ...(majorVersion >= 7 ? { 'enable-debug-command': 'local' } : {}),
  });
}

/** Returns settings of `redis.conf` as arguments of the server. */
export function toArguments(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function versionOf(path: string): Promise<Omit<ServerBinary, 'path'> | undefined> {
  try {
    return parseVersion((await promisify(execFile)(path, ['--version'], { timeout: 5000 })).stdout);
  } catch {
    return undefined;
  }
}
