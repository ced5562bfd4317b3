import {
  type ChatChunk,
  chatCompletionSchema,
  eventsOf,
  fit,
  isObject,
  itemsOf,
  type JsonObject,
  parseChunk,
  parseLossless,
  textsOf,
  writeLossless,
} from '@sluice/protocol';

/** Translates one chat answer to completions. */
export interface CompletionsAnswer {
  /** Takes chat events; returns events of completions. */
  onData(events: string): string;
}

export interface CompletionsAnswerOptions {
  /** Text before the first piece. */
  readonly echo: string;
  /** The client wants the usage of a stream. */
  readonly wantsUsage: boolean;
}

export function createCompletionsAnswer({ echo, wantsUsage }: CompletionsAnswerOptions): CompletionsAnswer {
  const begun = new Set<number>();

  function textAt(index: number, text: string): string {
    if (begun.has(index)) return text;
    begun.add(index);
    return echo + text;
  }

  function write(chunk: ChatChunk): string {
    const { id, created, model, usage, choices } = chunk;
    const head = { id, object: 'text_completion', created, model };
    const pieces = choices.flatMap(({ index, delta, finish_reason: reason, ...rest }) => {
      const at = index ?? 0;
      const text = delta == null ? '' : textsOf(delta).content;
      if (text === '' && (reason == null || reason === '')) return [];
      return [toChoice(at, textAt(at, text), reason ?? null, rest['logprobs'])];
    });
    const told = pieces.length === 0 ? '' : toEvent({ ...head, choices: pieces });
    return usage != null && wantsUsage ? `${told}${toEvent({ ...head, choices: [], usage })}` : told;
  }

  return {
    onData: (events) =>
      eventsOf(events)
        .map(({ data }) => parseChunk(data))
        .map((chunk) => (chunk === undefined ? '' : write(chunk)))
        .join(''),
  };
}

const toEvent = (chunk: JsonObject): string => `data: ${writeLossless(chunk)}\n\n`;

const reasons: Readonly<Record<string, string>> = { tool_calls: 'stop', function_call: 'stop' };

const toChoice = (index: number, text: string, reason: string | null, logprobs: unknown): JsonObject => ({
  index,
  text,
  logprobs: toLogprobs(logprobs),
  finish_reason: reason === null ? null : (reasons[reason] ?? reason),
});

/** Converts the probabilities of a chat to the older form. */
function toLogprobs(value: unknown): JsonObject | null {
  const tokens = isObject(value) ? itemsOf(value['content']).filter(isObject) : [];
  if (tokens.length === 0) return null;
  let offset = 0;
  const offsets = tokens.map(({ token }) => {
    const at = offset;
    offset += String(token).length;
    return at;
  });
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top_logprobs: top }) =>
      Object.fromEntries(
        itemsOf(top)
          .filter(isObject)
          .map(({ token, logprob }) => [String(token), logprob]),
      ),
    ),
    text_offset: offsets,
  };
}

/**
 * Translates a whole chat answer.
 * @throws Error if the text is not a chat answer
 */
export function toCompletion(text: string, echo: string): string {
  const completion = fit(chatCompletionSchema, parseLossless(text));
  if (completion === undefined || completion.choices.length === 0) throw new Error('The text is not a chat answer.');
  const { id, created, model, usage, choices } = completion;
  return writeLossless({
    id,
    object: 'text_completion',
    created,
    model,
    choices: choices.map(({ index, message, finish_reason: reason, ...rest }, at) =>
      toChoice(index ?? at, echo + textsOf(message).content, reason ?? 'stop', rest['logprobs']),
    ),
    ...(usage == null ? {} : { usage }),
  });
}
