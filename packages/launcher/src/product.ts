import { join, relative, resolve } from 'node:path';
import type { RollingFile } from '@sluice/telemetry/log-file';
import { hasCode } from './bare/files.mjs';
import { Interrupted, LaunchError } from './bare/launch-error.mjs';
import { onStopSignal } from './bare/signals.mjs';
import type { Terminal } from './bare/terminal.mjs';
import { keepApiKey, keepSecretKey, readKeptSecretKey, secretKeyFile } from './kept-secret.ts';
import { choosePorts, isEveryAddress, metricsPages, planServices } from './plan.ts';
import { openLog } from './open-log.ts';
import type { ReadyFacts } from './ready-block.ts';
import { findRedis } from './redis/find-redis.ts';
import { redisSources } from './redis/sources.ts';
import { type Note, type NotedServer, noteUrl } from './noted-urls.ts';
import { bringDatabase } from './postgres/bring-database.ts';
import { type ServicePlan, startServices } from './services.ts';
import type { Settings } from './settings.ts';
import type { StartContext, Started } from './started.ts';
import { takeStateFolder } from './state-folder.ts';

export interface Launch {
  /** The repository. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  readonly settings: Settings;
  /** Writes the services' log lines to their files only, not to the terminal. */
  readonly isQuiet?: boolean;
}

/** The product while it runs. */
export interface Product {
  readonly facts: ReadyFacts;
  readonly plans: readonly ServicePlan[];
  /** In the order of their start. */
  readonly started: readonly Started[];
  /** Aborted when the person asks to stop. */
  readonly signal: AbortSignal;
}

/**
 * Runs the whole product for as long as `use` takes. Everything that was started is stopped in the opposite order, after
 * errors too.
 *
 * @param use returns the exit code
 * @throws LaunchError when something that the product needs can't be had or does not become ready
 * @throws Interrupted when the person asks to stop before it is ready
 */
export async function withProduct(launch: Launch, use: (product: Product) => Promise<number>): Promise<number> {
  const { root, terminal } = launch;
  // The children inherit it: otherwise every user of the machine could read Redis's snapshots.
  process.umask(0o077);
  const state = takeStateFolder(root);
  if (state.besides !== undefined) {
    terminal.say(`Sluice runs from this folder already (process ${state.besides}); this one keeps its data apart.`);
  }
  const started: Started[] = [];
  const stopping = new AbortController();
  const stopListening = onStopSignal(() => {
    if (stopping.signal.aborted) {
      for (const thing of started.toReversed()) thing.kill();
      return;
    }
    terminal.say('Stopping. Once more to stop at once.');
    stopping.abort();
  });
  const context: StartContext = { signal: stopping.signal, register: (thing) => void started.push(thing) };
  const notes: Note[] = [];
  let copy: RollingFile | undefined;
  const onUrl = (server: NotedServer, url: string): void => void notes.push(noteUrl(state.path, server, url));
  try {
    copy = openCopy(launch);
    const ready = await bringUp({ ...launch, stateFolder: state.path, context, onUrl, copy });
    return await use({ ...ready, started, signal: stopping.signal });
  } finally {
    for (const thing of started.toReversed()) await terminal.step(`Stopping the ${thing.name}`, () => thing.stop());
    for (const note of notes) note.remove();
    copy?.end();
    stopListening();
    state.release();
  }
}

/**
 * Opens `log.file`, which gets the lines of all services, if the configuration names one. Without the right to write it, the
 * start continues with a warning: a container engine creates the folder of a missing volume as root, and each line is also in
 * the service's own file.
 *
 * @throws LaunchError when the path is invalid
 */
function openCopy({ root, terminal, settings }: Launch): RollingFile | undefined {
  const { file, retentionDays } = settings.log;
  if (file === undefined) return undefined;
  const keep = { days: retentionDays };
  try {
    return openLog({
      path: resolve(root, file),
      setting: settings.logFileSetting,
      keep,
      onFailure: terminal.say,
    });
  } catch (error) {
    if (!(error instanceof LaunchError) || !isForbidden(error.cause)) throw error;
    terminal.say(`Warning: ${error.message} User ${process.getuid?.() ?? '?'} may not write there; it is left out.`);
    return undefined;
  }
}

