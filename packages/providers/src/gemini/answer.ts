import type { UpstreamFailure, Usage } from '@sluice/protocol';
import type { AnswerIdentity, FinishReason } from '../answer/chunk-writer.ts';
import type { ToolCall } from '../answer/completion.ts';
import { createDistinctIds } from '../answer/distinct-ids.ts';
import { toUsage } from '../answer/usage.ts';
import { createCallPieces, type WholeCall } from './call-pieces.ts';
import { signatureContent } from './contents.ts';
import type { ToolNames } from './tool-names.ts';
import type { UsageMetadata, WirePart, WireResponse } from './wire.ts';

/** The content that one part adds to an answer's message, in OpenAI's words. */
export interface Piece {
  readonly content?: string;
  readonly reasoning_content?: string;
  /** Images that the model drew: no field of OpenAI's, but one that several gateways have. */
  readonly images?: readonly object[];
  readonly toolCall?: ToolCall;
  readonly extra_content?: unknown;
}

/** Reads the parts of one answer, in their order. */
interface PartReader {
  /** Undefined for parts that say nothing to a client; `broken` for a call whose pieces don't fit together. */
  read(part: WirePart): Piece | 'broken' | undefined;
  /** Number of calls in the answer so far. */
  readonly calls: number;
  /** A call has begun and not ended. */
  readonly isCallOpen: boolean;
}

export function createPartReader(requestId: string, names: ToolNames): PartReader {
  const pieces = createCallPieces();
  const distinct = createDistinctIds();
  let calls = 0;

  function toToolCall({ id, name, argumentsText, signature }: WholeCall): Piece {
    // Many models name no calls; this name is the same in each try of a request and in no other request.
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

/** A call whose pieces don't fit together, or that has no end. */
export const brokenCall: UpstreamFailure = {
  kind: 'malformed',
  message: 'The provider sent a function call whose pieces do not form a complete call.',
};

/** Only an answer that is cut by its length ends within a call; that call is left out. */
export const isCallTorn = (reason: FinishReason | undefined, { isCallOpen }: Pick<PartReader, 'isCallOpen'>): boolean =>
  isCallOpen && (reason === 'stop' || reason === 'tool_calls');

/** The answer's one candidate. */
export const candidateOf = ({ candidates }: WireResponse) => candidates?.find(({ index }) => (index ?? 0) === 0);

/** The id and model that the response gives for itself. */
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
