import type { ContentPolicyRule } from '@sluice/policy';
import type { ProviderType } from '@sluice/providers/catalogue';
import type { PrefillStyle, ThinkingMode } from '@sluice/answers';
import type { Proxy } from './network/proxy.ts';
import type { TlsFiles } from './network/tls-files.ts';
import type { Secret } from './secret.ts';

/** An account at a provider. */
export interface UpstreamConfig {
  readonly id: string;
  /** The provider's wire protocol. */
  readonly type: ProviderType;
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
  /** Ask the provider to report usage at the end of a stream. */
  readonly reportStreamUsage: boolean;
  /** Way to let it continue an answer that broke off; undefined = the best that the provider supports. */
  readonly prefill: PrefillStyle | 'none' | undefined;
  /** Leave out fields that the provider does not support, instead of refusing the request. */
  readonly dropsUnsupported: boolean;
  /** Features that this server lacks, although its protocol has them. */
  readonly lacks: readonly Lack[];
  /**
   * Way to get an answer that is not streamed: ask for it whole, or collect it from a stream. A model's entry overrides it.
   */
  readonly wholeAnswers: WholeAnswers;
}

/** `ask`: the provider is asked for a whole answer; `collect`: it is asked for a stream, which is collected. */
export const wholeAnswerWays = ['ask', 'collect'] as const;
export type WholeAnswers = (typeof wholeAnswerWays)[number];

export const lackNames = ['streaming', 'tools', 'images'] as const;
export type Lack = (typeof lackNames)[number];

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
export interface ModelConfig {
  /** A name or a glob: see `findModel`. */
  readonly id: string;
  /** At least one. */
  readonly targets: readonly ModelTarget[];
  /** Form of reasoning for clients; the setting of a client's key overrides it. */
  readonly thinking: ThinkingMode;
  /** Number of rounds of a conversation that are sent, the last ones; undefined = all of it. */
  readonly contextRounds: number | undefined;
  /** Maximum number of extensions of an answer that reached its length limit; 0 = answers are not extended. */
  readonly maxContinuations: number;
  /** Undefined = the rule in `retry`. */
  readonly onContentPolicy: ContentPolicyRule | undefined;
  /** Undefined = the setting of each target's upstream. */
  readonly wholeAnswers: WholeAnswers | undefined;
}

/** A target: one model at one upstream. */
export interface ModelTarget {
  /** Id of the upstream. */
  readonly upstream: string;
  /** Name of the model at the upstream; undefined = the client's name for it. */
  readonly model: string | undefined;
  /** Lower is tried first; 1 or more. */
  readonly priority: number;
  /** Share among targets of the same priority; above 0. */
  readonly weight: number;
}
