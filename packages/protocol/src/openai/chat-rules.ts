import type { ChatRequest } from './chat-parameters.ts';
import { missingField, onlyWith, unknownName } from './field-errors.ts';

/**
 * Checks the rules of OpenAI's API that concern more than one field.
 * @throws GatewayError that names the field to change.
 */
export function checkChatRules(request: ChatRequest): void {
  if (request.stream_options != null && request.stream !== true) {
    throw onlyWith('stream_options', 'stream');
  }
  if (request.top_logprobs != null && request.logprobs !== true) {
    throw onlyWith('top_logprobs', 'logprobs');
  }
  if (request.modalities?.includes('audio') && request.audio == null) {
    throw missingField('audio');
  }
  requireChosenTool(request);
  requireChosenFunction(request);
}

function requireChosenTool({ tool_choice, tools = [] }: ChatRequest): void {
  if (typeof tool_choice !== 'object') return;
  if (tool_choice.type === 'function') {
    const { name } = tool_choice.function;
    if (tools.some((tool) => tool.type === 'function' && tool.function.name === name)) return;
    throw unknownName({ param: 'tool_choice', value: name }, { kind: 'function', list: 'tools' });
  }
  if (tool_choice.type === 'custom') {
    const { name } = tool_choice.custom;
    if (tools.some((tool) => tool.type === 'custom' && tool.custom.name === name)) return;
    throw unknownName({ param: 'tool_choice', value: name }, { kind: 'custom tool', list: 'tools' });
  }
}

function requireChosenFunction({ function_call, functions = [] }: ChatRequest): void {
  if (typeof function_call !== 'object') return;
  const { name } = function_call;
  if (functions.some((candidate) => candidate.name === name)) return;
  throw unknownName({ param: 'function_call', value: name }, { kind: 'function', list: 'functions' });
}
