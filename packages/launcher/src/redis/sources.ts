import type { Terminal } from '../bare/terminal.mjs';
import { dockerRedis } from './docker.ts';
import { givenRedis } from './from-url.ts';
import { localServer } from './local-server.ts';
import { packageManagerRedis } from './package-manager.ts';
import type { RedisSource } from './source.ts';

export interface Surroundings {
  /** The given address of Redis, if any; `setting` is the place where it was given. */
  readonly given: { readonly url: string | undefined; readonly setting: string };
  /** As in PATH. */
  readonly searchPath: string;
  /** For what a Redis started here keeps. */
  readonly stateFolder: string;
  readonly terminal: Terminal;
}

/** The ways to come by Redis, in the order in which they are tried. */
export function redisSources({ given, searchPath, stateFolder, terminal }: Surroundings): readonly RedisSource[] {
  const local = (path: string): RedisSource => localServer({ searchPath: path, stateFolder, terminal });
  return [
    givenRedis({ ...given, terminal }),
    local(searchPath),
    dockerRedis({ searchPath, stateFolder, terminal }),
    packageManagerRedis({ searchPath, installed: local, terminal }),
  ];
}
