import { type UpstreamFailure, type Usage, writeLossless } from '@sluice/protocol';
import type { AnswerIdentity, FinishReason } from '../answer/chunk-writer.ts';
import type { ToolCall } from '../answer/completion.ts';
import { toUsage } from '../answer/usage.ts';
import { callNames } from '../answer/call-names.ts';
import { createDistinctIds } from '../answer/distinct-ids.ts';
import { toInnerFailure } from './failure.ts';
import type { ChatResponse, WireToolCall } from './wire.ts';

/** Returns the identity that Ollama gives an answer; it gives no ids. */
export function identityOf({ model, created_at: createdAt }: ChatResponse): Partial<AnswerIdentity> {
  const createdMs = Date.parse(createdAt ?? '');
  return {
    ...(model ? { model } : {}),
    ...(Number.isNaN(createdMs) ? {} : { created: Math.floor(createdMs / 1000) }),
  };
}

/** Returns the usage. Older versions do not count a prompt that is still in their cache. */
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
    const message = `Ollama answered with "${reason}": it understood the request as one to load or unload the model.`;
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
    function: { name: called.name, arguments: typeof given === 'string' ? given : writeLossless(given) },
  };
}

/**
 * Creates a reader that assigns ids to the calls of one answer: to calls without an id, and to those whose id is taken.
 */
export function createCallReader(requestId: string): (call: WireToolCall) => ToolCall {
  const nameOf = callNames(requestId, 0);
  const distinct = createDistinctIds();
  let calls = 0;
  return (call) => {
    const read = toToolCall(call, nameOf(calls++));
    return { ...read, id: distinct.take(read.id) };
  };
}

/** Describes an error inside an answer with status 200: a text, without a code. */
export const errorOf = (error: unknown): UpstreamFailure => toInnerFailure(error);
