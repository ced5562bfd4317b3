import { readModelNames, writeModelNames } from '@sluice/protocol';
import type { Keys, ModelSource, RedisConnection } from '@sluice/redis';

/*
 * Model names that providers serve. Workers ask the providers; ingresses give the names to clients.
 * Workers ask only while some ingress needs the names.
 * Decision: docs/decisions/2026-11-30-model-list.md
 */

/** Time (ms) for which workers keep the lists fresh after the last request for them at an ingress. */
const wantedMs = 15 * 60_000;
/** Time (ms) for which a list is valid after its provider sent it. */
const keptMs = 60 * 60_000;
/** Minimum interval (ms) between two queries of a provider. */
const freshMs = 10 * 60_000;
/**
 * Time limit (ms) of one query of a provider with all its pages, and the delay before a failed query may be repeated.
 */
const askingMs = 30_000;

export interface ModelListNeeds {
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, 'modelsWanted' | 'modelNames' | 'modelsAsked'>;
}

/** Operations of an ingress. All reject while Redis cannot be reached. */
export interface ModelListReader {
  /** Signals the workers that the lists are wanted. */
  want(): Promise<void>;
  /**
   * Returns the names of an upstream's models; undefined if no worker has asked yet, empty if the provider sent none.
   */
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

/** Operations of a worker. All reject while Redis cannot be reached. */
export interface ModelListWriter {
  isWanted(): Promise<boolean>;
  /** Returns true for one worker of the fleet, if the upstream is due for a query. */
  mayAsk(upstream: ModelSource): Promise<boolean>;
  told(upstream: ModelSource, names: readonly string[]): Promise<void>;
  /** Records that the upstream sent no list: its earlier list stays valid. */
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
