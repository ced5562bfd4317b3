import type { Usage } from '@sluice/protocol';

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

/** The part that a chunk adds to the answer's message, besides its role. */
export interface Delta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly refusal?: string;
  /** Pieces of calls: `{ index, id?, type?, function?: { name?, arguments? } }`, `id` on the first piece of a call. */
  readonly tool_calls?: readonly unknown[];
  /** Members beyond OpenAI's, such as what a provider wants back in the next turn. */
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

export interface ChunkWriterOptions {
  /** Value of `usage` on each chunk but the last: OpenAI sends null if usage was asked for. */
  readonly noUsage: null | undefined;
  /** Writes a delta: `writeLossless` where it holds values from `parseLossless`. */
  readonly write: (delta: object) => string;
}

export function createChunkWriter(
  identityOf: () => AnswerIdentity,
  { noUsage, write }: ChunkWriterOptions,
): ChunkWriter {
  const ending = noUsage === null ? '],"usage":null}\n\n' : ']}\n\n';
  let hasRole = false;
  let named: AnswerIdentity | undefined;
  /** The beginning of each chunk; the names of an answer rarely change, so it is written once. */
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
