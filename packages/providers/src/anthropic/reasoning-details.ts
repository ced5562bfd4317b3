import type { ContentBlockParam } from '@anthropic-ai/sdk/resources/messages';
import { z } from 'zod';

/**
 * Reasoning in the form in which it passes through clients. OpenAI's protocol has no such form; Anthropic signs
 * reasoning and requires it back, unchanged and in place, with the results of tools that the model called while
 * reasoning. The names are OpenRouter's (https://openrouter.ai/docs/use-cases/reasoning-tokens), so that its clients
 * already send them back.
 */
export type ReasoningDetail = Readonly<Record<string, unknown>>;

const format = 'anthropic-claude-v1';

export interface ReasoningBlock {
  /** Index among the blocks of the answer. */
  readonly index: number;
  readonly text: string;
  readonly signature: string;
}

export const signedReasoning = ({ index, text, signature }: ReasoningBlock): ReasoningDetail => ({
  type: 'reasoning.text',
  text,
  signature,
  format,
  index,
});

export const encryptedReasoning = (index: number, data: string): ReasoningDetail => ({
  type: 'reasoning.encrypted',
  data,
  format,
  index,
});

const ours = z.literal(format).nullish();
const detailSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('reasoning.text'),
    text: z.string(),
    signature: z.string().min(1),
    format: ours,
    index: z.number().nullish(),
  }),
  z.object({ type: z.literal('reasoning.encrypted'), data: z.string(), format: ours, index: z.number().nullish() }),
]);

/**
 * Returns the blocks of an assistant message with its reasoning in the original places. Unsigned reasoning and that
 * from other providers is omitted, because Anthropic refuses it.
 */
export function withReasoning(details: unknown, said: readonly ContentBlockParam[]): ContentBlockParam[] {
  const thoughts = (Array.isArray(details) ? details : [])
    .flatMap((detail: unknown) => detailSchema.safeParse(detail).data ?? [])
    .sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
  const rest = [...said];
  const blocks: ContentBlockParam[] = [];
  for (const thought of thoughts) {
    blocks.push(...rest.splice(0, (thought.index ?? 0) - blocks.length));
    blocks.push(
      thought.type === 'reasoning.text'
        ? { type: 'thinking', thinking: thought.text, signature: thought.signature }
        : { type: 'redacted_thinking', data: thought.data },
    );
  }
  return [...blocks, ...rest];
}
