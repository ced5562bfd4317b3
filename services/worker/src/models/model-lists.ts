import type { Config } from '@sluice/config';
import { isListed } from '@sluice/config';
import { classify, type Verdict } from '@sluice/policy';
import type { UpstreamFailure } from '@sluice/protocol';
import { type ModelLister, type ProviderAdapter, providers } from '@sluice/providers';
import type { ModelListWriter } from '@sluice/relay';
import type { AttemptOutcome } from '@sluice/telemetry';
import type { TokenVault } from '@sluice/access-tokens';
import { takeCallKey } from '../credentials/call-key.ts';
import { listModels, type Listing } from './list-models.ts';
import { redactFailure } from '../attempt/redact-failure.ts';
import type { Credential } from '../targets/targets.ts';
import { toTokenCredential } from '../credentials/token-credential.ts';
import { type CallClient, headerSecrets } from '../targets/upstream-clients.ts';

type Upstream = Config['upstreams'][number];

/** Asks the upstreams for their models while ingresses want the lists, once for the whole fleet. */
export interface ModelLists {
  start(): void;
  close(): Promise<void>;
}

export interface ModelListsNeeds {
  readonly config: Pick<Config, 'models' | 'upstreams'>;
  readonly lists: ModelListWriter;
  readonly clientOf: (upstreamId: string) => CallClient;
  readonly tokens: TokenVault | undefined;
  readonly maxBodyBytes: number;
  readonly onAsked: (upstreamId: string, outcome: AttemptOutcome) => void;
  readonly onFailed: (upstreamId: string, failure: UpstreamFailure) => void;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Poll interval, in ms; an ingress waits at most 2 s for a list that is not there yet. */
const lookEveryMs = 500;
/** Minimum time between two checks whether the list of one upstream is due. */
const recheckMs = 5000;
/** Upper bound of a believable list of names. */
const maxListBytes = 4 * 1024 * 1024;

export function createModelLists(needs: ModelListsNeeds): ModelLists {
  const { lists, onError, now } = needs;
  const upstreams = needs.config.upstreams.flatMap((upstream) => toListed(upstream, needs) ?? []);
  const controller = new AbortController();
  const checkAt = new Map<string, number>();
  const asking = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    if (!(await lists.isWanted()) || controller.signal.aborted) return;
    for (const listed of upstreams) {
      const { id } = listed.upstream;
      if (now() < (checkAt.get(id) ?? 0)) continue;
      checkAt.set(id, now() + recheckMs);
      const asked = askIfDue(listed).catch(onError);
      asking.add(asked);
      void asked.then(() => asking.delete(asked));
    }
  }

  async function askIfDue(listed: Listed): Promise<void> {
    const { upstream } = listed;
    if (!(await lists.mayAsk(upstream)) || controller.signal.aborted) return;
    const listing = await ask(needs, listed, controller.signal);
    if (controller.signal.aborted) return;
    needs.onAsked(upstream.id, listing.kind === 'told' ? 'complete' : 'error');
    if (listing.kind === 'told') return lists.told(upstream, listing.names);
    needs.onFailed(upstream.id, listing.failure);
    await lists.failed(upstream);
  }

  return {
    start() {
      if (upstreams.length === 0) return;
      timer = setInterval(() => {
        looking ??= look()
          .catch(onError)
          .finally(() => (looking = undefined));
      }, lookEveryMs);
    },
    async close() {
      clearInterval(timer);
      controller.abort();
      await looking;
      await Promise.all(asking);
    },
  };
}

/** An upstream that can tell its models, and of which some entry passes the clients' names on. */
interface Listed {
  readonly upstream: Upstream;
  readonly adapter: ProviderAdapter;
  readonly lister: ModelLister;
  readonly credentials: readonly Credential[];
  /**
   * Index of the credential in use. It advances only when the credential is refused: two credentials may see different
   * models, and a rotation would change the list with each question.
   */
  turn: number;
}

function toListed(
  upstream: Upstream,
  { config, clientOf, maxBodyBytes }: Pick<ModelListsNeeds, 'config' | 'clientOf' | 'maxBodyBytes'>,
): Listed | undefined {
  const adapter = providers[upstream.type].create(upstream.options, upstream.baseUrl);
  const { models: lister, tokens: source } = adapter;
  if (lister === undefined || !isListed(config, upstream.id)) return undefined;
  const credentials = upstream.credentials.map((credential) => ({
    ...credential,
    tokenCredential: source && toTokenCredential({ clientOf, maxBodyBytes }, { upstream, credential, source }),
  }));
  return { upstream, adapter, lister, credentials, turn: 0 };
}

async function ask(
  needs: Pick<ModelListsNeeds, 'clientOf' | 'tokens' | 'maxBodyBytes'>,
  listed: Listed,
  signal: AbortSignal,
): Promise<Listing> {
  const listing = await askOnce(needs, listed, signal);
  if (listing.kind === 'failed' && isOfCredential(listing.failure)) listed.turn++;
  return listing;
}

/** Returns whether another credential may get the list that this one did not get. */
const isOfCredential = (failure: UpstreamFailure): boolean => credentialRemedies.has(classify(failure).remedy);
const credentialRemedies: ReadonlySet<Verdict['remedy']> = new Set([
  'next_credential',
  'doubt_credential',
  'other_credential',
]);

async function askOnce(
  { clientOf, tokens, maxBodyBytes }: Pick<ModelListsNeeds, 'clientOf' | 'tokens' | 'maxBodyBytes'>,
  listed: Listed,
  signal: AbortSignal,
): Promise<Listing> {
  const { upstream, adapter, lister, credentials } = listed;
  const credential = credentials[listed.turn % credentials.length];
  if (credential === undefined) throw new Error(`the upstream ${upstream.id} has no credential`);
  const key = await takeCallKey(credential, { tokens, signal, remainingMs: keyMs });
  if (key.kind !== 'key') return key.kind === 'failed' ? key : interrupted;
  const listing = await listModels({
    lister,
    toFailure: adapter.toFailure,
    plan: { baseUrl: upstream.baseUrl, apiKey: key.apiKey, startedAtMs: Date.now() },
    client: clientOf(upstream.id),
    signal,
    maxBodyBytes: Math.min(maxBodyBytes, maxListBytes),
  });
  if (listing.kind === 'told') return listing;
  const secrets = [
    ...(adapter.secrets ?? []),
    ...headerSecrets(upstream),
    ...(key.apiKey === undefined ? [] : [key.apiKey]),
  ];
  return { kind: 'failed', failure: redactFailure(listing.failure, secrets) };
}

const keyMs = 5000;
const interrupted: Listing = {
  kind: 'failed',
  failure: { kind: 'timeout', message: 'The worker stops.' },
};
