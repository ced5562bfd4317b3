import { isObject, type JsonObject } from '@sluice/protocol';
import { z } from 'zod';
import type { Block } from './request-schema.ts';

/*
 * Reasoning passes through chat messages as `reasoning_details`, whose names are those of the adapter for Anthropic's
 * upstreams. Its signatures prove that the model itself wrote it: they go to the client and back byte for byte, and are
 * never made up. Reasoning without a signature has the signature '' for clients, and never reaches an upstream of Anthropic.
 */

const format = 'anthropic-claude-v1';

const signed = z.object({
  type: z.literal('reasoning.text'),
  text: z.string().nullish(),
  signature: z.string().min(1),
  format: z.literal(format).nullish(),
  index: z.number().nullish(),
});
const encrypted = z.object({
  type: z.literal('reasoning.encrypted'),
  data: z.string(),
  format: z.literal(format).nullish(),
  index: z.number().nullish(),
});
const detailSchema = z.discriminatedUnion('type', [signed, encrypted]);
const foreignSchema = z.looseObject({ type: z.literal('reasoning.encrypted'), format: z.string() });

/** Reasoning of an answer that the upstream expects back. `index` is its place among the blocks, if it is known. */
export type Proof =
  | { readonly kind: 'signed'; readonly text: string; readonly signature: string; readonly index: number | undefined }
  | { readonly kind: 'redacted'; readonly data: string; readonly index: number | undefined };

/** Start of `redacted_thinking` that holds the encrypted reasoning of another provider. */
const carrier = 'sluice.reasoning.';

/** Reads the proofs in the `reasoning_details` of an answer. Reasoning without a proof is left out. */
export function toProofs(details: unknown): readonly Proof[] {
  if (!Array.isArray(details)) return [];
  return details.flatMap((detail: unknown): Proof[] => {
    const own = detailSchema.safeParse(detail).data;
    if (own?.type === 'reasoning.text') {
      return [{ kind: 'signed', text: own.text ?? '', signature: own.signature, index: own.index ?? undefined }];
    }
    if (own !== undefined) return [{ kind: 'redacted', data: own.data, index: own.index ?? undefined }];
    if (!foreignSchema.safeParse(detail).success) return [];
    const data = carrier + Buffer.from(JSON.stringify(detail)).toString('base64url');
    return [{ kind: 'redacted', data, index: undefined }];
  });
}

export interface ReturnedReasoning {
  /** For upstreams that have signed or encrypted it. */
  readonly details: readonly JsonObject[];
  /** Texts without a signature. */
  readonly unsigned: string;
}

/**
 * Reads the reasoning that a client sends back in an assistant message. A stream may have sent a signature after the block
 * to which it belongs: as a block without text. Such signatures are joined with the unsigned blocks, in their order.
 */
export function fromBlocks(blocks: readonly Block[]): ReturnedReasoning {
  const late = lateSignatures(blocks);
  const details: JsonObject[] = [];
  const unsigned: string[] = [];
  /** Index of the next block for the adapter, which leaves out blank texts. */
  let index = 0;
  for (const block of blocks) {
    if (block.type === 'thinking') {
      const signature = late.of.get(block) ?? block.signature ?? '';
      if (late.carriers.has(block)) continue;
      if (signature === '') unsigned.push(block.thinking);
      else details.push({ type: 'reasoning.text', text: block.thinking, signature, format, index: index++ });
    } else if (block.type === 'redacted_thinking') {
      details.push(toEncrypted(block.data, index++));
    } else if (block.type === 'tool_use' || (block.type === 'text' && block.text.trim() !== '')) index++;
  }
  return { details, unsigned: unsigned.join('') };
}

type ThinkingBlock = Extract<Block, { type: 'thinking' }>;

function lateSignatures(blocks: readonly Block[]): {
  readonly of: ReadonlyMap<Block, string>;
  readonly carriers: ReadonlySet<Block>;
} {
  const reasoned = blocks.filter((block): block is ThinkingBlock => block.type === 'thinking');
  const unsigned = reasoned.filter(({ thinking, signature }) => thinking !== '' && (signature ?? '') === '');
  const carriers = reasoned.filter(({ thinking, signature }) => thinking === '' && (signature ?? '') !== '');
  // Anthropic itself sends signatures without a text if the client wants none.
  if (unsigned.length !== carriers.length || unsigned.length === 0) return { of: new Map(), carriers: new Set() };
  const pairs = unsigned.map((block, at): [Block, string] => [block, carriers[at]?.signature ?? '']);
  return { of: new Map(pairs), carriers: new Set(carriers) };
}

function toEncrypted(data: string, index: number): JsonObject {
  const foreign = data.startsWith(carrier) ? readCarrier(data.slice(carrier.length)) : undefined;
  return foreign ?? { type: 'reasoning.encrypted', data, format, index };
}

function readCarrier(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return isObject(value) && foreignSchema.safeParse(value).success ? value : undefined;
  } catch {
    return undefined;
  }
}
