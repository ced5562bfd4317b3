import { type ServiceProcess, spawnService, type SpawnOptions } from './spawn-service.ts';

/** Size and configuration of a fleet. */
export interface FleetOptions extends Pick<SpawnOptions, 'env' | 'mode' | 'readyTimeoutMs'> {
  /** Default 2. */
  readonly ingresses?: number;
  /** Default 2. */
  readonly workers?: number;
  /** Content of `sluice.yaml`, without the settings of the next members. */
  readonly config: { readonly redis?: object; readonly [key: string]: unknown };
  /** Value of `redis.url`. Absent when `config.redis` names a cluster or sentinels. */
  readonly redisUrl?: string;
  /** Value of `redis.url` for one kind of replica: a connection to the same Redis that a test can cut. */
  readonly redisUrls?: Readonly<Partial<Record<'ingress' | 'worker', string>>>;
  /** Value of `redis.key_prefix`, which separates this fleet from others on the same Redis. */
  readonly keyPrefix: string;
}

/** Replicas that share a Redis and a configuration. */
export interface Fleet {
  readonly ingresses: readonly ServiceProcess[];
  readonly workers: readonly ServiceProcess[];
  /** URLs of the ingresses, without a path. */
  readonly urls: readonly string[];
  /** Starts one more replica, with `env` as additional variables, and appends it to its list. */
  add(name: 'ingress' | 'worker', env?: SpawnOptions['env']): Promise<ServiceProcess>;
  /** Stops all replicas, even those that have ended. */
  stop(): Promise<void>;
}

/** Starts one replica. */
export type Spawn = (name: 'ingress' | 'worker', options: SpawnOptions) => Promise<ServiceProcess>;

/**
 * Starts ingresses and workers at once, each with its own port; resolves when all are ready.
 * @throws the error of the first replica that does not start; then all of them are stopped.
 */
export function startFleet(options: FleetOptions): Promise<Fleet> {
  return startFleetWith(spawnService, options);
}

/** Does the same as {@link startFleet}, with another function that starts replicas. */
export async function startFleetWith(spawn: Spawn, options: FleetOptions): Promise<Fleet> {
  const { ingresses: ingressCount = 2, workers: workerCount = 2, redisUrl, redisUrls, keyPrefix, ...rest } = options;
  const redis = {
    ...options.config.redis,
    ...(redisUrl === undefined ? {} : { url: redisUrl }),
    key_prefix: keyPrefix,
  };
  const optionsOf = (name: 'ingress' | 'worker'): SpawnOptions => {
    const url = redisUrls?.[name];
    return { ...rest, config: { ...options.config, redis: url === undefined ? redis : { ...redis, url } } };
  };
  const settled = await Promise.allSettled([
    ...Array.from({ length: ingressCount }, () => spawn('ingress', optionsOf('ingress'))),
    ...Array.from({ length: workerCount }, () => spawn('worker', optionsOf('worker'))),
  ]);
  const replicas = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(replicas.map((replica) => replica.stop()));
  };
  const failure = settled.find((result) => result.status === 'rejected');
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }
  const ingresses = replicas.slice(0, ingressCount);
  const workers = replicas.slice(ingressCount);
  return {
    ingresses,
    workers,
    get urls() {
      return ingresses.map(({ url }) => url);
    },
    async add(name, env) {
      const common = optionsOf(name);
      const replica = await spawn(name, { ...common, env: { ...common.env, ...env } });
      replicas.push(replica);
      (name === 'ingress' ? ingresses : workers).push(replica);
      return replica;
    },
    stop,
  };
}
