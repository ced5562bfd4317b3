/** The location of Redis: the one of its three forms that the operator chose, with what all of them share. */
export type RedisSettings = RedisPlace & {
  readonly username?: string | undefined;
  readonly password?: Password | undefined;
  readonly tls?: RedisTls | undefined;
};

export type RedisPlace =
  | { readonly kind: 'single'; readonly url: string }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] }
  | ({ readonly kind: 'sentinel'; readonly name: string; readonly nodes: readonly RedisNode[] } & SentinelAccess);

/** Login and TLS of the sentinels themselves; they take nothing of it from their master. */
export interface SentinelAccess {
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: Password | undefined;
  readonly sentinelTls?: RedisTls | undefined;
}

interface Password {
  reveal(): string;
}

/** `true`: as Node does it by itself. Certificates and keys are PEM texts. */
export type RedisTls =
  | true
  | {
      /** The authorities that are trusted instead of the system's. */
      readonly ca?: string | undefined;
      /** The certificate that we show, and its key. */
      readonly cert?: string | undefined;
      readonly key?: string | undefined;
      /** The name that must stand in the server's certificate. Default: the host that is called. */
      readonly servername?: string | undefined;
      readonly rejectUnauthorized?: boolean | undefined;
    };

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}
