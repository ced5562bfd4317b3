import { relative } from 'node:path';
import { LaunchError } from '../bare/launch-error.mjs';
import type { Terminal } from '../bare/terminal.mjs';
import type { Settings } from '../settings.ts';
import type { StartContext } from '../started.ts';
import { dataOf } from './data.ts';
import { bringBinaries } from './find-binaries.ts';
import { codeOf, inspectDatabase } from './inspect.ts';
import { startOwnServer } from './own-server.ts';
import { choosePlace } from './place.ts';
import { oldestMajor } from './version.ts';

export interface DatabaseNeeds {
  readonly root: string;
  readonly settings: Settings['database'];
  readonly searchPath: string;
  readonly stateFolder: string;
  /** `.sluice`. */
  readonly sharedFolder: string;
  readonly terminal: Terminal;
  readonly context: StartContext;
}

export interface ReadyDatabase {
  /** URL of a server that was started here. Undefined when the services read it from the configuration, or there is none. */
  readonly url: string | undefined;
  /** Description for the person, in one line. */
  readonly description: string;
}

/**
 * Finds the database for the records, or starts one. Without any, the product runs without records.
 *
 * @throws LaunchError when the configured database answers and can't be used
 * @throws Interrupted when the person asks to stop
 */
export async function bringDatabase(needs: DatabaseNeeds): Promise<ReadyDatabase> {
  const { settings, terminal } = needs;
  if (settings.kind === 'none') return { url: undefined, description: 'none, as configured: no records are kept' };
  if (settings.kind === 'given') return { url: undefined, description: await checkGiven(settings, terminal) };
  return await bringOwn(needs);
}

type Given = Settings['database'] & { readonly kind: 'given' };

/** The start continues without a database that is away: records wait in Redis. */
async function checkGiven({ connection, setting }: Given, terminal: Terminal): Promise<string> {
  const { hostname, port } = new URL(connection.connectionString);
  const place = `PostgreSQL at ${hostname}:${port || '5432'}`;
  try {
    const version = await inspectDatabase(connection);
    if (version === undefined || version.major >= oldestMajor) return place;
    throw new LaunchError(
      `${setting}: the ${place} is version ${version.text}, which is too old: ${oldestMajor} or newer is needed.`,
    );
  } catch (error) {
    if (error instanceof LaunchError) throw error;
    const reason = error instanceof Error && error.message !== '' ? error.message : codeOf(error);
    // Five characters: the server has answered, and does not take the user, the password or the database.
    if (/^(?:28|3D|42)\w{3}$/.test(codeOf(error) ?? '')) {
      throw new LaunchError(`${setting}: the ${place} can't be used: ${reason}.`, { cause: error });
    }
    terminal.say(`Warning: ${setting}: no answer from ${place} (${reason}); records wait in Redis until it answers.`);
    return `${place}, which does not answer yet`;
  }
}

async function bringOwn({
  root,
  searchPath,
  stateFolder,
  sharedFolder,
  terminal,
  context,
}: DatabaseNeeds): Promise<ReadyDatabase> {
  const place = choosePlace({ stateFolder, sharedFolder });
  if ('reason' in place) return without(place.reason);
  const binaries = await bringBinaries({ searchPath, place, terminal });
  if ('reason' in binaries) return without(binaries.reason);
  const name = `PostgreSQL ${binaries.version.text}`;
  try {
    const start = (): Promise<string> => startOwnServer({ binaries, place, stateFolder, terminal }, context);
    const url = await terminal.step(`Getting ${name} ready`, start);
    const data = place.account === undefined ? relative(root, dataOf(place)) : dataOf(place);
    return { url, description: `${name}, with its data in ${data}` };
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    terminal.say(`Warning: ${error.message}`);
    return without(`${name} does not start (see ${relative(root, stateFolder)}/logs/postgres.log)`);
  }
}

const without = (reason: string): ReadyDatabase => ({
  url: undefined,
  description: `none, so no records are kept: ${reason}`,
});
