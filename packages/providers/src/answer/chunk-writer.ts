import type { Usage } from '@sluice/protocol';

/** Reasons for the end of an answer in OpenAI's protocol. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** Identity of an answer; repeated on every chunk. */
export interface AnswerIdentity {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** The model that answers, under the provider's name. */
  readonly model: string;
}

/** Members that a chunk adds to the answer's message, besides its role. */
export interface Delta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly refusal?: string;
  /**
   * Pieces of tool calls: `{ index, id?, type?, function?: { name?, arguments? } }`; `id` on the first piece of a call.
   */
  readonly tool_calls?: readonly unknown[];
  /** Members beyond OpenAI's, such as data that a provider expects back in the next turn. */
  readonly [extension: string]: unknown;
}

/** Writes the chunks of one answer with one choice as server-sent events. */
export interface ChunkWriter {
  /** Writes a delta; the first one also carries the role. */
  delta(delta: Delta): string;
  finish(reason: FinishReason): string;
  /** Writes the chunk without choices that ends a stream with requested usage. */
  usage(usage: Usage): string;
}

export interface ChunkWriterOptions {
  /** Value of `usage` on each chunk but the last: OpenAI sends null if usage is requested. */
  readonly noUsage: null | undefined;
  /** Serializes a delta: `writeLossless` if it holds values from `parseLossless`. */
  readonly write: (delta: object) => string;
}

export function createChunkWriter(
  identityOf: () => AnswerIdentity,
  { noUsage, write }: ChunkWriterOptions,
): ChunkWriter {
  const ending = noUsage === null ? '],"usage":null}\n\n' : ']}\n\n';
  let hasRole = false;
  let named: AnswerIdentity | undefined;
  /** Start of each chunk. The identity rarely changes, so its text is cached. */
  let head = '';

  function headOf(identity: AnswerIdentity): string {
    if (identity === named) return head;
    named = identity;
    const { id, created, model } = identity;
    head = `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model }).slice(0, -1)},"choices":[`;
    return head;
  }

  function choice(delta: Delta, finishReason: FinishReason | null): string {
    const said = hasRole ? delta : { role: 'assistant', ...delta };
    hasRole = true;
    const reason = finishReason === null ? 'null' : `"${finishReason}"`;
    return `${headOf(identityOf())}{"index":0,"delta":${write(said)},"finish_reason":${reason}}${ending}`;
  }

  return {
    delta: (delta) => choice(delta, null),
    finish: (reason) => choice({}, reason),
    usage: (usage) => `${headOf(identityOf())}],"usage":${JSON.stringify(usage)}}\n\n`,
  };
}
