import type { ChatBody } from '@sluice/providers';
import type { Target } from '../targets/targets.ts';

/** One attempt of a run: its target, credential and request. */
export interface ChosenAttempt {
  readonly target: Target;
  readonly credentialId: string;
  /** This attempt decides whether the target's circuit closes. */
  readonly isProbe: boolean;
  /** The request as far as this target can serve it, with what is to be written on. */
  readonly body: ChatBody;
  /** The provider is to answer with a stream. */
  readonly stream: boolean;
  /** Number of this attempt within its request, the first is 1. */
  readonly number: number;
  /** For an answer in one piece; Infinity: until the deadline. */
  readonly wholeMs: number;
}

/** The attempt in which an adapter threw an error. */
export interface ThrownFacts {
  readonly requestId: string;
  readonly upstream: string;
  readonly model: string;
  /** Must not get into the log. */
  readonly secrets: readonly string[];
}
