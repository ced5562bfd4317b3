import type { ChatBody, ChatMessage, ContentPart } from '@sluice/protocol';
import type { FieldPath } from '../adapter.ts';
import { parseClientObject } from '../client-json.ts';
import { isOddImage, toPart } from './parts.ts';
import { isEffort } from './thinking.ts';

const largestSeed = 2 ** 31 - 1;
const isSeed = (seed: unknown): boolean => typeof seed === 'number' && Math.abs(seed) <= largestSeed;

/** Returns the fields with values that Gemini does not support, although it has the parameter. */
export function findUnsupported(body: ChatBody): readonly FieldPath[] {
  return [...unsupportedValues(body), ...(body.messages ?? []).flatMap(unsupportedInMessage)];
}

function* unsupportedValues(body: ChatBody): Iterable<FieldPath> {
  const { tools = [], tool_choice: choice, response_format: format, seed, modalities } = body;
  for (const [at, { type }] of tools.entries()) if (type !== 'function') yield ['tools', at];
  if (typeof choice === 'object' && tools.length > 0 && choice.type !== 'function' && choice.type !== 'allowed_tools')
    yield ['tool_choice'];
  if (choice !== undefined && choice !== 'auto' && choice !== 'none' && tools.length === 0) yield ['tool_choice'];
  // Gemini decides how many calls it makes in parallel.
  if (body.parallel_tool_calls === false && tools.length > 0 && choice !== 'none') yield ['parallel_tool_calls'];
  if (body.reasoning_effort != null && !isEffort(body.reasoning_effort)) yield ['reasoning_effort'];
  if (seed != null && !isSeed(seed)) yield ['seed'];
  if (modalities?.some((modality) => modality !== 'text' && modality !== 'image') === true) yield ['modalities'];
  if (format !== undefined && !isKnownFormat(format)) yield ['response_format'];
}

function unsupportedInMessage(message: ChatMessage, at: number): FieldPath[] {
  const path = (...rest: FieldPath): FieldPath => ['messages', at, ...rest];
  // Deprecated, like `functions`.
  if (message.role === 'function') return [path()];
  const content = Array.isArray(message.content) ? message.content : [];
  const found = content.flatMap((part, partAt) => (isTaken(part, message) ? [] : [path('content', partAt)]));
  if (message.role !== 'assistant') return found;
  if (message.function_call != null) found.push(path('function_call'));
  if (message.audio != null) found.push(path('audio'));
  for (const [callAt, call] of (message.tool_calls ?? []).entries()) {
    if (call.type !== 'function') found.push(path('tool_calls', callAt));
    else if (parseClientObject(call.function.arguments) === undefined) {
      found.push(path('tool_calls', callAt, 'function', 'arguments'));
    }
  }
  return found;
}

const isKnownFormat = ({ type }: NonNullable<ChatBody['response_format']>): boolean =>
  type === 'text' || type === 'json_object' || type === 'json_schema';

/** Returns whether Gemini supports a part. Instructions may only contain text. */
function isTaken(part: ContentPart, { role }: ChatMessage): boolean {
  const taken = toPart(part);
  if (taken === undefined || isOddImage(taken)) return false;
  return taken.text !== undefined || (role !== 'system' && role !== 'developer');
}
