import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/** Ollama's errors are texts without a code. Source: its server's routes. */
const ollamaRules: readonly FailureRule[] = [
  {
    status: [400, 404, 500],
    text: /\bmodel\b[^\n]{0,220}\bnot found|file does not exist|pull model manifest|unknown model architecture/i,
    kind: 'not_found',
  },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, ollamaRules);

/** An error inside an answer of status 200, which is a text as well. */
export const toInnerFailure = (error: unknown): UpstreamFailure => describeInnerFailure(error, ollamaRules);
