import type { IncomingHttpHeaders } from 'node:http';
import type { Behaviour, StatusFault } from '../faults/behaviour.ts';
import type { Directive } from '../faults/directives.ts';

/** A provider's wire protocol. Faults, script, audit and sockets are the same for all and know none of them. */
export interface Provider {
  /** Answers calls that are no questions to a model, and those that it turns away at the door. Asked first. */
  intercept?(call: RawCall): RawAnswer | 'silence' | undefined;
  /** Answers without a key. Default: it wants one. */
  readonly isOpen?: boolean;
  /** Returns the endpoint that answers at this path, if any. */
  endpoint(method: string, path: string): Endpoint | undefined;
  /** An error in the provider's own shape. */
  failure(reason: FailureReason, about: FailureContext): Failure;
  /** Forgets what it remembers of earlier calls. */
  forget?(): void;
}

/** A call as it came. */
export interface RawCall {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Without `Bearer`; empty when there is none. */
  readonly credential: string;
  readonly body: string;
}

/** An answer to it, as it goes out. */
export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One path of a provider. */
export interface Endpoint {
  /** Answers without a credential, too. */
  readonly isPublic?: boolean;
  /** Reads a request: what it asks for, or why it is refused. */
  read(body: string, surroundings: Surroundings): Question | Failure;
}

/** The data that comes with a body, for protocols that say something there. */
export interface Surroundings {
  /** Behind the path's `?`. */
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** As the audit shows it; empty where there is none. */
  readonly credential: string;
}

/** A request that can be answered. */
export interface Question {
  readonly kind: 'question';
  /** As asked for, directives included; empty where the path has none. Scripts apply only where there is one. */
  readonly model: string;
  readonly stream: boolean;
  /** Those that the model's name carries. */
  readonly directives: readonly Directive[];
  /** @see hashConversation */
  readonly conversation: string;
  answer(behaviour: Behaviour): Answer | Failure;
}

/** An answer to be sent with status 200. */
type Answer = WholeAnswer | EventStream;

/** One body. Faults of content (`errev`, `empty`, `cut`, `huge`, `badutf8`) are in it already. */
export interface WholeAnswer {
  readonly kind: 'whole';
  readonly body: string;
  /** Over all choices, reasoning included. */
  readonly tokens: number;
  /** Number of the behaviour's gaps it takes to make. */
  readonly steps: number;
}

/**
 * A stream of events, each a text that ends in a blank line. Steps are what is paced and counted;
 * line ends, pings, packets and the place of the fault are the sender's business.
 */
export interface EventStream {
  readonly kind: 'stream';
  /** Default: that of server-sent events. Others have no comments, so that nothing keeps them alive. */
  readonly contentType?: string;
  /** Goes out with the first step. */
  readonly opening: string;
  readonly steps: number;
  /** Steps at the beginning that don't count towards the place of a fault: reasoning. */
  readonly leadSteps: number;
  readonly tokensPerStep: number;
  step(index: number): string;
  /** The part that tells how it ended. */
  readonly closing: string;
  /** The mark of a complete stream: `data: [DONE]`. */
  readonly terminator: string;
  /** An error in the middle of the stream. */
  readonly failure: string;
  /** An event that can't be parsed. */
  readonly broken: string;
  /** A valid event that carries this text, which needs no escaping. */
  carrying(text: string): string;
}

/** Statuses and bodies that faults stand for, and the simulator's own refusals. */
export type FailureReason =
  | StatusFault
  | { readonly name: 'noCredential' }
  | { readonly name: 'unknownPath' }
  | { readonly name: 'bodyTooLarge' }
  | { readonly name: 'unknownDirective'; readonly word: string };

/** The data that error messages mention. */
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
