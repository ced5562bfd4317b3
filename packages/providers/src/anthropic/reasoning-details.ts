import type { ContentBlockParam } from '@anthropic-ai/sdk/resources/messages';
import { z } from 'zod';

/**
 * Thoughts as they travel through a client, which OpenAI's protocol has no words for: Anthropic signs them and wants them
 * back, unchanged and in their places, with the results of the tools that the model called while it thought. The names
 * are OpenRouter's (https://openrouter.ai/docs/use-cases/reasoning-tokens), so that its clients send them back already.
 */
export type ReasoningDetail = Readonly<Record<string, unknown>>;

const format = 'anthropic-claude-v1';

export interface Thought {
  /** Its place among the blocks of the answer. */
  readonly index: number;
  readonly text: string;
  readonly signature: string;
}

export const signedThought = ({ index, text, signature }: Thought): ReasoningDetail => ({
  type: 'reasoning.text',
  text,
  signature,
  format,
  index,
});

export const encryptedThought = (index: number, data: string): ReasoningDetail => ({
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
 * The blocks of an assistant's message with its thoughts where they stood. Thoughts of other providers, and unsigned ones,
 * are none that Anthropic would take: they are left out.
 */
export function withThoughts(details: unknown, said: readonly ContentBlockParam[]): ContentBlockParam[] {
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
