import { type ChatRequest, type JsonObject, membersOf } from '@sluice/protocol';
import type { ToolNames } from './tool-names.ts';

/** Functions that a model may call, and whether it must call one. */
export interface Tools {
  readonly tools?: readonly { readonly functionDeclarations: readonly FunctionDeclaration[] }[];
  readonly toolConfig?: { readonly functionCallingConfig: FunctionCallingConfig };
}

interface FunctionDeclaration {
  readonly name: string;
  readonly description?: string;
  readonly parametersJsonSchema?: object;
}

interface FunctionCallingConfig {
  /** `VALIDATED` is `AUTO` with arguments that match their schema. */
  readonly mode: 'AUTO' | 'ANY' | 'NONE' | 'VALIDATED';
  readonly allowedFunctionNames?: readonly string[];
}

type Tooling = Pick<ChatRequest, 'tools' | 'tool_choice'>;

export function toTools({ tools = [], tool_choice: choice }: Tooling, { toGemini }: ToolNames): Tools {
  const functions = tools.flatMap((tool) => (tool.type === 'function' ? [tool.function] : []));
  if (functions.length === 0) return {};
  const functionDeclarations = functions.map(({ name, description, parameters }) => ({
    name: toGemini(name),
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parametersJsonSchema: parameters }),
  }));
  const isStrict = functions.some(({ strict }) => strict === true);
  const functionCallingConfig = toConfig(choice, isStrict, toGemini);
  return {
    tools: [{ functionDeclarations }],
    ...(functionCallingConfig === undefined ? {} : { toolConfig: { functionCallingConfig } }),
  };
}

function toConfig(
  choice: ChatRequest['tool_choice'],
  isStrict: boolean,
  toGemini: ToolNames['toGemini'],
): FunctionCallingConfig | undefined {
  if (choice === undefined) return isStrict ? { mode: 'VALIDATED' } : undefined;
  if (typeof choice === 'string') return { mode: modeOf(choice, isStrict) };
  if (choice.type === 'function') return { mode: 'ANY', allowedFunctionNames: [toGemini(choice.function.name)] };
  if (choice.type !== 'allowed_tools') return undefined;
  const { mode, tools } = choice.allowed_tools;
  // AUTO accepts no names.
  const allowedFunctionNames = tools.flatMap(nameOf).map(toGemini);
  return { mode: mode === 'required' ? 'ANY' : 'VALIDATED', allowedFunctionNames };
}

function modeOf(choice: 'auto' | 'none' | 'required', isStrict: boolean): FunctionCallingConfig['mode'] {
  if (choice === 'none') return 'NONE';
  if (choice === 'required') return 'ANY';
  return isStrict ? 'VALIDATED' : 'AUTO';
}

function nameOf({ function: called }: JsonObject): string[] {
  const { name } = membersOf(called);
  return typeof name === 'string' ? [name] : [];
}
