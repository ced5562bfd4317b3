import type { Config } from '@sluice/config';
import { findModel } from '@sluice/config';
import type { PlannedTarget } from '@sluice/policy';
import type { Operation } from '@sluice/protocol';
import { asEmbeddings, type ProviderAdapter, providers } from '@sluice/providers';
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
  /** Calls that may write on where an answer has met its limit; 0 = none. */
  readonly maxContinuations: number;
  readonly adapter: ProviderAdapter;
  readonly pool: CredentialPool<Credential>;
}

/**
 * The targets of a model by the name that the client used, in no order; empty for a model that this worker does not know
 * or that can't do this operation.
 */
export type TargetsOf = (model: string, operation: Operation) => readonly Target[];

export function createTargets(config: Config): TargetsOf {
  const upstreams = new Map(config.upstreams.map((upstream) => [upstream.id, open(upstream)]));
  return (model, operation) => {
    const { targets = [], maxContinuations = 0 } = findModel(config, model) ?? {};
    return targets.flatMap((target) => {
      const upstream = upstreams.get(target.upstream);
      const adapter = upstream?.adapters[operation];
      if (upstream === undefined || adapter === undefined) return [];
      return [{ ...target, ...upstream.common, maxContinuations, adapter, model: target.model ?? model }];
    });
  };
}

interface OpenUpstream {
  readonly adapters: Readonly<Record<Operation, ProviderAdapter | undefined>>;
  /** What all targets at it have in common. */
  readonly common: Omit<Target, keyof PlannedTarget | 'adapter' | 'maxContinuations'>;
}

function open(upstream: Upstream): OpenUpstream {
  const { type, options, baseUrl, reportStreamUsage, prefill, dropsUnsupported, credentials } = upstream;
  const chat = providers[type].create(options);
  return {
    adapters: { chat, embeddings: asEmbeddings(chat) },
    common: {
      baseUrl,
      reportStreamUsage,
      prefill: prefill ?? chat.capabilities.prefill,
      dropsUnsupported,
      pool: createCredentialPool(credentials),
    },
  };
}
