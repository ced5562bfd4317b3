import { join, relative, resolve } from 'node:path';
import { hasCode } from './bare/files.mjs';
import { Interrupted, LaunchError } from './bare/launch-error.mjs';
import { onStopSignal } from './bare/signals.mjs';
import type { Terminal } from './bare/terminal.mjs';
import { keepApiKey, keepSecretKey, readKeptSecretKey, secretKeyFile } from './kept-secret.ts';
import { choosePorts, isEveryAddress, metricsPages, planServices } from './plan.ts';
import type { ReadyFacts } from './ready-block.ts';
import { findRedis } from './redis/find-redis.ts';
import { redisSources } from './redis/sources.ts';
import { noteRedis, type RedisNote } from './cooldowns.ts';
import { openRollingFile, type RollingFile } from './rolling-file.ts';
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
  /** Keeps what the services log in their files alone. */
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
 * Runs the whole product for as long as `use` takes. Whatever was started is stopped in the opposite order, on every
 * way out.
 *
 * @param use gives the exit code
 * @throws LaunchError when something that is needed can't be had or does not come up
 * @throws Interrupted when the person asks to stop before it is ready
 */
export async function withProduct(launch: Launch, use: (product: Product) => Promise<number>): Promise<number> {
  const { root, terminal } = launch;
  // For the children too: Redis would make its snapshots readable for every user of the machine.
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
  let note: RedisNote | undefined;
  let copy: RollingFile | undefined;
  const onRedis = (url: string): void => void (note = noteRedis(state.path, url));
  try {
    copy = openCopy(launch);
    const ready = await bringUp({ ...launch, stateFolder: state.path, context, onRedis, copy });
    return await use({ ...ready, started, signal: stopping.signal });
  } finally {
    for (const thing of started.toReversed()) await terminal.step(`Stopping the ${thing.name}`, () => thing.stop());
    note?.remove();
    copy?.end();
    stopListening();
    state.release();
  }
}

/**
 * The file of all services' lines, where the configuration names one. Without the right to write there, the start continues with
 * a warning: an engine of containers makes the folder of a missing volume as root, and every line is in the services' own files.
 *
 * @throws LaunchError when there can be no such file, which is a mistake in the path
 */
function openCopy({ root, terminal, settings }: Launch): RollingFile | undefined {
  const { file, retentionDays } = settings.log;
  if (file === undefined) return undefined;
  const keep = { days: retentionDays };
  try {
    return openRollingFile({
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
  /** URL of Redis, unless the services know it from the configuration. */
  readonly onRedis: (url: string) => void;
  readonly copy: RollingFile | undefined;
}

/** Redis, then the services. */
async function bringUp(scene: Scene): Promise<Pick<Product, 'facts' | 'plans'>> {
  const { root, env, terminal, settings, isQuiet = false, stateFolder, context, onRedis, copy } = scene;
  for (const warning of settings.warnings) terminal.say(`Warning: ${warning}.`);
  const redis = await bringRedis(scene);
  if (redis.url !== undefined) onRedis(redis.url);
  const ports = await choosePorts(settings, terminal.say);
  const newApiKey = settings.hasClientKeys ? undefined : keepApiKey(join(root, '.sluice/api-key'));
  const newSecretKey = settings.needsSecretKey ? secretKeyOf(scene) : undefined;
  const plans = planServices({ env, settings, ports, redisUrl: redis.url, newApiKey, newSecretKey });
  const logs = join(stateFolder, 'logs');
  await startServices(plans, { root, logs, terminal, context, isQuiet, copy, known: new Set(settings.warnings) });
  const facts = {
    baseUrl: `${plans.find(({ name }) => name === 'ingress')?.url}/v1`,
    isOnEveryAddress: isEveryAddress(settings.ingress.host),
    key: keyOf(settings, newApiKey),
    model: settings.model,
    redis: redis.description,
    metrics: metricsPages(settings, ports),
    logs: [relative(root, logs), ...(copy === undefined || settings.log.file === undefined ? [] : [settings.log.file])],
  };
  return { facts, plans };
}

/** Other processes on the same Redis need this secret to read tokens, so the start tells where it is kept. */
function secretKeyOf({ root, terminal }: Launch): string {
  const made = readKeptSecretKey(root) === undefined ? ', which was made here' : '';
  const secretKey = keepSecretKey(join(root, secretKeyFile));
  terminal.say(`SLUICE_SECRET_KEY is not set: tokens are encrypted with the secret in ${secretKeyFile}${made}.`);
  return secretKey;
}

function keyOf({ apiKey, isOpen }: Settings, newApiKey: string | undefined): ReadyFacts['key'] {
  const text = apiKey ?? newApiKey;
  if (text !== undefined) return { kind: 'plain', text };
  return { kind: isOpen ? 'none' : 'hashed' };
}

interface ReadyRedis {
  /** Undefined when the services know it from the configuration. */
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
