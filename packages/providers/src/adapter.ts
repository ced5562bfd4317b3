import type {
  ChatBody,
  Framing,
  NativeProtocol,
  NativeRequest,
  ResponseHead,
  UpstreamEvent,
  UpstreamFailure,
  UpstreamRequest,
  Usage,
} from '@sluice/protocol';
import type { Capabilities } from './capabilities.ts';
import type { ListPlan, ModelLister } from './model-lister.ts';
import type { Preparation } from './preparation.ts';
import type { TokenSource } from './token-source.ts';

/** Plan of one provider call: model, place and credential. */
export interface CallPlan {
  /** Provider's own name of the model. */
  readonly model: string;
  /** Base URL without a trailing slash. */
  readonly baseUrl: string;
  /** API key or access token; absent if the provider needs none. */
  readonly apiKey: string | undefined;
  /** Requests a streamed answer. */
  readonly stream: boolean;
  /** Asks the provider to report usage at the end of a stream, for limits and billing. */
  readonly reportStreamUsage: boolean;
  /** Request id; also becomes the id of answers to which the provider gives none. */
  readonly requestId: string;
  /** Start of the call, in ms since 1970; also becomes the date of answers without one. */
  readonly startedAtMs: number;
  /** Returns a random UUID, for protocols whose clients must generate ids. */
  readonly newId: () => string;
  /** Keeps the reasoning inside the answer's text, with the provider's own markup. */
  readonly keepsThinkingMarkup: boolean;
  /** Notes from {@link ProviderAdapter.prepare}. */
  readonly notes?: Readonly<Record<string, string>>;
  /**
   * Stores notes for later attempts of the same request at the same target, which receive them as `notes` before their
   * preparation. Absent if no later attempt can follow.
   */
  readonly keepNotes?: (notes: Readonly<Record<string, string>>) => void;
  /** Takes the usage of each call of a request that needs several, in the order of the calls; undefined if not told. */
  readonly noteUsage?: (usage: Usage | undefined) => void;
}

export type KeyCheckPlan = ListPlan & Pick<CallPlan, 'newId'>;

/** A provider's protocol. All functions are pure; the worker makes the provider calls. */
export interface ProviderAdapter {
  readonly type: string;
  readonly capabilities: Capabilities;
  /** The way a stream is split into events. */
  readonly framing: Framing;
  /** Set if the provider only streams: whole answers are collected from a stream. */
  readonly isStreamOnly?: boolean;
  /** Set if the adapter parses the arguments of tool calls in the history, so that their size must be limited. */
  readonly readsArguments?: boolean;
  /**
   * Returns fields that the provider can't serve in this request, beyond what `capabilities` tells: values,
   * combinations.
   */
  findUnsupported?(body: ChatBody): readonly FieldPath[];
  /** Returns whether anonymous credentials (`anonymous: true`) can't send this request; absent if they can send all. */
  refusesGuests?(body: ChatBody): boolean;
  /** Returns whether the provider fetches this image itself, although it accepts no other images by URL. */
  takesImage?(url: string): boolean;
  /** Returns the provider calls that precede the call for the answer. */
  prepare?(body: ChatBody, plan: CallPlan): Preparation;
  /** Builds the call for the answer. The body contains nothing that the provider can't serve. */
  toUpstream(body: ChatBody, plan: CallPlan): UpstreamRequest;
  /** Returns a new translator for each attempt. */
  translateStream(body: ChatBody, plan: CallPlan): StreamTranslator;
  translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation;
  /** Describes an answer with a status other than 2xx. */
  toFailure(head: ResponseHead, bodyText: string): UpstreamFailure;
  /** Options that may be secret; redacted from all failure messages, like the key. */
  readonly secrets?: readonly string[];
  /** Source of access tokens, for providers without fixed keys. */
  readonly tokens?: TokenSource;
  /** Absent if the provider does not list its models, or its list has other names than requests do. */
  readonly models?: ModelLister;
  /**
   * Builds a call that no provider bills and that tests a key, for providers without `models`. Absent if there is none.
   */
  keyCheck?(plan: KeyCheckPlan): UpstreamRequest;
  /** Absent if the provider offers no embeddings. */
  readonly embeddings?: EmbeddingsAdapter;
  /** Absent if no client speaks the provider's protocol. */
  readonly native?: NativeAdapter;
  /** Returns whether the provider refused the signed reasoning in a request: it may accept the rest. */
  refusesThinking?(failure: UpstreamFailure): boolean;
}

