import { randomUUID } from 'node:crypto';
import type { ChatBody, UpstreamFailure, UpstreamRequest, Usage } from '@sluice/protocol';
import type { CallPlan } from '@sluice/providers';
import type { TokenVault } from '@sluice/access-tokens';
import type { ImageFetcher } from '@sluice/upstream';
import { type CallKey, fixedKeyOf, takeCallKey } from '../credentials/call-key.ts';
import type { ClaimedRun } from '../run/claimed-run.ts';
import { loadImages, needsImages } from '../images/load-images.ts';
import { prepare } from './prepare.ts';
import type { Credential, Target } from '../targets/targets.ts';
import type { CallClient } from '../targets/upstream-clients.ts';

/** A call that can be made, or the reason why it can't. */
export type OpenedCall =
  | {
      readonly kind: 'ready';
      readonly request: UpstreamRequest;
      /** The request as the adapter sees it, with the bytes of its images. */
      readonly body: ChatBody;
      readonly plan: CallPlan;
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly hasThrown?: boolean }
  | { readonly kind: 'aborted' };

/** The key or access token of the call. */
export type OpenedKey = Extract<CallKey, { kind: 'key' }>;

export interface OpenCallNeeds {
  readonly clientOf: (upstreamId: string) => CallClient;
  /** Undefined where no credential has access tokens. */
  readonly tokens: TokenVault | undefined;
  /** Time limit of one call of the preparation. */
  readonly stepMs: number;
  readonly maxBodyBytes: number;
}

export interface CallFacts {
  readonly claimedRun: ClaimedRun;
  readonly target: Target;
  readonly credential: Credential;
  readonly body: ChatBody;
  /** The provider is asked for a stream. */
  readonly stream: boolean;
  readonly images: Pick<ImageFetcher, 'fetch'>;
  /** Results of earlier attempts at this target. */
  readonly notes: Readonly<Record<string, string>> | undefined;
  /** Keeps results for a later attempt at this target. */
  readonly keepNotes: (notes: Readonly<Record<string, string>>) => void;
  /** Called with the key as soon as it is known. */
  readonly onKey: (key: OpenedKey) => void;
  /** Called for each call that the preparation makes. */
  readonly onCall: (request: UpstreamRequest) => void;
  /** Called with the usage of each call of a request that needs several. */
  readonly noteUsage: (usage: Usage | undefined) => void;
  readonly onThrow: (error: unknown) => void;
}

/**
 * Prepares the call that brings the answer: gets the key or access token and the images, makes the calls that the
 * protocol requires first, and writes the request. An error that an adapter throws becomes a failure.
 *
 * @throws the connection's error when Redis is away
 */
export async function openCall(needs: OpenCallNeeds, facts: CallFacts): Promise<OpenedCall> {
  const { claimedRun, credential, onKey, onThrow } = facts;
  const { signal } = claimedRun.active;
  const { tokens } = needs;
  const key =
    fixedKeyOf(credential, tokens) ??
    (await takeCallKey(credential, { tokens, signal, remainingMs: claimedRun.remainingMs() }));
  if (key.kind !== 'key') return key;
  onKey(key);
  try {
    return isDirect(facts) ? describeAtOnce(facts, key.apiKey) : await describeCall(needs, facts, key.apiKey);
  } catch (error) {
    onThrow(error);
    return { kind: 'failed', failure: notWritten, hasThrown: true };
  }
}

const notWritten: UpstreamFailure = {
  kind: 'malformed',
  message: "The request could not be translated into the provider's format.",
};

/** Returns whether nothing has to be fetched or asked before the call, as for most providers. */
const isDirect = ({ claimedRun, target: { adapter } }: CallFacts): boolean =>
  adapter.prepare === undefined && !needsImages(claimedRun.job.operation, adapter);

function describeAtOnce(facts: CallFacts, apiKey: string | undefined): OpenedCall {
  const { claimedRun, target, body } = facts;
  if (claimedRun.active.signal.aborted) return { kind: 'aborted' };
  const plan = planOf(facts, apiKey);
  return { kind: 'ready', request: target.adapter.toUpstream(body, plan), body, plan };
}

async function describeCall(needs: OpenCallNeeds, facts: CallFacts, apiKey: string | undefined): Promise<OpenedCall> {
  const { claimedRun, target, body, images, onCall, onThrow } = facts;
  const { adapter } = target;
  const { signal } = claimedRun.active;
  const { operation } = claimedRun.job;
  const loaded = await loadImages(body, { operation, adapter, fetcher: images, signal });
  if (signal.aborted) return { kind: 'aborted' };
  if (loaded.kind === 'failed') return loaded;
  const prepared = await prepare({
    client: needs.clientOf(target.upstream),
    adapter,
    body: loaded.body,
    plan: planOf(facts, apiKey),
    signal,
    stepMs: needs.stepMs,
    remainingMs: claimedRun.remainingMs(),
    maxBodyBytes: needs.maxBodyBytes,
    onCall,
    onThrow,
  });
  if (prepared.kind !== 'ready') return prepared;
  return { ...prepared, request: adapter.toUpstream(prepared.body, prepared.plan) };
}

function planOf(
  { claimedRun: { job }, target, stream, notes, keepNotes, noteUsage }: CallFacts,
  apiKey: string | undefined,
): CallPlan {
  return {
    model: target.model,
    baseUrl: target.baseUrl,
    apiKey,
    stream,
    reportStreamUsage: target.reportStreamUsage,
    requestId: job.requestId,
    startedAtMs: Date.now(),
    newId: randomUUID,
    keepsThinkingMarkup: job.keepsThinkingMarkup === true,
    keepNotes,
    noteUsage,
    ...(notes === undefined ? {} : { notes }),
  };
}
