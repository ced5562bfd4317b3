import { type Usage, writeLossless } from '@sluice/protocol';

/** The reasons of OpenAI's protocol why an answer ends. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** Names an answer; on every chunk of it. */
export interface AnswerIdentity {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** The model that answers, in the provider's words. */
  readonly model: string;
}

/** What a chunk adds to the answer's message, besides its role. */
export interface Delta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly refusal?: string;
  readonly tool_calls?: readonly ToolCallDelta[];
  /** Members beyond OpenAI's, such as what a provider wants back in the next turn. */
  readonly [extension: string]: unknown;
}

export interface ToolCallDelta {
  /** Counts the calls of one answer from 0. */
  readonly index: number;
  /** On the first piece of a call. */
  readonly id?: string;
  readonly type?: 'function';
  readonly function?: { readonly name?: string; readonly arguments?: string };
  readonly [extension: string]: unknown;
}

/** Writes the chunks of one answer with one choice as server-sent events. */
export interface ChunkWriter {
  /** Says who speaks with the first of them. */
  delta(delta: Delta): string;
  finish(reason: FinishReason): string;
  /** The chunk without choices that ends a stream whose client asked for it. */
  usage(usage: Usage): string;
}

export function createChunkWriter(identityOf: () => AnswerIdentity): ChunkWriter {
  let hasRole = false;

  function write(choices: readonly object[], more: object = {}): string {
    const { id, created, model } = identityOf();
    const chunk = { id, object: 'chat.completion.chunk', created, model, choices, ...more };
    return `data: ${writeLossless(chunk)}\n\n`;
  }

  function choice(delta: Delta, finishReason: FinishReason | null): string {
    const role = hasRole ? {} : { role: 'assistant' };
    hasRole = true;
    return write([{ index: 0, delta: { ...role, ...delta }, finish_reason: finishReason }]);
  }

  return {
    delta: (delta) => choice(delta, null),
    finish: (reason) => choice({}, reason),
    usage: (usage) => write([], { usage }),
  };
}
