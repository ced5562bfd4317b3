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
  /** Options that only this provider's protocol knows, in the form of its schema. */
  readonly options: Readonly<Record<string, unknown>>;
  /** At least one; no two with the same id. */
  readonly credentials: readonly UpstreamCredential[];
  /** The way to it; undefined = as the environment's proxies say. */
  readonly proxy: Proxy | 'none' | undefined;
  readonly tls: TlsFiles;
  /** Headers that go with every call; names in lower case. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** Ask the provider to report usage at the end of a stream. */
  readonly reportStreamUsage: boolean;
  /** The way it is told to continue an answer that broke off; undefined = as the provider can. */
  readonly prefill: PrefillStyle | 'none' | undefined;
  /** Leave out what the provider can't do, instead of refusing the request. */
  readonly dropsUnsupported: boolean;
  /** Features that this server lacks, although its protocol has them. */
  readonly lacks: readonly Lack[];
  /**
   * For clients that want a whole answer: ask for one, or collect it from a stream; a model's entry may say otherwise.
   */
  readonly wholeAnswers: WholeAnswers;
}

/** `ask`: the provider gives it in one piece; `collect`: it is asked for a stream, which is collected. */
export const wholeAnswerWays = ['ask', 'collect'] as const;
export type WholeAnswers = (typeof wholeAnswerWays)[number];

export const lackNames = ['streaming', 'tools', 'images'] as const;
export type Lack = (typeof lackNames)[number];

export interface UpstreamCredential {
  readonly id: string;
  /** Undefined for an upstream that wants none, and where the provider gives out tokens instead. */
  readonly apiKey: Secret | undefined;
  /** The origin of its tokens; undefined for one that has none. */
  readonly tokens: TokenOrigin | undefined;
}

export type TokenOrigin =
  /** The provider gives them to anybody. */
  | { readonly kind: 'anonymous' }
  /** A person has logged in; `path` is absolute. */
  | { readonly kind: 'login'; readonly path: string };

/** A model as clients name it. */
export interface ModelConfig {
  /** A name or a glob: see `findModel`. */
  readonly id: string;
  /** At least one. */
  readonly targets: readonly ModelTarget[];
  /** The form in which clients see reasoning, unless their key says otherwise. */
  readonly thinking: ThinkingMode;
  /** Number of rounds of a conversation that are sent, the last ones; undefined = all of it. */
  readonly contextRounds: number | undefined;
  /** Calls that may write on where an answer has met its limit; 0 = none. */
  readonly maxContinuations: number;
  /** Undefined = as `retry` says. */
  readonly onContentPolicy: ContentPolicyRule | undefined;
  /** Undefined = as the upstream of each target says. */
  readonly wholeAnswers: WholeAnswers | undefined;
}

/** A place that can serve a model. */
export interface ModelTarget {
  /** Id of the upstream. */
  readonly upstream: string;
  /** The model's name there; undefined = as the client named it. */
  readonly model: string | undefined;
  /** Lower is tried first; 1 or more. */
  readonly priority: number;
  /** Share among targets of the same priority; above 0. */
  readonly weight: number;
}
