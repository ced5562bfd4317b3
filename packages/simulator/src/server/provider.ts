import type { IncomingHttpHeaders } from 'node:http';
import type { Behaviour, StatusFault } from '../faults/behaviour.ts';
import type { AnswerTokens, Classes, PromptTokens } from '../bill/tokens.ts';
import type { Directive } from '../faults/directives.ts';

/**
 * A provider's wire protocol. Faults, script, audit and sockets are common to all providers and independent of them.
 */
export interface Provider {
  /** Answers calls that are not model requests, and refuses calls before they are read. Called first. */
  intercept?(call: RawCall): RawAnswer | 'silence' | undefined;
  /** Set if the provider needs no key. Default: it needs one. */
  readonly isOpen?: boolean;
  /** Returns the endpoint of this path, if there is one. */
  endpoint(method: string, path: string): Endpoint | undefined;
  /** Returns an error in the provider's own shape. */
  failure(reason: FailureReason, about: FailureContext): Failure;
  /** Deletes stored state of earlier calls. */
  forget?(): void;
}

/** A received call. */
export interface RawCall {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Key without `Bearer`; empty if there is none. */
  readonly credential: string;
  readonly body: string;
}

/** A complete answer to a raw call. */
export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One path of a provider. */
export interface Endpoint {
  /** Set if the path needs no credential. */
  readonly isPublic?: boolean;
  /** Reads a request; returns the question, or the failure if it is refused. */
  read(body: string, surroundings: Surroundings): Question | Failure;
}

/** Data beside the body, for protocols that use it. */
export interface Surroundings {
  /** Query of the URL. */
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Key as the audit shows it; empty if there is none. */
  readonly credential: string;
}

/** A request that can be answered. */
export interface Question {
  readonly kind: 'question';
  /** Requested model, directives included; empty if the path has none. Scripts apply only to requests with a model. */
  readonly model: string;
  readonly stream: boolean;
  /** Directives in the model's name. */
  readonly directives: readonly Directive[];
  /** @see hashConversation */
  readonly conversation: string;
  answer(behaviour: Behaviour): Answer | Failure;
  /** Set if the call is billed. */
  readonly bill?: Billing | undefined;
}

/** Way in which a call is billed. */
export interface Billing {
  /** @see Classes */
  readonly classes: Classes;
  /** Value of `rid=…` in the request. */
  readonly rid: string | undefined;
  prompt(behaviour: Behaviour): PromptTokens;
}

/** An answer with status 200. */
type Answer = WholeAnswer | EventStream;

/** A whole body. It already contains content faults (`errev`, `empty`, `cut`, `huge`, `badutf8`). */
export interface WholeAnswer {
  readonly kind: 'whole';
  readonly body: string;
  /** Number of tokens over all choices, reasoning included. */
  readonly tokens: number;
  /** Tokens of the answer on the bill. Default: `tokens` are `output`. */
  readonly billed?: AnswerTokens;
  /** False if the body has no usage. */
  readonly tellsUsage?: boolean;
  /** Set if the body is an error, for which nothing is billed. */
  readonly isFree?: boolean;
  /** Number of gaps of the behaviour that the answer takes. */
  readonly steps: number;
}

/**
 * A stream of events, each a text that ends with a blank line. Steps are paced and counted; the sender handles line
 * ends, pings, packets and the position of the fault.
 */
export interface EventStream {
  readonly kind: 'stream';
  /** Default: the content type of server-sent events. Other types have no comments and thus no pings. */
  readonly contentType?: string;
  /** Sent with the first step. */
  readonly opening: string;
  readonly steps: number;
  /** Number of steps at the start that do not count towards the position of a fault: reasoning. */
  readonly leadSteps: number;
  readonly tokensPerStep: number;
  /** Tokens of the complete answer on the bill. Default: those of the steps, of which the leading ones are reasoning. */
  readonly billed?: AnswerTokens;
  /** False if the stream has no usage. */
  readonly tellsUsage?: boolean;
  /** Set if the stream is an error, for which nothing is billed. */
  readonly isFree?: boolean;
  step(index: number): string;
  /** The part with the finish reason. */
  readonly closing: string;
  /** Mark of a complete stream: `data: [DONE]`. */
  readonly terminator: string;
  /** An error in the middle of the stream. */
  readonly failure: string;
  /** An event that can't be parsed. */
  readonly broken: string;
  /** Returns a valid event with this text, which needs no escaping. */
  carrying(text: string): string;
}

/** Reasons for error answers: faults, and the simulator's own refusals. */
export type FailureReason =
  | StatusFault
  | { readonly name: 'noCredential' }
  | { readonly name: 'unknownPath' }
  | { readonly name: 'bodyTooLarge' }
  | { readonly name: 'unknownDirective'; readonly word: string };

/** Data that error messages contain. */
export interface FailureContext {
  readonly method: string;
  readonly path: string;
  readonly model: string;
  readonly credential: string;
}

/** An error answer. */
export interface Failure {
  readonly kind: 'failure';
  readonly status: number;
  readonly body: string;
}
