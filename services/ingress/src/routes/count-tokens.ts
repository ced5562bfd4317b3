import type { IngressConfig } from '@sluice/config';
import { estimatePrompt } from '@sluice/policy';
import { parseCountTokensRequest, toPrompt } from '@sluice/surfaces';
import type { RequestHandler } from 'express';
import { bodyStored, contextOf, principalOf } from '../context.ts';
import { resolveModel } from '../inference/resolve-model.ts';
import { takeJson } from '../middleware/read-json.ts';

/**
 * `POST /v1/messages/count_tokens`: an estimate of the tokens of a prompt. No upstream is asked, and it counts towards no
 * limit and no budget.
 */
export function countTokens(config: Pick<IngressConfig, 'models'>): RequestHandler {
  return (request, response) => {
    const asked = parseCountTokensRequest(takeJson(request).value);
    resolveModel(config, principalOf(response), asked.model);
    // A large body that is not stored counts as refused.
    bodyStored(response);
    response.setHeader('request-id', contextOf(response).publicId);
    response.json({ input_tokens: estimatePrompt('chat', toPrompt(asked)) });
  };
}
