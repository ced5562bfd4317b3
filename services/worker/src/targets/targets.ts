import type { Config, UpstreamCredential, WholeAnswers } from '@sluice/config';
import { findModel } from '@sluice/config';
import type { ContentPolicyRule, PlannedTarget } from '@sluice/policy';
import type { ChatBody, Operation } from '@sluice/protocol';
import { asEmbeddings, type ProviderAdapter, providers } from '@sluice/providers';
import type { TokenCredential } from '@sluice/access-tokens';
import { createCredentialPool, type CredentialPool } from '../credentials/credential-pool.ts';
import { toTokenCredential, type TokenCredentialNeeds } from '../credentials/token-credential.ts';
import { headerSecrets } from './upstream-clients.ts';

type Upstream = Config['upstreams'][number];

/** A credential with the source of its access tokens, if it has any. */
export interface Credential extends UpstreamCredential {
  readonly tokenCredential: TokenCredential | undefined;
}

/** A target with everything that a call to it needs. */
export interface Target extends PlannedTarget {
  readonly baseUrl: string;
  /** Secrets in its configured headers; they must not appear in logs. */
  readonly secrets: readonly string[];
  readonly reportStreamUsage: boolean;
  /** The target gives whole answers only, even to a client that wants a stream. */
  readonly isWholeOnly: boolean;
  /** For clients that want a whole answer: ask the provider for one, or collect it from a stream. */
  readonly wholeAnswers: WholeAnswers;
  readonly prefill: NonNullable<Upstream['prefill']>;
  /** Leave out what the provider can't do, instead of refusing the request. */
  readonly dropsUnsupported: boolean;
  /** The rule for a request whose content the provider refuses. */
  readonly onContentPolicy: ContentPolicyRule;
  /** Maximum number of extensions of an answer that met its length limit; 0 = none. */
  readonly maxContinuations: number;
  readonly adapter: ProviderAdapter;
  readonly pool: CredentialPool<Credential>;
}

/**
 * Returns the targets of a model by the name that the client used, in no order; empty for a model that is not configured
 * or can't do this operation.
 */
export type TargetsOf = (model: string, operation: Operation) => readonly Target[];

/** Number of models whose targets are cached; clients ask for few. */
const mostModels = 1000;

export function createTargets(config: Config, needs: TokenCredentialNeeds): TargetsOf {
  const upstreams = new Map(config.upstreams.map((upstream) => [upstream.id, open(upstream, needs)]));
  const find = (model: string, operation: Operation): readonly Target[] => {
    const { targets = [], autoContinue = 0, wholeAnswers, onContentPolicy } = findModel(config, model) ?? {};
    return targets.flatMap((target) => {
      const upstream = upstreams.get(target.upstream);
      const adapter = upstream?.adapters[operation];
      if (upstream === undefined || adapter === undefined) return [];
      const { common } = upstream;
      return [
        {
          ...target,
          ...common,
          maxContinuations: autoContinue,
          onContentPolicy: onContentPolicy ?? config.retry.onContentPolicy,
          wholeAnswers: wholeAnswers ?? common.wholeAnswers,
          adapter,
          model: target.model ?? model,
        },
      ];
    });
  };
  const known = { chat: new Map<string, readonly Target[]>(), embeddings: new Map<string, readonly Target[]>() };
  return (model, operation) => {
    const found = known[operation].get(model);
    if (found !== undefined) return found;
    const targets = find(model, operation);
    if (known[operation].size >= mostModels) known[operation].clear();
    known[operation].set(model, targets);
    return targets;
  };
}

interface OpenUpstream {
  readonly adapters: Readonly<Record<Operation, ProviderAdapter | undefined>>;
  /** The properties that all targets at this upstream share. */
  readonly common: Omit<Target, keyof PlannedTarget | 'adapter' | 'maxContinuations' | 'onContentPolicy'>;
}

function open(upstream: Upstream, needs: TokenCredentialNeeds): OpenUpstream {
  const { type, options, baseUrl, prefill, lacks, credentials } = upstream;
  const chat = withoutWhatItLacks(providers[type].create(options, baseUrl), lacks);
  return {
    adapters: { chat, embeddings: asEmbeddings(chat) },
    common: {
      baseUrl,
      secrets: headerSecrets(upstream),
      reportStreamUsage: upstream.streamUsage,
      isWholeOnly: lacks.includes('streaming'),
      wholeAnswers: upstream.wholeAnswers,
      prefill: prefill ?? chat.capabilities.prefill,
      dropsUnsupported: upstream.dropUnsupported,
      pool: createCredentialPool(
        credentials.map((credential) => ({
          ...credential,
          tokenCredential: chat.tokens && toTokenCredential(needs, { upstream, credential, source: chat.tokens }),
        })),
      ),
    },
  };
}

const toolParameters = ['tools', 'functions'];
/** Fields that servers refuse in a request without tools. */
const toolSettings = ['tool_choice', 'function_call', 'parallel_tool_calls'];

function toolFields(body: ChatBody): readonly string[] {
  const tools = toolParameters.filter((name) => Array.isArray(body[name]) && body[name].length > 0);
  return tools.length === 0 ? [] : [...tools, ...toolSettings.filter((name) => body[name] != null)];
}

/** Returns the adapter of a server that lacks features of its protocol. */
function withoutWhatItLacks(adapter: ProviderAdapter, lacks: Upstream['lacks']): ProviderAdapter {
  if (lacks.length === 0) return adapter;
  // The server answers in its own protocol, but what it lacks must be refused before the call.
  const { native: _native, ...translating } = adapter;
  const { capabilities } = adapter;
  const images = lacks.includes('images') ? [] : capabilities.images;
  if (!lacks.includes('tools')) return { ...translating, capabilities: { ...capabilities, images } };
  return {
    ...translating,
    capabilities: { ...capabilities, images },
    findUnsupported: (body) => [...toolFields(body).map((name) => [name]), ...(adapter.findUnsupported?.(body) ?? [])],
  };
}
