import type { UpstreamFailure } from '@sluice/protocol';
import type { ListPlan, ModelLister, ProviderAdapter } from '@sluice/providers';
import { runSteps, type StepOptions, type Steps } from '../attempt/run-steps.ts';

/** The result of asking a provider for its models. */
export type Listing =
  | { readonly kind: 'told'; readonly names: readonly string[] }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

export interface ListModelsNeeds extends Pick<StepOptions<Listing>, 'client' | 'signal' | 'maxBodyBytes'> {
  readonly lister: ModelLister;
  readonly toFailure: ProviderAdapter['toFailure'];
  readonly plan: ListPlan;
}

/** Time limits of one page and of all pages: both end before another worker may ask. */
const pageMs = 10_000;
const listMs = 20_000;
/** Gemini and Anthropic give 1000 models per page: a list with more pages is broken. */
const mostPages = 20;

const aborted: Listing = { kind: 'failed', failure: { kind: 'timeout', message: 'The list is no longer wanted.' } };
const notAList: Listing = {
  kind: 'failed',
  failure: {
    kind: 'malformed',
    message: "The provider's answer is not a list of models, or has more than 60,000 values.",
  },
};

/** Providers answer so while they start up: the previous list is more accurate. */
const noModels: Listing = {
  kind: 'failed',
  failure: { kind: 'malformed', message: "The provider's list of models is empty." },
};

/** Asks a provider for the names of its models, page by page. An empty list counts as a failure. Never rejects. */
export async function listModels({ lister, toFailure, plan, ...needs }: ListModelsNeeds): Promise<Listing> {
  const taken = await runSteps(askForPages({ lister, toFailure, plan }), {
    ...needs,
    left: aborted,
    stepMs: pageMs,
    remainingMs: listMs,
    maxSteps: mostPages,
  });
  if (taken.kind === 'done') return taken.result;
  return taken.kind === 'failed' ? { kind: 'failed', failure: taken.failure } : aborted;
}

function* askForPages({
  lister,
  toFailure,
  plan,
}: Pick<ListModelsNeeds, 'lister' | 'toFailure' | 'plan'>): Steps<Listing> {
  const names: string[] = [];
  let next: string | undefined;
  do {
    const { head, text } = yield { kind: 'call', request: lister.toUpstream(plan, next) };
    if (head.status < 200 || head.status >= 300) return { kind: 'failed', failure: toFailure(head, text) };
    const page = lister.read(text);
    if (page === undefined) return notAList;
    names.push(...page.names);
    ({ next } = page);
  } while (next !== undefined);
  return names.length === 0 ? noModels : { kind: 'told', names };
}
