import type { ChatBody } from '@sluice/protocol';
import type { Target } from '../targets/targets.ts';

/** One attempt of a run: its target, credential and request. */
export interface ChosenAttempt {
  readonly target: Target;
  readonly credentialId: string;
  /** This attempt decides whether the target's circuit closes. */
  readonly isProbe: boolean;
  /** The request, reduced to what this target can serve, with the text that is to be resumed or extended. */
  readonly body: ChatBody;
  /** The provider is asked for a stream. */
  readonly stream: boolean;
  /** Number of this attempt within its request; the first is 1. */
  readonly number: number;
  /** Time limit of a whole (not streamed) answer, in ms; Infinity: until the deadline. */
  readonly wholeMs: number;
}

/** The attempt in which an adapter threw an error. */
export interface ThrownFacts {
  readonly requestId: string;
  readonly upstream: string;
  readonly model: string;
  /** Texts that must not appear in the log. */
  readonly secrets: readonly string[];
}
