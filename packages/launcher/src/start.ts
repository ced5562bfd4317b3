import { join, relative } from 'node:path';
import { keepApiKey } from './api-key.ts';
import { Interrupted } from './bare/launch-error.mjs';
import { onStopSignal } from './bare/signals.mjs';
import type { Terminal } from './bare/terminal.mjs';
import { choosePorts, planServices } from './plan.ts';
import { readyBlock } from './ready-block.ts';
import { findRedis } from './redis/find-redis.ts';
import { redisSources } from './redis/sources.ts';
import { startServices } from './services.ts';
import type { Settings } from './settings.ts';
import type { StartContext, Started } from './started.ts';
import { takeStateFolder } from './state-folder.ts';

export interface Launch {
  /** The repository. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  readonly settings: Settings;
}

/**
 * Runs the whole product until the person stops it or a part of it dies. Whatever was started is stopped in the
 * opposite order, on every way out.
 *
 * @returns exit code
 * @throws LaunchError when something that is needed can't be had or does not come up
 * @throws Interrupted when the person asks to stop before it is ready
 */
export async function start(launch: Launch): Promise<number> {
  const { root, terminal } = launch;
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
  try {
    console.log(await bringUp({ ...launch, stateFolder: state.path, context }));
    return await untilOver({ started, signal: stopping.signal, terminal });
  } finally {
    for (const thing of started.toReversed()) await terminal.step(`Stopping the ${thing.name}`, () => thing.stop());
    stopListening();
    state.release();
  }
}

interface Scene extends Launch {
  readonly stateFolder: string;
  readonly context: StartContext;
}

/** Redis, then the services; returns what tells the person that they are there. */
async function bringUp(scene: Scene): Promise<string> {
  const { root, env, terminal, settings, stateFolder, context } = scene;
  const redis = await bringRedis(scene);
  const ports = await choosePorts(settings, terminal.say);
  const newApiKey = settings.hasClientKeys ? undefined : keepApiKey(join(root, '.sluice/api-key'));
  const plans = planServices({ env, settings, ports, redisUrl: redis.url, newApiKey });
  const logs = join(stateFolder, 'logs');
  await startServices(plans, { root, logs, terminal, context });
  return readyBlock({
    baseUrl: `${plans.find(({ name }) => name === 'ingress')?.url}/v1`,
    apiKey: settings.apiKey ?? newApiKey,
    model: settings.model,
    redis: redis.description,
    logs: relative(root, logs),
  });
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

interface Running {
  readonly started: readonly Started[];
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** Resolves with the exit code: 0 when the person has asked to stop, 1 when something died by itself. */
async function untilOver({ started, signal, terminal }: Running): Promise<number> {
  const stopped = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const obituary = await Promise.race([stopped, ...started.flatMap(({ died }) => died ?? [])]);
  if (obituary === undefined) return 0;
  terminal.say(obituary);
  return 1;
}
