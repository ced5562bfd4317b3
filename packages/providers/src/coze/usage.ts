import type { Usage } from '@sluice/protocol';
import { toUsage } from '../answer/usage.ts';
import type { WireUsage } from './wire.ts';

export const toOpenAiUsage = ({
  input_count: prompt,
  output_count: completion,
  token_count: total,
}: WireUsage): Usage => toUsage({ prompt, completion, total: total ?? undefined });
