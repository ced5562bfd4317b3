import { estimateTokens } from '@sluice/policy';
import type { ChatBody, Operation, Usage } from '@sluice/protocol';
import { splitUsage, type TokenCounts } from '@sluice/records';
import type { CountedAnswer } from '@sluice/providers';

/** The part of an answer that has arrived, and the counts that the provider told. */
export interface ArrivedAnswer extends CountedAnswer {
  /** Upstream events that add to the answer: its tokens, if nothing else counts them. */
  readonly contentEvents: number;
}

/** The tokens of a call. */
export interface CountedTokens {
  readonly tokens: TokenCounts;
  /** The provider did not tell all of them. */
  readonly isEstimated: boolean;
}

/**
 * Counts the tokens of a call.
 *
 * - A usage for the whole answer is exact.
 * - Of an answer that ended early, the prompt is exact if the provider told it, and the answer if the usage came with the
 *   latest part; else its tokens are those that have arrived.
 * - Without a usage, the prompt is estimated by its length.
 */
export function countTokens({
  usage,
  arrived,
  promptTokens,
}: {
  /** Usage of a complete answer. */
  readonly usage: Usage | undefined;
  readonly arrived: ArrivedAnswer | undefined;
  readonly promptTokens: () => number;
}): CountedTokens {
  if (usage !== undefined) return { tokens: splitUsage(usage), isEstimated: false };
  const told = arrived?.usage === undefined ? undefined : splitUsage(arrived.usage);
  const answer = arrived?.tokens ?? { output: arrived?.contentEvents ?? 0, reasoning: 0 };
  if (told === undefined || told.fresh + told.cacheRead + told.cacheWrite === 0) {
    return { tokens: { fresh: promptTokens(), cacheRead: 0, cacheWrite: 0, ...answer }, isEstimated: true };
  }
  const toldAnswer = told.output + told.reasoning;
  if (arrived?.isCurrent === true && toldAnswer > 0) return { tokens: told, isEstimated: false };
  const isMore = toldAnswer > answer.output + answer.reasoning && answer.output + answer.reasoning > 0;
  return { tokens: isMore ? told : { ...told, ...answer }, isEstimated: true };
}

/** Estimates the tokens of a prompt that the provider has not counted. */
export const promptTokensOf = (operation: Operation, body: ChatBody): number =>
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
  const textBytes = [messages, tools].reduce<number>(
    (sum, part) => sum + (part == null ? 0 : Buffer.byteLength(JSON.stringify(part, countMedium))),
    0,
  );
  return estimateTokens({ textBytes, media });
}

const mediumTypes: ReadonlySet<unknown> = new Set(['image_url', 'input_audio', 'file', 'video_url']);

const isMedium = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'type' in value && mediumTypes.has(value.type);
