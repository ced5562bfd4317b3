import type { Config } from '@sluice/config';
import { findModel } from '@sluice/config';
import type { PlannedTarget } from '@sluice/policy';
import { adapters, type ProviderAdapter } from '@sluice/providers';
import { createCredentialPool, type CredentialPool } from './credential-pool.ts';

type Upstream = Config['upstreams'][number];
export type Credential = Upstream['credentials'][number];

/** A target with all that a call to it takes. */
export interface Target extends PlannedTarget {
  readonly baseUrl: string;
  readonly apiVersion: string | undefined;
  readonly reportStreamUsage: boolean;
  readonly prefill: Upstream['prefill'];
  readonly adapter: ProviderAdapter;
  readonly pool: CredentialPool<Credential>;
}

/** The targets of a model by the name that the client used, in no order; empty for a model this worker does not know. */
export type TargetsOf = (model: string) => readonly Target[];

export function createTargets(config: Config): TargetsOf {
  const upstreams = new Map(
    config.upstreams.map((upstream) => [
      upstream.id,
      { ...upstream, adapter: adapters[upstream.type], pool: createCredentialPool(upstream.credentials) },
    ]),
  );
  return (model) =>
    (findModel(config, model)?.targets ?? []).flatMap((target) => {
      const upstream = upstreams.get(target.upstream);
      if (upstream === undefined) return [];
      const { baseUrl, apiVersion, reportStreamUsage, prefill, adapter, pool } = upstream;
      return [
        { ...target, model: target.model ?? model, baseUrl, apiVersion, reportStreamUsage, prefill, adapter, pool },
      ];
    });
}
