import { type ChatRequest, readChatRequest } from '../openai/chat-request.ts';
import type { Failure } from '../server/provider.ts';
import { failure, inOwnWords } from './errors.ts';

/** A request of Ollama's protocol, in the form of the simulated OpenAI. */
interface OllamaRequest {
  readonly kind: 'request';
  readonly request: ChatRequest;
  /** False if the client has turned reasoning off. */
  readonly thinks: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const roles: readonly unknown[] = ['system', 'user', 'assistant', 'tool'];
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Reads a request body; refuses what Ollama's own types refuse. */
export function readOllamaRequest(body: string): OllamaRequest | Failure {
  const fields = parseObject(body);
  if (fields === undefined) return failure(400, 'invalid character in the body');
  const { messages, options, format, tools, think, stream } = fields;
  const fault = Array.isArray(messages) ? messages.map(faultOf).find((found) => found !== undefined) : undefined;
  if (fault !== undefined) return failure(400, fault);
  const { num_predict: most } = isObject(options) ? options : {};
  const request = readChatRequest(
    JSON.stringify({
      model: fields.model,
      messages,
      tools,
      stream: stream !== false,
      ...(most === undefined ? {} : { max_tokens: most }),
      ...(format === undefined || format === '' ? {} : { response_format: formatOf(format) }),
    }),
  );
  return request.kind === 'failure' ? inOwnWords(request) : { kind: 'request', request, thinks: think !== false };
}

const formatOf = (format: unknown): object =>
  format === 'json' ? { type: 'json_object' } : { type: 'json_schema', json_schema: { schema: format } };

/** Returns the error that Ollama finds in a message. */
function faultOf(message: unknown): string | undefined {
  if (!isObject(message)) return 'json: cannot unmarshal into Go struct field ChatRequest.messages of type api.Message';
  const { role, content, images, tool_calls: calls } = message;
  if (!roles.includes(role)) return `invalid role: ${String(role)}, must be one of [system, user, assistant, tool]`;
  if (content !== undefined && typeof content !== 'string') {
    return 'json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string';
  }
  const areImages = Array.isArray(images) && images.every((image) => typeof image === 'string' && base64.test(image));
  if (images !== undefined && !areImages) return 'illegal base64 data at input byte 4';
  const areCalls = Array.isArray(calls) && calls.every(hasArguments);
  return calls === undefined || areCalls
    ? undefined
    : 'json: cannot unmarshal string into Go struct field ToolCallFunction.arguments of type api.ToolCallFunctionArguments';
}

const hasArguments = (call: unknown): boolean =>
  isObject(call) && isObject(call.function) && isObject(call.function.arguments);

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
