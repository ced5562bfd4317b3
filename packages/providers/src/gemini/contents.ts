import type { ChatMessage } from '@sluice/protocol';
import { z } from 'zod';
import { parseText } from '../parse-text.ts';
import { type FunctionResponse, type Part, toParts } from './parts.ts';

/** A turn of a conversation. */
export interface Content {
  readonly role: 'user' | 'model';
  readonly parts: readonly Part[];
}

export interface Conversation {
  readonly systemInstruction?: { readonly parts: readonly Part[] };
  readonly contents: readonly Content[];
}

/**
 * In place of a signature that a client did not keep, or that another provider never gave. From Gemini 3 on a call
 * without one is refused.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const noSignature = 'skip_thought_signature_validator';

export interface ConversationOptions {
  /** The model wants a signature with the first call of each turn. */
  readonly needsSignatures: boolean;
}

/** Splits messages into Gemini's one instruction, wherever its pieces stood, and the turns. */
export function toConversation(messages: readonly ChatMessage[], options: ConversationOptions): Conversation {
  const instructions = messages.filter(({ role }) => role === 'system' || role === 'developer').flatMap(namedParts);
  const contents = toContents(messages, options);
  // Gemini wants a turn to answer.
  if (contents.length === 0) return { contents: [{ role: 'user', parts: instructions }] };
  return { ...(instructions.length === 0 ? {} : { systemInstruction: { parts: instructions } }), contents };
}

function toContents(messages: readonly ChatMessage[], options: ConversationOptions): Content[] {
  const contents: Content[] = [];
  const names = new Map<string, string>();
  /** Results of the calls of one turn belong into one turn themselves. */
  let results: Part[] | undefined;
  for (const message of messages) {
    if (message.role === 'tool') {
      const part = toResult(message, names);
      if (results === undefined) contents.push({ role: 'user', parts: (results = []) });
      results.push(part);
      continue;
    }
    results = undefined;
    if (message.role === 'user') contents.push({ role: 'user', parts: namedParts(message) });
    if (message.role !== 'assistant') continue;
    for (const call of message.tool_calls ?? []) {
      if (call.type === 'function') names.set(call.id, call.function.name);
    }
    contents.push({ role: 'model', parts: assistantParts(message, options) });
  }
  return contents;
}

/** Gemini knows no names: whoever has one says it. */
function namedParts(message: ChatMessage): readonly Part[] {
  const parts = message.role === 'tool' || message.role === 'function' ? [] : toParts(message.content);
  const name = 'name' in message ? message.name : undefined;
  return name === undefined || parts.length === 0 ? parts : [{ text: `${name}: ` }, ...parts];
}

function assistantParts(
  message: Extract<ChatMessage, { role: 'assistant' }>,
  { needsSignatures }: ConversationOptions,
): readonly Part[] {
  const said = namedParts(message).filter(({ text }) => text !== '');
  const refusal = message.refusal == null ? [] : [{ text: message.refusal }];
  const calls = (message.tool_calls ?? []).flatMap((call, at): Part[] => {
    if (call.type !== 'function') return [];
    const signature = signatureOf(call) ?? (needsSignatures && at === 0 ? noSignature : undefined);
    const functionCall = { id: call.id, name: call.function.name, args: toArguments(call.function.arguments) ?? {} };
    return [{ functionCall, ...(signature === undefined ? {} : { thoughtSignature: signature }) }];
  });
  const parts = [...withSignature(said, signatureOf(message)), ...refusal, ...calls];
  return parts.length === 0 ? [{ text: '' }] : parts;
}

/** The signature of an answer stands with its last part. */
function withSignature(parts: readonly Part[], thoughtSignature: string | undefined): readonly Part[] {
  if (thoughtSignature === undefined) return parts;
  const last = parts.at(-1) ?? { text: '' };
  return [...parts.slice(0, -1), { ...last, thoughtSignature }];
}

function toResult(message: Extract<ChatMessage, { role: 'tool' }>, names: ReadonlyMap<string, string>): Part {
  const id = message.tool_call_id;
  const parts = toParts(message.content);
  const text = parts.map((part) => part.text ?? '').join('');
  const media = parts.filter((part) => part.text === undefined);
  const functionResponse: FunctionResponse = {
    id,
    name: names.get(id) ?? id,
    // Not the bare object: Gemini would read the names `output` and `error` in it as its own.
    response: { output: parseText(structured, text) ?? text },
    ...(media.length === 0 ? {} : { parts: media }),
  };
  return { functionResponse };
}

const structured = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]);
const argumentsSchema = z.record(z.string(), z.unknown());

/** Undefined for a text that is no JSON object. None at all is left where such a text was taken away. */
export function toArguments(text: string | undefined): Record<string, unknown> | undefined {
  return text === undefined || text.trim() === '' ? {} : parseText(argumentsSchema, text);
}

const signedSchema = z.object({ extra_content: z.object({ google: z.object({ thought_signature: z.string() }) }) });

/** As `signatureContent` has given it. */
function signatureOf(signed: object): string | undefined {
  const parsed = signedSchema.safeParse(signed);
  return parsed.success ? parsed.data.extra_content.google.thought_signature : undefined;
}

/** Where Google's own endpoint for OpenAI's protocol has signatures. */
export const signatureContent = (thoughtSignature: string): object => ({
  extra_content: { google: { thought_signature: thoughtSignature } },
});
