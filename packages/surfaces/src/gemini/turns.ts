import { GatewayError, isObject, itemsOf, type JsonObject, membersOf, writeLossless } from '@sluice/protocol';
import { toMediaPart } from './media.ts';
import { camelMembers, type GeminiRequest } from './request-schema.ts';
import type { Translation } from './translation.ts';

/** A call of a function in the history, for the results that follow. */
interface Call {
  readonly id: string;
  readonly name: string;
  isAnswered: boolean;
}

/**
 * Converts contents to chat messages. Calls and results without ids are paired by their names, in order.
 * @throws GatewayError 400 that names the part
 */
export function toMessages(
  { contents, systemInstruction }: GeminiRequest,
  translation: Translation,
): readonly JsonObject[] {
  const calls: Call[] = [];
  const media: ReadMedia = (part, path) => readMedia(part, path, translation);
  const system = textsOf(systemInstruction, translation);
  const messages: JsonObject[] = system === '' ? [] : [{ role: 'system', content: system }];
  contents.forEach((content, at) => {
    const { role, parts } = content;
    translation.dropped.rest(content, contentMembers, 'contents.');
    const placed = itemsOf(parts).map((part, partAt) => ({
      part: partOf(part, translation),
      path: `contents[${at}].parts[${partAt}]`,
    }));
    if (role === 'model') messages.push(...toAnswer(placed, calls, media));
    else if (role === undefined || role === 'user' || role === 'function')
      messages.push(...toQuestion(placed, calls, media));
    else {
      throw new GatewayError('invalid_value', {
        param: `contents[${at}].role`,
        message: `Invalid value for 'contents[${at}].role': supported are 'user' and 'model'.`,
      });
    }
  });
  return messages;
}

interface PlacedPart {
  readonly part: JsonObject;
  readonly path: string;
}

/** The text of an instruction: a content, its parts, or a text. */
function textsOf(value: unknown, { isNative, dropped }: Translation): string {
  if (typeof value === 'string') return value;
  const parts = isObject(value) ? itemsOf(value['parts']) : itemsOf(value);
  return parts
    .flatMap((part, at) => {
      const { text } = membersOf(part);
      if (typeof text === 'string') return [text];
      if (!isNative) throw onlyGoogle(membersOf(part), `systemInstruction.parts[${at}]`);
      dropped.add('systemInstruction.parts');
      return [];
    })
    .join('\n');
}

const contentMembers: ReadonlySet<string> = new Set(['role', 'parts']);
/** Kinds of parts, and the members that are read beside them. */
const partMembers: ReadonlySet<string> = new Set([
  'text',
  'thought',
  'thoughtSignature',
  'functionCall',
  'functionResponse',
  'inlineData',
  'fileData',
]);
const callMembers: ReadonlySet<string> = new Set(['id', 'name', 'args']);
const responseMembers: ReadonlySet<string> = new Set(['id', 'name', 'response', 'parts']);

/** Returns a part, and lists its members that no chat message can carry. */
function partOf(given: unknown, { dropped }: Translation): JsonObject {
  const part = camelMembers(membersOf(given));
  dropped.rest(part, partMembers, 'contents.parts.');
  dropped.rest(membersOf(part['functionCall']), callMembers, 'contents.parts.functionCall.');
  dropped.rest(membersOf(part['functionResponse']), responseMembers, 'contents.parts.functionResponse.');
  return part;
}

