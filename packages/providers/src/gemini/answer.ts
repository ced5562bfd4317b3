import type { UpstreamFailure, Usage } from '@sluice/protocol';
import type { AnswerIdentity, FinishReason } from '../answer/chunk-writer.ts';
import type { ToolCall } from '../answer/completion.ts';
import { toUsage } from '../answer/usage.ts';
import { signatureContent } from './contents.ts';
import type { UsageMetadata, WirePart, WireResponse } from './wire.ts';

/** What one part adds to an answer's message, in OpenAI's words. */
export interface Piece {
  readonly content?: string;
  readonly reasoning_content?: string;
  /** Pictures that the model drew: no field of OpenAI's, but one that several gateways have. */
  readonly images?: readonly object[];
  readonly toolCall?: ToolCall;
  readonly extra_content?: unknown;
}

export interface PieceContext {
  /** Calls of the answer that came before. */
  readonly callsBefore: number;
  readonly requestId: string;
}

/** Undefined for parts that say nothing to a client of OpenAI's protocol. */
export function toPiece(part: WirePart, context: PieceContext): Piece | undefined {
  const { functionCall, thoughtSignature, inlineData, text, thought } = part;
  const signature = thoughtSignature ? signatureContent(thoughtSignature) : {};
  if (functionCall) {
    const { id, name, args } = functionCall;
    // Many models name no calls; this name is the same in each try of a request and in no other request.
    const callId = id || `call_${context.requestId}_${context.callsBefore}`;
    const called = { name, arguments: JSON.stringify(args ?? {}) };
    return { toolCall: { id: callId, type: 'function', function: called, ...signature } };
  }
  if (inlineData) {
    const url = `data:${inlineData.mimeType};base64,${inlineData.data}`;
    return { images: [{ type: 'image_url', image_url: { url } }], ...signature };
  }
  if (text) return { [thought === true ? 'reasoning_content' : 'content']: text, ...signature };
  return thoughtSignature ? signature : undefined;
}

/** The answer's one candidate. */
export const candidateOf = ({ candidates }: WireResponse) => candidates?.find(({ index }) => (index ?? 0) === 0);

/** What the response calls itself. */
export function identityOf({ responseId, modelVersion }: WireResponse): Partial<AnswerIdentity> {
  return { ...(responseId ? { id: responseId } : {}), ...(modelVersion ? { model: modelVersion } : {}) };
}

export function usageOf(metadata: UsageMetadata): Usage {
  const { promptTokenCount, toolUsePromptTokenCount, candidatesTokenCount, thoughtsTokenCount } = metadata;
  return toUsage({
    prompt: (promptTokenCount ?? 0) + (toolUsePromptTokenCount ?? 0),
    completion: (candidatesTokenCount ?? 0) + (thoughtsTokenCount ?? 0),
    total: metadata.totalTokenCount ?? undefined,
    cached: metadata.cachedContentTokenCount ?? undefined,
    reasoning: thoughtsTokenCount ?? undefined,
  });
}

type Ending =
  | { readonly kind: 'finished'; readonly reason: FinishReason }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

const finishReasons: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
};

/**
 * What a finish reason comes to. Undefined while there is none. Reasons that do not stand in the table, such as
 * MALFORMED_FUNCTION_CALL or OTHER, say that the model got stuck.
 */
export function endingOf(
  candidate: ReturnType<typeof candidateOf>,
  { hasCalls }: { readonly hasCalls: boolean },
): Ending | undefined {
  const { finishReason, finishMessage } = candidate ?? {};
  if (!finishReason || finishReason === 'FINISH_REASON_UNSPECIFIED') return undefined;
  const reason = Object.hasOwn(finishReasons, finishReason) ? finishReasons[finishReason] : undefined;
  if (reason === undefined) {
    const message = `The model did not finish its answer: ${finishReason}. ${finishMessage ?? ''}`.trim();
    return { kind: 'failed', failure: { kind: 'malformed', message } };
  }
  return { kind: 'finished', reason: reason === 'stop' && hasCalls ? 'tool_calls' : reason };
}

/** The prompt itself was refused. */
export function blockOf({ promptFeedback }: WireResponse): UpstreamFailure | undefined {
  const reason = promptFeedback?.blockReason;
  if (!reason || reason === 'BLOCK_REASON_UNSPECIFIED' || reason === 'BLOCKED_REASON_UNSPECIFIED') return undefined;
  return { kind: 'content_policy', message: `The provider refuses the prompt: ${reason}.` };
}
