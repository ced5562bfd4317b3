import { hashConversation } from '../faults/conversations.ts';
import { type Directive, splitSuffix } from '../faults/directives.ts';
import type { Failure } from '../server/provider.ts';
import { type PlayedTurn, turnOf } from './play.ts';
import { invalidRequest } from './errors.ts';

/** Parts of a chat completion request on which an answer depends. */
export interface ChatRequest {
  readonly kind: 'chat';
  readonly model: string;
  /** Directives at the end of the model's name. */
  readonly directives: readonly Directive[];
  readonly conversation: string;
  /** Text of the assistant that the answer continues; empty for a new answer. */
  readonly soFar: string;
  /** True if the last message is the text to continue; otherwise a user asks for more of it. */
  readonly isPrefill: boolean;
  readonly stream: boolean;
  readonly wantsStreamUsage: boolean;
  readonly choices: number;
  /** Maximum number of tokens per choice. */
  readonly maxTokens: number;
  readonly promptTokens: number;
  /** Value of `rid=…` in the last user message. */
  readonly rid: string | undefined;
  /** Functions that the model must call, in order of preference; empty if it must answer with text. */
  readonly functions: readonly FunctionTool[];
  readonly mayCallInParallel: boolean;
  /** The turn of a play that the conversation names. */
  readonly turn: PlayedTurn | undefined;
  /** Schema of the requested JSON; undefined if text is requested. */
  readonly jsonSchema: Fields | undefined;
}

/** A function that may be called. */
interface FunctionTool {
  readonly name: string;
  /** JSON Schema of its arguments. */
  readonly parameters: Fields;
}

type Fields = Readonly<Record<string, unknown>>;

/** Schema that is used if JSON is requested without one. */
const anyObject = { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] };
const mostChoices = 128;

/** Reads a request body as leniently as possible: strictness is the gateway's task. */
export function readChatRequest(body: string): ChatRequest | Failure {
  const fields = parseObject(body);
  if (!fields) {
    return invalidRequest({ message: 'We could not parse the JSON body of your request. It must be a JSON object.' });
  }
  const { model, messages, n, stream, stream_options: streamOptions } = fields;
  if (typeof model !== 'string' || model === '') {
    return invalidRequest({ message: 'you must provide a model parameter' });
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    return invalidRequest({
      message: "Missing required parameter: 'messages'.",
      param: 'messages',
      code: 'missing_required_parameter',
    });
  }
  const isContinued = asksForMore(messages);
  const soFar = lastAssistantText(isContinued ? messages.slice(0, -1) : messages);
  // A continuation belongs to the same conversation: tries are counted together, and the text is the same.
  const question = soFar === '' ? messages : messages.slice(0, isContinued ? -2 : -1);
  const messagesText = JSON.stringify(messages);
  const { base, directives } = splitSuffix(model);
  return {
    kind: 'chat',
    model,
    directives,
    conversation: hashConversation(`${base}\n${JSON.stringify(question)}`),
    soFar,
    isPrefill: soFar !== '' && !isContinued,
    stream: stream === true,
    wantsStreamUsage: isObject(streamOptions) && streamOptions.include_usage === true,
    choices: isCount(n) ? Math.min(n, mostChoices) : 1,
    maxTokens: [fields.max_completion_tokens, fields.max_tokens].find(isCount) ?? Infinity,
    promptTokens: Math.ceil(Buffer.byteLength(messagesText) / 4),
    rid: /\brid=([A-Za-z0-9-]+)/.exec(lastUserText(question))?.[1],
    functions: isToolResult(messages.at(-1)) ? [] : functionsToCall(fields),
    mayCallInParallel: fields.parallel_tool_calls !== false,
    turn: turnOf(messages, toolNames(fields)),
    jsonSchema: jsonSchemaOf(fields.response_format),
  };
}

const toolNames = ({ tools }: Fields): readonly string[] =>
  Array.isArray(tools) ? tools.flatMap((tool) => functionOf(tool)?.name ?? []) : [];

/** Returns the allowed functions, if one is to be called. */
function functionsToCall({ tools, tool_choice: choice }: Fields): FunctionTool[] {
  if (!Array.isArray(tools) || choice === 'none') return [];
  const functions = tools.map(functionOf).filter((tool) => tool !== undefined);
  const allowed = allowedNames(choice);
  return allowed ? functions.filter(({ name }) => allowed.includes(name)) : functions;
}

/** Returns the names that `tool_choice` allows, or undefined if it allows all. */
function allowedNames(choice: unknown): (string | undefined)[] | undefined {
  if (!isObject(choice)) return undefined;
  if (choice.type === 'function') return [functionOf(choice)?.name];
  const { allowed_tools: allowed } = choice;
  return isObject(allowed) && Array.isArray(allowed.tools)
    ? allowed.tools.map((tool) => functionOf(tool)?.name)
    : undefined;
}

function functionOf(tool: unknown): FunctionTool | undefined {
  if (!isObject(tool) || !isObject(tool.function)) return undefined;
  const { name, parameters } = tool.function;
  return typeof name === 'string' ? { name, parameters: isObject(parameters) ? parameters : {} } : undefined;
}

function jsonSchemaOf(format: unknown): Fields | undefined {
  if (!isObject(format)) return undefined;
  if (format.type === 'json_object') return anyObject;
  if (format.type !== 'json_schema' || !isObject(format.json_schema)) return undefined;
  const { schema } = format.json_schema;
  return isObject(schema) ? schema : anyObject;
}

/** Returns whether the user asks the assistant to continue its text. */
function asksForMore(messages: readonly unknown[]): boolean {
  const last = messages.at(-1);
  return isObject(last) && last.role === 'user' && /^(continue|go on)\b/i.test(lastUserText(messages));
}

function lastUserText(messages: readonly unknown[]): string {
  const last = messages.findLast((message) => isObject(message) && message.role === 'user');
  const content = isObject(last) ? last.content : undefined;
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((part) => (isObject(part) ? part.text : undefined)).join(' ') : '';
}

function lastAssistantText(messages: readonly unknown[]): string {
  const last = messages.at(-1);
  return isObject(last) && last.role === 'assistant' && typeof last.content === 'string' ? last.content : '';
}

function isToolResult(message: unknown): boolean {
  return isObject(message) && (message.role === 'tool' || message.role === 'function');
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1;
}
