import type { Terminal } from '../bare/terminal.mjs';
import { dockerRedis } from './docker.ts';
import { givenRedis } from './from-url.ts';
import { localServer } from './local-server.ts';
import { packageManagerRedis } from './package-manager.ts';
import type { RedisSource } from './source.ts';

export interface Surroundings {
  /** The configured URL of Redis, if any, and the setting that holds it. */
  readonly given: { readonly url: string | undefined; readonly setting: string };
  /** Folders, as in PATH. */
  readonly searchPath: string;
  /** Folder for the data of a Redis that is started here. */
  readonly stateFolder: string;
  readonly terminal: Terminal;
}

/** Returns the sources of Redis, in the order in which they are tried. */
export function redisSources({ given, searchPath, stateFolder, terminal }: Surroundings): readonly RedisSource[] {
  const local = (path: string): RedisSource => localServer({ searchPath: path, stateFolder, terminal });
  return [
    givenRedis({ ...given, terminal }),
    local(searchPath),
    dockerRedis({ searchPath, stateFolder, terminal }),
    packageManagerRedis({ searchPath, installed: local, terminal }),
  ];
}
