import type { ProviderAdapter } from '../adapter.ts';
import { createOpenAiAdapter } from '../openai-protocol/adapter.ts';
import { type CallIdRule, wantsNineCharacters } from '../openai-protocol/call-ids.ts';
import { toFailure } from '../openai-protocol/failure.ts';
import type { RequestStyle } from '../openai-protocol/request.ts';
import { defineProvider } from '../provider.ts';
import { openaiEntry } from './entry.ts';

/** OpenAI, and every server with its protocol. */
export const openai = defineProvider({
  ...openaiEntry,
  create: createLearningAdapter,
});

/**
 * Creates an adapter that learns a server's rule for call ids. Servers that require ids of nine characters (Mistral's,
 * under any name) reveal it by a 400. It causes one retry at the same target, once in the life of a process; later
 * requests send ids of this form. A mapped id is never refused, so that a later refusal belongs to a provider call that
 * was already under way.
 */
function createLearningAdapter(style: RequestStyle, baseUrl: string | undefined): ProviderAdapter {
  let callIds: CallIdRule | undefined;
  return createOpenAiAdapter(style, {
    baseUrl,
    callIds: () => callIds,
    errors: {
      toFailure(head, bodyText) {
        const failure = toFailure(head, bodyText);
        if (style.tool_call_ids !== undefined || !wantsNineCharacters(bodyText)) return failure;
        callIds = 'nine_characters';
        return { ...failure, kind: 'busy' };
      },
    },
  });
}
