import { type ChatBody, isObject, type JsonObject, type UpstreamRequest } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';
import { plainStyle } from '../openai-protocol/options.ts';
import { writeRequest } from '../openai-protocol/request.ts';
import { cliHeaders } from './cli-headers.ts';
import { chooseThinking, withThinking } from './thinking.ts';

export interface RequestOptions {
  /** Limit if the client sets none, in tokens: iFlow's own default would cut answers at 512. */
  readonly defaultMaxTokens: number;
  readonly hasCliHeaders: boolean;
}

/** Models that need their reasoning of earlier turns. */
const readsReasoning = /^(?:glm-[45]|minimax-m2)/i;

/** Builds OpenAI's request with the reasoning switch of the model's family. */
export function toUpstream(body: ChatBody, plan: CallPlan, options: RequestOptions): UpstreamRequest {
  const choice = chooseThinking(body, plan.model);
  const { max_tokens: maxTokens, max_completion_tokens: maxCompletionTokens, ...rest } = withThinking(body, choice);
  const prepared: JsonObject = {
    ...withoutEmptyTools(rest),
    messages: messagesFor(choice.model, body['messages']),
    max_tokens: maxCompletionTokens ?? maxTokens ?? options.defaultMaxTokens,
  };
  const request = writeRequest(prepared, { plan: { ...plan, model: choice.model }, style: plainStyle });
  if (!options.hasCliHeaders) return request;
  return { ...request, headers: { ...request.headers, ...cliHeaders(plan) } };
}

/** Removes an empty list of tools, which makes some models behind iFlow end their streams early. */
function withoutEmptyTools(body: ChatBody): ChatBody {
  const { tools, tool_choice: choice, parallel_tool_calls: parallel, ...rest } = body;
  if (!Array.isArray(tools) || tools.length === 0) return rest;
  return {
    ...rest,
    tools,
    ...(choice === undefined ? {} : { tool_choice: choice }),
    ...(parallel === undefined ? {} : { parallel_tool_calls: parallel }),
  };
}

function messagesFor(model: string, messages: unknown): unknown {
  if (!Array.isArray(messages) || readsReasoning.test(model)) return messages;
  return messages.map((message: unknown) => {
    if (!isObject(message) || !('reasoning_content' in message)) return message;
    const { reasoning_content: _reasoning, ...rest } = message;
    return rest;
  });
}
