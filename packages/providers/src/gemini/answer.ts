import type { UpstreamFailure, Usage } from '@sluice/protocol';
import type { AnswerIdentity, FinishReason } from '../answer/chunk-writer.ts';
import type { ToolCall } from '../answer/completion.ts';
import { createDistinctIds } from '../answer/distinct-ids.ts';
import { toUsage } from '../answer/usage.ts';
import { createCallPieces, type WholeCall } from './call-pieces.ts';
import { signatureContent } from './contents.ts';
import type { ToolNames } from './tool-names.ts';
import type { UsageMetadata, WirePart, WireResponse } from './wire.ts';

/** Content that one part adds to an answer's message, in OpenAI's form. */
export interface Piece {
  readonly content?: string;
  readonly reasoning_content?: string;
  /** Images that the model created. OpenAI has no such field; several gateways use this one. */
  readonly images?: readonly object[];
  readonly toolCall?: ToolCall;
  readonly extra_content?: unknown;
}

/** Reads the parts of one answer in order. */
interface PartReader {
  /**
   * Returns undefined for parts without content for the client; `broken` for a tool call whose pieces don't fit
   * together.
   */
  read(part: WirePart): Piece | 'broken' | undefined;
  /** Number of tool calls in the answer so far. */
  readonly calls: number;
  /** True if a tool call has begun and not ended. */
  readonly isCallOpen: boolean;
}

export function createPartReader(requestId: string, names: ToolNames): PartReader {
  const pieces = createCallPieces();
  const distinct = createDistinctIds();
  let calls = 0;

  function toToolCall({ id, name, argumentsText, signature }: WholeCall): Piece {
    // Many models give calls no id; this one is the same in each attempt of a request and unique to the request.
    const callId = distinct.take(id ?? `call_${requestId}_${calls}`);
    calls++;
    const called = { name: names.fromGemini(name), arguments: argumentsText };
    return { toolCall: { id: callId, type: 'function', function: called, ...signed(signature) } };
  }

  return {
    read({ functionCall, thoughtSignature, inlineData, text, thought }) {
      const signature = thoughtSignature || undefined;
      if (functionCall) {
        const progress = pieces.take(functionCall, signature);
        if (progress.kind === 'whole') return toToolCall(progress.call);
        return progress.kind === 'broken' ? 'broken' : undefined;
      }
      if (inlineData) {
        const url = `data:${inlineData.mimeType};base64,${inlineData.data}`;
        return { images: [{ type: 'image_url', image_url: { url } }], ...signed(signature) };
      }
      if (text) return { [thought === true ? 'reasoning_content' : 'content']: text, ...signed(signature) };
      return signature === undefined ? undefined : signed(signature);
    },
    get calls() {
      return calls;
    },
    get isCallOpen() {
      return pieces.isOpen;
    },
  };
}

const signed = (signature: string | undefined): object => (signature === undefined ? {} : signatureContent(signature));

/** Failure for a tool call whose pieces don't fit together, or that has no end. */
export const brokenCall: UpstreamFailure = {
  kind: 'malformed',
  message: 'The provider sent a function call whose pieces do not form a complete call.',
};

/**
 * Returns whether the answer ends within a tool call. Only an answer cut by its length may do so; that call is dropped.
 */
export const isCallTorn = (reason: FinishReason | undefined, { isCallOpen }: Pick<PartReader, 'isCallOpen'>): boolean =>
  isCallOpen && (reason === 'stop' || reason === 'tool_calls');

/** Returns the answer's single candidate. */
export const candidateOf = ({ candidates }: WireResponse) => candidates?.find(({ index }) => (index ?? 0) === 0);

/** Returns the id and model that the response contains. */
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
