import {
  type ChatChunk,
  eventsOf,
  type GatewayError,
  isObject,
  itemsOf,
  type JsonObject,
  parseChunk,
  textsOf,
  type Usage,
} from '@sluice/protocol';
import type { ResponsesRequest } from '../request-schema.ts';
import { type ResponseIdentity, type ResponseProgress, type ResponseStatus, toResponse } from '../response-object.ts';
import type { BridgedTool } from '../tools.ts';
import { createEventWriter, type Obfuscate } from './event-writer.ts';
import { createOutput } from './output.ts';

/** Translates one chat answer to the events of a response. */
export interface ResponseStream {
  /** Takes chat events. */
  onData(events: string): string;
  /** The answer is complete. */
  end(): string;
  /** The answer has failed. */
  error(error: GatewayError): string;
  /** The response as it stands. */
  response(): JsonObject;
}

export interface ResponseStreamNeeds {
  readonly identity: ResponseIdentity;
  readonly request: ResponsesRequest;
  readonly bridged: ReadonlyMap<string, BridgedTool>;
  /** Returns a new id with this prefix. */
  readonly newId: (prefix: string) => string;
  readonly nowSeconds: () => number;
  /** Pads deltas; undefined if the client does not want that. */
  readonly obfuscate?: Obfuscate | undefined;
  /** Called with the response at its end. */
  readonly onEnd?: ((response: JsonObject) => void) | undefined;
}

const incomplete = { length: 'max_output_tokens', content_filter: 'content_filter' } as const;

/**
 * The grammar: `response.created`, `response.in_progress`, the events of each item, and one of `response.completed`,
 * `response.incomplete` and `response.failed`, each with the whole response; then `[DONE]`.
 */
export function createResponseStream(needs: ResponseStreamNeeds): ResponseStream {
  const writer = createEventWriter();
  const output = createOutput({ ...needs, writer });
  let usage: Usage | undefined;
  let model: string | undefined;
  let finishReason: string | undefined;
  let state: Pick<ResponseProgress, 'status' | 'error' | 'incompleteReason' | 'completedAt'> = {
    status: 'in_progress',
  };
  let hasBegun = false;

  const response = (): JsonObject =>
    toResponse(needs.identity, needs.request, { ...state, output: output.items(), usage, model });

  function begin(): void {
    if (hasBegun) return;
    hasBegun = true;
    writer.event('response.created', { response: response() });
    writer.event('response.in_progress', { response: response() });
  }

  function take(chunk: ChatChunk): void {
    usage = chunk.usage ?? usage;
    model ??= chunk.model ?? undefined;
    for (const { index, delta, finish_reason: reason, ...choice } of chunk.choices) {
      if ((index ?? 0) !== 0) continue;
      if (delta != null) {
        const { content, reasoning } = textsOf(delta);
        output.think(reasoning);
        output.keep(itemsOf(delta['reasoning_details']).filter(isObject));
        output.say('output_text', content, logprobsOf(choice['logprobs']));
        output.say('refusal', delta.refusal ?? '', []);
        for (const call of delta.tool_calls ?? []) output.call(call);
      }
      if (reason != null && reason !== '') finishReason = reason;
    }
  }

  function finish(status: ResponseStatus): string {
    begin();
    writer.event(`response.${status}`, { response: response() });
    needs.onEnd?.(response());
    return `${writer.take()}data: [DONE]\n\n`;
  }

  return {
    onData(events) {
      begin();
      for (const { data } of eventsOf(events)) {
        const chunk = parseChunk(data);
        if (chunk !== undefined) take(chunk);
      }
      return writer.take();
    },
    end() {
      begin();
      const incompleteReason = Object.hasOwn(incomplete, finishReason ?? '')
        ? incomplete[finishReason as keyof typeof incomplete]
        : undefined;
      const status = incompleteReason === undefined ? 'completed' : 'incomplete';
      output.end(status);
      state = { status, incompleteReason, completedAt: needs.nowSeconds() };
      return finish(status);
    },
    error(failure) {
      begin();
      const { param } = failure;
      const error = { code: failure.upstreamCode ?? failure.code, message: failure.message };
      writer.event('error', { ...error, param: param ?? null });
      output.end('incomplete');
      state = { status: 'failed', error, completedAt: needs.nowSeconds() };
      return finish('failed');
    },
    response,
  };
}

/** Returns the probabilities of a piece of text in the form of a response. */
function logprobsOf(value: unknown): readonly unknown[] {
  const tokens = isObject(value) ? itemsOf(value['content']) : [];
  return tokens.filter(isObject).map(({ token, logprob, bytes, top_logprobs: top }) => ({
    token,
    logprob,
    bytes: bytes ?? [],
    top_logprobs: itemsOf(top)
      .filter(isObject)
      .map((each) => ({ ...each, bytes: each['bytes'] ?? [] })),
  }));
}
