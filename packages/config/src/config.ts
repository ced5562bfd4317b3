import type { ContentPolicyRule, RetryMode, RetryPolicy, TotalTimeouts } from '@sluice/policy';
import type { ThinkingMode } from '@sluice/answers';
import type { EnvironmentProxies } from './network/choose-proxy.ts';
import type { TlsFiles } from './network/tls-files.ts';
import type { Secret } from './secret.ts';
import type { UpstreamConfig, ModelConfig } from './upstream-config.ts';

export * from './upstream-config.ts';

/** All settings of one process: validated, with every default filled in, deeply frozen. */
export interface Config {
  readonly server: ServerConfig;
  readonly worker: WorkerConfig;
  readonly redis: RedisConfig;
  readonly queue: QueueConfig;
  /** The client keys; all different. */
  readonly keys: readonly ClientKey[];
  /** The accounts at providers; their ids are unique. */
  readonly upstreams: readonly UpstreamConfig[];
  /** The proxies of the environment, for upstreams without their own and for images. */
  readonly proxies: EnvironmentProxies;
  /** The models that clients see, in the order of the file; their ids are unique without regard to case. */
  readonly models: readonly ModelConfig[];
  readonly limits: FleetConfig;
  readonly retry: RetryConfig;
  readonly timeouts: TimeoutConfig;
  readonly circuit: CircuitConfig;
  readonly log: LogConfig;
  /** Warnings about the configuration for the operator; logged at a start. */
  readonly warnings: readonly string[];
  /** Notices for operators about valid but surprising input; logged at level info. */
  readonly notes: readonly string[];
  /** Secret that encrypts access tokens in Redis; defined if a credential has access tokens. */
  readonly secretKey: Secret | undefined;
  readonly simulator: SimulatorConfig;
  /** True if no upstream is configured: the simulator replaces one and serves `demo` and `demo-*`. */
  readonly demo: boolean;
}

/** Address and port for probes and scrapes, not for clients. */
export interface ManagementConfig {
  /** 0 = any free port. */
  readonly metricsPort: number;
  readonly metricsHost: string;
  /** True if the port is the default: if it is taken, any other port is used. */
  readonly isMetricsPortUsual: boolean;
}

/** The simulator that `npm start` runs if no upstream is configured. */
export interface SimulatorConfig {
  readonly host: string;
  /** True if it is started elsewhere: `npm start` does not start one. */
  readonly isElsewhere: boolean;
  readonly port: number;
  /** True if the port is the default: if it is taken, `npm start` uses the next free one. */
  readonly isPortUsual: boolean;
}

/** The ingress. */
export interface ServerConfig extends ManagementConfig {
  /** 0 = any free port. */
  readonly port: number;
  /** True if the port is the default: if it is taken, `npm start` uses the next free one. */
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
  /** Size above which the limits of the key are checked before the body is read. */
  readonly largeBodyBytes: number;
  /** Mebibytes per minute of large bodies of one key that may be read and then refused. */
  readonly refusedBodiesPerMinute: number;
  /** Requests per minute without a valid key that one address may send before it gets 429. */
  readonly wrongKeysPerMinute: number;
  /** Connections of clients at once. */
  readonly maxConnections: number;
  /** Time that a connection is kept without a request. */
  readonly keepAliveMs: number;
  /** Time in which the headers of a request must arrive. */
  readonly headersTimeoutMs: number;
  /** Time in which the whole request must arrive. */
  readonly requestTimeoutMs: number;
  /** Requests of one connection that are processed at once. */
  readonly maxPipelinedRequests: number;
  /** Host names, in lower case, that clients without a key may call, besides loopback names and addresses. */
  readonly allowedHosts: readonly string[];
  /** Memory of one process above which it takes no new requests to models; undefined = no limit. */
  readonly memoryLimitBytes: number | undefined;
  /** All clients see health and status in full. */
  readonly isStatusPublic: boolean;
  /** Origins of web pages that may call from a browser, as browsers send them; `*` = all. */
  readonly corsOrigins: readonly string[];
  /** Time that the status line waits for the first event of the upstream. */
  readonly holdMs: number;
  /** Silence in a stream after which a heartbeat is sent. */
  readonly heartbeatMs: number;
  /** Unsent bytes of one client at which its upstream is paused. */
  readonly pauseAtBytes: number;
  /** Unsent bytes of one client at which it is disconnected. */
  readonly slowClientBytes: number;
  /** Time without progress after which a client that doesn't read is disconnected. */
  readonly slowClientMs: number;
  /** The client's address is taken from `x-forwarded-for`. */
  readonly trustProxy: boolean;
  /** Models are listed to clients without a key too. */
  readonly hasPublicModels: boolean;
  /** A client's trace context decides on sampling, and its `tracestate` is passed on. */
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
  /** Connections to one upstream at once; undefined = unlimited. */
  readonly maxConnections: number | undefined;
  /** Time that an idle connection to an upstream is kept. */
  readonly keepAliveMs: number;
  /** Largest upstream answer that is not streamed. */
  readonly maxBodyBytes: number;
}

