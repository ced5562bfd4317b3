import type { Config, UpstreamCredential } from '@sluice/config';
import { findModel } from '@sluice/config';
import type { PlannedTarget } from '@sluice/policy';
import { type ProviderAdapter, providers } from '@sluice/providers';
import type { TokenCredential } from '@sluice/tokens';
import { createCredentialPool, type CredentialPool } from './credential-pool.ts';
import { toTokenCredential, type TokenCredentialNeeds } from './token-credential.ts';

type Upstream = Config['upstreams'][number];

/** A credential with what its tokens take, if it has such. */
export interface Credential extends UpstreamCredential {
  readonly tokenCredential: TokenCredential | undefined;
}

/** A target with all that a call to it takes. */
export interface Target extends PlannedTarget {
  readonly baseUrl: string;
  readonly reportStreamUsage: boolean;
  readonly prefill: NonNullable<Upstream['prefill']>;
  /** Leave out what the provider can't do, instead of refusing the request. */
  readonly dropsUnsupported: boolean;
  readonly adapter: ProviderAdapter;
  readonly pool: CredentialPool<Credential>;
}

/** The targets of a model by the name that the client used, in no order; empty for a model this worker does not know. */
export type TargetsOf = (model: string) => readonly Target[];

export function createTargets(config: Config, needs: TokenCredentialNeeds): TargetsOf {
  const upstreams = new Map(config.upstreams.map((upstream) => [upstream.id, open(upstream, needs)]));
  return (model) =>
    (findModel(config, model)?.targets ?? []).flatMap((target) => {
      const upstream = upstreams.get(target.upstream);
      return upstream === undefined ? [] : [{ ...target, ...upstream, model: target.model ?? model }];
    });
}

/** What all targets at an upstream have in common. */
function open(upstream: Upstream, needs: TokenCredentialNeeds): Omit<Target, keyof PlannedTarget> {
  const { type, options, baseUrl, reportStreamUsage, prefill, dropsUnsupported, credentials } = upstream;
  const adapter = providers[type].create(options);
  return {
    baseUrl,
    reportStreamUsage,
    prefill: prefill ?? adapter.capabilities.prefill,
    dropsUnsupported,
    adapter,
    pool: createCredentialPool(
      credentials.map((credential) => ({
        ...credential,
        tokenCredential: adapter.tokens && toTokenCredential(needs, { upstream, credential, source: adapter.tokens }),
      })),
    ),
  };
}
