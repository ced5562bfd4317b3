import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/**
 * Rules for servers of this protocol whose errors mean something else at other providers. The common table has the
 * others. Sources: the error pages of OpenAI, DeepSeek, Groq, Mistral, Moonshot, OpenRouter, xAI and vLLM.
 */
const openaiRules: readonly FailureRule[] = [
  // Mistral: a free plan or a trial has expired.
  { status: [401, 403], text: /(?:trial|subscription|plan) (?:has )?(?:expired|ended)/i, kind: 'quota' },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, openaiRules);

/** Describes an error inside an answer with status 200, from the value of its `error`. */
export const toInnerFailure = (error: unknown): UpstreamFailure =>
  describeInnerFailure(error, openaiRules, { nothingSaid: 'The provider sent an error without a message.' });
