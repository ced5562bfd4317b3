import type { Framing, ResponseHead, UpstreamEvent, UpstreamFailure, UpstreamRequest, Usage } from '@sluice/protocol';
import type { Capabilities } from './capabilities.ts';
import type { ModelLister } from './model-lister.ts';
import type { Preparation } from './preparation.ts';
import type { TokenSource } from './token-source.ts';

/**
 * The client's request as JSON. The ingress has validated it; fields it does not know are there as they came.
 */
export type ChatBody = Readonly<Record<string, unknown>>;

/** One call to be made: which model, where, as whom. */
export interface CallPlan {
  /** The provider's name of the model. */
  readonly model: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Key or token. Absent where the provider wants none. */
  readonly apiKey: string | undefined;
  /** The provider is to answer with a stream. */
  readonly stream: boolean;
  /** Ask the provider to report usage at the end of a stream, for the limits and the bill. */
  readonly reportStreamUsage: boolean;
  /** Names the request, and with it answers of providers that give them no name. */
  readonly requestId: string;
  /** Start of the call: ms since 1970. Dates answers of providers that do not date them. */
  readonly startedAtMs: number;
  /** Gives a random UUID, for protocols that want their clients to make some up. */
  readonly newId: () => string;
  /** Thoughts stay in the answer's text, marked as the provider marks them. */
  readonly keepsThinkingMarkup: boolean;
  /** The findings of {@link ProviderAdapter.prepare}. */
  readonly notes?: Readonly<Record<string, string>>;
  /**
   * Keeps results from which a later attempt of the same request at the same target may start: it gets them as `notes`
   * before its preparation. Absent where there are no later attempts.
   */
  readonly keepNotes?: (notes: Readonly<Record<string, string>>) => void;
}

/** A provider as Sluice sees it. All functions are pure; the worker does the talking. */
export interface ProviderAdapter {
  readonly type: string;
  readonly capabilities: Capabilities;
  /** The way a stream is cut into events. */
  readonly framing: Framing;
  /** It has no answers in one piece: they are collected from a stream. */
  readonly isStreamOnly?: boolean;
  /** It parses the arguments of calls in the history, so that those have to stay within bounds. */
  readonly readsArguments?: boolean;
  /** Fields of this request that the provider can't do, beyond what `capabilities` says: values, combinations. */
  findUnsupported?(body: ChatBody): readonly FieldPath[];
  /** Returns whether credentials that anybody gets (`anonymous: true`) can't send this request; absent: they send all. */
  refusesGuests?(body: ChatBody): boolean;
  /** Returns whether the provider fetches this image itself, although it takes no others by their URL. */
  takesImage?(url: string): boolean;
  /** The questions to ask the provider before the call that brings the answer. */
  prepare?(body: ChatBody, plan: CallPlan): Preparation;
  /** The call that brings the answer. The body holds nothing that the provider can't do. */
  toUpstream(body: ChatBody, plan: CallPlan): UpstreamRequest;
  /** Fresh for each attempt. */
  translateStream(body: ChatBody, plan: CallPlan): StreamTranslator;
  translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation;
  /** For answers that are not 2xx. */
  toFailure(head: ResponseHead, bodyText: string): UpstreamFailure;
  /** Options that may be secret: taken out of whatever is said of a failure, as the key is. */
  readonly secrets?: readonly string[];
  /** The source of tokens that are not fixed keys. */
  readonly tokens?: TokenSource;
  /** Absent where the provider does not tell which models it has. */
  readonly models?: ModelLister;
  /** Absent where the provider makes none. */
  readonly embeddings?: EmbeddingsAdapter;
}

/** The way a provider makes embeddings; the request is OpenAI's for them. */
export interface EmbeddingsAdapter {
  /** As in `Capabilities.parameters`, beyond `model` and `input`. */
  readonly parameters: Capabilities['parameters'];
  /** The most inputs of one call. Requests of more are cut into several; undefined: none is. */
  readonly mostInputs?: number;
  findUnsupported?(body: ChatBody): readonly FieldPath[];
  toUpstream(body: ChatBody, plan: CallPlan): UpstreamRequest;
  translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation;
}

/** The way to a field of a request, as in `['messages', 0, 'content', 1]`. */
export type FieldPath = readonly (string | number)[];

/** Turns a provider's events into OpenAI's, one after the other. */
export interface StreamTranslator {
  /**
   * Takes an event and returns what the client gets for it: server-sent events as text, ready to be written, or ''.
   * Never throws. After the stream is complete or has failed it returns ''.
   */
  push(event: UpstreamEvent): string;
  /** The provider has closed its stream: whatever is open now was truncated. Returns what was held back. */
  end(): string;
  readonly state: StreamState;
  /** Every part of the answer is finished: what may still come is its usage. */
  readonly isFinished: boolean;
  /** The provider says that the answer is finished, but at this provider more may still come. */
  readonly mayGoOn?: boolean;
  /**
   * Number of events that say only that the provider is at work. They are no part of the answer, but no silence either.
   */
  readonly heartbeats?: number;
  /** The call that stops the answer, where closing the socket does not; undefined while there is nothing to stop. */
  toCancel?(): UpstreamRequest | undefined;
}

export type StreamState =
  | { readonly kind: 'open' }
  | { readonly kind: 'complete'; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** The facts about an answer that the gateway itself needs. */
export interface AnswerSummary {
  readonly usage: Usage | undefined;
  readonly finishReason: string | undefined;
  /** The model that really answered. */
  readonly responseModel: string | undefined;
}

export type WholeTranslation =
  | { readonly kind: 'complete'; readonly text: string; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };
