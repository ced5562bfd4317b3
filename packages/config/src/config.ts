import type { Budgets } from '@sluice/records';
import type { RetryPolicy, TotalTimeouts } from '@sluice/policy';
import type { CamelCased } from './camel-case.ts';
import type { EnvironmentProxies } from './network/choose-proxy.ts';
import type { Proxy } from './network/proxy.ts';
import type { TlsFiles } from './network/tls-files.ts';
import type { Settings } from './schema/settings.ts';
import type { Secret } from './secret.ts';

/** The settings of the file, under their names in camel case. */
type Tree = CamelCased<Settings>;

/**
 * All settings of one process: validated, with every default filled in, deeply frozen.
 *
 * A setting has the name that it has in the file, in camel case. Its type, meaning and unit stand in its line of `schema/`.
 * An optional setting is absent if it is not set. The types below name only what `resolve/` adds to the file or makes of it.
 */
export interface Config extends Omit<Tree, 'redis' | 'database' | 'keys' | 'teams' | 'auth' | 'upstreams'> {
  readonly server: ServerConfig;
  readonly worker: WorkerConfig;
  readonly redis: RedisConfig;
  /** The database for the records; undefined if none is configured, so that there are no records. */
  readonly database: DatabaseConfig | undefined;
  /** True if the URL is `none`: `npm start` then starts no database. */
  readonly isDatabaseRefused: boolean;
  /** The client keys; all different. */
  readonly keys: readonly ClientKey[];
  readonly auth: { readonly oidc: readonly OidcIssuer[] };
  /** The teams of the file; their ids are unique. */
  readonly teams: readonly TeamConfig[];
  /** The accounts at providers; their ids are unique. */
  readonly upstreams: readonly UpstreamConfig[];
  /** The proxies of the environment, for upstreams without their own and for images. */
  readonly proxies: EnvironmentProxies;
  /** The models that clients see, in the order of the file; their ids are unique without regard to case. */
  readonly models: readonly ModelConfig[];
  readonly limits: FleetConfig;
  readonly retry: RetryConfig;
  readonly timeouts: TimeoutConfig;
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
export type ServerConfig = Tree['server'] &
  ManagementConfig & {
    /** 0 = any free port. */
    readonly port: number;
    /** True if the port is the default: if it is taken, `npm start` uses the next free one. */
    readonly isPortUsual: boolean;
    /** Bytes of bodies that the process may hold at once, until they are stored; at least `maxBodyBytes`. */
    readonly bodyBudgetBytes: number;
    /** The same for each client key. */
    readonly keyBodyBudgetBytes: number;
  };

/** The worker. */
export type WorkerConfig = Tree['worker'] & ManagementConfig;

/** The location of Redis, in one of three forms, and the settings that all of them share. */
export type RedisConfig = RedisPlace & {
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly tls: PeerTls | undefined;
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
      readonly sentinelTls: PeerTls | undefined;
    };

/** The PostgreSQL database for the records. */
export type DatabaseConfig = Omit<Tree['database'], 'url' | 'tls'> & {
  /** URL with user and password, but without a query: `tls` holds its `sslmode`. */
  readonly url: Secret;
  readonly tls: PeerTls | undefined;
};

/** `true`: TLS with the system's authorities and without a client certificate. */
export type PeerTls =
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

/** A client key; only its hash is kept. */
export interface ClientKey extends Omit<Tree['keys'][number], 'key' | 'keyHash' | 'budgets' | 'expiresAt'> {
  /** The first 16 hex digits of `digest`. */
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the whole key, 64 hex digits. */
  readonly digest: string;
  /** First and last four characters, as in `sk-t…0001`; undefined for a key that is configured by its hash. */
  readonly hint: string | undefined;
  /** Micro-dollars. */
  readonly budgets: Budgets;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
}

/** An issuer whose tokens count as client keys. */
export interface OidcIssuer extends Omit<Tree['auth']['oidc'][number], 'budgets'> {
  /** Micro-dollars. */
  readonly budgets: Budgets;
}

/** A team: keys that share models, limits and budgets. */
export interface TeamConfig extends Omit<Tree['teams'][number], 'name' | 'budgets'> {
  readonly name: string;
  /** Micro-dollars. */
  readonly budgets: Budgets;
}

/** The limits of all replicas together. */
export type FleetConfig = Tree['limits'] & {
  /** Leases at once of a key without its own `concurrency`; at most `maxConcurrentRequests`. */
  readonly defaultKeyConcurrency: number;
};

/** Maximum times of upstreams; the totals are over all attempts. */
export type TimeoutConfig = Tree['timeouts'] &
  TotalTimeouts & {
    /** Time to the first event of an answer. */
    readonly firstTokenMs: number;
  };

/** Number of attempts of a request and the waits between them: those of the mode, changed by the settings beside it. */
export type RetryConfig = Tree['retry'] & RetryPolicy;

type Upstream = Tree['upstreams'][number];

/** An account at a provider. */
export interface UpstreamConfig extends Omit<
  Upstream,
  'baseUrl' | 'options' | 'credentials' | 'proxy' | 'tls' | 'headers'
> {
  /** http or https; without user, password and a slash at its end. */
  readonly baseUrl: string;
  /** Options of this type only, in the form of its schema. */
  readonly options: Readonly<Record<string, unknown>>;
  /** At least one; no two with the same id. */
  readonly credentials: readonly UpstreamCredential[];
  /** Proxy for calls to it; undefined = that of the environment. */
  readonly proxy: Proxy | 'none' | undefined;
  readonly tls: TlsFiles;
  /** Headers that go with every call; names in lower case. */
  readonly headers: Readonly<Record<string, Secret>>;
}

/** Way to get an answer that is not streamed: ask the provider for a whole one, or collect it from a stream. */
export type WholeAnswers = Upstream['wholeAnswers'];

export interface UpstreamCredential {
  readonly id: string;
  /** Undefined for an upstream without keys, and for a credential with access tokens. */
  readonly apiKey: Secret | undefined;
  /** Origin of its access tokens; undefined for a credential without. */
  readonly tokens: TokenOrigin | undefined;
}

export type TokenOrigin =
  /** The provider issues them without a login. */
  | { readonly kind: 'anonymous' }
  /** A person has logged in; `path` is the absolute path of the login file. */
  | { readonly kind: 'login'; readonly path: string };

/** A model as clients name it. */
export type ModelConfig = Tree['models'][number];

/** A target: one model at one upstream. */
export type ModelTarget = ModelConfig['targets'][number];