/** The location of Redis, in one of three forms, and the settings that all of them share. */
export type RedisConfig = RedisPlace & {
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly tls: RedisTls | undefined;
  /** Prefix of the name of every key. */
  readonly keyPrefix: string;
  /** True if neither file nor environment sets the location of Redis. */
  readonly isDefault: boolean;
};

/** Location of Redis, in the form that the operator chose. */
export type RedisPlace =
  /** The URL has neither user nor password. */
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

/** `true`: TLS with the system's authorities and without a client certificate. */
export type RedisTls =
  | true
  | (TlsFiles & {
      /** Name that the server's certificate must hold; undefined = the host of the connection. */
      readonly servername: string | undefined;
      readonly rejectUnauthorized: boolean;
    });

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface QueueConfig {
  /** Number of queues over which the jobs are spread; on Redis Cluster they can be on different nodes. */
  readonly shards: number;
}

/** A client key; only its hash is kept. */
export interface ClientKey {
  /** The first 16 hex digits of `digest`. */
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the whole key, 64 hex digits. */
  readonly digest: string;
  /** First and last four characters, as in `sk-t…0001`; undefined for a key that is configured by its hash. */
  readonly hint: string | undefined;
  /** Set for the entry of clients without a key, or also of clients with an unknown key; its digest is not one of a key. */
  readonly anonymous: 'without_key' | 'any_key' | undefined;
  readonly admin: boolean;
  /** Globs of the models that the key may use: see `allowsModel`. */
  readonly models: readonly string[];
  readonly limits: ClientLimits;
  /** Share of the key, in tokens, among the keys whose requests wait for a lease; from 0.01 to 100. */
  readonly weight: number;
  /** Form of reasoning for clients with this key; undefined = that of the model. */
  readonly thinking: ThinkingMode | undefined;
}

/** The limits of one key; undefined = unlimited. */
export interface ClientLimits {
  /** Requests that run or wait at once. */
  readonly concurrency: number | undefined;
  /** Requests per minute. */
  readonly rpm: number | undefined;
  /** Requests that may arrive at once; undefined = those of a whole minute. */
  readonly rpmBurst: number | undefined;
  /** Tokens per minute, prompt and answer together. */
  readonly tpm: number | undefined;
  /** Tokens that requests may use at once; undefined = those of a whole minute. */
  readonly tpmBurst: number | undefined;
}

/** The limits of all replicas together. */
export interface FleetConfig {
  /** Requests that run at once. */
  readonly maxConcurrentRequests: number;
  /** Requests that may wait for a lease. */
  readonly queueSize: number;
  /** Leases at once of a key without its own `concurrency`; at most `maxConcurrentRequests`. */
  readonly defaultKeyConcurrency: number;
  /** Maximum time that one request may wait. */
  readonly maxQueueWaitMs: number;
  /** Time after which a lease ends that its ingress does not renew, as after a crash. */
  readonly leaseMs: number;
}

/** Maximum times of upstreams; the totals are over all attempts. */
export interface TimeoutConfig extends TotalTimeouts {
  /** Time to the first event of an answer. */
  readonly firstTokenMs: number;
  /** Time between two events. */
  readonly idleMs: number;
  /** Time of one attempt at an answer that is not streamed; undefined = 60 s if another target is left, else until the deadline. */
  readonly wholeAttemptMs: number | undefined;
}

/** Number of attempts of a request, the waits between them, and the longest cooldown of a credential. */
export interface RetryConfig extends RetryPolicy {
  /** Name of the policy; the fields below may differ from it. */
  readonly mode: RetryMode;
  /** Longest cooldown of a credential, even if its provider asks for a longer one. */
  readonly maxCooldownMs: number;
  /** Rule for a request whose content a provider refuses; a model's entry may override it. */
  readonly onContentPolicy: ContentPolicyRule;
}

/** Conditions under which a target gets no requests for a while. */
export interface CircuitConfig {
  /** Failed requests within `windowMs` that open the circuit. */
  readonly failures: number;
  readonly windowMs: number;
  /** Time that the circuit stays open before a probe. */
  readonly openMs: number;
}

export interface LogConfig {
  readonly level: LogLevel;
  /** The file to which `npm start` appends the lines of all services; undefined = none. */
  readonly file: string | undefined;
  /** Age at which older parts of that file are removed. */
  readonly retentionDays: number;
}

/** Levels from the most to the least verbose. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
