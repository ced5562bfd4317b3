import type { ProviderAdapter } from '../adapter.ts';
import { openai } from '../openai/index.ts';
import { toUpstream } from './request.ts';
import { translateWhole } from './whole.ts';

/** OpenAI's models at Azure: its own paths and key header, OpenAI's answers with the content filter's findings in them. */
export const azure: ProviderAdapter = { ...openai, type: 'azure', toUpstream, translateWhole };
