/** Location of Redis, in one of three forms, with the options that they share. */
export type RedisSettings = RedisPlace & {
  readonly username?: string | undefined;
  readonly password?: Password | undefined;
  readonly tls?: RedisTls | undefined;
};

export type RedisPlace =
  | { readonly kind: 'single'; readonly url: string }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] }
  | ({ readonly kind: 'sentinel'; readonly name: string; readonly nodes: readonly RedisNode[] } & SentinelAccess);

/** Login and TLS of the sentinels themselves; the master's settings do not apply to them. */
export interface SentinelAccess {
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: Password | undefined;
  readonly sentinelTls?: RedisTls | undefined;
}

interface Password {
  reveal(): string;
}

/** TLS options; `true` uses Node's defaults. Certificates and keys are PEM texts. */
export type RedisTls =
  | true
  | {
      /** Authorities that are trusted instead of the system's. */
      readonly ca?: string | undefined;
      /** Client certificate of Sluice; its key follows. */
      readonly cert?: string | undefined;
      readonly key?: string | undefined;
      /** Name that the server's certificate must contain. Default: the host of the connection. */
      readonly servername?: string | undefined;
      readonly rejectUnauthorized?: boolean | undefined;
    };

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}
