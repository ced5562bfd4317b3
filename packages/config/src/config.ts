import type { ContentPolicyRule, RetryMode, RetryPolicy, TotalTimeouts } from '@sluice/policy';
import type { ThinkingMode } from '@sluice/answers';
import type { EnvironmentProxies } from './network/choose-proxy.ts';
import type { TlsFiles } from './network/tls-files.ts';
import type { Secret } from './secret.ts';
import type { UpstreamConfig, ModelConfig } from './upstream-config.ts';

export * from './upstream-config.ts';

/** All settings of one process, checked, with every default filled in, frozen to its depth. */
export interface Config {
  readonly server: ServerConfig;
  readonly worker: WorkerConfig;
  readonly redis: RedisConfig;
  readonly queue: QueueConfig;
  /** The client keys; no two alike. */
  readonly keys: readonly ClientKey[];
  /** The accounts at providers; no two with the same id. */
  readonly upstreams: readonly UpstreamConfig[];
  /** The proxies that the environment names; for upstreams that name none, and for images. */
  readonly proxies: EnvironmentProxies;
  /** The models that clients see, in the order of the file; no two ids are alike in any case. */
  readonly models: readonly ModelConfig[];
  readonly limits: FleetConfig;
  readonly retry: RetryConfig;
  readonly timeouts: TimeoutConfig;
  readonly circuit: CircuitConfig;
  readonly log: LogConfig;
  /** Warnings about the configuration for whoever starts the product. */
  readonly warnings: readonly string[];
  /** Facts that operators may want to know and that are no fault; logged at level info. */
  readonly notes: readonly string[];
  /** Encrypts providers' tokens in Redis; there if any credential has such. */
  readonly secretKey: Secret | undefined;
  readonly simulator: SimulatorConfig;
  /** No upstream is configured, so the simulator stands in for one and serves `demo` and `demo-*`. */
  readonly demo: boolean;
}

/** Address and port for probes and scrapes; not for clients. */
export interface ManagementConfig {
  /** 0 = any free port. */
  readonly metricsPort: number;
  readonly metricsHost: string;
  /** The port is the default: if it is taken, any other will do. */
  readonly isMetricsPortUsual: boolean;
}

/** The simulator that `npm start` runs where no upstream is configured. */
export interface SimulatorConfig {
  readonly host: string;
  /** Somebody else runs it: `npm start` starts none. */
  readonly isElsewhere: boolean;
  readonly port: number;
  /** The port is the default: if it is taken, `npm start` takes the next free one. */
  readonly isPortUsual: boolean;
}

/** The ingress. */
export interface ServerConfig extends ManagementConfig {
  /** 0 = any free port. */
  readonly port: number;
  /** Environment, file and profile name no port: if the default is taken, `npm start` takes the next free one. */
  readonly isPortUsual: boolean;
  readonly host: string;
  /** Maximum time that open answers may continue after a stop signal. */
  readonly drainTimeoutMs: number;
  /** Largest request body, after decompression. */
  readonly maxBodyBytes: number;
  /** Largest ratio of a compressed body's size after and before inflation, beyond a mebibyte. */
  readonly maxInflationRatio: number;
  /** Bytes of bodies that the process may hold at once, until they are stored; at least `maxBodyBytes`. */
  readonly bodyBudgetBytes: number;
  /** The same for each client key. */
  readonly keyBodyBudgetBytes: number;
  /** Before a larger body is read, the limits of its key are asked. */
  readonly largeBodyBytes: number;
  /** Mebibytes a minute of large bodies of one key that may be read and then refused. */
  readonly refusedBodiesPerMinute: number;
  /** Requests a minute without a valid key that one address may send before it gets 429. */
  readonly wrongKeysPerMinute: number;
  /** Connections of clients at once. */
  readonly maxConnections: number;
  /** Time that a connection is kept without a request. */
  readonly keepAliveMs: number;
  /** Time until the headers of a request have come, and until all of it has. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Requests of one connection that are under way at once. */
  readonly maxPipelinedRequests: number;
  /** Host names, in lower case, by which clients without a key may call, besides loopback names and addresses. */
  readonly allowedHosts: readonly string[];
  /** Memory of one process above which it takes no new requests to models; undefined = no limit. */
  readonly memoryLimitBytes: number | undefined;
  /** Everybody sees health and status in full. */
  readonly isStatusPublic: boolean;
  /** Origins of web pages that may call from a browser, as browsers send them; `*` = of all. */
  readonly corsOrigins: readonly string[];
  /** Time that the status line waits for the first event of the upstream. */
  readonly holdMs: number;
  /** Silence in a stream after which a heartbeat is sent. */
  readonly heartbeatMs: number;
  /** Unsent bytes of one client at which its upstream is paused. */
  readonly pauseAtBytes: number;
  /** Unsent bytes of one client at which it is given up. */
  readonly slowClientBytes: number;
  /** Time without progress after which a client that doesn't read is given up. */
  readonly slowClientMs: number;
  /** Take the client's address from `x-forwarded-for`. */
  readonly trustProxy: boolean;
  /** List the models to clients without a key too. */
  readonly hasPublicModels: boolean;
  /** Let a client's trace context decide on sampling, and pass its `tracestate` on. */
  readonly trustTraceContext: boolean;
}

