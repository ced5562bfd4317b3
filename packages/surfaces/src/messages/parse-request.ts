import { explainIssue, firstIssueOnly, GatewayError, isObject, refuseOperatorFields } from '@sluice/protocol';
import { z } from 'zod';
import {
  type CountTokensRequest,
  countTokensSchema,
  type MessagesRequest,
  messagesRequestSchema,
} from './request-schema.ts';

/** Validates in place, without a copy. */
const fastRequest = z.compile(messagesRequestSchema);
const fastCount = z.compile(countTokensSchema);

/** Maximum number of messages, equal to that of a chat request. */
const mostMessages = 2000;
/** Maximum number of blocks in all messages together. */
const mostBlocks = 8192;

/**
 * Validates a parsed body of `POST /v1/messages`. The result is the body itself, with its unknown fields.
 * @throws GatewayError with status 400 that names the field at fault
 */
export function parseMessagesRequest(body: unknown): MessagesRequest {
  const checked = checkBody(body);
  if (!z.validate(fastRequest, checked)) throw explain(messagesRequestSchema, checked);
  return checked as MessagesRequest;
}

/**
 * Validates a parsed body of `POST /v1/messages/count_tokens`.
 * @throws GatewayError with status 400 that names the field at fault
 */
export function parseCountTokensRequest(body: unknown): CountTokensRequest {
  const checked = checkBody(body);
  if (!z.validate(fastCount, checked)) throw explain(countTokensSchema, checked);
  return checked as CountTokensRequest;
}

function checkBody(body: unknown): object {
  if (!isObject(body)) {
    throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' });
  }
  refuseOperatorFields(body);
  checkSizes(body['messages']);
  return body;
}

/** Checks sizes first: a schema that walks 200,000 bad blocks takes half a second. */
function checkSizes(messages: unknown): void {
  if (!Array.isArray(messages)) return;
  if (messages.length > mostMessages) throw tooMany('messages', messages.length, mostMessages);
  let blocks = 0;
  for (const message of messages as unknown[]) {
    const content = isObject(message) ? message['content'] : undefined;
    if (Array.isArray(content)) blocks += content.length;
  }
  if (blocks > mostBlocks) throw tooMany('content blocks', blocks, mostBlocks);
}

const tooMany = (what: string, count: number, max: number): GatewayError =>
  new GatewayError('array_above_max_length', {
    param: 'messages',
    message: `Invalid 'messages': too many ${what}. Expected at most ${max}, but got ${count} instead.`,
  });

function explain(schema: z.ZodType, body: object): GatewayError {
  const [issue] = schema.safeParse(body, firstIssueOnly).error?.issues ?? [];
  return issue === undefined ? new GatewayError('invalid_request') : explainIssue(issue, body);
}
