import { estimateTokens } from '@sluice/policy';
import { itemsOf, membersOf, type Usage } from '@sluice/protocol';
import { splitUsage, type TokenCounts } from '@sluice/records';
import type { CountedAnswer } from '@sluice/providers';

/** The part of an answer that has arrived, and the counts that the provider told. */
export interface ArrivedAnswer extends CountedAnswer {
  /** Upstream events with a part of the answer, and of its reasoning: its tokens, if nothing else counts them. */
  readonly outputEvents: number;
  readonly reasoningEvents: number;
  /** Nothing of the answer can follow. */
  readonly isFinished: boolean;
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
 * - Of an answer that ended early, the prompt is what the provider told, and so is the answer if the usage came with the
 *   latest part; else the tokens that have arrived are counted. It is exact only if the answer was finished: else more of
 *   it may have been on its way.
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
  const answer = arrivedTokens(arrived);
  if (told === undefined || told.fresh + told.cacheRead + told.cacheWrite === 0) {
    return { tokens: { fresh: promptTokens(), cacheRead: 0, cacheWrite: 0, ...answer }, isEstimated: true };
  }
  const toldAnswer = told.output + told.reasoning;
  if (arrived?.isCurrent === true && toldAnswer > 0) return { tokens: told, isEstimated: !arrived.isFinished };
  const isMore = toldAnswer > answer.output + answer.reasoning && answer.output + answer.reasoning > 0;
  return { tokens: isMore ? told : { ...told, ...answer }, isEstimated: true };
}

/** Returns the tokens of an answer that have arrived. */
export function arrivedTokens(arrived: ArrivedAnswer | undefined): Pick<TokenCounts, 'output' | 'reasoning'> {
  return arrived?.tokens ?? { output: arrived?.outputEvents ?? 0, reasoning: arrived?.reasoningEvents ?? 0 };
}

/** Counts the tokens of a whole answer whose provider did not. */
export function wholeAnswerTokens(completion: string | undefined): ArrivedAnswer | undefined {
  if (completion === undefined) return undefined;
  const { choices } = membersOf(parse(completion));
  const textBytes = itemsOf(choices).reduce<number>(
    (sum, choice) => sum + messageBytes(membersOf(choice)['message']),
    0,
  );
  const output = textBytes === 0 ? 0 : estimateTokens({ textBytes, media: 0 });
  return {
    usage: undefined,
    isCurrent: false,
    tokens: { output, reasoning: 0 },
    outputEvents: 1,
    reasoningEvents: 0,
    isFinished: true,
  };
}

function messageBytes(message: unknown): number {
  const { content, reasoning_content: reasoning, tool_calls: calls } = membersOf(message);
  const texts = [content, reasoning].filter((text) => typeof text === 'string');
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), calls == null ? 0 : JSON.stringify(calls).length);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
