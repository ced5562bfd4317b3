import type { ResponseHead, UpstreamEvent, UpstreamFailure, UpstreamRequest, Usage } from '@sluice/protocol';

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
  /** Absent where the provider wants none. */
  readonly apiKey: string | undefined;
  /** Of the provider's API, where it has several at one URL. */
  readonly apiVersion?: string | undefined;
  readonly stream: boolean;
  /** Ask the provider to report usage at the end of a stream, for the limits and the bill. */
  readonly reportStreamUsage: boolean;
}

/** What a provider is to Sluice. All functions are pure; the worker does the talking. */
export interface ProviderAdapter {
  readonly type: string;
  toUpstream(body: ChatBody, plan: CallPlan): UpstreamRequest;
  /** Fresh for each attempt. */
  translateStream(body: ChatBody): StreamTranslator;
  translateWhole(text: string): WholeTranslation;
  /** For answers that are not 2xx. */
  toFailure(head: ResponseHead, bodyText: string): UpstreamFailure;
}

/** Turns a provider's events into OpenAI's, one after the other. */
export interface StreamTranslator {
  /**
   * Takes an event and returns what the client gets for it: server-sent events as text, ready to be written, or ''.
   * Never throws. After the stream is complete or has failed it returns ''.
   */
  push(event: UpstreamEvent): string;
  /** The provider has closed its stream: whatever is open now was truncated. */
  end(): void;
  readonly state: StreamState;
  /** Every part of the answer is finished: what may still come is its usage. */
  readonly isFinished: boolean;
}

export type StreamState =
  | { readonly kind: 'open' }
  | { readonly kind: 'complete'; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** What the gateway itself wants to know of an answer. */
export interface AnswerSummary {
  readonly usage: Usage | undefined;
  readonly finishReason: string | undefined;
  /** The model that really answered. */
  readonly responseModel: string | undefined;
}

export type WholeTranslation =
  | { readonly kind: 'complete'; readonly text: string; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };
