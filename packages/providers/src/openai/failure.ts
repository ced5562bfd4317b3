import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/**
 * Rules for servers of this protocol whose words mean something else at other providers. Anything else is in the common
 * table. Sources: the error pages of OpenAI, DeepSeek, Groq, Mistral, Moonshot,
 * OpenRouter, xAI and vLLM.
 */
const openaiRules: readonly FailureRule[] = [
  // Mistral: a free or a trial plan that is over.
  { status: [401, 403], text: /(?:trial|subscription|plan) (?:has )?(?:expired|ended)/i, kind: 'quota' },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, openaiRules);

/** An error that came inside an answer of status 200: the value of its `error`, whatever that is. */
export const toInnerFailure = (error: unknown): UpstreamFailure =>
  describeInnerFailure(error, openaiRules, { nothingSaid: 'The provider sent an error that says nothing.' });
