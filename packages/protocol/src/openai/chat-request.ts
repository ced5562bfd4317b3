import { z } from 'zod';
import { GatewayError } from '../errors/gateway-error.ts';
import { firstIssueOnly } from '../fit.ts';
import { isObject } from '../json/values.ts';
import { checkChatLimits } from './chat-limits.ts';
import { type ChatRequest, chatRequestSchema } from './chat-parameters.ts';
import { checkChatRules } from './chat-rules.ts';
import { explainIssue } from './explain-issue.ts';
import { checkJsonTexts } from './json-texts.ts';
import { refuseOperatorFields } from './operator-fields.ts';

/** Validates in place, without a copy. */
const fastSchema = z.compile(chatRequestSchema);

/**
 * Validates a parsed JSON body as a chat request. The result is the body itself, not a copy. It keeps unknown fields,
 * an own `__proto__` included, so spread it rather than `Object.assign` it.
 * @throws GatewayError with status 400 that names the field at fault, if there is one.
 */
export function parseChatRequest(body: unknown): ChatRequest {
  if (!isObject(body)) {
    throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' });
  }
  refuseOperatorFields(body);
  checkChatLimits(body);
  if (!z.validate(fastSchema, body)) throw explain(body);
  const request = body as ChatRequest;
  checkChatRules(request);
  checkJsonTexts(request);
  return request;
}

function explain(body: object): GatewayError {
  const [issue] = chatRequestSchema.safeParse(body, firstIssueOnly).error?.issues ?? [];
  return issue === undefined ? new GatewayError('invalid_request') : explainIssue(issue, body);
}