const isForbidden = (error: unknown): boolean => ['EACCES', 'EPERM', 'EROFS'].some((code) => hasCode(error, code));

interface Scene extends Launch {
  readonly stateFolder: string;
  readonly context: StartContext;
  /** Called with the URL of Redis and of the database, unless the services read it from the configuration. */
  readonly onUrl: (server: NotedServer, url: string) => void;
  readonly copy: RollingFile | undefined;
}

/** Starts Redis and the database, then the services. */
async function bringUp(scene: Scene): Promise<Pick<Product, 'facts' | 'plans'>> {
  const { root, env, terminal, settings, isQuiet = false, stateFolder, context, onUrl, copy } = scene;
  for (const warning of settings.warnings) terminal.say(`Warning: ${warning}.`);
  const redis = await bringRedis(scene);
  if (redis.url !== undefined) onUrl('redis', redis.url);
  const database = await bringDatabase({
    root,
    settings: settings.database,
    searchPath: env['PATH'] ?? '',
    stateFolder,
    sharedFolder: join(root, '.sluice'),
    terminal,
    context,
  });
  if (database.url !== undefined) onUrl('database', database.url);
  const ports = await choosePorts(settings, terminal.say);
  const newApiKey = settings.hasClientKeys ? undefined : keepApiKey(join(root, '.sluice/api-key'));
  const newSecretKey = settings.needsSecretKey ? secretKeyOf(scene) : undefined;
  const plans = planServices({
    env,
    settings,
    ports,
    redisUrl: redis.url,
    databaseUrl: database.url,
    newApiKey,
    newSecretKey,
  });
  const logs = join(stateFolder, 'logs');
  await startServices(plans, { root, logs, terminal, context, isQuiet, copy, known: new Set(settings.warnings) });
  const facts = {
    baseUrl: `${plans.find(({ name }) => name === 'ingress')?.url}/v1`,
    isOnEveryAddress: isEveryAddress(settings.ingress.host),
    key: keyOf(settings, newApiKey),
    model: settings.model,
    redis: redis.description,
    database: database.description,
    metrics: metricsPages(settings, ports),
    logs: [relative(root, logs), ...(copy === undefined || settings.log.file === undefined ? [] : [settings.log.file])],
  };
  return { facts, plans };
}

/** Other processes on the same Redis need this secret to read access tokens, so the start prints its file. */
function secretKeyOf({ root, terminal }: Launch): string {
  const made = readKeptSecretKey(root) === undefined ? ', which was made here' : '';
  const secretKey = keepSecretKey(join(root, secretKeyFile));
  terminal.say(
    `SLUICE_SECRET_KEY is not set: tokens and stored bodies are encrypted with the secret in ${secretKeyFile}${made}.`,
  );
  return secretKey;
}

function keyOf({ apiKey, isOpen }: Settings, newApiKey: string | undefined): ReadyFacts['key'] {
  const text = apiKey ?? newApiKey;
  if (text !== undefined) return { kind: 'plain', text };
  return { kind: isOpen ? 'none' : 'hashed' };
}

interface ReadyRedis {
  /** Undefined when the services read it from the configuration. */
  readonly url: string | undefined;
  readonly description: string;
}

async function bringRedis({ env, terminal, settings, stateFolder, context }: Scene): Promise<ReadyRedis> {
  const { redis } = settings;
  if (redis.kind === 'configured') return { url: undefined, description: 'as configured' };
  const sources = redisSources({ given: redis, searchPath: env['PATH'] ?? '', stateFolder, terminal });
  const { description, start: startRedis } = await findRedis(sources);
  if (context.signal.aborted) throw new Interrupted();
  const url = await terminal.step(`Getting ${description} ready`, () => startRedis(context));
  return { url, description };
}
