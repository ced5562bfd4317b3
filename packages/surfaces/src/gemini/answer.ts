import {
  type ChatChunk,
  chatCompletionSchema,
  eventsOf,
  fit,
  isObject,
  itemsOf,
  type JsonObject,
  membersOf,
  parseChunk,
  parseLossless,
  textsOf,
  type Usage,
  writeLossless,
} from '@sluice/protocol';

/** Translates one chat answer to responses of Gemini. */
export interface GeminiAnswer {
  /** Takes chat events; returns responses as JSON texts. */
  onData(events: string): readonly string[];
  /** Returns the last responses. */
  end(): readonly string[];
}

interface RunningCall {
  readonly index: number;
  id: string | undefined;
  name: string;
  text: string;
  extra: unknown;
}

/** A candidate whose calls are still arriving: Gemini sends each call as a whole. */
interface Candidate {
  calls: RunningCall[];
  finishReason: string | undefined;
}

const finishReasons: Readonly<Record<string, string>> = {
  stop: 'STOP',
  tool_calls: 'STOP',
  function_call: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
};

/** @param showsReasoning the client wants to see the reasoning */
export function createGeminiAnswer({ showsReasoning }: { readonly showsReasoning: boolean }): GeminiAnswer {
  const candidates = new Map<number, Candidate>();
  let usage: Usage | undefined;
  let id: string | undefined;
  let model: string | undefined;

  function candidateAt(index: number): Candidate {
    const known = candidates.get(index) ?? { calls: [], finishReason: undefined };
    candidates.set(index, known);
    return known;
  }

  const write = (members: JsonObject): string =>
    writeLossless({
      ...members,
      ...(model === undefined ? {} : { modelVersion: model }),
      ...(id === undefined ? {} : { responseId: id }),
    });

  const partsOf = (index: number, parts: readonly JsonObject[], more: JsonObject = {}): string =>
    write({ candidates: [{ content: { parts, role: 'model' }, index, ...more }] });

  function take(chunk: ChatChunk): readonly string[] {
    usage = chunk.usage ?? usage;
    id ??= chunk.id ?? undefined;
    model ??= chunk.model ?? undefined;
    return chunk.choices.flatMap(({ index, delta, finish_reason: reason }) => {
      const at = index ?? 0;
      const candidate = candidateAt(at);
      const parts = delta == null ? [] : partsIn(delta, candidate);
      if (reason != null && reason !== '') candidate.finishReason = reason;
      return parts.length === 0 ? [] : [partsOf(at, parts)];
    });
  }

  function partsIn(delta: NonNullable<ChatChunk['choices'][number]['delta']>, candidate: Candidate): JsonObject[] {
    const { content, reasoning } = textsOf(delta);
    const said = content === '' ? (delta.refusal ?? '') : content;
    const signature = signatureIn(delta);
    const parts: JsonObject[] = [
      ...(reasoning !== '' && showsReasoning ? [{ text: reasoning, thought: true }] : []),
      ...(said === '' && signature === undefined ? [] : [{ text: said, ...signature }]),
      ...itemsOf(delta['images']).flatMap(toInline),
    ];
    for (const piece of delta.tool_calls ?? []) {
      const call = candidate.calls.find(({ index }) => index === (piece.index ?? 0));
      const isNew =
        call === undefined || (piece.id != null && piece.id !== '' && call.id !== undefined && call.id !== piece.id);
      if (isNew) {
        parts.push(...candidate.calls.filter(({ text }) => parse(text) !== undefined).map(toCallPart));
        candidate.calls = candidate.calls.filter(({ text }) => parse(text) === undefined);
      }
      const running = isNew ? { index: piece.index ?? 0, id: undefined, name: '', text: '', extra: undefined } : call;
      if (isNew) candidate.calls.push(running);
      running.id ??= piece.id ?? undefined;
      running.name += piece.function?.name ?? '';
      running.text += piece.function?.arguments ?? '';
      running.extra ??= piece['extra_content'];
    }
    return parts;
  }

  return {
    onData(events) {
      return eventsOf(events).flatMap(({ data }) => {
        const chunk = parseChunk(data);
        return chunk === undefined ? [] : take(chunk);
      });
    },
    end() {
      const ended = [...candidates].sort(([a], [b]) => a - b);
      if (ended.length === 0) ended.push([0, { calls: [], finishReason: 'stop' }]);
      return ended.map(([index, { calls, finishReason }], at) => {
        const isLast = at === ended.length - 1;
        const reason = finishReasons[finishReason ?? 'stop'] ?? 'OTHER';
        const candidate = { content: { parts: calls.map(toCallPart), role: 'model' }, finishReason: reason, index };
        return write({
          candidates: [candidate],
          ...(isLast && usage !== undefined ? { usageMetadata: toUsage(usage) } : {}),
        });
      });
    },
  };
}

