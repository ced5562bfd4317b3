import type { ChatBody, Operation } from '@sluice/protocol';
import { estimateTokens } from './estimate-tokens.ts';

/** Estimates the tokens of a prompt that its provider has not counted. */
export const estimatePrompt = (operation: Operation, body: ChatBody): number =>
  operation === 'embeddings' ? inputTokensOf(body['input']) : messageTokensOf(body);

/** Inputs of embeddings are texts, or tokens as numbers. */
function inputTokensOf(input: unknown): number {
  const inputs: readonly unknown[] = Array.isArray(input) ? input : [input];
  let tokens = 0;
  let textBytes = 0;
  for (const each of inputs) {
    if (typeof each === 'string') textBytes += Buffer.byteLength(each);
    else tokens += Array.isArray(each) ? each.length : 1;
  }
  return tokens + (textBytes > 0 ? estimateTokens({ textBytes, media: 0 }) : 0);
}

/** An image, sound or file counts as one piece: its tokens hardly depend on its bytes. */
function messageTokensOf({ messages, tools }: ChatBody): number {
  let media = 0;
  const countMedium = (_name: string, value: unknown): unknown => {
    if (!isMedium(value)) return value;
    media++;
    return undefined;
  };
  let textBytes = 0;
  for (const part of [messages, tools]) {
    if (part != null) textBytes += Buffer.byteLength(JSON.stringify(part, countMedium));
  }
  return estimateTokens({ textBytes, media });
}

const mediumTypes: ReadonlySet<unknown> = new Set(['image_url', 'input_audio', 'file', 'video_url']);

const isMedium = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'type' in value && mediumTypes.has(value.type);
