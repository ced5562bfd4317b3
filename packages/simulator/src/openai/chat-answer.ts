import { type AnswerTokens, splitPrompt } from '../bill/tokens.ts';
import type { Behaviour } from '../faults/behaviour.ts';
import type { ChatRequest } from './chat-request.ts';
import { type Content, contentOf } from './content.ts';

/** Content of an answer, independent of its format. */
export interface ChatAnswer {
  readonly request: ChatRequest;
  readonly behaviour: Behaviour;
  readonly content: Content;
  /** Tokens of one choice before its content. */
  readonly reasoningTokens: number;
  /** Fields common to a whole answer and its chunks. */
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
  readonly prompt_tokens_details: {
    readonly cached_tokens: number;
    readonly cache_write_tokens?: number;
    readonly audio_tokens: number;
  };
  readonly completion_tokens_details: {
    readonly reasoning_tokens: number;
    readonly audio_tokens: number;
    readonly accepted_prediction_tokens: number;
    readonly rejected_prediction_tokens: number;
  };
}

/** Creation time of everything here, in seconds since 1970; fixed, so that equal requests give equal bytes. */
export const createdSeconds = 1_700_000_000;

/** Creates an answer, which depends only on request and behaviour. */
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

/** Returns the text of a reasoning token. */
export function reasoningText(seq: number): string {
  return `think${seq} `;
}

/** Returns the usage of an answer by its content tokens per choice; as at OpenAI, reasoning counts as completion. */
export function usageOf({ request, behaviour, reasoningTokens }: ChatAnswer, contentTokens: number): Usage {
  const { promptTokens, choices } = request;
  const { cacheRead, cacheWrite } = splitPrompt(promptTokens, behaviour);
  const completionTokens = choices * (reasoningTokens + contentTokens);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: {
      cached_tokens: cacheRead,
      ...(cacheWrite === 0 ? {} : { cache_write_tokens: cacheWrite }),
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: choices * reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** Returns the tokens of an answer on the bill, over all choices. */
export const billedOf = ({ request, reasoningTokens }: ChatAnswer, contentTokens: number): AnswerTokens => ({
  output: request.choices * contentTokens,
  reasoning: request.choices * reasoningTokens,
});
