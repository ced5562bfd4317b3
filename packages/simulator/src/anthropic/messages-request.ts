import { type ChatRequest, readChatRequest } from '../openai/chat-request.ts';
import type { Failure } from '../server/provider.ts';
import { blocksOf, type Fields, findFault, isObject } from './check-request.ts';
import { faultOfSchemas } from './check-schema.ts';
import { invalidRequest } from './errors.ts';

/**
 * Reads a request as strictly as Anthropic does. The answer is chosen as for OpenAI, so that directives, conversations
 * and tools work in the same way.
 */
export function readMessagesRequest(body: string): ChatRequest | Failure {
  const fields = parseObject(body);
  if (fields === undefined) return invalidRequest('The request body is not valid JSON');
  const fault = findFault(fields) ?? faultOfSchemas(fields);
  return fault === undefined ? readChatRequest(JSON.stringify(asChat(fields))) : invalidRequest(fault);
}

function asChat(fields: Fields): object {
  const { model, messages, system, tools, tool_choice: choice, output_config: output } = fields;
  const format = isObject(output) && isObject(output.format) ? output.format : undefined;
  return {
    model,
    max_tokens: fields.max_tokens,
    stream: fields.stream,
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: blocksOf(system) }]),
      ...(Array.isArray(messages) ? messages.flatMap(asChatMessages) : []),
    ],
    ...(Array.isArray(tools) ? { tools: tools.filter(isObject).map(asChatTool) } : {}),
    ...(isObject(choice) ? asChatChoice(choice) : {}),
    ...(format === undefined
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { schema: format.schema } } }),
  };
}

function asChatMessages(message: Fields): readonly object[] {
  const blocks = blocksOf(message.content);
  if (blocks.some(({ type }) => type === 'tool_result')) return [{ role: 'tool', content: blocks }];
  // The text to continue ends without the space that follows each token.
  const isText = message.role === 'assistant' && blocks.every(({ type }) => type === 'text');
  const said = isText ? `${blocks.map(({ text }) => String(text)).join('')} ` : blocks;
  return [{ role: message.role, content: said }];
}

const asChatTool = ({ name, input_schema: parameters }: Fields): object => ({
  type: 'function',
  function: { name, parameters },
});

function asChatChoice({ type, name, disable_parallel_tool_use: isSerial }: Fields): object {
  const toolChoice = type === 'tool' ? { type: 'function', function: { name } } : type === 'any' ? 'required' : type;
  return { tool_choice: toolChoice, parallel_tool_calls: isSerial !== true };
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
