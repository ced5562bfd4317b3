import { estimateTokens } from '@sluice/policy';
import type { UpstreamRequest } from '@sluice/protocol';

/** Members of providers' bodies that hold the inputs, as texts or as tokens. */
const inputMembers: ReadonlySet<string> = new Set(['input', 'text', 'texts']);

/**
 * Estimates the tokens of the inputs in the body of a call for embeddings, without what is around them: around short ones,
 * some providers' bodies are several times as long.
 */
export function inputTokensOf(body: UpstreamRequest['body']): number {
  let textBytes = 0;
  let tokens = 0;
  function visit(value: unknown, isInput: boolean): void {
    if (typeof value === 'string' && isInput) textBytes += Buffer.byteLength(value);
    else if (typeof value === 'number' && isInput) tokens++;
    else if (Array.isArray(value)) for (const item of value) visit(item, isInput);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) visit(member, isInput || inputMembers.has(name));
    }
  }
  visit(parse(body), false);
  return tokens + (textBytes > 0 ? estimateTokens({ textBytes, media: 0 }) : 0);
}

function parse(body: UpstreamRequest['body']): unknown {
  try {
    return JSON.parse(String(body ?? '')) as unknown;
  } catch {
    return undefined;
  }
}
