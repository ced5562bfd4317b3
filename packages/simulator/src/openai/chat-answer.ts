import type { Behaviour } from '../faults/behaviour.ts';
import type { ChatRequest } from './chat-request.ts';
import { type Content, contentOf } from './content.ts';

/** All that an answer holds, before it has a shape. */
export interface ChatAnswer {
  readonly request: ChatRequest;
  readonly behaviour: Behaviour;
  readonly content: Content;
  /** Tokens of one choice that come before its content. */
  readonly reasoningTokens: number;
  /** The fields that a whole answer and each chunk have in common. */
  readonly identity: {
    readonly id: string;
    /** Seconds since 1970. */
    readonly created: number;
    readonly model: string;
    readonly service_tier: 'default';
    readonly system_fingerprint: string;
  };
}

/** OpenAI's usage object. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number; readonly audio_tokens: number };
  readonly completion_tokens_details: {
    readonly reasoning_tokens: number;
    readonly audio_tokens: number;
    readonly accepted_prediction_tokens: number;
    readonly rejected_prediction_tokens: number;
  };
}

/** Seconds since 1970 at which everything here was created: fixed, because the same request gives the same bytes. */
export const createdSeconds = 1_700_000_000;

/** Makes up an answer. It depends on request and behaviour alone. */
export function chatAnswerOf(request: ChatRequest, behaviour: Behaviour): ChatAnswer {
  return {
    request,
    behaviour,
    content: contentOf(request, behaviour),
    reasoningTokens: behaviour.fault?.name === 'empty' ? 0 : behaviour.reasoningTokens,
    identity: {
      id: `chatcmpl-${request.conversation}`,
      created: createdSeconds,
      model: request.model,
      service_tier: 'default',
      system_fingerprint: 'fp_simulator',
    },
  };
}

/** The text of a reasoning token. */
export function reasoningText(seq: number): string {
  return `think${seq} `;
}

/** Returns the usage of an answer with so many content tokens a choice; reasoning is completion, as at OpenAI. */
export function usageOf({ request, reasoningTokens }: ChatAnswer, contentTokens: number): Usage {
  const { promptTokens, choices } = request;
  const completionTokens = choices * (reasoningTokens + contentTokens);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: choices * reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
