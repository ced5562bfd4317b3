import { type ChatRequest, readChatRequest } from '../openai/chat-request.ts';
import type { Failure } from '../server/provider.ts';
import { toMessages } from './contents.ts';
import { invalidArgument } from './errors.ts';
import { asList, asObject, type Fields, parseFields, unknownField } from './fields.ts';

/** Fields on which an answer depends, beyond those of OpenAI. */
export interface GeminiRequest {
  readonly kind: 'gemini';
  readonly chat: ChatRequest;
  readonly showsReasoning: boolean;
  readonly mayThink: boolean;
}

/** Names that the API supports; others are errors of the caller. https://ai.google.dev/api/generate-content */
const known = {
  request: [
    'contents',
    'systemInstruction',
    'tools',
    'toolConfig',
    'generationConfig',
    'safetySettings',
    'cachedContent',
    'labels',
  ],
  generationConfig: [
    'temperature',
    'topP',
    'topK',
    'candidateCount',
    'maxOutputTokens',
    'stopSequences',
    'seed',
    'frequencyPenalty',
    'presencePenalty',
    'responseMimeType',
    'responseSchema',
    'responseJsonSchema',
    'responseModalities',
    'responseLogprobs',
    'logprobs',
    'thinkingConfig',
    'mediaResolution',
    'speechConfig',
  ],
  thinkingConfig: ['includeThoughts', 'thinkingBudget', 'thinkingLevel'],
  functionCallingConfig: ['mode', 'allowedFunctionNames'],
  functionDeclaration: ['name', 'description', 'parameters', 'parametersJsonSchema', 'response', 'responseJsonSchema'],
} as const;

const functionName = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;

/** Reads a request as Gemini does and converts it to OpenAI's form, from which the answer is created. */
export function readRequest(body: string, model: string, stream: boolean): GeminiRequest | Failure {
  const fields = parseFields(body);
  if (fields === undefined) return invalidArgument('Invalid JSON payload received.');
  const config = asObject(fields['generationConfig']);
  const thinking = asObject(config['thinkingConfig']);
  const calling = asObject(asObject(fields['toolConfig'])['functionCallingConfig']);
  const declarations = asList(fields['tools']).flatMap((tool) => asList(tool['functionDeclarations']));
  const unknown =
    unknownField(fields, known.request) ??
    unknownField(config, known.generationConfig, 'generation_config') ??
    unknownField(thinking, known.thinkingConfig, 'generation_config.thinking_config') ??
    unknownField(calling, known.functionCallingConfig, 'tool_config.function_calling_config') ??
    declarations.map((each) => unknownField(each, known.functionDeclaration, 'tools[0]')).find(Boolean);
  if (unknown !== undefined) return unknown;
  const misnamed = declarations.findIndex(({ name }) => typeof name !== 'string' || !functionName.test(name));
  if (misnamed !== -1) {
    const place = `GenerateContentRequest.tools[0].function_declarations[${misnamed}].name`;
    return invalidArgument(`* ${place}: Invalid function name. Must start with a letter or an underscore.`);
  }
  if ('thinkingBudget' in thinking && 'thinkingLevel' in thinking) {
    return invalidArgument('You can only set only one of thinking budget and thinking level.');
  }
  const mode = calling['mode'] ?? 'AUTO';
  const names = calling['allowedFunctionNames'];
  if (names !== undefined && mode !== 'ANY' && mode !== 'VALIDATED') {
    return invalidArgument('Allowed function names can only be set when the function calling mode is ANY.');
  }
  const messages = toMessages(fields, { needsSignatures: /gemini-[3-9]/.test(model) });
  if ('kind' in messages) return messages;
  const chat = readChatRequest(
    JSON.stringify({
      model,
      messages,
      stream,
      max_tokens: config['maxOutputTokens'],
      tools: declarations.map(toTool),
      tool_choice: mode === 'NONE' ? 'none' : toChoice(names),
      response_format: formatOf(config),
    }),
  );
  if (chat.kind === 'failure') return invalidArgument('* GenerateContentRequest.contents: contents is not specified');
  return {
    kind: 'gemini',
    chat,
    showsReasoning: thinking['includeThoughts'] === true,
    mayThink: thinking['thinkingBudget'] !== 0,
  };
}

function toTool({ name, parametersJsonSchema, parameters }: Fields): object {
  return { type: 'function', function: { name, parameters: parametersJsonSchema ?? parameters } };
}

function toChoice(names: unknown): object | undefined {
  if (!Array.isArray(names)) return undefined;
  return { type: 'allowed_tools', allowed_tools: { tools: names.map((name: unknown) => ({ function: { name } })) } };
}

function formatOf({ responseMimeType, responseJsonSchema: schema }: Fields): object | undefined {
  if (responseMimeType !== 'application/json') return undefined;
  return schema === undefined ? { type: 'json_object' } : { type: 'json_schema', json_schema: { schema } };
}