/**
 * Passes requests and answers on unchanged, for clients that speak the provider's own protocol. Only the model's name and the
 * credential are replaced.
 */
export interface NativeAdapter {
  readonly protocol: NativeProtocol;
  toUpstream(request: NativeRequest, plan: CallPlan): UpstreamRequest;
  /** Its texts are the provider's events. */
  translateStream(plan: CallPlan): StreamTranslator;
  /** Its text is the provider's answer. */
  translateWhole(text: string, plan: CallPlan): WholeTranslation;
  /** As that of the adapter, with the provider's own answer in the failure. */
  toFailure(head: ResponseHead, bodyText: string): UpstreamFailure;
  /** Returns the request without signed reasoning, for a provider that refused it; undefined if it has none. */
  withoutThinking?(request: NativeRequest): NativeRequest | undefined;
}

/** A provider's embeddings; the request has OpenAI's shape. */
export interface EmbeddingsAdapter {
  /** Supported parameters beyond `model` and `input`; see `Capabilities.parameters`. */
  readonly parameters: Capabilities['parameters'];
  /** Maximum inputs per provider call; larger requests are split into several calls. Undefined: never split. */
  readonly mostInputs?: number;
  findUnsupported?(body: ChatBody): readonly FieldPath[];
  toUpstream(body: ChatBody, plan: CallPlan): UpstreamRequest;
  translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation;
}

/** Path to a field of a request, as in `['messages', 0, 'content', 1]`. */
export type FieldPath = readonly (string | number)[];

/** The events at the start of a text that pass unchanged. */
export interface PassedEvents {
  /** In characters. */
  readonly length: number;
  readonly events: number;
}

/** Translates a provider's events to OpenAI's, one at a time. */
export interface StreamTranslator {
  /**
   * Translates an event and returns the client's server-sent events as text, ready to be written, or ''. Never throws.
   * Returns '' after the stream is complete or has failed.
   */
  push(event: UpstreamEvent): string;
  /**
   * Takes the server-sent events at the start of a text that the client gets exactly as they are, and that all add to
   * the answer: `push` would return each of them unchanged, at a higher cost. The text starts between two events.
   * Absent if there are never such events.
   */
  pass?(text: string): PassedEvents;
  /**
   * Handles the end of the provider's stream: an answer that is still open was truncated. Returns the text held back so
   * far.
   */
  end(): string;
  readonly state: StreamState;
  /** True when every part of the answer is finished; only its usage may follow. */
  readonly isFinished: boolean;
  /** True when the provider has reported the end of the answer but may still send more. */
  readonly mayContinue?: boolean;
  /**
   * Number of events that only show that the provider is working. They are not part of the answer, but reset the idle
   * timeout.
   */
  readonly heartbeats?: number;
  /** Returns the counts of the answer so far: the bill of a call that ends early. */
  counted?(): CountedAnswer;
  /** Returns the call that stops the answer, if closing the socket does not; undefined if there is nothing to stop. */
  toCancel?(): UpstreamRequest | undefined;
}

/** Counts of an answer that may not be complete. */
export interface CountedAnswer {
  /** Usage that the provider has told so far. */
  readonly usage: Usage | undefined;
  /** The usage came with the latest part of the answer or after it, so that it counts everything that has arrived. */
  readonly isCurrent: boolean;
  /** Tokens of the answer, counted here; undefined: each event is a token. */
  readonly tokens: { readonly output: number; readonly reasoning: number } | undefined;
}

export type StreamState =
  | { readonly kind: 'open' }
  | { readonly kind: 'complete'; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** Facts about an answer that the gateway itself needs. */
export interface AnswerSummary {
  readonly usage: Usage | undefined;
  readonly finishReason: string | undefined;
  /** The model that produced the answer. */
  readonly responseModel: string | undefined;
}

export type WholeTranslation =
  | { readonly kind: 'complete'; readonly text: string; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };
