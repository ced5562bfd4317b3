import type { Tool, ToolChoice } from '@anthropic-ai/sdk/resources/messages';
import { type ChatRequest, type JsonObject, membersOf } from '@sluice/protocol';
import { cacheControl } from './content.ts';
import { toStrictSchema } from './schema.ts';

type Tooling = Pick<ChatRequest, 'tools' | 'tool_choice' | 'parallel_tool_calls'>;

/** Returns the members of Anthropic's request about tools. */
export function toTooling(body: Tooling): { readonly tools?: readonly Tool[]; readonly tool_choice?: ToolChoice } {
  const { allowed, choice } = readChoice(body.tool_choice);
  const tools = (body.tools ?? [])
    .flatMap((tool) => (tool.type === 'function' ? [toTool(tool)] : []))
    .filter(({ name }) => allowed?.has(name) ?? true);
  if (tools.length === 0) return {};
  const isSerial = body.parallel_tool_calls === false;
  if (choice.type === 'none') return { tools, tool_choice: choice };
  if (isSerial) return { tools, tool_choice: { ...choice, disable_parallel_tool_use: true } };
  return { tools, ...(choice.type === 'auto' ? {} : { tool_choice: choice }) };
}

/** Returns whether the request requires a tool call. */
export function isForced({ tool_choice: choice }: Tooling): boolean {
  const { type } = readChoice(choice).choice;
  return type === 'any' || type === 'tool';
}

type FunctionTool = Extract<NonNullable<Tooling['tools']>[number], { type: 'function' }>;

function toTool(tool: FunctionTool): Tool {
  const { name, description, parameters, strict } = tool.function;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    input_schema: toInputSchema(parameters, strict === true),
    ...(strict === true ? { strict } : {}),
    ...cacheControl(tool.function),
    ...cacheControl(tool),
  };
}

/** Converts the schema of arguments. Anthropic requires `type: object` and `properties`. */
function toInputSchema(parameters: JsonObject = {}, isStrict: boolean): Tool['input_schema'] {
  const whole: JsonObject = {
    ...('type' in parameters ? {} : { type: 'object' }),
    ...('properties' in parameters ? {} : { properties: {} }),
    ...parameters,
  };
  return { ...(isStrict ? toStrictSchema(whole) : whole), type: 'object' };
}

interface Choice {
  readonly choice: ToolChoice;
  /** Names of the functions that may be called; undefined: all. */
  readonly allowed?: ReadonlySet<unknown>;
}

function readChoice(choice: Tooling['tool_choice']): Choice {
  if (choice === 'none' || choice === 'auto') return { choice: { type: choice } };
  if (choice === 'required') return { choice: { type: 'any' } };
  if (choice?.type === 'function') return { choice: { type: 'tool', name: choice.function.name } };
  if (choice?.type !== 'allowed_tools') return { choice: { type: 'auto' } };
  const { mode, tools } = choice.allowed_tools;
  const names = tools.map(({ function: called }) => membersOf(called)['name']);
  return { choice: { type: mode === 'required' ? 'any' : 'auto' }, allowed: new Set(names) };
}
