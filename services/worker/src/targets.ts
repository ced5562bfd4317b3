import type { Config } from '@sluice/config';
import { findModel } from '@sluice/config';
import type { PlannedTarget } from '@sluice/policy';
import { type ProviderAdapter, providers } from '@sluice/providers';
import { createCredentialPool, type CredentialPool } from './credential-pool.ts';

type Upstream = Config['upstreams'][number];
export type Credential = Upstream['credentials'][number];

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

export function createTargets(config: Config): TargetsOf {
  const upstreams = new Map(config.upstreams.map((upstream) => [upstream.id, open(upstream)]));
  return (model) =>
    (findModel(config, model)?.targets ?? []).flatMap((target) => {
      const upstream = upstreams.get(target.upstream);
      return upstream === undefined ? [] : [{ ...target, ...upstream, model: target.model ?? model }];
    });
}

/** What all targets at an upstream have in common. */
function open(upstream: Upstream): Omit<Target, keyof PlannedTarget> {
  const { type, options, baseUrl, reportStreamUsage, prefill, dropsUnsupported, credentials } = upstream;
  const adapter = providers[type].create(options, baseUrl);
  return {
    baseUrl,
    reportStreamUsage,
    prefill: prefill ?? adapter.capabilities.prefill,
    dropsUnsupported,
    adapter,
    pool: createCredentialPool(credentials),
  };
}
