import type { ProviderAdapter } from '../adapter.ts';
import { toFailure } from './failure.ts';
import { toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

/** OpenAI and every server that speaks its Chat Completions protocol. */
export const openai: ProviderAdapter = { type: 'openai', toUpstream, translateStream, translateWhole, toFailure };