/** The worker. */
export interface WorkerConfig extends ManagementConfig {
  /** Maximum time that running jobs may continue after a stop signal. */
  readonly drainTimeoutMs: number;
  /** Jobs that one process runs at once. */
  readonly concurrency: number;
  /** Largest event in an upstream's stream. */
  readonly maxEventBytes: number;
  /** Connections to one upstream at once; undefined = as many as there are calls. */
  readonly maxConnections: number | undefined;
  /** Time that an idle connection to an upstream is kept. */
  readonly keepAliveMs: number;
  /** Largest upstream answer that comes in one piece. */
  readonly maxBodyBytes: number;
}

/** The location of Redis, in one of three forms, and the settings that all of them share. */
export type RedisConfig = RedisPlace & {
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly tls: RedisTls | undefined;
  /** Begins the name of every key. */
  readonly keyPrefix: string;
  /** Neither file nor environment says where Redis is. */
  readonly isDefault: boolean;
};

/** The form that the operator chose. */
export type RedisPlace =
  /** The URL holds neither user nor password. */
  | { readonly kind: 'single'; readonly url: string }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] }
  | {
      readonly kind: 'sentinel';
      readonly name: string;
      readonly nodes: readonly RedisNode[];
      /** For the sentinels themselves. */
      readonly sentinelUsername: string | undefined;
      readonly sentinelPassword: Secret | undefined;
      readonly sentinelTls: RedisTls | undefined;
    };

/** `true`: with the system's authorities and without a client certificate. */
export type RedisTls =
  | true
  | (TlsFiles & {
      /** The name that must stand in the server's certificate; undefined = the host that is called. */
      readonly servername: string | undefined;
      readonly rejectUnauthorized: boolean;
    });

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface QueueConfig {
  /** Queues over which the jobs are spread; on Redis Cluster each may live on another node. */
  readonly shards: number;
}

/** A client key, known by its hash alone. */
export interface ClientKey {
  /** The first 16 hex digits of `digest`. */
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the whole key, 64 hex digits. */
  readonly digest: string;
  /** First and last four characters, as in `sk-t…0001`; undefined for a key that was given by its hash. */
  readonly hint: string | undefined;
  /** Stands for clients without a key, or also for those whose key is not known; then it has no digest of a key. */
  readonly anonymous: 'without_key' | 'any_key' | undefined;
  readonly admin: boolean;
  /** Globs of the models that it may use: see `allowsModel`. */
  readonly models: readonly string[];
  readonly limits: ClientLimits;
  /** Its share, in tokens, among the keys whose requests wait for a place; from 0.01 to 100. */
  readonly weight: number;
  /** The form in which its clients see reasoning; undefined = as the model says. */
  readonly thinking: ThinkingMode | undefined;
}

/** The limits of one key; undefined = unlimited. */
export interface ClientLimits {
  /** Requests that run or wait at once. */
  readonly concurrency: number | undefined;
  /** Requests a minute. */
  readonly rpm: number | undefined;
  /** Requests that may come at once; undefined = a whole minute's. */
  readonly rpmBurst: number | undefined;
  /** Tokens a minute, prompt and answer together. */
  readonly tpm: number | undefined;
  /** Tokens that may be asked for at once; undefined = a whole minute's. */
  readonly tpmBurst: number | undefined;
}

/** The limits of all replicas together. */
export interface FleetConfig {
  /** Requests that run at once. */
  readonly maxConcurrentRequests: number;
  /** Requests that may wait beyond those. */
  readonly queueSize: number;
  /** Requests that run at once of a key without a `concurrency` of its own; at most `maxConcurrentRequests`. */
  readonly defaultKeyConcurrency: number;
  /** Maximum time that one request may wait. */
  readonly maxQueueWaitMs: number;
  /** A place that nobody renews is free again after this time: what a crash costs. */
  readonly leaseMs: number;
}

/** Maximum times that an upstream may take; the totals are over all attempts. */
export interface TimeoutConfig extends TotalTimeouts {
  /** Until the first event of an answer. */
  readonly firstTokenMs: number;
  /** Between two events. */
  readonly idleMs: number;
  /** For one attempt at an answer in one piece; undefined = 60 s while another target is left, else until the deadline. */
  readonly wholeAttemptMs: number | undefined;
}

/** Number of attempts of a request, the waits between them, and the longest cooldown of a credential. */
export interface RetryConfig extends RetryPolicy {
  /** The policy by name; the numbers below may differ from it. */
  readonly mode: RetryMode;
  /** Longest cooldown of a credential, whatever its provider asks for. */
  readonly maxCooldownMs: number;
  /** The rule for a request whose content a provider refuses, unless the model's entry has its own. */
  readonly onContentPolicy: ContentPolicyRule;
}

/** The conditions under which a target is left alone for a while. */
export interface CircuitConfig {
  /** Requests that failed within `windowMs` and open the circuit. */
  readonly failures: number;
  readonly windowMs: number;
  /** Time that the circuit stays open before one request may try. */
  readonly openMs: number;
}

export interface LogConfig {
  readonly level: LogLevel;
  /** The file to which `npm start` appends the lines of all services; undefined = none. */
  readonly file: string | undefined;
  /** Age at which older parts of that file are removed. */
  readonly retentionDays: number;
}

/** From the most to the least talkative. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
