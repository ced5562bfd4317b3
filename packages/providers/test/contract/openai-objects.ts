import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

/** The parts of a stream's chunk that the tests read. */
export interface Chunk {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: Delta;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: Readonly<Record<string, unknown>> | null;
}

interface Delta {
  readonly role?: string;
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly refusal?: string | null;
  readonly tool_calls?: readonly (ToolCall & { readonly index: number })[];
  readonly [extension: string]: unknown;
}

interface ToolCall {
  readonly id?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
  readonly [extension: string]: unknown;
}

/** The parts of a whole answer that the tests read. */
export interface Completion {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly message: Omit<Delta, 'tool_calls'> & { readonly tool_calls?: readonly ToolCall[] };
    readonly finish_reason: string;
  }[];
  readonly usage?: Readonly<Record<string, unknown>>;
}

const document = withNulls(JSON.parse(readFileSync(new URL('./openapi.chat.json', import.meta.url), 'utf8'))) as object;
// The tests do not check formats.
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(document, 'openai');

/** Replaces `nullable` of OpenAPI 3.0 by another type, as JSON Schema requires. */
function withNulls(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNulls);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withNulls(value)]));
  return nullable === true ? { anyOf: [rest, { type: 'null' }] } : rest;
}

const validatorOf = (schema: string): ValidateFunction => {
  const validate = ajv.getSchema(`openai#/components/schemas/${schema}`);
  if (validate === undefined) throw new Error(`OpenAI's document has no ${schema}.`);
  return validate;
};
const isChunk = validatorOf('CreateChatCompletionStreamResponse');
const isCompletion = validatorOf('CreateChatCompletionResponse');

/** @throws Error for text that is not a chunk by OpenAI's own document */
export function readChunk(text: string): Chunk {
  return read(text, isChunk) as Chunk;
}

/** @throws Error for text that is not a whole answer by OpenAI's own document */
export function readCompletion(text: string): Completion {
  return read(text, isCompletion) as Completion;
}

function read(text: string, validate: ValidateFunction): unknown {
  const value = JSON.parse(text) as Record<string, unknown>;
  // OpenAI sends null for fields that are optional texts in its document.
  const { system_fingerprint: fingerprint, service_tier: tier, ...rest } = value;
  const filled = {
    ...rest,
    ...(fingerprint == null ? {} : { system_fingerprint: fingerprint }),
    ...(tier == null ? {} : { service_tier: tier }),
  };
  if (validate(filled)) return value;
  const faults = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  throw new Error(`Not what OpenAI's document says: ${faults.join('; ')}\n${text}`);
}

/** Returns the sum of all chunks of a stream, for its first choice. */
export function joined(chunks: readonly Chunk[]): {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finishReason: string | null | undefined;
  readonly usage: Chunk['usage'];
} {
  const deltas = chunks.flatMap(({ choices }) => choices.filter(({ index }) => index === 0).map(({ delta }) => delta));
  const calls = new Map<number, { id: string; name: string; arguments: string }>();
  for (const { index, id, function: called } of deltas.flatMap(({ tool_calls: pieces }) => pieces ?? [])) {
    const call = calls.get(index) ?? { id: '', name: '', arguments: '' };
    calls.set(index, {
      id: id ?? call.id,
      name: call.name + (called?.name ?? ''),
      arguments: call.arguments + (called?.arguments ?? ''),
    });
  }
  return {
    content: deltas.map(({ content }) => content ?? '').join(''),
    reasoning: deltas.map(({ reasoning_content: reasoning }) => reasoning ?? '').join(''),
    toolCalls: [...calls].sort(([a], [b]) => a - b).map(([, call]) => call),
    finishReason: chunks
      .flatMap(({ choices }) => choices.map((choice) => choice.finish_reason))
      .findLast((r) => r !== null),
    usage: chunks.findLast(({ usage }) => usage != null)?.usage,
  };
}
