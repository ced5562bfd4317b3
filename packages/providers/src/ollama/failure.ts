import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/** Rules for Ollama's errors, which are texts without a code. Source: the routes of its server. */
const ollamaRules: readonly FailureRule[] = [
  {
    status: [400, 404, 500],
    text: /\bmodel\b[^\n]{0,220}\bnot found|file does not exist|pull model manifest|unknown model architecture/i,
    kind: 'not_found',
  },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, ollamaRules);

/** Describes an error inside an answer with status 200, which is also a text. */
export const toInnerFailure = (error: unknown): UpstreamFailure => describeInnerFailure(error, ollamaRules);
