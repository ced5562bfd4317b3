import type { ProviderAdapter } from '../adapter.ts';
import type { Capabilities } from '../capabilities.ts';
import { defineProvider } from '../provider.ts';
import { cozeEntry } from './entry.ts';
import { toMessageList } from './calls.ts';
import { toFailure } from './failure.ts';
import { findUnsupportedMessages } from './messages.ts';
import { pollChat, readNotes } from './poll.ts';
import { ownFields, toChat } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

const capabilities: Capabilities = {
  parameters: new Set(ownFields),
  images: ['https'],
  media: [],
  prefill: 'none',
  reasoning: true,
  streamUsage: true,
  hints: new Set(['user', 'safety_identifier', 'metadata']),
};

/** Bots of Coze, in its cloud or in a self-hosted Coze Studio, by their v3 chat. */
export const coze = defineProvider({
  ...cozeEntry,
  create: ({ delivery, user_id: userId }): ProviderAdapter => ({
    type: 'coze',
    capabilities,
    // The last event may lack its blank line, and a bare error may replace it.
    framing: 'sse-unterminated',
    findUnsupported: findUnsupportedMessages,
    translateStream,
    translateWhole,
    toFailure,
    ...(delivery === 'stream'
      ? { isStreamOnly: true, toUpstream: (body, plan) => toChat(body, plan, { stream: true, userId }) }
      : {
          prepare: (body, plan) => pollChat(body, plan, userId),
          toUpstream: (_body, plan) => toMessageList(plan, readNotes(plan)),
        }),
  }),
});
