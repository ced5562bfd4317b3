import { readModelNames, writeModelNames } from '@sluice/protocol';
import type { Keys, ModelSource, RedisConnection } from '@sluice/redis';

/*
 * Names of the models that providers serve. Workers ask the providers; ingresses answer clients with the names.
 * Workers ask only while some ingress wants to know.
 * Decision: docs/decisions/2026-11-30-model-list.md
 */

/** Workers keep the lists fresh for this long after an ingress was last asked for them. */
const wantedMs = 15 * 60_000;
/** A list counts for this long after its provider told it. */
const keptMs = 60 * 60_000;
/** A provider is not asked again before that. */
const freshMs = 10 * 60_000;
/** For one question to a provider with all its pages, and until one that failed may be repeated. */
const askingMs = 30_000;

export interface ModelListNeeds {
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, 'modelsWanted' | 'modelNames' | 'modelsAsked'>;
}

/** For an ingress. All reject while Redis can't be reached. */
export interface ModelListReader {
  /** Lets the workers know that the lists are wanted. */
  want(): Promise<void>;
  /** Undefined where nothing is known of an upstream yet; empty where it has told nothing. */
  read(upstream: ModelSource): Promise<readonly string[] | undefined>;
}

export const createModelListReader = ({ connection, keys }: ModelListNeeds): ModelListReader => ({
  async want() {
    await connection.set(keys.modelsWanted, '1', 'PX', wantedMs);
  },
  async read(upstream) {
    const text = await connection.get(keys.modelNames(upstream));
    return text === null ? undefined : readModelNames(text);
  },
});

/** For a worker. All reject while Redis can't be reached. */
export interface ModelListWriter {
  isWanted(): Promise<boolean>;
  /** True for one worker of the fleet, if the upstream is to be asked now. */
  mayAsk(upstream: ModelSource): Promise<boolean>;
  told(upstream: ModelSource, names: readonly string[]): Promise<void>;
  /** The upstream told nothing: what it has told before still counts. */
  failed(upstream: ModelSource): Promise<void>;
}

export const createModelListWriter = ({ connection, keys }: ModelListNeeds): ModelListWriter => ({
  isWanted: async () => (await connection.exists(keys.modelsWanted)) === 1,
  mayAsk: async (upstream) => (await connection.set(keys.modelsAsked(upstream), '1', 'PX', askingMs, 'NX')) === 'OK',
  async told(upstream, names) {
    await connection.set(keys.modelNames(upstream), writeModelNames(names), 'PX', keptMs);
    await connection.set(keys.modelsAsked(upstream), '1', 'PX', freshMs);
  },
  async failed(upstream) {
    await connection.set(keys.modelNames(upstream), writeModelNames([]), 'PX', askingMs, 'NX');
  },
});
