import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from './bare/files.mjs';

/** A server that a running `npm start` uses, and whose URL other commands may need. */
export type NotedServer = 'redis' | 'database';

const noteIn = (stateFolder: string, server: NotedServer): string => join(stateFolder, `${server}-url`);

export interface Note {
  readonly remove: () => void;
}

/** Notes a URL for commands such as `npm run doctor` in a file that only this user can read. */
export function noteUrl(stateFolder: string, server: NotedServer, url: string): Note {
  const path = noteIn(stateFolder, server);
  rmSync(path, { force: true });
  writeFileSync(path, url, { mode: 0o600 });
  return { remove: () => rmSync(path, { force: true }) };
}

/** Returns the URL that the running `npm start` has noted, a secret; undefined if none runs. */
export const notedUrl = (stateFolder: string, server: NotedServer): string | undefined =>
  readIfThere(noteIn(stateFolder, server));