function toCallPart({ id, name, text, extra }: RunningCall): JsonObject {
  const args = parse(text === '' ? '{}' : text);
  return {
    functionCall: { ...(id === undefined ? {} : { id }), name, args: isObject(args) ? args : { arguments: text } },
    ...signatureIn({ extra_content: extra }),
  };
}

/** The signature that Gemini requires back with this part. */
function signatureIn(holder: JsonObject): JsonObject | undefined {
  const { thought_signature: signature } = membersOf(membersOf(holder['extra_content'])['google']);
  return typeof signature === 'string' ? { thoughtSignature: signature } : undefined;
}

/** An image that the model made. */
function toInline(image: unknown): readonly JsonObject[] {
  const { url } = membersOf(membersOf(image)['image_url']);
  const [, mimeType, data] = typeof url === 'string' ? (/^data:([^;,]+);base64,(.*)$/s.exec(url) ?? []) : [];
  return mimeType === undefined || data === undefined ? [] : [{ inlineData: { mimeType, data } }];
}

function parse(text: string): unknown {
  try {
    return parseLossless(text);
  } catch {
    return undefined;
  }
}

function toUsage(usage: Usage): JsonObject {
  const { reasoning_tokens: reasoning } = membersOf(usage['completion_tokens_details']);
  const { cached_tokens: cached } = membersOf(usage['prompt_tokens_details']);
  const reasoningTokens = typeof reasoning === 'number' ? reasoning : 0;
  return {
    promptTokenCount: usage.prompt_tokens,
    candidatesTokenCount: Math.max(0, usage.completion_tokens - reasoningTokens),
    totalTokenCount: usage.total_tokens,
    ...(reasoningTokens === 0 ? {} : { thoughtsTokenCount: reasoningTokens }),
    ...(typeof cached === 'number' && cached > 0 ? { cachedContentTokenCount: cached } : {}),
  };
}

/**
 * Translates a whole chat answer.
 * @throws Error if the text is not a chat answer
 */
export function toGeminiResponse(text: string, options: { readonly showsReasoning: boolean }): string {
  const completion = fit(chatCompletionSchema, parseLossless(text));
  if (completion === undefined || completion.choices.length === 0) throw new Error('The text is not a chat answer.');
  const answer = createGeminiAnswer(options);
  const choices = completion.choices.map(({ message, ...rest }) => ({
    ...rest,
    delta: { ...message, tool_calls: message.tool_calls?.map((call, index) => ({ ...call, index })) },
  }));
  const parts = [...answer.onData(`data: ${writeLossless({ ...completion, choices })}\n\n`), ...answer.end()];
  return joined(parts.map((part) => membersOf(parseLossless(part))));
}

/** Makes one response of those of a stream: all parts of each candidate, and the last of everything else. */
function joined(responses: readonly JsonObject[]): string {
  const candidates = new Map<unknown, { parts: unknown[]; last: JsonObject }>();
  for (const candidate of responses.flatMap(({ candidates: each }) => itemsOf(each).map(membersOf))) {
    const known = candidates.get(candidate['index']) ?? { parts: [], last: candidate };
    known.parts.push(...itemsOf(membersOf(candidate['content'])['parts']));
    candidates.set(candidate['index'], { parts: known.parts, last: { ...known.last, ...candidate } });
  }
  const [first] = responses;
  return writeLossless({
    candidates: [...candidates.values()].map(({ parts, last }) => ({ ...last, content: { parts, role: 'model' } })),
    ...(responses.at(-1)?.['usageMetadata'] === undefined
      ? {}
      : { usageMetadata: responses.at(-1)?.['usageMetadata'] }),
    ...(first?.['modelVersion'] === undefined ? {} : { modelVersion: first['modelVersion'] }),
    ...(first?.['responseId'] === undefined ? {} : { responseId: first['responseId'] }),
  });
}