function toAnswer(placed: readonly PlacedPart[], calls: Call[], media: ReadMedia): readonly JsonObject[] {
  const content: JsonObject[] = [];
  const toolCalls: JsonObject[] = [];
  let reasoning = '';
  let signature: unknown;
  for (const { part, path } of placed) {
    const { text, thought, functionCall, thoughtSignature } = part;
    if (isObject(functionCall)) {
      const { id, name, args } = functionCall;
      const call = {
        id: typeof id === 'string' && id !== '' ? id : `call_${calls.length}`,
        name: String(name),
        isAnswered: false,
      };
      calls.push(call);
      toolCalls.push({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: writeLossless(args ?? {}) },
        ...signed(thoughtSignature),
      });
    } else {
      signature = thoughtSignature ?? signature;
      if (thought === true) reasoning += typeof text === 'string' ? text : '';
      else if (typeof text === 'string') content.push({ type: 'text', text });
      else if (Object.keys(part).some((name) => name !== 'thoughtSignature')) content.push(...media(part, path));
    }
  }
  if (content.length + toolCalls.length === 0) return [];
  const [only] = content;
  return [
    {
      role: 'assistant',
      content: content.length === 0 ? null : content.length === 1 && only?.['type'] === 'text' ? only['text'] : content,
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
      ...signed(signature),
    },
  ];
}

/** The place in which chat requests carry what Gemini requires back. */
const signed = (signature: unknown): JsonObject =>
  typeof signature === 'string' ? { extra_content: { google: { thought_signature: signature } } } : {};

function toQuestion(placed: readonly PlacedPart[], calls: readonly Call[], media: ReadMedia): readonly JsonObject[] {
  const results: JsonObject[] = [];
  const content: JsonObject[] = [];
  for (const { part, path } of placed) {
    const { text, functionResponse } = part;
    if (isObject(functionResponse)) results.push(toResult(functionResponse, path, { calls, media }));
    else if (typeof text === 'string') content.push({ type: 'text', text });
    else content.push(...media(part, path));
  }
  const [only] = content;
  const isPlain = content.length === 1 && only?.['type'] === 'text';
  return content.length === 0 ? results : [...results, { role: 'user', content: isPlain ? only['text'] : content }];
}

function toResult(
  response: JsonObject,
  path: string,
  { calls, media }: { readonly calls: readonly Call[]; readonly media: ReadMedia },
): JsonObject {
  const { id, name, parts } = response;
  const call = calls.find(
    (each) => !each.isAnswered && (typeof id === 'string' && id !== '' ? each.id === id : each.name === name),
  );
  if (call !== undefined) call.isAnswered = true;
  const callId = call?.id ?? (typeof id === 'string' && id !== '' ? id : String(name));
  const text = outputOf(response['response']);
  const others = itemsOf(parts).flatMap((part, at) =>
    media(camelMembers(membersOf(part)), `${path}.functionResponse.parts[${at}]`),
  );
  return {
    role: 'tool',
    tool_call_id: callId,
    content: others.length === 0 ? text : [{ type: 'text', text }, ...others],
  };
}

/** The documented names of a result and of an error are left out around a text. */
function outputOf(response: unknown): string {
  const members = membersOf(response);
  const [[name, value] = [], ...others] = Object.entries(members);
  const isPlain = others.length === 0 && (name === 'output' || name === 'result') && typeof value === 'string';
  return isPlain ? value : writeLossless(response ?? {});
}

/** Reads a part that is neither text nor call. */
type ReadMedia = (part: JsonObject, path: string) => readonly JsonObject[];

/** A part that Google alone can read is listed if Google may get it, and refused otherwise. */
function readMedia(part: JsonObject, path: string, { isNative, dropped }: Translation): readonly JsonObject[] {
  try {
    if (part['inlineData'] === undefined && part['fileData'] === undefined) throw onlyGoogle(part, path);
    return [toMediaPart(part, path, dropped)];
  } catch (error) {
    if (!isNative) throw error;
    if (part['inlineData'] !== undefined || part['fileData'] !== undefined) dropped.add('contents.parts');
    return [];
  }
}

function onlyGoogle(part: JsonObject, path: string): GatewayError {
  const [kind = 'nothing'] = Object.keys(part).filter((name) => name !== 'thoughtSignature' && name !== 'thought');
  return new GatewayError('unsupported_parameter', {
    param: path,
    message: `Invalid '${path}': a part with '${kind.slice(0, 64)}' is only available where an upstream of Google serves the model.`,
  });
}
