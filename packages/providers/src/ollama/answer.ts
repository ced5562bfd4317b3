import type { UpstreamFailure, Usage } from '@sluice/protocol';
import type { AnswerIdentity, FinishReason } from '../answer/chunk-writer.ts';
import type { ToolCall } from '../answer/completion.ts';
import { toUsage } from '../answer/usage.ts';
import type { CallNames } from '../answer/call-names.ts';
import { toInnerFailure } from './failure.ts';
import type { ChatResponse, WireToolCall } from './wire.ts';

/** What Ollama calls an answer; it gives no ids. */
export function identityOf({ model, created_at: createdAt }: ChatResponse): Partial<AnswerIdentity> {
  const createdMs = Date.parse(createdAt ?? '');
  return {
    ...(model ? { model } : {}),
    ...(Number.isNaN(createdMs) ? {} : { created: Math.floor(createdMs / 1000) }),
  };
}

/** A prompt that it still has in memory is not counted by older versions. */
export function usageOf(response: ChatResponse): Usage | undefined {
  const { prompt_eval_count: prompt, eval_count: completion } = response;
  if (prompt == null && completion == null) return undefined;
  return toUsage({ prompt: prompt ?? 0, completion: completion ?? 0 });
}

export type AnswerEnd =
  | { readonly kind: 'finished'; readonly reason: FinishReason }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** Reads `done_reason`; older versions have none. */
export function endOf({ done_reason: reason }: ChatResponse, hasToolCalls: boolean): AnswerEnd {
  if (reason === 'load' || reason === 'unload') {
    const message = `Ollama answered with "${reason}": it took the request for one about the model in its memory.`;
    return { kind: 'failed', failure: { kind: 'server', message } };
  }
  if (reason === 'length') return { kind: 'finished', reason };
  return { kind: 'finished', reason: hasToolCalls ? 'tool_calls' : 'stop' };
}

function toToolCall({ id, function: called }: WireToolCall, made: string): ToolCall {
  const given = called.arguments ?? {};
  return {
    id: id || made,
    type: 'function',
    function: { name: called.name, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
  };
}

/** The calls of a piece of an answer that has so many calls already. */
export const toToolCalls = (calls: readonly WireToolCall[], nameOf: CallNames, before = 0): readonly ToolCall[] =>
  calls.map((call, at) => toToolCall(call, nameOf(before + at)));

/** An error inside an answer of status 200 is a text, without a code. */
export const errorOf = (error: unknown): UpstreamFailure => toInnerFailure(error);
