import { type ChatMessage, isObject } from '@sluice/protocol';
import { z } from 'zod';
import { createDistinctIds } from '../answer/distinct-ids.ts';
import { parseClientObject } from '../client-json.ts';
import { parseClientJson } from '../parse-text.ts';
import {
  type AssistantMessage,
  missingResult,
  type PairedCall,
  type Said,
  type ToolMessage,
  toTurns,
  type UserMessage,
} from '../support/turns.ts';
import { type FunctionResponse, type Part, toParts } from './parts.ts';
import type { ToolNames } from './tool-names.ts';

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
 * Replaces a signature that a client did not keep, or that another provider never gave. From Gemini 3 on a call without
 * one is refused. https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const noSignature = 'skip_thought_signature_validator';

/** Blank text where Gemini requires a user turn and the client sent none. */
const nothingSaid: Part = { text: ' ' };

export interface ConversationOptions {
  /** Set if the model requires a signature with the first call of each turn. */
  readonly needsSignatures: boolean;
  readonly names: ToolNames;
}

/** Splits messages into Gemini's single instruction, wherever its parts stood, and the turns. */
export function toConversation(messages: readonly ChatMessage[], options: ConversationOptions): Conversation {
  const instructions = messages.filter(({ role }) => role === 'system' || role === 'developer').flatMap(namedParts);
  const contents = toContents(messages, options);
  // Gemini requires a turn to answer.
  if (contents.length === 0) {
    return { contents: [{ role: 'user', parts: instructions.length === 0 ? [nothingSaid] : instructions }] };
  }
  return { ...(instructions.length === 0 ? {} : { systemInstruction: { parts: instructions } }), contents };
}

/**
 * Converts messages to turns. Gemini requires a function call to follow a user turn or results directly, and as many
 * results after a turn as it has calls. Consecutive messages of the model form one turn.
 * https://ai.google.dev/gemini-api/docs/function-calling
 */
function toContents(messages: readonly ChatMessage[], options: ConversationOptions): Content[] {
  const contents: Content[] = [];
  for (const turn of toTurns(messages, createDistinctIds())) {
    if (turn.side === 'user') {
      // The results of the calls of one turn form one turn themselves.
      if (turn.results.length > 0) {
        contents.push({ role: 'user', parts: turn.results.map((each) => toResult(each, options)) });
      }
      contents.push(...turn.rest.map((message): Content => ({ role: 'user', parts: userParts(message) })));
      continue;
    }
    const parts = turn.said.flatMap((said) => assistantParts(said, options));
    if (parts.length === 0) continue;
    if (contents.length === 0) contents.push({ role: 'user', parts: [nothingSaid] });
    contents.push({ role: 'model', parts });
  }
  return contents;
}

/** Writes a participant's name as text, because Gemini has no field for it. */
function namedParts(message: ChatMessage): readonly Part[] {
  const parts = message.role === 'tool' || message.role === 'function' ? [] : toParts(message.content);
  const name = 'name' in message ? message.name : undefined;
  return name === undefined || parts.length === 0 ? parts : [{ text: `${name}: ` }, ...parts];
}

function userParts(message: UserMessage | ToolMessage): readonly Part[] {
  const parts = message.role === 'tool' ? orphanParts(message) : namedParts(message).filter(({ text }) => text !== '');
  return parts.length === 0 ? [nothingSaid] : parts;
}

/** Writes a result without its call as text, because Gemini accepts no such result. */
const orphanParts = ({ tool_call_id: id, content }: ToolMessage): readonly Part[] => [
  { text: `Result of the tool call ${id}:` },
  ...toParts(content).filter(({ text }) => text !== ''),
];

function assistantParts({ message, calls }: Said, { needsSignatures, names }: ConversationOptions): readonly Part[] {
  const said = namedParts(message).filter(({ text }) => text !== '');
  const refusal = message.refusal ? [{ text: message.refusal }] : [];
  const called = calls.map(({ id, call }, at): Part => {
    const signature = signatureOf(call) ?? (needsSignatures && at === 0 ? noSignature : undefined);
    const { name, arguments: text } = call.function;
    const functionCall = { id, name: names.toGemini(name), args: parseClientObject(text) ?? {} };
    return { functionCall, ...(signature === undefined ? {} : { thoughtSignature: signature }) };
  });
  return [...withSignature(said, message), ...refusal, ...called];
}

/** Adds the signature of an answer to its last part. */
function withSignature(parts: readonly Part[], message: AssistantMessage): readonly Part[] {
  const thoughtSignature = signatureOf(message);
  if (thoughtSignature === undefined) return parts;
  const last = parts.at(-1) ?? { text: '' };
  return [...parts.slice(0, -1), { ...last, thoughtSignature }];
}

function toResult({ id, call, result }: PairedCall, { names }: ConversationOptions): Part {
  const name = names.toGemini(call.function.name);
  if (result === undefined) return { functionResponse: { id, name, response: { error: missingResult } } };
  const parts = toParts(result.content);
  const text = parts.map((part) => part.text ?? '').join('');
  const media = parts.filter((part) => part.text === undefined);
  const functionResponse: FunctionResponse = {
    id,
    name,
    // Not the object itself: Gemini would interpret members named `output` and `error` as its own.
    response: { output: toOutput(text) },
    ...(media.length === 0 ? {} : { parts: media }),
  };
  return { functionResponse };
}

/** Returns a tool's result: an object or list as JSON; any other text, or JSON too large to parse, as text. */
function toOutput(text: string): unknown {
  const value = parseClientJson(text);
  return isObject(value) || Array.isArray(value) ? value : text;
}

const signedSchema = z.object({ extra_content: z.object({ google: z.object({ thought_signature: z.string() }) }) });

/** Reads a signature from the place where `signatureContent` puts it. */
function signatureOf(signed: object): string | undefined {
  const parsed = signedSchema.safeParse(signed);
  return parsed.success ? parsed.data.extra_content.google.thought_signature : undefined;
}

/** Writes a signature in the place that Google's own OpenAI-compatible endpoint uses. */
export const signatureContent = (thoughtSignature: string): object => ({
  extra_content: { google: { thought_signature: thoughtSignature } },
});
